"""Tabs of which only the open one is drawn."""

from collections.abc import Callable, Mapping

import streamlit as st

from dashboard.state import UrlKey


def open_tab(shows: Mapping[str, Callable[[], object]], key: UrlKey) -> None:
    """A tab for each of ``shows``, and in the open one what it draws; a link opens the same."""
    tabs = st.tabs(list(shows), key=key, bind="query-params")
    for tab, show in zip(tabs, shows.values(), strict=True):
        if tab.open:
            with tab:
                show()
