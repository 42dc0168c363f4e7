"""How fast a run trains on a processor: beside lightly's and torchvision's parts in a plain Lightning loop.

    python benchmarks/training.py

Steps are timed inside the Trainer, from the end of one batch to the end of the next, loading included, by the same
callback on both sides. Ours is what a run does: its config, module, data module, trainer and fit. The ceiling is the
same module's forward, loss, backward and optimiser step on views that lie ready. Pictures are drawn and imported first.
"""

import logging
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from lightly.loss import NTXentLoss
from lightly.models.modules import SimCLRProjectionHead
from lightly_simclr import ViewPairs
from measuring import Figure, main, ratio
from PIL import Image
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset
from torchvision import transforms
from torchvision.models import resnet18, resnet50

from sealife_core.config import LABELLED, ClassifierConfig, SimclrConfig, preset
from sealife_core.datasets.batches import ImageBatches
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.importing import import_images
from sealife_core.datasets.reef import draw_reef
from sealife_core.models.losses import nt_xent
from sealife_core.runs.directory import create_run
from sealife_core.runs.writer import RunWriter
from sealife_core.training.callbacks import Speed
from sealife_core.training.classifier import ClassifierModule
from sealife_core.training.hardware import choose_hardware
from sealife_core.training.preparation import describe_run, labelled_rows, open_data, prepare_encoder, what_trains
from sealife_core.training.schedules import build_optimiser, parameter_groups
from sealife_core.training.simclr import SimclrModule
from sealife_core.training.trainer import build_trainer, fit
from sealife_core.views.transforms import IMAGENET_MEAN, IMAGENET_STD

NAME, DRAWN, SIDE_PX = "pictures", 320, 256
TURNED = (None, Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.ROTATE_180)
TURNS, WARM_STEPS = 2, 2
CONTRASTIVE = {64: (128, 5), 96: (64, 5)}  # px: images a step, steps counted a turn
LABELLED_SIZES = {96: (32, 6), 224: (16, 3)}
LOADERS = 2
ENOUGH_STEPS = 64  # a loader must have work ahead to the last step, or the last ones would be told too fast


