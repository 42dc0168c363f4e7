"""Label: what to label next, which labels to doubt, what a second person says, and whether two people agree."""

from collections.abc import Callable

import streamlit as st

from dashboard import state
from dashboard.app_pages.label.again import again_view
from dashboard.app_pages.label.agreement_view import agreement_view
from dashboard.app_pages.label.doubtful import doubtful_view
from dashboard.app_pages.label.next_pictures import next_view
from dashboard.cache import datasets
from dashboard.error_display import errors_shown
from dashboard.parts.forms.dataset_choice import dataset_choice, need_dataset
from dashboard.parts.notice import notice
from dashboard.parts.runs.features_source import features_run
from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.run import Run

VIEWS = {
    "next": "Label next", "doubtful": "Doubtful labels", "again": "Label again", "agreement": "Agreement",
}  # fmt: skip
BY_FEATURES: dict[str, Callable[[Dataset, Run], None]] = {"next": next_view, "doubtful": doubtful_view}
OTHERS: dict[str, Callable[[Dataset], None]] = {"again": again_view, "agreement": agreement_view}
THEN = "Similar pictures are then found by them, and a model learns from your labels in a second."


def page() -> None:
    """A data set, and one look at its labels."""
    st.title("Label")
    notice()
    if not need_dataset("You label your own pictures here."):
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=280):
            name = dataset_choice("Data set")
        asked = state.label.VIEW
        view = asked.value if asked.value in VIEWS else asked.default
        st.segmented_control(
            "View", list(VIEWS), format_func=VIEWS.__getitem__, key=asked.widget.showing(view), required=True,
            label_visibility="collapsed", on_change=lambda: asked.set(asked.widget.held()),
        )  # fmt: skip
    with errors_shown():
        dataset = datasets.opened(name)
        if view in OTHERS:
            OTHERS[view](dataset)
        elif run := features_run(dataset, THEN):
            BY_FEATURES[view](dataset, run)


page()
