"""Features (N, D) of the images of a data set: each image once, its centre crop, without augmentation."""

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Literal, TypeVar

import numpy as np
import torch
from jaxtyping import Float, Float32, Int
from torch import Tensor, nn

from sealife_core.datasets.decoding.pixels import Pixels
from sealife_core.progress import Progress
from sealife_core.views.sampling import ViewParameters, centre_view
from sealife_core.views.transforms import apply_views

T = TypeVar("T")


def embed(
    encoder: nn.Module,
    pixels: Pixels,
    rows: Int[np.ndarray, " n"],
    *,
    image_size_px: int,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    device: str | torch.device = "cpu",
    batch_size: int | None = None,
    precision: Literal["fp32", "bf16"] = "fp32",
    progress: Progress | None = None,
    view: Callable[[Float[Tensor, " n"], Int[np.ndarray, " n"]], ViewParameters] | None = None,
) -> Float32[np.ndarray, "n d"]:
    """Features of the images ``rows``, in their order; for a whole classifier its logits.

    The encoder is moved to ``device`` and stays there. The training mode of every module is restored afterwards, so a
    frozen stage inside a training encoder stays frozen; gradients and BatchNorm statistics are not changed.

    view: the view parameters from aspects and rows; default: :func:`centre_view`.

    On a CPU every core processes whole batches, from the file to the features: no core waits for the slowest one at
    each layer, which is four times as fast next to another busy process, and decoding runs parallel to computing.
    """
    device = torch.device(device)
    encoder.to(device)
    size = batch_size or usual_batch(image_size_px, device.type)
    # An empty selection is run once with one image, so that the result has D columns.
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
    with evaluating(encoder), closing(on_every_core(features_from, starts, device.type)) as parts:
        for start, part in zip(starts, parts, strict=True):
            if start == 0:  # only now D is known; concatenating at the end would take the memory twice
                found = np.empty((len(rows), part.shape[1]), np.float32)
            found[start : start + size] = part[: len(rows)]
            if progress:
                progress("embedding", min(start + size, len(rows)), len(rows))
    return found


def usual_batch(image_size_px: int, device: str) -> int:
    """Images per batch: on a GPU many, on a CPU so few that the feature maps stay in its cache.

    A map of more than 32 MB would be new memory from the system at every layer, which makes EfficientNet-Lite0 a third
    slower.
    """
    return 256 if device != "cpu" else int(np.clip(4 * (224 / image_size_px) ** 2, 4, 256))


def on_every_core(make: Callable[[int], T], starts: range, device: str) -> Generator[T, None, None]:
    """``make(start)`` for each of ``starts``, in order, on all cores. For a GPU two at a time: one is decoding."""
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
    """``module`` in eval mode; afterwards the mode of each of its modules is restored."""
    # Only those that are in training: to set all takes more than a millisecond, which counts for a single picture.
    training = [part for part in module.modules() if part.training]
    # Not module.eval(): an encoder may override train(), and the effect of that could not be undone.
    for part in training:
        part.training = False
    try:
        yield
    finally:
        for part in training:
            part.training = True
