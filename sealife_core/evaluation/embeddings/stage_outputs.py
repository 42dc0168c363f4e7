"""An encoder that returns the mean output of every stage together with its features, in one forward pass."""

import threading
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor, nn

from sealife_core.evaluation.classification.out_of_distribution import LEAST_CONTRAST, STAGES, Means
from sealife_core.evaluation.embeddings.feature_store import Columns
from sealife_core.models.encoders import Encoder
from sealife_core.models.facts import STAGE_NAMES


class WithStageOutputs(nn.Module):
    """Images → h, then each stage's spatial mean; ``columns`` says how many numbers each is.

    The mean of the last stage is h itself and is not repeated. Several threads may call it at once. Its hooks stay in
    ``encoder`` until :meth:`leave`.
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.columns: Columns = {}
        self._local = threading.local()
        self._hooks = encoder.at_ends(self._keep, *STAGE_NAMES[:-1])

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Float32[Tensor, "n d"]:
        """h and the means of a batch, concatenated."""
        self._local.parts = {}
        h = self.encoder(images)
        parts = {"h": h.float(), STAGES[0]: _of_pixels(images.float()), **self._local.parts}
        self.columns = {name: part.shape[1] for name, part in parts.items()}
        return torch.cat(list(parts.values()), 1)

    def leave(self) -> None:
        """Remove the hooks from the encoder."""
        for hook in self._hooks:
            hook.remove()

    def _keep(self, name: str, given: Tensor) -> None:
        self._local.parts[name] = self.encoder.maps(given).mean((2, 3), dtype=torch.float32)


def with_columns(
    encoder: Encoder, embed: Callable[[WithStageOutputs], Float32[np.ndarray, "n _"]]
) -> tuple[Float32[np.ndarray, "n _"], Columns]:
    """What ``embed`` makes of n images with ``encoder`` and its stages, and the columns of that; no hook stays."""
    watched = WithStageOutputs(encoder)
    try:
        return embed(watched), watched.columns
    finally:
        watched.leave()


def taken_apart(rows: Float32[np.ndarray, "n _"], columns: Columns) -> tuple[Float32[np.ndarray, "n d"], Means]:
    """The output of :class:`WithStageOutputs` for n images as h and the means of every stage."""
    ends = np.cumsum(list(columns.values()))[:-1]
    h, *means = (np.ascontiguousarray(part) for part in np.split(rows, ends, axis=1))
    return h, dict(zip(list(columns)[1:], means, strict=True)) | {STAGE_NAMES[-1]: h}


def _of_pixels(images: Tensor) -> Tensor:
    # Written out: std() and diff() take 16 ms for 8 images in channels-last, this takes 2 ms.
    mean = images.mean((2, 3), keepdim=True)
    steps = (images[:, :, 1:] - images[:, :, :-1], images[..., 1:] - images[..., :-1])
    spreads = [(images - mean).square_().mean((2, 3)).sqrt(), *(step.abs_().mean((2, 3)) for step in steps)]
    return torch.cat([mean.flatten(1), *((spread + LEAST_CONTRAST).log() for spread in spreads)], 1)
