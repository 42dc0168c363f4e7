"""Contrast: what contrastive learning sees, learns and ignores, computed live on the user's own pictures."""

import streamlit as st

from dashboard.app_pages.contrast.breaking import breaking
from dashboard.app_pages.contrast.ignored import ignored
from dashboard.app_pages.contrast.learning import learning
from dashboard.app_pages.contrast.pairs import pairs
from dashboard.parts.forms.dataset_choice import need_dataset
from dashboard.parts.notice import notice
from dashboard.state import contrast

PARTS = {
    "pairs": ("Pairs and negatives", pairs),
    "ignored": ("What the encoder ignores", ignored),
    "learning": ("While it learns", learning),
    "breaking": ("Break it", breaking),
}


def page() -> None:
    """The parts of the page; one is shown at a time."""
    head = st.container(horizontal=True, vertical_alignment="bottom")  # one row: the charts below need the height
    head.title("Contrast", width="content")
    notice()
    if not need_dataset("Contrasts are computed from pictures."):
        return
    chosen = contrast.PART.value if contrast.PART.value in PARTS else contrast.PART.default
    head.segmented_control(
        "Part", list(PARTS), required=True, key=contrast.PART.widget.showing(chosen), label_visibility="collapsed",
        format_func=lambda part: PARTS[part][0], on_change=lambda: contrast.PART.set(contrast.PART.widget.held()),
    )  # fmt: skip
    PARTS[chosen][1]()


page()
