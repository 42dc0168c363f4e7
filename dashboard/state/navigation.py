"""From page to page."""

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.state.data import DATASET, IMPORTS
from dashboard.state.keys import Key, UrlKey
from dashboard.state.train import SIZE, TASK
from dashboard.state.url_written import catch_up, forget

SINGLE_CLICKS = Key("single_clicks")
LARGE_PICTURES = Key("large_pictures")
_BOUND = (DATASET, TASK, SIZE)
_ARRIVING = Key("arriving")


def go(page: str, query: Mapping[UrlKey, str | Sequence[str]] | None = None) -> None:
    """Leave for ``page`` (a key of frame.PAGES) with ``query`` in its URL.

    What a widget is bound to cannot be set in the URL while that widget is on the page: :func:`arrive` sets it.
    """
    forget()
    query = query or {}
    _ARRIVING.hold({key: value for key, value in query.items() if key in _BOUND})
    st.switch_page(f"app_pages/{page}/page.py", query_params={k: v for k, v in query.items() if k not in _BOUND})


def go_import() -> None:
    """Leave for the Data page, where the import dialog opens."""
    IMPORTS.hold(True)
    go("data")


def arrive() -> None:
    """Give the widgets the values that :func:`go` asked for, and the URL what the browser does not show yet.

    Called once a run, before any of them is drawn.
    """
    catch_up()
    for key, value in _ARRIVING.take({}).items():
        key.hold(value)
