"""A double click on a button counts once, on every page: see single_clicks.js."""

from dashboard.parts.own_component import own_component
from dashboard.state.navigation import SINGLE_CLICKS

_single_clicks = own_component(__file__, "<i></i>")


def single_clicks() -> None:
    """Listen to clicks for as long as the page is open."""
    _single_clicks(data={}, key=SINGLE_CLICKS, height=1)
