"""What a run will cost, told before it starts: from rates that earlier runs measured on this machine.

The time of an image is taken to grow with its multiplications, which holds for an encoder near the measured one and
less the further away it is; so the nearest measurement is the one that counts, and ``basis`` says which it was.
"""

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealife_core.config import AnyConfig, ClassifierConfig, SimclrConfig, source_run
from sealife_core.errors import ConfigError
from sealife_core.runs.devices import CPU, devices, suitable
from sealife_core.runs.directory import runs_root
from sealife_core.runs.files import LineReader, append_line
from sealife_core.runs.liveness import host
from sealife_core.runs.run import Run

RATES = ".rates.jsonl"
TORCH_BYTES = 900_000_000  # torch, torchvision and Lightning once imported, before the first image
STARTUP_S = 12.0  # importing them, opening the data: 7 to 15 s on two cores
SMALL_STEM_UP_TO_PX = 40  # what the setting 'stem' says of 'auto'


@dataclass(frozen=True)
class Stage:
    """One of five stages of an encoder on one image of 224 px with the ImageNet stem, as measured with torchvision's.

    ``gmac``: 10⁹ multiply-adds forward. ``parameters``: millions. ``kept_mb``: 10⁶ bytes kept for the way back, fp32.
    """

    gmac: float
    parameters: float
    kept_mb: float


_STEM = Stage(0.118, 0.010, 8.6)
STAGES: dict[str, tuple[Stage, ...]] = {
    "resnet18": (
        _STEM,
        Stage(0.462, 0.148, 7.2),
        Stage(0.411, 0.526, 4.4),
        Stage(0.411, 2.100, 2.3),
        Stage(0.411, 8.394, 1.2),
    ),
    "resnet34": (
        _STEM,
        Stage(0.694, 0.222, 10.5),
        Stage(0.873, 1.116, 7.7),
        Stage(1.336, 6.822, 5.6),
        Stage(0.642, 13.114, 1.7),
    ),
    "resnet50": (
        _STEM,
        Stage(0.668, 0.216, 33.0),
        Stage(1.028, 1.220, 26.7),
        Stage(1.464, 7.098, 18.6),
        Stage(0.809, 14.965, 6.0),
    ),
}
FEATURES = {"resnet18": 512, "resnet34": 512, "resnet50": 2048}
# The small stem keeps the image's size where ImageNet's divides its side by four: every later stage sees 16 × the
# pixels. Its own 3×3 convolution at full size costs 27·64·224² multiply-adds against 147·64·112², and keeps as much
# as a convolution and a normalisation of 64 channels at 224 px (2·4·64·224² bytes).
_SMALL_STEM = Stage(0.087, 0.002, 25.7)
_SMALL_TIMES = 16


@dataclass(frozen=True)
class Estimate:
    """``seconds`` is None where nothing comparable was measured here yet; ``basis`` says what the time rests on."""

    seconds: float | None
    memory_bytes: int
    disk_bytes: int
    basis: str


def record_rate(
    root: Path | None,
    *,
    kind: str,
    encoder: str,
    stem: str,
    image_size_px: int,
    precision: str,
    device: str,
    trained_stages: int,
    images_per_s: float,
) -> None:
    """Keep a measured training rate. An image of a SimCLR run counts once, for both its views."""
    if not (math.isfinite(images_per_s) and images_per_s > 0):
        return
    row = {
        "time": time.time(),
        "host": host(),
        "kind": kind,
        "encoder": encoder,
        "stem": stem,
        "image_size_px": image_size_px,
        "precision": str(precision),
        "device": _kind_of_device(str(device)),
        "trained_stages": trained_stages,
        "images_per_s": images_per_s,
    }
    append_line(runs_root(root) / RATES, row)


