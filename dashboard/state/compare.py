"""Compare: which runs, on which pictures."""

from collections.abc import Mapping

from dashboard.state.keys import Key, UrlKey, UrlRuns, UrlValue, turn

RUNS = UrlRuns("compare", "compare")
TAB = UrlKey("part")
SCORE = UrlKey("score")
SMOOTHING = UrlKey("smoothing")
LOG = UrlKey("log")
SHEET = UrlKey("sheet")
TESTS = UrlValue("tests", "compare")
FROM = UrlValue("from", "compare")
TO = UrlValue("to", "compare")
PILE = UrlValue("pile", "compare")
CLASS = UrlValue("of", "compare")
TICK = Key("compare.run")
OLDER = Key("compare.older")
BARS = Key("compare.bars")
CHART = Key("compare.chart")
TABLE = Key("compare.table")
PICTURES = Key("pile_pictures")


def show(changes: Mapping[UrlValue, str]) -> None:
    """Show other pictures, from their first sheet on."""
    turn(changes)
    SHEET.hold(1)
