"""What was just done, said aloud, with the way back where there is one."""

import streamlit as st

from dashboard import state
from dashboard.words import plain
from sealife_core.errors import SealifeError


def notice() -> None:
    """One line at the top of a page, until it is dismissed or something else was done."""
    held = state.NOTICE.held()
    if held is None:
        return
    text, undo = held
    with st.container(horizontal=True, vertical_alignment="center", border=True, key="notice"):
        st.markdown(f":material/check_circle: {text}", width="stretch")
        if undo is not None:
            st.button("Undo", icon=":material/undo:", on_click=_undo, args=undo)
        st.button("", icon=":material/close:", type="tertiary", help="Dismiss", on_click=state.NOTICE.take)


def _undo(kind: str, name: str) -> None:
    from dashboard.app_pages.data.checks import unmend
    from sealife_core.datasets.dataset import restore_dataset
    from sealife_core.runs.scheduling.queue import restore_with_parts
    from sealife_core.views.recipes import restore_recipe

    try:
        if kind == "run":
            back = restore_with_parts(name)
            if back.launches_runs:
                state.studies.STUDY.set(back.id)
            else:
                state.runs.RUN.choose([back.id])
            state.say(f"**{plain(back.notes()['name'])}** is back.")
        elif kind == "recipe":
            restore_recipe(name)
            state.views.RECIPE.hold(name)
            state.say(f"The views **{plain(name)}** are back.")
        elif kind == "mending":
            unmend(name)
        else:
            restore_dataset(name)
            state.data.choose_dataset(name)
            state.say(f"Data set **{plain(name)}** is back.")
    except SealifeError as error:
        state.say(plain(str(error)))