def estimate(config: AnyConfig, n_images: int, root: Path | None = None, n_stored: int | None = None) -> Estimate:
    """What ``config`` will take. ``n_images``: images of the training split that it may use; ``n_stored``: of the whole
    data set (assumed to be n_images / 0.8, as splits are 80/10/10).
    """
    root = runs_root(root)
    encoder, stem = _network(config, root)
    n_stored = round(n_images / 0.8) if n_stored is None else n_stored
    seconds, basis = _seconds(config, encoder, stem, n_images, n_stored, root)
    return Estimate(
        seconds, _memory_bytes(config, encoder, stem), _disk_bytes(config, encoder, n_images, n_stored), basis
    )


def gmac_an_image(
    encoder: str, stem: str, image_size_px: int, *, trained_stages: int = 5, views: int = 1, forward_only: bool = False
) -> float:
    """10⁹ multiply-adds that one image costs: one way there, and two ways back through what is trained."""
    stages = _stages(encoder, stem)
    there = sum(stage.gmac for stage in stages)
    back = 0.0 if forward_only else 2 * sum(stage.gmac for stage in stages[len(stages) - trained_stages :])
    return views * (there + back) * (image_size_px / 224) ** 2


def _stages(encoder: str, stem: str) -> tuple[Stage, ...]:
    stages = STAGES[encoder]
    if stem != "small":
        return stages
    larger = (Stage(s.gmac * _SMALL_TIMES, s.parameters, s.kept_mb * _SMALL_TIMES) for s in stages[1:])
    return (_SMALL_STEM, *larger)


def _network(config: AnyConfig, root: Path) -> tuple[str, str]:
    """Encoder and stem that the run will use: those of the run its weights come from, where there is one."""
    encoder = config.encoder
    stem = "small" if config.weights == "random" and config.image_size_px <= SMALL_STEM_UP_TO_PX else "imagenet"
    source_id = source_run(config.weights)
    if source_id is not None:
        source = Run(root / source_id)
        try:
            encoder, stem = _network(source.config(), root)
        except ConfigError:
            return encoder, stem
        stem = str(source.environment().get("stem", stem))
        return encoder, stem
    return encoder, stem if config.stem == "auto" else config.stem


def _passes(config: AnyConfig, encoder: str, stem: str, n_images: int, n_stored: int) -> float:
    """10⁹ multiply-adds of the whole run."""
    forward = gmac_an_image(encoder, stem, config.image_size_px, forward_only=True)
    a_training_image = gmac_an_image(encoder, stem, config.image_size_px, **_work(config))
    held_out = max(0, n_stored - n_images)
    if isinstance(config, SimclrConfig):
        looks = config.epochs // config.monitor_every if config.monitor_every else 0
        return config.epochs * n_images * a_training_image + (looks + 1) * (n_images + held_out / 2) * forward
    used = n_images * config.label_fraction / 100
    if _features_once(config):
        return (used + held_out) * forward
    validating = config.epochs * held_out / 2 * forward
    return config.epochs * used * a_training_image + validating + held_out * forward


def _work(config: AnyConfig) -> dict[str, int]:
    if isinstance(config, SimclrConfig):
        return {"trained_stages": 5, "views": 2}
    return {"trained_stages": config.trained_stages, "views": 1}


def _features_once(config: AnyConfig) -> bool:
    return isinstance(config, ClassifierConfig) and config.trained_stages == 0 and config.augmentation == "none"


def _seconds(
    config: AnyConfig, encoder: str, stem: str, n_images: int, n_stored: int, root: Path
) -> tuple[float | None, str]:
    there = suitable(config, devices())
    device = _kind_of_device(there[0]) if there else "cuda"
    wanted = {
        "kind": config.kind,
        "encoder": encoder,
        "stem": stem,
        "image_size_px": config.image_size_px,
        "precision": config.precision,
        **_work(config),
    }
    here = [row for row in _rates(root) if row["device"] == device]
    if not here:
        return None, "not measured on this machine yet"
    # Of equally near ones the latest: the machine may have changed.
    nearest = min(reversed(here), key=lambda row: _distance(row, wanted))
    speed = nearest["images_per_s"] * _row_gmac(nearest)  # 10⁹ multiply-adds a second
    seconds = STARTUP_S + _passes(config, encoder, stem, n_images, n_stored) / speed
    same = _distance(nearest, wanted) == 0
    basis = (
        f"{'measured' if same else 'scaled from'} {nearest['images_per_s']:.3g} images/s of {nearest['encoder']}"
        f" at {nearest['image_size_px']} px in a {nearest['kind']} run on this machine"
    )
    return seconds, basis