class Steps(Callback):
    """Notes when each batch ended, and ends training when enough are counted."""

    def __init__(self, counted: int) -> None:
        self._counted = counted
        self._ends: list[float] = []

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Look at the clock."""
        self._ends.append(time.perf_counter())
        trainer.should_stop = len(self._ends) >= WARM_STEPS + self._counted

    @property
    def step_s(self) -> float:
        """Seconds of a step, those that warm up left out."""
        return (self._ends[-1] - self._ends[WARM_STEPS - 1]) / (len(self._ends) - WARM_STEPS)


def measure() -> Iterator[Figure]:
    """The figures of this script."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["SEALIFE_HOME"] = home
        dataset = imported(Path(home))
        files = [dataset.image_path(row) for row in dataset.rows("train")]
        # Each side in a process of its own: nothing that one sets for its process helps or hinders the other.
        with Side() as ours, Side() as theirs:
            for size_px, (batch_size, counted) in CONTRASTIVE.items():
                config = preset(
                    "simclr", "Standard", data=NAME, image_size_px=size_px, batch_size=batch_size, device="cpu"
                )
                taken = by_turns(
                    {
                        "ours": partial(ours, our_simclr, config, counted),
                        "lightly": partial(theirs, lightly_simclr, files, config, counted),
                        "ceiling": partial(ours, step_alone, config, counted),
                    }
                )
                rate = {side: f"{2 * batch_size / median(seconds):,.0f}" for side, seconds in taken.items()}
                named = f"SimCLR, ResNet18, {size_px} px, batch {batch_size}"
                told = f"{rate['ours']} against {rate['lightly']} views/s"
                yield Figure(f"{named}: against lightly", ratio(taken["lightly"], taken["ours"]), "×", "≥ 2.5", told)
                told = f"{rate['ours']} against {rate['ceiling']} views/s of the step alone"
                yield Figure(f"{named}: of its ceiling", ratio(taken["ceiling"], taken["ours"]), "×", "≥ 0.92", told)
            for size_px, (batch_size, counted) in LABELLED_SIZES.items():
                config = preset(
                    "transfer", weights="random", data=NAME, image_size_px=size_px, batch_size=batch_size, device="cpu"
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


def by_turns(sides: dict[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Seconds of a step of each side, taken by turns: A B C, C B A, …"""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(TURNS):
        for name, act in list(sides.items())[:: 1 if turn % 2 == 0 else -1]:
            taken[name].append(act())
    return taken


def our_simclr(config: SimclrConfig, counted: int) -> float:
    """Seconds of a step of a SimCLR run, as ``recipes.train_simclr`` sets it up."""
    torch.manual_seed(config.seed)
    run = RunWriter(create_run(config))
    machine = choose_hardware(config)
    encoder, stem = prepare_encoder(config, run)
    dataset, pixels = open_data(config, run)
    rows = dataset.rows("train")
    batches = ImageBatches(
        dataset, pixels, train_rows=rows, val_rows=rows[:0], batch_size=config.batch_size, seed=config.seed,
        drop_last=True,
    )  # fmt: skip
    module = SimclrModule(config, encoder, batch_size=batches.batch_size)
    speed, steps = Speed("train/views_per_s", images_per_step=2 * batches.batch_size, note=_unnoted), Steps(counted)
    per_epoch = len(rows) // batches.batch_size
    trainer = build_trainer(config, run, machine, [speed, steps], steps_per_epoch=per_epoch)
    describe_run(config, run, dataset, machine, **what_trains(batches, module), stem=stem)
    fit(trainer, module, batches, run)
    return steps.step_s


def our_classifier(config: ClassifierConfig, counted: int) -> float:
    """Seconds of a step of a fine-tuning run, as ``recipes.train_classifier`` sets it up; nothing is validated."""
    torch.manual_seed(config.seed)
    run = RunWriter(create_run(config))
    machine = choose_hardware(config)
    encoder, stem = prepare_encoder(config, run)
    encoder.train_stages(config.trained_stages)
    dataset, pixels = open_data(config, run)
    rows = labelled_rows(config, dataset)
    batches = ImageBatches(
        dataset, pixels, train_rows=rows, val_rows=rows[:0], batch_size=config.batch_size, seed=config.seed,
        drop_last=True,
    )  # fmt: skip
    module = ClassifierModule(config, encoder, feature_dim=encoder.feature_dim, classes=len(dataset.classes))
    speed, steps = Speed("train/images_per_s", images_per_step=batches.batch_size, note=_unnoted), Steps(counted)
    trainer = build_trainer(config, run, machine, [speed, steps], steps_per_epoch=len(batches.train_dataloader()))
    describe_run(config, run, dataset, machine, **what_trains(batches, module), stem=stem)
    fit(trainer, module, batches, run)
    return steps.step_s


def step_alone(config: SimclrConfig, counted: int) -> float:
    """Seconds of forward, loss, backward and optimiser step on views that lie ready, as a run's module does them."""
    torch.manual_seed(config.seed)
    run = RunWriter(create_run(config))
    machine = choose_hardware(config)
    encoder, _ = prepare_encoder(config, run)
    dataset, pixels = open_data(config, run)
    module = SimclrModule(config, encoder, batch_size=config.batch_size)
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    images, aspects = pixels.gather(dataset.rows("train")[: config.batch_size])
    views = module.two_views({"images": images, "aspects": aspects}, 0)
    groups = parameter_groups(module, learning_rate=config.peak_learning_rate(), weight_decay=config.weight_decay)
    optimiser = build_optimiser(config.optimiser, groups)
    ends: list[float] = []
    for _ in range(WARM_STEPS + counted):
        with machine.autocast:
            _, z = module(views)
            first, second = z.chunk(2)
            loss = nt_xent(first, second, config.temperature)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        ends.append(time.perf_counter())
    return float(np.diff(ends)[WARM_STEPS - 1 :].mean())


class LightlySimclr(LightningModule):
    """SimCLR as lightly's documentation writes it for PyTorch Lightning, with the widths of our projection head."""

    def __init__(self, config: SimclrConfig) -> None:
        super().__init__()
        self.backbone = nn.Sequential(*list(resnet18().children())[:-1])
        self.projection_head = SimCLRProjectionHead(512, config.head_hidden, config.head_out)
        self.criterion = NTXentLoss(config.temperature)
        self.rate = config.peak_learning_rate()

    def forward(self, x: Tensor) -> Tensor:
        """Views (n, 3, H, W) → projections (n, d)."""
        return self.projection_head(self.backbone(x).flatten(start_dim=1))

    def training_step(self, batch: list[Tensor], batch_index: int) -> Tensor:
        """One step on two views of each image."""
        first, second = batch
        loss = self.criterion(self(first), self(second))
        self.log("train_loss", loss)
        return loss

    def configure_optimizers(self) -> Any:
        """SGD with momentum."""
        return torch.optim.SGD(self.parameters(), self.rate, momentum=0.9, weight_decay=1e-4)


def lightly_simclr(files: list[Path], config: SimclrConfig, counted: int) -> float:
    """Seconds of a step of lightly's parts: JPEG files, its transform in loader processes, its head and loss."""
    torch.manual_seed(config.seed)
    steps = Steps(counted)
    pictures = ViewPairs(repeated(files, config.batch_size), config.image_size_px)
    plain_trainer(steps).fit(LightlySimclr(config), plain_loader(pictures, config.batch_size))
    return steps.step_s


class LabelledFiles(TorchDataset):
    """Image files and their classes, varied by torchvision's transforms as our *strong* augmentation does."""

    def __init__(self, files: list[Path], labels: list[int], config: ClassifierConfig) -> None:
        views = LABELLED["strong"]
        jitter = (views.brightness, views.contrast, views.saturation, views.hue)
        self.files, self.labels = files, labels
        self.transform = transforms.Compose(
            [
                transforms.RandomResizedCrop(config.image_size_px, scale=(views.crop_scale_min, 1.0)),
                transforms.RandomHorizontalFlip(views.horizontal_flip),
                transforms.RandomApply(
                    [transforms.ColorJitter(*(views.strength * part for part in jitter))], views.jitter
                ),
                transforms.RandomGrayscale(views.grayscale),
                transforms.ToTensor(),
                transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD),
            ]
        )

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, place: int) -> tuple[Tensor, int]:
        with Image.open(self.files[place]) as image:
            return self.transform(image.convert("RGB")), self.labels[place]  # pyright: ignore[reportReturnType]


class PlainClassifier(LightningModule):
    """torchvision's ResNet50 with cross-entropy and AdamW: Lightning's own beginner's example."""

    def __init__(self, classes: int, rate: float) -> None:
        super().__init__()
        self.model, self.rate = resnet50(num_classes=classes), rate

    def training_step(self, batch: tuple[Tensor, Tensor], batch_index: int) -> Tensor:
        """One step on a batch of labelled images."""
        images, labels = batch
        loss = functional.cross_entropy(self.model(images), labels)
        self.log("train_loss", loss)
        return loss

    def configure_optimizers(self) -> Any:
        """AdamW."""
        return torch.optim.AdamW(self.parameters(), self.rate)


def plain_classifier(dataset: Dataset, config: ClassifierConfig, counted: int) -> float:
    """Seconds of a step of torchvision's parts: JPEG files, its transforms in loader processes, its network."""
    torch.manual_seed(config.seed)
    rows = repeated(dataset.rows("train", labelled_only=True).tolist(), config.batch_size)
    files, labels = [dataset.image_path(row) for row in rows], [int(dataset.labels[row]) for row in rows]
    steps = Steps(counted)
    module = PlainClassifier(len(dataset.classes), config.learning_rate)
    plain_trainer(steps).fit(module, plain_loader(LabelledFiles(files, labels, config), config.batch_size))
    return steps.step_s


def plain_loader(pictures: TorchDataset, batch_size: int) -> DataLoader:
    """A loader with processes that stay."""
    return DataLoader(
        pictures, batch_size, shuffle=True, drop_last=True, num_workers=LOADERS, persistent_workers=True
    )  # fmt: skip


def plain_trainer(steps: Steps) -> Trainer:
    """Lightning's Trainer as it comes, without its bar and its files."""
    return Trainer(
        accelerator="cpu", max_epochs=1, callbacks=[steps], logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip


def repeated(items: list[Any], batch_size: int) -> list[Any]:
    """``items`` again and again, enough for ENOUGH_STEPS."""
    return items * -(-ENOUGH_STEPS * batch_size // len(items))


def _unnoted(rate: float) -> None:
    """A benchmark's rate is no estimate for the runs to come."""


if __name__ == "__main__":
    main(measure, __doc__)
