"""Has a crop lost the animal? Asked of what an ImageNet encoder responds to: see ``animal_activation.py``."""

import torch
from jaxtyping import Float
from torch import Tensor

from sealife_core.evaluation.contrast.crop_coverage import covered

# A crop with less than a quarter of the animal shows a fin or nothing. On the reef, the share that a crop keeps of the
# activation is close to that of the animal (correlation 0.95): the limit of the one serves for the other, and about as
# many crops are below it as have lost the animal.
LOST_BELOW = 0.25
# Of crops below that limit, how many have lost the animal; of crops that have lost it, how many are below. On the reef,
# with the recipe SimCLR; tests/evaluation/contrast/test_animal_share.py measures them.
REEF_PRECISION, REEF_RECALL = 0.85, 0.77


def animal_share(activation: Float[Tensor, "rows columns"], crops: Float[Tensor, "n 4"]) -> Float[Tensor, " n"]:
    """The share of ``activation`` inside each crop (x0, y0, width, height, as fractions of the picture).

    1 if there is none to lose.
    """
    x, y, w, h = crops.T
    rows, columns = activation.shape
    inside = torch.einsum("ny,yx,nx->n", covered(y, h, rows), activation, covered(x, w, columns))
    whole = activation.sum()
    return inside / whole if whole > 0 else torch.ones_like(inside)
