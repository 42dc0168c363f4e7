"""Label: which view, and who is compared with whom."""

from dashboard.state.keys import Key, UrlKey, UrlValue

VIEW = UrlValue("view", "label", "next")
LABELLER = Key("labeller")
BOUGHT = Key("bought")
FIRST, SECOND = UrlKey("first"), UrlKey("second")
AGAIN, AGAIN_BY = UrlKey("again"), Key("again_by")


def compare(first: str, second: str) -> None:
    """Show whether these two agree."""
    VIEW.set("agreement")
    FIRST.write(first)
    SECOND.write(second)
