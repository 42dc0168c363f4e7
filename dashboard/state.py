"""The only file that names a key of session state or of the URL. Everything else goes through these doors.

A widget whose value belongs into the URL takes one of the keys below with ``bind="query-params"``: Streamlit then keeps
the two equal and carries the value from page to page.
"""

from typing import Any

import streamlit as st

# Keys of widgets bound to the URL.
DATASET = "dataset"
TASK = "task"
SIZE = "size"
RUN = "run"

_FORM_VALUES = "form_values"
_FORM_VERSION = "form_version"


def go(page: str, **query: str) -> None:
    """Leave for ``page`` ("home", "data", "views", "train", "runs"), with ``query`` in its URL."""
    st.switch_page(f"app_pages/{page}.py", query_params=query)


def set_form_values(task: str, values: dict[str, Any]) -> None:
    """Fill the Train form: ``task`` is a key of TASKS, ``values`` flat settings ("views.hue") over the preset's."""
    st.session_state[_FORM_VALUES] = {"task": task, "values": values}
    st.session_state[_FORM_VERSION] = form_version() + 1


def form_values() -> tuple[str, dict[str, Any]] | None:
    """What the Train form was filled with from elsewhere (a cloned run, a saved recipe), or None."""
    held = st.session_state.get(_FORM_VALUES)
    return (held["task"], held["values"]) if held else None


def clear_form_values() -> None:
    """Back to the preset."""
    st.session_state.pop(_FORM_VALUES, None)
    st.session_state[_FORM_VERSION] = form_version() + 1


def form_version() -> int:
    """Part of the keys of the form's widgets: a new version makes them take their values anew."""
    return st.session_state.get(_FORM_VERSION, 0)
