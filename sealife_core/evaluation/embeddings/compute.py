"""Encoder + data set → features (N, D), each image seen once, centred and unvaried."""

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import nn

from sealife_core.views.sampling import ViewParameters, centre_view
from sealife_core.views.transforms import apply_views

if TYPE_CHECKING:
    from sealife_core.datasets.decoding.pixels import Pixels

from sealife_core.progress import Progress


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
    view: Callable[[torch.Tensor, np.ndarray], ViewParameters] | None = None,
) -> np.ndarray:
    """Features (n, D) float32 of ``rows`` (n,), in their order. Also serves a whole classifier: its logits (n, C).

    The encoder is moved to ``device`` and stays there. Every module's training mode is put back afterwards, one by one,
    so that a frozen stage inside a training encoder is still frozen; no gradient and no BatchNorm statistic is touched.

    view: what of each image is seen, from aspects (n,) and rows (n,): :func:`centre_view` unless given.

    On a processor every core takes whole batches, from the file to the features: nothing waits for the slowest core at
    each layer, which with a busy neighbour is four times as fast, and decoding goes on beside computing.
    """
    rows = np.asarray(rows, dtype=np.int64)
    device = torch.device(device)
    encoder.to(device)
    size = batch_size or usual_batch(image_size_px, device.type)
    # An empty selection still goes through once, so that the answer has its D columns.
    looked_at = rows if len(rows) else np.zeros(1, np.int64)

    def features_from(start: int) -> np.ndarray:
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, precision == "bf16"):
            images, aspects = pixels.gather(looked_at[start : start + size])
            drawn = view(aspects, looked_at[start : start + size]) if view else centre_view(aspects)
            steps = None if view else ("crop",)
            views = apply_views(images.to(device), drawn.to(device), image_size_px, steps, (mean, std))
            return encoder(views).float().cpu().numpy()

    found = np.empty((0, 0), np.float32)
    starts = range(0, len(looked_at), size)
    with evaluating(encoder), closing(_on_every_core(features_from, starts, device.type)) as parts:
        for start, part in zip(starts, parts, strict=True):
            if start == 0:  # only now D is known; parts put together at the end would be there twice
                found = np.empty((len(rows), part.shape[1]), np.float32)
            found[start : start + size] = part[: len(rows)]
            if progress:
                progress("embedding", min(start + size, len(rows)), len(rows))
    return found


def usual_batch(image_size_px: int, device: str) -> int:
    """Images at a time: few enough on a processor for the maps to stay in its cache; a GPU wants many."""
    return 256 if device != "cpu" else int(np.clip(8 * (224 / image_size_px) ** 2, 4, 256))


def _on_every_core(make: Callable[[int], np.ndarray], starts: range, device: str) -> Generator[np.ndarray, None, None]:
    """``make`` of each of ``starts``, in order. On a GPU two at a time: one is decoded while one is computed."""
    threads = torch.get_num_threads()
    workers = min(threads if device == "cpu" else 2, len(starts))
    if workers == 1:
        yield from map(make, starts)
        return
    pool = ThreadPoolExecutor(workers, "sealife-embed", torch.set_num_threads, (1,) if device == "cpu" else (threads,))
    try:
        yield from pool.map(make, starts)
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)


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
