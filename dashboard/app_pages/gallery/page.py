"""Gallery: what a classifier said about pictures it had never seen, and how often it was right."""

import streamlit as st

from dashboard import state
from dashboard.app_pages.gallery.confused_classes import classes
from dashboard.app_pages.gallery.filtered_pictures import pictures
from dashboard.app_pages.gallery.guessing import guessing
from dashboard.app_pages.gallery.models import classifiers, model_choice
from dashboard.app_pages.gallery.own.own_pictures import own_pictures
from dashboard.app_pages.gallery.reliability import calibration_view
from dashboard.error_display import errors_shown
from dashboard.parts.notice import way_out
from sealife_core.runs.directory import single_runs

VIEWS = {
    "pictures": ("Pictures", pictures),
    "classes": ("Classes", classes),
    "calibration": ("Calibration", calibration_view),
    "own": ("Own pictures", own_pictures),
    "guess": ("Guess", guessing),
}


def page() -> None:
    """A model, and one look at it."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title("Gallery", width="content")
        show = state.gallery.SHOW
        shown = show.value if show.value in VIEWS else show.default
        st.segmented_control(
            "View", list(VIEWS), format_func=lambda view: VIEWS[view][0], key=show.widget.showing(shown),
            required=True, label_visibility="collapsed", width="content",
            on_change=lambda: state.turn({show: show.widget.held(), state.gallery.PICTURE: ""}),
        )  # fmt: skip
    runs = classifiers(single_runs())
    if not runs:
        _nothing_yet()
        return
    run, rival = model_choice(runs)
    with errors_shown():
        VIEWS[shown][1](run, rival)


def _nothing_yet() -> None:
    text = (
        "**No predictions yet.** When a classifier has finished, its predictions for the test pictures appear here,"
        " next to the true classes."
    )
    if way_out(text, "Train a classifier"):
        state.go("train", {state.train.TASK: "probe"})


page()
