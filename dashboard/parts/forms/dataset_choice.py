"""The choice of a data set, the same on every page and in the URL; and what is shown while there is none."""

from collections.abc import Callable

import streamlit as st

from dashboard import state
from dashboard.error_display import errors_shown
from sealife_core.datasets.dataset import Dataset, newest_datasets
from sealife_core.demo import ensure_reef
from sealife_core.progress import Progress


def dataset_choice(label: str, says: str = "") -> str:
    """A select box of the data sets. Returns the chosen name; the newest at first."""
    names = newest_datasets()
    with st.container(gap="xsmall"):
        chosen = st.selectbox(label, names, key=state.data.DATASET, bind="query-params")
        if says:
            st.caption(says)
    return chosen or names[0]


def need_dataset(why: str) -> bool:
    """True if there is a data set. If not, says so and offers to draw the sample."""
    if newest_datasets():
        return True
    with st.container(border=True):
        st.markdown(
            f"**No data set yet.** {why} Drawing the sample reef takes a few seconds. It has ten kinds of sea animals."
        )
        with st.container(horizontal=True):
            if st.button("Draw the sample reef", type="primary", icon=":material/draw:"):
                draw_reef()
                st.rerun()
            if st.button("Import my own photographs"):
                state.go_import()
    return False


def draw_reef(ensure: Callable[[Progress], Dataset] = ensure_reef) -> bool:
    """Draws the reef, or another that ``ensure`` draws, if it is missing, with a progress bar. True if it is there."""
    bar = st.progress(0.0, "Drawing the reef…")

    def report(stage: str, done: int, total: int) -> None:
        bar.progress(done / max(total, 1), f"{stage}: {done} of {total}")

    with errors_shown():
        ensure(report)
        bar.empty()
        return True
    return False
