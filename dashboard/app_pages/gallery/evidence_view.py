"""A picture with the evidence for one class laid over it, and the stage of the network from which it is read.

The last stage says most about the class, earlier ones where it is.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.app_pages.gallery.filters import segments
from dashboard.media import known_layer
from dashboard.parts.pictures.heat_view import heat_view
from dashboard.state import gallery
from sealife_core.evaluation.classification.gradcam_layers import LAYERS, Layer, gradcam_cells, usual_layer
from sealife_core.runs.run import Run

_STAGES = {"layer4": "Last", "layer3": "Third", "layer2": "Second"}


def evidence_view(
    picture: str, heat: str, *, width: int, height: int, of: str, name: str, opens_as: Mapping[str, Any]
) -> None:
    """``picture``, which is ``of`` something, and ``heat``, the evidence for the class ``name``, are addresses.

    width, height: of the picture, in px. The heat covers the largest centred square, which the network sees.
    """
    aspect = width / max(height, 1)
    share_x, share_y = min(1.0, 1 / aspect), min(1.0, aspect)
    heat_view(
        picture, heat, aspect=aspect, box=((1 - share_x) / 2, (1 - share_y) / 2, share_x, share_y),
        alt=f"{of}, with the evidence for {name}", label="Evidence", key=gallery.HEAT,
        opens_as=opens_as,
        says=f"Bright areas are evidence for “{name}” (Grad-CAM). The network sees only what is inside the square.",
    )  # fmt: skip


def layer_held(run: Run) -> Layer:
    """The stage as the URL has it, else the deepest whose cells are fine enough to point at something."""
    return known_layer(gallery.LAYER.value) or usual_layer(*_seen(run))


def layer_choice(run: Run) -> None:
    """The choice of a stage, and what it means."""
    encoder, stem, size = _seen(run)
    cells = {layer: gradcam_cells(encoder, stem, size, layer) for layer in LAYERS}
    words = {layer: f"{_STAGES[layer]}, {side} × {side}" for layer, side in cells.items()}
    segments(gallery.LAYER, "Evidence from stage", words, layer_held(run))
    st.caption(
        f"Each stage of the network divides the picture (here {size} px) into coarser cells than the stage before."
        " Earlier stages are finer but say less about the class."
    )


def _seen(run: Run) -> tuple[str, str, int]:
    """The run's encoder, its stem, and the side of the pictures it sees, in px."""
    config = run.config()
    return config.encoder, str(run.environment().get("stem", "imagenet")), config.image_size_px
