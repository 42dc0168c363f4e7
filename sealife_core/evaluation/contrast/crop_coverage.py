"""Where the crops of a view recipe fall in a picture, and how much the two crops of a positive pair have in common."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from sealife_core.config.views import ViewRecipe
from sealife_core.views.sampling import draw_views, generator_for

DRAWS = 500  # the standard error of a share of crops is then at most 2 %
CELLS = 48  # of the longer side


@dataclass(frozen=True)
class CropCoverage:
    """The crops of some positive pairs of one picture.

    crops: x0, y0, width and height of all, as fractions of the picture. share: of each cell of the picture, the part of
    all crops that contain it; a cell that a crop cuts counts with the part of it inside. overlap: intersection over
    union of the two crops of each pair.
    """

    crops: Float[Tensor, "crops 4"]
    share: Float[Tensor, "h w"]
    overlap: Float[Tensor, " pairs"]

    @property
    def kept(self) -> Float[Tensor, " crops"]:
        """The part of the picture's area that each crop keeps."""
        return self.crops[:, 2:].prod(1)


def crop_coverage(
    recipe: ViewRecipe, aspect: float, draws: int = DRAWS, cells: int = CELLS, seed: int = 0
) -> CropCoverage:
    """Draw crops as training does, and count where they fall. The same ``seed`` draws the same random numbers.

    aspect: width / height of the picture. draws: crops, two a pair. cells: along the longer side of the picture.
    """
    aspects = torch.full((draws // 2,), aspect)
    first, second = (draw_views(recipe, aspects, generator_for(seed, view)).crop for view in (0, 1))
    crops = torch.cat([first, second])
    height, width = (max(1, round(cells * min(1.0, side))) for side in (1 / aspect, aspect))
    x, y, w, h = crops.T
    share = covered(y, h, height).T @ covered(x, w, width) / len(crops)
    return CropCoverage(crops, share, intersection_over_union(first, second))


def covered(start: Float[Tensor, " n"], length: Float[Tensor, " n"], cells: int) -> Float[Tensor, "n {cells}"]:
    """The part of each of ``cells`` equal cells of a line that a stretch of it covers; both are fractions of it."""
    edges = torch.linspace(0, 1, cells + 1)
    end = torch.minimum((start + length)[:, None], edges[1:])
    return (end - torch.maximum(start[:, None], edges[:-1])).clamp_min(0) * cells


def intersection_over_union(one: Float[Tensor, "n 4"], other: Float[Tensor, "n 4"]) -> Float[Tensor, " n"]:
    """Of boxes x0, y0, width, height: the area that both cover over the area that either covers."""
    start, end = torch.maximum(one[:, :2], other[:, :2]), torch.minimum(_end(one), _end(other))
    both = (end - start).clamp_min(0).prod(1)
    return both / (one[:, 2:].prod(1) + other[:, 2:].prod(1) - both)


def _end(boxes: Float[Tensor, "n 4"]) -> Float[Tensor, "n 2"]:
    return boxes[:, :2] + boxes[:, 2:]
