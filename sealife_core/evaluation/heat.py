"""How coarse Grad-CAM is, told without torch: a stage of the encoder sees a picture in cells."""

from typing import Literal

Layer = Literal["layer2", "layer3", "layer4"]
LAYERS: tuple[Layer, ...] = ("layer4", "layer3", "layer2")  # deepest first
_HALVINGS = {"layer2": 1, "layer3": 2, "layer4": 3}
LEAST_CELLS = 4  # a side; with fewer the heat lies over everything and points at nothing


def heat_cells(stem: str, image_size_px: int, layer: Layer = "layer4") -> int:
    """How many cells a side of the heat has, before it is interpolated. ``stem``: the encoder's."""
    return -(-image_size_px // 2 ** (_HALVINGS[layer] + (2 if stem == "imagenet" else 0)))


def usual_layer(stem: str, image_size_px: int) -> Layer:
    """The deepest stage, which knows most of the class, that still has LEAST_CELLS a side; else the finest."""
    for layer in LAYERS:
        if heat_cells(stem, image_size_px, layer) >= LEAST_CELLS:
            return layer
    return LAYERS[-1]
