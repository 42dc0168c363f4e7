"""Compare: which runs, on which pictures."""

from collections.abc import Mapping

from dashboard.state import keys
from dashboard.state.keys import Key, UrlKey, UrlRuns, UrlValue

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


def turn(changes: Mapping[UrlValue, str]) -> None:
    """Change the URL, and so the page. Other pictures begin at their first sheet."""
    keys.turn(changes)
    SHEET.hold(1)
