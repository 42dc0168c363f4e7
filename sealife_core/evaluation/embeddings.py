"""Encoder + data set → features (N, D), each image seen once, centred and unvaried."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import nn

from sealife_core.views.sampling import centre_view
from sealife_core.views.transforms import apply_views

if TYPE_CHECKING:
    from sealife_core.datasets.pixels import Pixels

Progress = Callable[[str, int, int], None]  # stage, done, total


def embed(
    encoder: nn.Module,
    pixels: "Pixels",
    rows: np.ndarray,
    *,
    image_size_px: int,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    device: str | torch.device = "cpu",
    batch_size: int = 256,
    precision: Literal["fp32", "bf16"] = "fp32",
    progress: Progress | None = None,
) -> np.ndarray:
    """Features (n, D) float32 of ``rows`` (n,), in their order. Also serves a whole classifier: its logits (n, C).

    The encoder is moved to ``device`` and stays there. Every module's training mode is put back afterwards, one by one,
    so that a frozen stage inside a training encoder is still frozen; no gradient and no BatchNorm statistic is touched.
    """
    rows = np.asarray(rows, dtype=np.int64)
    device = torch.device(device)
    encoder.to(device)
    found = np.empty((0, 0), np.float32)
    with evaluating(encoder), torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, precision == "bf16"):
        # An empty selection still goes through once, so that the answer has its D columns.
        for start in range(0, max(len(rows), 1), batch_size):
            images, aspects = pixels.gather(rows[start : start + batch_size] if len(rows) else np.zeros(1, np.int64))
            centre = centre_view(aspects).to(device)
            features = encoder(apply_views(images.to(device), centre, image_size_px, ("crop",), (mean, std)))
            part = features.float().cpu().numpy()
            if start == 0:  # only now D is known; parts put together at the end would be there twice
                found = np.empty((len(rows), part.shape[1]), np.float32)
            found[start : start + batch_size] = part[: len(rows)]
            if progress:
                progress("embedding", min(start + batch_size, len(rows)), len(rows))
    return found


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """``module`` in eval mode; afterwards each of its modules is in the mode it was in."""
    before = [(part, part.training) for part in module.modules()]
    # Not module.eval(): an encoder may override train(), and what it does there is not ours to undo.
    for part, _ in before:
        part.training = False
    try:
        yield
    finally:
        for part, was_training in before:
            part.training = was_training
