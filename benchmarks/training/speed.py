"""How fast a run trains, beside lightly's and torchvision's parts in a plain Lightning loop: on the processor, and on a
GPU where there is one.

    python -m benchmarks.training.speed

Steps are timed inside the Trainer, from the end of one batch to the end of the next, loading included, by the same
callback on both sides. Ours is what a run does: its config, module, data module, trainer and fit. The ceiling is the
same module's forward, loss, backward and optimiser step on views that lie ready. Pictures are drawn and imported first.
On a GPU both sides compute in bf16, and lightly's views are made by as many processes as there are cores.
"""

import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.measuring import Figure, by_turns, main, own_home, ratio
from benchmarks.training.peers import lightly_simclr, plain_classifier, repeated
from benchmarks.training.steps import WARM_STEPS, Steps, simclr_step_s
from sealife_core.config import FineTuneConfig, SimclrConfig, preset
from sealife_core.datasets.batches import ImageBatches
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.imports.importing import import_images
from sealife_core.datasets.reef import draw_reef
from sealife_core.launching.data_checks import labelled_rows
from sealife_core.models.encoders import Encoder
from sealife_core.runs.directory import create_run
from sealife_core.runs.writer import RunWriter
from sealife_core.training.callbacks import Speed
from sealife_core.training.classifier import ClassifierModule
from sealife_core.training.hardware import Hardware
from sealife_core.training.preparation import decoded, describe_run, prepared, what_trains
from sealife_core.training.simclr import SimclrModule
from sealife_core.training.trainer import build_trainer, fit

NAME, DRAWN, SIDE_PX = "pictures", 320, 256
TURNED = (None, Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.ROTATE_180)
CONTRASTIVE = {64: (128, 5), 96: (64, 5)}  # px: images a step, steps counted a turn
LABELLED_SIZES = {96: (32, 6), 224: (16, 3)}
GPU_ENCODERS, GPU_SIZES_PX, GPU_BATCH, GPU_STEPS = ("resnet18", "resnet50"), (96, 224), 512, 20
TITLES = {"resnet18": "ResNet18", "resnet50": "ResNet50"}


def measure() -> Iterator[Figure]:
    with own_home() as home:
        dataset = imported(home)
        files = [dataset.image_path(row) for row in dataset.rows("train")]
        # Each side in a process of its own: nothing that one sets for its process helps or hinders the other.
        with Side() as ours, Side() as theirs:
            for size_px, (batch_size, counted) in CONTRASTIVE.items():
                config = preset(
                    "simclr", "Standard", data=NAME, image_size_px=size_px, batch_size=batch_size, device="cpu"
                )
                yield from contrastive(ours, theirs, files, config, counted, against="≥ 2.5", ceiling="≥ 0.92")
            if torch.cuda.is_available():
                for encoder, size_px in product(GPU_ENCODERS, GPU_SIZES_PX):
                    config = preset(
                        "simclr", "Standard", data=NAME, encoder=encoder, image_size_px=size_px, batch_size=GPU_BATCH,
                        device="cuda", precision="bf16",
                    )  # fmt: skip
                    yield from contrastive(ours, theirs, files, config, GPU_STEPS, against="≥ 3", ceiling="≥ 0.9")
            for size_px, (batch_size, counted) in LABELLED_SIZES.items():
                config = preset(
                    "resnet50", weights="random", data=NAME, image_size_px=size_px, batch_size=batch_size, device="cpu"
                )
                taken = by_turns(
                    {
                        "ours": partial(ours, our_classifier, config, counted),
                        "torchvision": partial(theirs, plain_classifier, dataset, config, counted),
                    }
                )
                rate = {side: f"{batch_size / median(seconds):,.1f}" for side, seconds in taken.items()}
                yield Figure(
                    f"Fine-tuning all of a ResNet50, {size_px} px, batch {batch_size}: against torchvision",
                    ratio(taken["torchvision"], taken["ours"]), "×", "≥ 2",
                    f"{rate['ours']} against {rate['torchvision']} images/s",
                )  # fmt: skip


def contrastive(
    ours: "Side", theirs: "Side", files: list[Path], config: SimclrConfig, counted: int, *, against: str, ceiling: str
) -> Iterator[Figure]:
    """A SimCLR run against lightly's parts and against its own step alone, with both aims."""
    taken = by_turns(
        {
            "ours": partial(ours, our_simclr, config, counted),
            "lightly": partial(theirs, lightly_simclr, files, config, counted),
            "ceiling": partial(ours, step_alone, config, counted),
        }
    )
    rate = {side: f"{2 * config.batch_size / median(seconds):,.0f}" for side, seconds in taken.items()}
    named = f"SimCLR, {TITLES[config.encoder]}, {config.image_size_px} px, batch {config.batch_size}"
    named += ", GPU" if config.device == "cuda" else ""
    told = f"{rate['ours']} against {rate['lightly']} views/s"
    yield Figure(f"{named}: against lightly", ratio(taken["lightly"], taken["ours"]), "×", against, told)
    told = f"{rate['ours']} against {rate['ceiling']} views/s of the step alone"
    yield Figure(f"{named}: of its ceiling", ratio(taken["ceiling"], taken["ours"]), "×", ceiling, told)


