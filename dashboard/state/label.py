"""Label: which view, and who is compared with whom."""

from dashboard.state.keys import Key, UrlKey, UrlValue

VIEW = UrlValue("view", "label", "next")
LABELLER = Key("labeller")
BOUGHT = Key("bought")
FIRST, SECOND = UrlKey("first"), UrlKey("second")
