"""Runs: which are looked at, here and wherever a part shows runs."""

from dashboard.state.keys import Key, UrlKey, UrlRuns

RUN = UrlRuns("run", "runs")
TAB = UrlKey("tab")
LISTED = UrlKey("of")
TABLE = Key("runs")
CURVES = Key("curve")
PER_CLASS = Key("per_class")
STRIP_STOP = Key("strip_stop")
OPEN = Key("open_run")
CONFUSION = Key("confusion")
PREDICTIONS = Key("first_predictions")
NAME_ANIMALS = Key("name_animals")