class Side:
    """A process that carries out one side's turns, one after the other."""

    def __enter__(self) -> "Side":
        self._pool = ProcessPoolExecutor(1, get_context("spawn"), initializer=_quiet)
        return self

    def __exit__(self, *raised: object) -> None:
        self._pool.shutdown()

    def __call__(self, act: Callable[..., float], *of: Any) -> float:
        """What ``act`` returns there."""
        return self._pool.submit(act, *of).result()


def _quiet() -> None:
    warnings.filterwarnings("ignore", module="(pytorch_lightning|lightning_fabric|torch|lightly).*")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    sys.stdout = sys.stderr  # what a run tells its log is no part of the table


def imported(home: Path) -> Dataset:
    """JPEG files of SIDE_PX drawn by code, each also turned, as an imported data set."""
    drawn = draw_reef(home / "drawn", images=DRAWN, size_px=SIDE_PX)
    for row, label in enumerate(drawn.labels):
        folder = home / "jpeg" / drawn.classes[label]
        folder.mkdir(parents=True, exist_ok=True)
        with Image.open(drawn.image_path(row)) as opened:
            picture = opened.convert("RGB")
        for number, turn in enumerate(TURNED):
            (picture if turn is None else picture.transpose(turn)).save(folder / f"{row}-{number}.jpg", quality=90)
    return import_images(home / "jpeg", NAME).dataset


def our_simclr(config: SimclrConfig, counted: int, warm: int = WARM_STEPS) -> float:
    """Seconds of a step of a SimCLR run, as ``train.train_simclr`` sets it up."""
    run, machine, encoder, dataset = started(config)
    rows = np.array(repeated(dataset.rows("train").tolist(), config.batch_size))
    module = SimclrModule(config, encoder, batch_size=config.batch_size)
    speed = Speed("train/views_per_s", images_per_step=2 * config.batch_size, note=_unnoted)
    return fitted(config, run, machine, dataset, module, rows, speed, Steps(counted, warm))


def our_classifier(config: FineTuneConfig, counted: int) -> float:
    """Seconds of a step of a fine-tuning run, as ``train.train_classifier`` sets it up; nothing is validated."""
    run, machine, encoder, dataset = started(config)
    encoder.train_stages(config.trained_stages, "kept" if config.batch_norm == "frozen" else "trains")
    module = ClassifierModule(config, encoder, feature_dim=encoder.feature_dim, classes=len(dataset.classes))
    speed = Speed("train/images_per_s", images_per_step=config.batch_size, note=_unnoted)
    return fitted(config, run, machine, dataset, module, labelled_rows(config, dataset), speed, Steps(counted))


def started(config: SimclrConfig | FineTuneConfig) -> tuple[RunWriter, Hardware, Encoder, Dataset]:
    """A new run, and what every run prepares."""
    torch.manual_seed(config.seed)
    run = RunWriter(create_run(config))
    return run, *prepared(config, run)


def fitted(
    config: SimclrConfig | FineTuneConfig, run: RunWriter, machine: Hardware, dataset: Dataset,
    module: SimclrModule | ClassifierModule, rows: np.ndarray, speed: Speed, steps: Steps,
) -> float:  # fmt: skip
    """Seconds of a step of the run, which learns from the images ``rows``."""
    batches = ImageBatches(
        dataset, decoded(config, run, dataset), train_rows=rows, val_rows=rows[:0], batch_size=config.batch_size,
        seed=config.seed, drop_last=True,
    )  # fmt: skip
    trainer = build_trainer(config, run, machine, [speed, steps], steps_per_epoch=len(batches.train_dataloader()))
    describe_run(config, run, dataset, machine, module.encoder, **what_trains(batches, module))
    fit(trainer, module, batches, run)
    return steps.step_s


def step_alone(config: SimclrConfig, counted: int) -> float:
    """Seconds of forward, loss, backward and optimiser step on views that lie ready, as a run's module does them."""
    run, machine, encoder, dataset = started(config)
    pixels = decoded(config, run, dataset)
    module = SimclrModule(config, encoder, batch_size=config.batch_size)
    images, aspects = pixels.gather(dataset.rows("train")[: config.batch_size])
    views = module.two_views({"images": images.to(machine.device), "aspects": aspects.to(machine.device)}, 0)
    return simclr_step_s(config, module, machine, lambda _: views, counted)


def _unnoted(rate: float) -> None:
    """A benchmark's rate is no estimate for the runs to come."""


if __name__ == "__main__":
    main(measure, __doc__)
