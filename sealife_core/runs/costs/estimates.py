"""What a run will cost, estimated before it starts from rates that earlier runs measured on this machine.

The time of an image is assumed to grow with its multiplications. This holds for an encoder that is like the measured
one, and less the more it differs; so the nearest undisturbed measurement counts, and ``basis`` says which it was.
"""

import sys
from collections.abc import Sized
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Protocol

from sealife_core.config import (
    AnyConfig,
    ClassifierConfig,
    EmbedConfig,
    FineTuneConfig,
    ProbeConfig,
    SimclrConfig,
    source_run,
)
from sealife_core.models.facts import resolve_stem, title_of
from sealife_core.models.known import facts
from sealife_core.runs.costs.devices import CPU, devices, suitable
from sealife_core.runs.costs.measured_rates import device_kind, distance, gmac_of, nearest_rate
from sealife_core.runs.costs.stage_work import gmac_an_image, stages_of
from sealife_core.runs.directory import runs_root, source_chain
from sealife_core.wording import rate_said

TORCH_BYTES = 900_000_000  # torch, torchvision and Lightning after their import, before the first image
STARTUP_S = 12.0  # importing them, opening the data: 7 to 15 s on two cores
EMBED_BATCH = 256  # as evaluation.embeddings does
PROBE_BATCH = 64  # of small pictures on a processor; the features of all are small against a batch of maps


@dataclass(frozen=True)
class Estimate:
    """``seconds`` is None if nothing comparable was measured here yet; ``basis`` says what the time is based on.

    disk_bytes: the files of the run while it trains, and the decoded images; kept_bytes: the files of the run once it
    has finished; shared_bytes: the decoded images alone, which all runs of that size share.
    """

    seconds: float | None
    memory_bytes: int
    disk_bytes: int
    kept_bytes: int
    shared_bytes: int
    basis: str


def estimate(
    config: AnyConfig, n_images: int, root: Path | None = None, n_stored: int | None = None, classes: int = 0
) -> Estimate:
    """What ``config`` will take. ``n_images``: images of the training split that it may use; ``n_stored``: of the whole
    data set (assumed to be n_images / 0.8, as splits are 80/10/10); ``classes``: how many there are.
    """
    root = runs_root(root)
    encoder, stem = network_of(config, root)
    n_stored = round(n_images / 0.8) if n_stored is None else n_stored
    images = n_images, n_stored, _images_used(config, n_images, classes)
    seconds, basis = _seconds(config, encoder, stem, images, root)
    memory_bytes = _memory_bytes(config, encoder, stem, n_images)
    return Estimate(seconds, memory_bytes, *_disk_bytes(config, encoder, n_stored), basis)


class Images(Protocol):
    """What an estimate needs to know of a data set: its classes, its number of images, and the rows of each split."""

    @property
    def classes(self) -> Sized:
        """Their names."""
        ...

    def __len__(self) -> int: ...

    def rows(self, split: str, labelled_only: bool = False) -> Sized:
        """Those of "train", "val" or "test"."""
        ...


def estimate_on(config: AnyConfig, images: Images, root: Path | None = None) -> Estimate:
    """What ``config`` will take on the data set ``images``."""
    n_images, n_stored, classes = count_images(config, images)
    return estimate(config, n_images, root, n_stored, classes)


def count_images(config: AnyConfig, images: Images) -> tuple[int, int, int]:
    """(images of the training split that the run may use, images of the whole data set, classes)."""
    n_images = len(images.rows("train", labelled_only=isinstance(config, ClassifierConfig)))
    return n_images, len(images), len(images.classes)


def _images_used(config: AnyConfig, n_images: int, classes: int) -> int:
    """About how many of ``n_images`` training images the run learns from, if all classes have the same size."""
    if not isinstance(config, ClassifierConfig):
        return n_images
    if classes > 1:  # class k of C keeps imbalance^(−k / (C − 1)) of its images
        n_images = round(n_images * fmean(config.imbalance ** (-k / (classes - 1)) for k in range(classes)))
    if config.labels_per_class:
        return min(n_images, classes * config.labels_per_class or n_images)
    return round(n_images * config.label_fraction / 100)


def is_light(config: AnyConfig) -> bool:
    """Whether the run trains no encoder, and no layer on views that change with every epoch."""
    if isinstance(config, EmbedConfig):
        return True
    return isinstance(config, ClassifierConfig) and config.on_frozen_features


def peak_memory_bytes(config: AnyConfig, root: Path) -> int:
    """As ``Estimate.memory_bytes``, for a data set with more images than a batch."""
    encoder, stem = network_of(config, root)
    return _memory_bytes(config, encoder, stem, n_images=sys.maxsize)


def network_of(config: AnyConfig, root: Path) -> tuple[str, str]:
    """Encoder and stem that the run will use: those of the run that its weights come from, if there is one."""
    for source in source_chain(source_run(config.weights), root):
        if (found := source.config_or_none()) is None:
            break
        config = found
        written = source.environment().get("stem")
        if written in ("imagenet", "small"):
            return config.encoder, written
    return config.encoder, resolve_stem(config.stem, config.weights, config.image_size_px, config.encoder)


