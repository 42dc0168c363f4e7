"""From which stage of the network the evidence is read: the last says most about the class, earlier ones where."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import state
from dashboard.components.gallery_filters import segments
from dashboard.media import known_layer

if TYPE_CHECKING:
    from sealife_core.evaluation.gradcam import Layer

_WORDS = {"layer4": "Last", "layer3": "Third", "layer2": "Second"}


def layer_held() -> "Layer":
    """The stage as the URL has it."""
    return known_layer(state.gallery("layer")) or "layer4"


def layer_choice(image_size_px: int) -> None:
    """The choice, and what it means."""
    segments("layer", "Evidence from the network's stage", _WORDS, layer_held())
    st.caption(
        f"Each stage sees the picture in coarser cells: the last, at {image_size_px} px, in only a few a side. Earlier"
        " stages are finer, and say less about the class."
    )
