"""From which stage of the network the evidence is read: the last says most about the class, earlier ones where."""

import streamlit as st

from dashboard.app_pages.gallery.filters import segments
from dashboard.media import known_layer
from dashboard.state import gallery
from sealife_core.evaluation.classification.gradcam_layers import LAYERS, Layer, gradcam_cells, usual_layer
from sealife_core.runs.run import Run

_WORDS = {"layer4": "Last", "layer3": "Third", "layer2": "Second"}


def layer_held(run: Run) -> Layer:
    """The stage as the URL has it, else the deepest whose cells are fine enough to point at something."""
    return known_layer(gallery.LAYER.value) or usual_layer(*_seen(run))


def layer_choice(run: Run) -> None:
    """The choice, and what it means."""
    encoder, stem, size = _seen(run)
    cells = {layer: gradcam_cells(encoder, stem, size, layer) for layer in LAYERS}
    words = {layer: f"{_WORDS[layer]}, {side} × {side}" for layer, side in cells.items()}
    segments(gallery.LAYER, "Evidence from stage", words, layer_held(run))
    st.caption(
        f"Each stage of the network divides the picture (here {size} px) into coarser cells than the stage before."
        " Earlier stages are finer but say less about the class."
    )


def _seen(run: Run) -> tuple[str, str, int]:
    """The run's encoder, its stem, and the side of the pictures it sees, in px."""
    config = run.config()
    return config.encoder, str(run.environment().get("stem", "imagenet")), config.image_size_px
