"""The stages that Grad-CAM can explain and how coarse their maps are. Imports no torch."""

from typing import Literal

from sealife_core.models.facts import STAGE_NAMES, facts

Layer = Literal["layer2", "layer3", "layer4"]
LAYERS: tuple[Layer, ...] = ("layer4", "layer3", "layer2")  # deepest first
LEAST_CELLS = 4  # per side; with fewer the map covers everything and points at nothing


def gradcam_cells(encoder: str, stem: str, image_size_px: int, layer: Layer = "layer4") -> int:
    """How many cells per side the Grad-CAM map has before it is interpolated."""
    reduction = facts(encoder).reductions[STAGE_NAMES.index(layer)]
    return -(-image_size_px // (reduction if stem == "imagenet" else reduction // 4))


def usual_layer(encoder: str, stem: str, image_size_px: int) -> Layer:
    """The deepest stage, which is most specific to the class, with at least LEAST_CELLS per side; else the finest."""
    for layer in LAYERS:
        if gradcam_cells(encoder, stem, image_size_px, layer) >= LEAST_CELLS:
            return layer
    return LAYERS[-1]