def _row_gmac(row: dict[str, Any]) -> float:
    views = 2 if row["kind"] == "simclr" else 1
    return gmac_an_image(
        row["encoder"], row["stem"], row["image_size_px"], trained_stages=row["trained_stages"], views=views
    )


def _distance(row: dict[str, Any], wanted: dict[str, Any]) -> float:
    """How unlike two measurements are: doublings of the pixels, one for each other difference, two for the encoder."""
    doublings = abs(2 * math.log2(row["image_size_px"] / wanted["image_size_px"]))
    other = sum(row[key] != wanted[key] for key in ("kind", "stem"))
    other += wanted["precision"] != "auto" and row["precision"] != wanted["precision"]
    return doublings + other + 2 * (row["encoder"] != wanted["encoder"]) + _stage_distance(row, wanted)


def _stage_distance(row: dict[str, Any], wanted: dict[str, Any]) -> float:
    return abs(row["trained_stages"] - wanted["trained_stages"]) / 5


def _rates(root: Path) -> list[dict[str, Any]]:
    """The rates measured on this machine, oldest first; rows that say something unknown are left out."""
    return [row for row in LineReader(root / RATES).poll() if row is not None and _is_rate(row)]


def _is_rate(row: dict[str, Any]) -> bool:
    stages = row.get("trained_stages")
    numbers = [row.get("image_size_px"), row.get("images_per_s")]
    return (
        row.get("host") == host()
        and row.get("encoder") in STAGES
        and all(key in row for key in ("kind", "stem", "precision", "device"))
        and isinstance(stages, int)
        and 0 <= stages <= 5
        and all(isinstance(number, int | float) and number > 0 for number in numbers)
    )


def _memory_bytes(config: AnyConfig, encoder: str, stem: str) -> int:
    """Main memory, or the GPU's, at the peak of training."""
    stages, trained = _stages(encoder, stem), _work(config)["trained_stages"]
    views = _work(config)["views"]
    in_training = stages[len(stages) - trained :]
    every = sum(s.parameters for s in stages) * 4e6
    learned = sum(s.parameters for s in in_training) * 4e6 * (1 + _optimiser_copies(config))
    # A frozen part keeps nothing for the way back, but its widest layer is there for a moment.
    kept = max(sum(s.kept_mb for s in in_training), max(s.kept_mb for s in stages) / 2) * 1e6
    a_batch = config.batch_size * views * (config.image_size_px / 224) ** 2 * kept
    # uint8 out of the cache (at twice the size), float views, and two copies while they are made
    views_made = config.batch_size * views * 3 * config.image_size_px**2 * (4 + 3 * 4)
    return round(TORCH_BYTES + every + learned + a_batch + views_made)


def _optimiser_copies(config: AnyConfig) -> int:
    return 2 if config.optimiser == "adamw" else 1


def _disk_bytes(config: AnyConfig, encoder: str, n_images: int, n_stored: int) -> int:
    """The run's own files, and the decoded images, which all runs of that size share."""
    weights = sum(stage.parameters for stage in STAGES[encoder]) * 4e6
    last = 0 if _features_once(config) else weights * (1 + _optimiser_copies(config))
    best = 0 if isinstance(config, SimclrConfig) or _features_once(config) else weights
    embeddings = n_stored * FEATURES[encoder] * 4
    cache = n_stored * 3 * (2 * config.image_size_px) ** 2
    return round(weights + last + best + embeddings + cache)


def _kind_of_device(device: str) -> str:
    return CPU if device.startswith(CPU) else "cuda"