def _passes(config: AnyConfig, encoder: str, stem: str, images: tuple[int, int, int]) -> float:
    """10⁹ multiply-adds of the whole run. images: of the training split, of the data set, and those learned from."""
    n_images, n_stored, used = images
    forward = gmac_an_image(encoder, stem, config.image_size_px, forward_only=True)
    if isinstance(config, EmbedConfig):
        return n_stored * forward
    trained, views = _work(config)
    a_training_image = gmac_an_image(encoder, stem, config.image_size_px, trained_stages=trained, views=views)
    held_out = max(0, n_stored - n_images)
    if isinstance(config, SimclrConfig):
        looks = config.epochs // config.monitor_every if config.monitor_every else 0
        looks += 2 if config.chooses else 1  # the start, and the end
        return config.epochs * n_images * a_training_image + looks * (n_images + held_out / 2) * forward
    if isinstance(config, ClassifierConfig) and config.on_frozen_features:
        return ((1 + config.stored_copies) * used + held_out) * forward
    validating = config.epochs * held_out / 2 * forward
    return config.epochs * used * a_training_image + validating + held_out * forward


def _work(config: AnyConfig) -> tuple[int, int]:
    """How many stages are trained, and how many views of an image go through them."""
    if isinstance(config, EmbedConfig):
        return 0, 1
    return config.trained_stages, 2 if isinstance(config, SimclrConfig) else 1


def _seconds(
    config: AnyConfig, encoder: str, stem: str, images: tuple[int, int, int], root: Path
) -> tuple[float | None, str]:
    if isinstance(config, FineTuneConfig) and config.minutes:
        return STARTUP_S + 60 * config.minutes, "as many epochs as fit are planned when the first steps are measured"
    there = suitable(config, devices())
    device = device_kind(there[0]) if there else "cuda"
    wanted = {
        "kind": config.kind, "encoder": encoder, "stem": stem, "image_size_px": config.image_size_px,
        "precision": config.precision, "trained_stages": _work(config)[0],
    }  # fmt: skip
    nearest = nearest_rate(root, device, wanted)
    if nearest is None:
        return None, "not measured on this machine yet"
    gpus = 1 if device == CPU else config.devices  # processes on one processor share it
    speed = gpus * nearest["images_per_s"] * gmac_of(nearest)  # 10⁹ multiply-adds a second
    seconds = STARTUP_S + _passes(config, encoder, stem, images) / speed
    same = distance(nearest, wanted) == 0
    basis = (
        f"{'measured' if same else 'scaled from'} {rate_said(nearest['images_per_s'])} of"
        f" {title_of(nearest['encoder'])} at {nearest['image_size_px']} px in a {nearest['kind']} run on this machine"
        f"{f', if {gpus} devices are {gpus} times as fast as one' if gpus > 1 else ''}"
    )
    return seconds, basis


def _memory_bytes(config: AnyConfig, encoder: str, stem: str, n_images: int) -> int:
    """Bytes of main memory, or of the memory of each GPU, at the peak of training."""
    stages = stages_of(encoder, stem)
    trained, views = _work(config)
    batch_size = min(_batch_size(config), n_images)
    in_training = stages[len(stages) - trained :]
    every = sum(s.parameters for s in stages) * 4e6
    learned = sum(s.parameters for s in in_training) * 4e6 * (1 + _optimiser_copies(config))
    # A frozen part keeps nothing for the backward pass, but its widest layer is in memory for a moment.
    kept = max(sum(s.kept_mb for s in in_training), max(s.kept_mb for s in stages) / 2) * 1e6
    a_batch = batch_size * views * (config.image_size_px / 224) ** 2 * kept
    # uint8 out of the cache (at twice the size), float views, and two copies while they are made
    views_made = batch_size * views * 3 * config.image_size_px**2 * (4 + 3 * 4)
    processes = config.devices if config.device == CPU else 1  # share one memory; each GPU has its own
    shares = (a_batch + views_made) * processes / config.devices
    return round((TORCH_BYTES + every + learned) * processes + shares)


def _batch_size(config: AnyConfig) -> int:
    if isinstance(config, EmbedConfig):
        return EMBED_BATCH
    return PROBE_BATCH if isinstance(config, ProbeConfig) else config.batch_size


def _optimiser_copies(config: AnyConfig) -> int:
    if isinstance(config, EmbedConfig):
        return 0
    return 2 if config.optimiser == "adamw" else 1


def _disk_bytes(config: AnyConfig, encoder: str, n_stored: int) -> tuple[int, int, int]:
    """Bytes while it trains, with the decoded images; bytes that the run keeps; those of the decoded images."""
    weights = facts(encoder).parameters * 4e6
    last = 0 if is_light(config) else weights * (1 + _optimiser_copies(config))
    remembers = config.chooses if isinstance(config, SimclrConfig) else isinstance(config, ClassifierConfig)
    best = weights if remembers and not is_light(config) else 0
    kept = weights + n_stored * facts(encoder).feature_dim * 4
    if isinstance(config, SimclrConfig):  # models of the way, in half precision
        kept += weights / 2 * config.keep_models
    cache = n_stored * 3 * (2 * config.image_size_px) ** 2
    return round(kept + last + best + cache), round(kept), cache
