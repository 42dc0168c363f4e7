"""One picture as training sees it, and the views that a recipe draws of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dashboard.data.pictures import class_of
from sealife_core.config import ViewRecipe
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.pixels import from_picture
from sealife_core.datasets.decoding.reading import read_rgb
from sealife_core.datasets.decoding.squares import DECODED_AT
from sealife_core.views.sampling import ViewParameters, draw_views, generator_for


@dataclass(frozen=True)
class Preview:
    """One picture, decoded as training decodes it."""

    row: int
    name: str
    square: Tensor  # uint8 (S, S, 3)
    aspect: float  # width / height of the original


def preview_of(dataset: Dataset, row: int, side_px: int) -> Preview:
    """The picture in ``row``, decoded to ``side_px`` a side. Raises DatasetError."""
    square, _ = from_picture(read_rgb(dataset.image_path(row), at_least_px=DECODED_AT * side_px), side_px)
    width, height = dataset.manifest["width"].iat[row], dataset.manifest["height"].iat[row]
    return Preview(row, class_of(dataset, row), torch.from_numpy(square.copy()), float(width / height))


def drawn(recipe: ViewRecipe, preview: Preview, draw: int, pair: int, view: int) -> ViewParameters:
    """One view of one picture. It depends on draw, picture, pair and view alone: a link shows a colleague the same."""
    return drawn_each(recipe, [preview], draw, pair, view)


def drawn_each(recipe: ViewRecipe, previews: Sequence[Preview], draw: int, pair: int, view: int) -> ViewParameters:
    """As :func:`drawn`, of each of ``previews``: at once, which for 16 takes less than a tenth of the time."""
    aspects = torch.tensor([preview.aspect for preview in previews])
    return draw_views(recipe, aspects, [generator_for(draw, preview.row, pair, view) for preview in previews])
