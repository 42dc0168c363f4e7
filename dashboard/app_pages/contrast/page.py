"""Contrast: what contrastive learning sees, learns and ignores, computed live on the user's own pictures."""

import streamlit as st

from dashboard.app_pages.contrast.ignored import ignored
from dashboard.app_pages.contrast.pairs import pairs
from dashboard.parts.forms.dataset_choice import need_dataset
from dashboard.parts.notice import notice
from dashboard.state import contrast

PARTS = {
    "pairs": ("Pairs and negatives", pairs),
    "ignored": ("What the encoder ignores", ignored),
}


def page() -> None:
    """The parts of the page; one is shown at a time."""
    st.title("Contrast")
    notice()
    if not need_dataset("Contrasts are computed from pictures."):
        return
    chosen = st.segmented_control(
        "Part", list(PARTS), default="pairs", required=True, key=contrast.PART.among(PARTS), bind="query-params",
        format_func=lambda part: PARTS[part][0], label_visibility="collapsed",
    )  # fmt: skip
    PARTS[chosen or "pairs"][1]()


page()
