"""What is in the trash, and a button that empties it."""

from collections.abc import Callable, Sequence

import streamlit as st

from dashboard import state
from sealife_core.errors import SealifeError
from sealife_core.wording import counted, size


def trash_fold(held: Sequence[str], kind: str, empty: Callable[[], int]) -> None:
    """A fold that names how many of ``kind`` ("run") are held and offers ``empty``, which returns the bytes freed.

    Nothing is shown while nothing is held.
    """
    if not held:
        return
    with st.expander(f"Trash: {counted(len(held), kind)}", icon=":material/delete_sweep:"):
        st.caption("This deletes their files permanently. It cannot be undone.")
        st.button("Empty the trash", on_click=_empty, args=(empty,))


def _empty(empty: Callable[[], int]) -> None:
    try:
        state.say(f"The trash is empty: {size(empty())} freed.")
    except (SealifeError, OSError) as error:
        state.say_problem(error)
