"""What the frozen stages make of the images, computed once: ``features/activations/<key>/`` of the data set.

A fine-tune of the last stages looks at the same images again and again, and the frozen stages answer the same each
time. So a few varied copies of each training image (crops and flips, drawn once) go through them before the first step,
and training begins where they end. They are kept in float16; what is missing, cut short or of something else is made
again.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sealife_core.config import ALL_STAGES, LABELLED, FineTuneConfig
from sealife_core.datasets.batches import ImageBatches
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.embeddings.array_store import ArrayStore
from sealife_core.evaluation.embeddings.compute import evaluating
from sealife_core.evaluation.embeddings.feature_store import activation_store
from sealife_core.models.encoders import Encoder
from sealife_core.models.facts import STAGE_NAMES
from sealife_core.models.folding import folded
from sealife_core.progress import Progress
from sealife_core.training.fine_tuning.activation_batches import Activations
from sealife_core.training.hardware import Hardware
from sealife_core.training.inputs import network_inputs
from sealife_core.views.sampling import centre_view, draw_views, generator_for

_METHOD = "float16, channels last, 1"  # a file made in another way is made anew
_ROUNDING = 0.02  # of features, relative: bf16 and float16 stay well below it, another network does not
_BATCH = 32  # images: what most processors are fastest at, their maps still in the cache


def cut_of(config: FineTuneConfig) -> str | None:
    """The last frozen stage, where training can begin behind it; None where no stage, or every one, is trained."""
    return STAGE_NAMES[ALL_STAGES - config.trained_stages - 1] if 0 < config.trained_stages < ALL_STAGES else None


def copies_that_fit(config: FineTuneConfig, folder: Path, images: int, validated: int, image_bytes: int) -> int:
    """How many of the copies that ``config`` asks for fit the disk; 0 where none does, or training stores nothing.

    images: n training images; validated: V; image_bytes: of one image.
    """
    asked = 1 if config.augmentation == "none" else config.stored_copies
    if cut_of(config) is None or not config.stored_copies:
        return 0
    room = activation_store(folder).most_bytes()
    return max(0, min(asked, int(room / image_bytes - validated) // max(1, images)))


def open_activations(
    config: FineTuneConfig,
    dataset: Dataset,
    batches: ImageBatches,
    encoder: Encoder,
    machine: Hardware,
    copies: int,
    progress: Progress | None = None,
    waits: Callable[[], object] = lambda: None,
) -> Activations:
    """The activations of the images of ``batches``, made first unless they are there. Two that ask make them once.

    ``waits``: as of ``ArrayStore.computing``.
    """
    about = _description(config, dataset, batches, encoder, machine, copies)
    store = activation_store(dataset.folder)
    name = hashlib.sha256(json.dumps(about).encode()).hexdigest()[:16]
    array = _opened(store, name, about)
    if array is None:
        with store.computing(name, waits):
            array = _opened(store, name, about)  # another process may have been faster
            if array is None:
                parts = _parts(config, batches, encoder, machine, copies)
                first = next(parts)
                told = _told(chain([first], parts), about["count"], progress)
                store.write(name, about, told, (about["count"], *first.shape[1:]), "<f2")
                array = _opened(store, name, about)
    if array is None:
        raise OSError(f"{store.folder / name} changed while it was written")
    return Activations(array, copies)


def _description(
    config: FineTuneConfig, dataset: Dataset, batches: ImageBatches, encoder: Encoder, machine: Hardware, copies: int
) -> dict[str, Any]:
    """All that the file depends on."""
    frozen = hashlib.sha256()
    for _, stage in encoder.stages[: ALL_STAGES - config.trained_stages]:
        for name, value in stage.state_dict().items():
            frozen.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    images = hashlib.sha256("\n".join(dataset.manifest["sha256"].tolist()).encode())
    for rows in (batches.val_rows, batches.train_rows):
        images.update(rows.numpy().tobytes())
    return {
        "method": _METHOD,
        "images": images.hexdigest(),
        "count": len(batches.val_rows) + copies * len(batches.train_rows),
        "copies": copies,
        "encoder": config.encoder,
        "weights": frozen.hexdigest(),
        "after": cut_of(config),
        "image_size_px": config.image_size_px,
        "decoded_px": batches.pixels.size_px,
        "views": LABELLED[config.augmentation].model_dump(),
        "seed": config.seed,
        "precision": machine.precision,
    }


def _opened(store: ArrayStore, name: str, about: dict[str, Any]) -> np.ndarray | None:
    """The array, or None if it is not there whole, or not of what ``about`` says."""
    if store.about(name) != about or (array := store.rows(name)) is None:
        return None
    return array if array.dtype == np.float16 and len(array) == about["count"] else None


def _told(parts: Iterable[np.ndarray], count: int, progress: Progress | None) -> Iterator[np.ndarray]:
    done = 0
    for part in parts:
        yield part
        done += len(part)
        if progress:
            progress("storing activations", done, count)


def _parts(
    config: FineTuneConfig, batches: ImageBatches, encoder: Encoder, machine: Hardware, copies: int
) -> Iterator[np.ndarray]:
    """Activations (b, …) of a few images at a time, in the order of the file."""
    cut = cut_of(config)
    assert cut is not None
    quick = folded(encoder, machine.precision).to(machine.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    of_copies = ((batches.train_rows, copy) for copy in range(copies))
    for rows, copy in ((batches.val_rows, None), *of_copies):
        for start in range(0, len(rows), _BATCH):
            images, aspects = batches.pixels.gather(rows[start : start + _BATCH])
            parameters = centre_view(aspects)
            if copy is not None and config.augmentation != "none":
                parameters = draw_views(LABELLED[config.augmentation], aspects, generator_for(config.seed, copy, start))
            views = network_inputs(images.to(machine.device), parameters, config)
            yield stored(frozen_part(cut, quick, views, machine))


def frozen_part(cut: str, encoder: Encoder, views: Tensor, machine: Hardware) -> Tensor:
    """What the frozen stages, up to ``cut``, make of views (n, 3, H, W)."""
    with evaluating(encoder), torch.inference_mode(), machine.autocast:
        return encoder.until(cut, views)


def goes_on_from(cut: str, encoder: Encoder, views: Tensor, given: Tensor, machine: Hardware) -> bool:
    """Whether the encoder makes the same features of ``given``, what its frozen stages made of ``views``, as of these:
    not where a network looks back past them, or depends on the size of the picture."""
    with evaluating(encoder), torch.inference_mode(), machine.autocast:
        expected = encoder(views).float()
        try:
            found = encoder.after(cut, given).float()
        except (RuntimeError, ValueError, AssertionError):
            return False
    return found.shape == expected.shape and bool((found - expected).norm() <= _ROUNDING * expected.norm())


def stored(given: Tensor) -> np.ndarray:
    """Maps (n, C, h, w) as the file holds them: float16, channels last; tokens (n, T, C) stay in their order."""
    laid = given.permute(0, 2, 3, 1) if given.ndim == 4 else given
    limit = torch.finfo(torch.float16).max
    return laid.float().clamp(-limit, limit).half().contiguous().cpu().numpy()
