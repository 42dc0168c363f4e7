"""Encoder + data set → features (N, D), each image seen once, centred and unvaried."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
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
    batch_size: int | None = None,
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
    batch_size = batch_size or usual_batch(image_size_px, device.type)
    # An empty selection still goes through once, so that the answer has its D columns.
    looked_at = rows if len(rows) else np.zeros(1, np.int64)

    def view_of(start: int) -> torch.Tensor:
        with torch.inference_mode():
            images, aspects = pixels.gather(looked_at[start : start + batch_size])
            centre = centre_view(aspects).to(device)
            return apply_views(images.to(device), centre, image_size_px, ("crop",), (mean, std))

    found = np.empty((0, 0), np.float32)
    with evaluating(encoder), torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, precision == "bf16"):
        starts = range(0, len(looked_at), batch_size)
        for start, views in zip(starts, _one_ahead(view_of, starts), strict=True):
            part = encoder(views).float().cpu().numpy()
            if start == 0:  # only now D is known; parts put together at the end would be there twice
                found = np.empty((len(rows), part.shape[1]), np.float32)
            found[start : start + batch_size] = part[: len(rows)]
            if progress:
                progress("embedding", min(start + batch_size, len(rows)), len(rows))
    return found


def usual_batch(image_size_px: int, device: str) -> int:
    """Images at a time: few enough on a processor for the maps to stay in its cache; a GPU wants many."""
    return 256 if device != "cpu" else int(np.clip(16 * (224 / image_size_px) ** 2, 4, 256))


def _one_ahead(make: Callable[[int], torch.Tensor], starts: Iterable[int]) -> Iterator[torch.Tensor]:
    """``make`` of each of ``starts``; the next one is made while the caller works on one."""
    with ThreadPoolExecutor(1, "sealife-views") as thread:
        waiting: list[Future[torch.Tensor]] = []
        for start in starts:
            waiting.append(thread.submit(make, start))
            if len(waiting) == 2:
                yield waiting.pop(0).result()
        yield from (future.result() for future in waiting)


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
