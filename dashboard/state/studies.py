"""Studies and searches: which is looked at, and the forms of new ones."""

from collections.abc import Sequence

from dashboard.state.keys import Key, UrlKey, UrlValue

NEW = "new"
STUDY = UrlValue("study", "studies")
QUESTION = UrlKey("question")
KIND = UrlKey("kind")
FORM = Key("study_form")
SEARCH_FORM = Key("search")
CHART = Key("study_chart")
TABLE = Key("study_table")


def chosen_study(ids: Sequence[str]) -> str:
    """The study that is looked at: that of the URL if it is one of ``ids`` or NEW, else the first, else NEW."""
    return STUDY.value if STUDY.value in (*ids, NEW) else next(iter(ids), NEW)
