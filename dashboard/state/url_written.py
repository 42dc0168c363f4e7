"""What was written into the URL and the browser may not show yet.

A click carries the URL that the browser shows. If it follows another faster than the answer to that one arrives, it
carries the URL from before, and Streamlit takes back what the first click has changed. What was written SETTLED_S ago
is left as the browser has it: a click on the page's own name in the navigation begins it anew.
"""

import time

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_WRITTEN = "url.written"  # the page, and of each key what was written last and what stood there before
_EARLIER = 8  # values of a key: so many clicks may be on their way
SETTLED_S = 5.0  # no answer to a click takes longer to reach the browser

Written = dict[str, tuple[list[str], list[list[str]], float]]


def remember(key: str, values: list[str]) -> None:
    """``values`` are about to be written under ``key``."""
    written, shown = _on_this_page(), st.query_params.get_all(key)
    earlier = written[key][1] if key in written else []
    written[key] = values, [*earlier, shown][-_EARLIER:], time.monotonic()


def catch_up() -> None:
    """Write again what the browser does not show yet. Where somebody goes back in its history, what it shows counts."""
    context = get_script_run_ctx(suppress_warning=True)
    written = _on_this_page()
    if context and context.is_history_navigation:
        written.clear()
    for key, (values, earlier, at) in written.items():
        shown = st.query_params.get_all(key)
        if shown == values or shown not in earlier or key in st.session_state:
            continue  # in session state it is a widget's: Streamlit keeps both equal
        if time.monotonic() - at > SETTLED_S:
            continue
        if values:
            st.query_params[key] = values
        else:
            st.query_params.pop(key, None)


def forget() -> None:
    """Another URL is on its way, perhaps of the same page."""
    st.session_state.pop(_WRITTEN, None)


def _on_this_page() -> Written:
    context = get_script_run_ctx(suppress_warning=True)
    page = context.page_script_hash if context else ""
    if st.session_state.get(_WRITTEN, ("", {}))[0] != page or _WRITTEN not in st.session_state:
        st.session_state[_WRITTEN] = page, {}
    return st.session_state[_WRITTEN][1]
