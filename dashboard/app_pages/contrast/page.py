"""Contrast: what contrastive learning sees, learns and ignores, computed live on the user's own pictures."""

from importlib import import_module

import streamlit as st

from dashboard.parts.forms.dataset_choice import need_dataset
from dashboard.parts.notice import notice
from dashboard.state import contrast

PARTS = {  # each the function of that name in the module of that name
    "pairs": "Pairs and negatives",
    "ignored": "What the encoder ignores",
    "learning": "While it learns",
    "breaking": "Break it",
}


def page() -> None:
    """The parts of the page; one is shown at a time, and only that one is imported: some need PyTorch, some do not."""
    head = st.container(horizontal=True, vertical_alignment="bottom")  # one row: the charts below need the height
    head.title("Contrast", width="content")
    notice()
    if not need_dataset("Contrasts are computed from pictures."):
        return
    chosen = contrast.PART.value if contrast.PART.value in PARTS else contrast.PART.default
    head.segmented_control(
        "Part", list(PARTS), required=True, key=contrast.PART.widget.showing(chosen), label_visibility="collapsed",
        format_func=PARTS.__getitem__, on_change=lambda: contrast.PART.set(contrast.PART.widget.held()),
    )  # fmt: skip
    getattr(import_module(f"dashboard.app_pages.contrast.{chosen}"), chosen)()


page()
