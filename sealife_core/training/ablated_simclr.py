"""What a run with a part broken on purpose does differently in training; a usual run only asks and goes on as ever.

Switches that are settings (no colour jitter, no head, a temperature, a batch of 8 …) need nothing here.
"""

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn import functional

from sealife_core.config import SimclrConfig
from sealife_core.datasets.dataset import Dataset
from sealife_core.models.losses import partners
from sealife_core.training.simclr import SimclrModule
from sealife_core.views.sampling import ViewParameters


def pretraining_rows(config: SimclrConfig, dataset: Dataset) -> Int64[np.ndarray, " n"]:
    """The training images; with "validation-in-training" the validation images too."""
    splits = ("train", "val") if config.broken == "validation-in-training" else ("train",)
    return np.sort(np.concatenate([dataset.rows(split) for split in splits]))


def simclr_module(config: SimclrConfig) -> type[SimclrModule]:
    """The module that trains ``config``."""
    return {"identical-views": IdenticalViews, "no-normalisation": NotNormalised}.get(config.broken, SimclrModule)


class IdenticalViews(SimclrModule):
    """Both views of an image are the same: the pair is found without learning anything."""

    def draw_pair(self, aspects: Tensor, generator: torch.Generator, share: tuple[int, int]) -> list[ViewParameters]:  # noqa: D102
        return [super().draw_pair(aspects, generator, share)[0]] * 2


class NotNormalised(SimclrModule):
    """NT-Xent of dot products in place of cosines: a longer z changes the loss, wherever it points. On one device."""

    def loss(  # noqa: D102
        self, z0: Float[Tensor, "n d"], z1: Float[Tensor, "n d"], *, distributed: bool = False
    ) -> Float[Tensor, ""]:
        return dot_product_xent(z0, z1, self.config.temperature)

    def accuracy(  # noqa: D102
        self, z0: Float[Tensor, "n d"], z1: Float[Tensor, "n d"], *, distributed: bool = False
    ) -> Float[Tensor, ""]:
        return dot_product_accuracy(z0, z1)


def dot_product_xent(z0: Float[Tensor, "n d"], z1: Float[Tensor, "n d"], temperature: float) -> Float[Tensor, ""]:
    """NT-Xent without its normalisation, in nats. z0, z1: projections of two views, as in ``nt_xent``."""
    products = _dot_products(z0, z1)
    return functional.cross_entropy(products / temperature, partners(products))


def dot_product_accuracy(z0: Float[Tensor, "n d"], z1: Float[Tensor, "n d"]) -> Float[Tensor, ""]:
    """How often a view has its highest dot product with its partner, 0 … 1. SimCLR's own code counts by its logits too,
    which are dot products where it does not normalise."""
    products = _dot_products(z0, z1)
    return (products.argmax(dim=1) == partners(products)).float().mean()


def _dot_products(z0: Float[Tensor, "n d"], z1: Float[Tensor, "n d"]) -> Float[Tensor, "2*n 2*n"]:
    """Of all views with each other; −∞ where a view meets itself."""
    with torch.autocast(z0.device.type, enabled=False):
        z = torch.cat([z0, z1]).float()
        return (z @ z.T).fill_diagonal_(-torch.inf)
