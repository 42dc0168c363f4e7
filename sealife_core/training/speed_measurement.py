"""How many images a second this machine trains: a few real steps on random pixels."""

import logging
import time
import warnings
from collections.abc import Callable
from typing import Any

import psutil
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor
from torch.utils.data import DataLoader

from sealife_core.config import SimclrConfig, preset
from sealife_core.datasets.batches import Batch, as_it_is
from sealife_core.errors import TrainingError
from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.facts import resolve_stem
from sealife_core.models.fast_convolutions.take_over import take_over
from sealife_core.training.callbacks import WARM_UP_STEPS, Speed
from sealife_core.training.freed_memory import keep_freed_memory
from sealife_core.training.hardware import Hardware, choose_hardware, fast_convolutions
from sealife_core.training.preparation import keep_rate
from sealife_core.training.simclr import SimclrModule
from sealife_core.training.trainer import DOES_NOT_APPLY

COUNTED_STEPS = 4  # after those that warm up
ENOUGH_S, TOO_LONG_S = 6.0, 20.0  # a fast machine counts more steps in the first, a slow one fewer after the second
MOST_STEPS = 200
LOOK_S, BUSY_PERCENT = 1.0, 60.0  # a page that is being drawn holds one core of two for a moment
CPU_BATCH = 32  # a processor is as fast with few images as with many, and has to be done in seconds


class Enough(Callback):
    """Ends training once the rate is known, or at once when ``give_way`` says so (``gave_way`` tells)."""

    def __init__(self, give_way: Callable[[], bool]) -> None:
        self._give_way = give_way
        self._began = time.monotonic()
        self.gave_way = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock."""
        self._began = time.monotonic()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Look at the clock, and whether the machine is wanted."""
        self.gave_way = self._give_way()
        counted, taken_s = batch_idx + 1 - WARM_UP_STEPS, time.monotonic() - self._began
        enough = counted >= COUNTED_STEPS and taken_s >= ENOUGH_S
        trainer.should_stop = self.gave_way or enough or (counted >= 1 and taken_s >= TOO_LONG_S)


def measure(device: str, give_way: Callable[[], bool] = lambda: False) -> float | None:
    """Train a ResNet18 with SimCLR as a standard run would, and keep the rate for estimates.

    Returns images a second (both views of one count once), or None where it gave way and nothing was kept. Raises
    ConfigError without the device, and TrainingError where other work holds the processor.
    """
    keep_freed_memory()
    config = preset("simclr", "Standard", device=device, monitor_every=0)
    assert isinstance(config, SimclrConfig)
    machine = choose_hardware(config)
    if machine.device == "cpu":
        _refuse_if_busy()
    stem = resolve_stem(config.stem, config.weights, config.image_size_px, config.encoder)
    size = config.batch_size if machine.device == "cuda" else min(CPU_BATCH, config.batch_size)
    rates: list[float] = []
    enough = Enough(give_way)
    speed = Speed("train/views_per_s", images_per_step=2 * size, note=rates.append)
    encoder = build_encoder(config.encoder, stem)
    take_over(encoder, fast_convolutions(encoder, machine))
    module = SimclrModule(config, encoder, batch_size=size)
    _fit(module, _random_batches(config, size), machine, [speed, enough])
    if enough.gave_way or give_way() or not rates:
        return None
    keep_rate(None, config, stem, machine, rates[-1])
    return rates[-1] / 2


def _refuse_if_busy() -> None:
    busy = psutil.cpu_percent(interval=LOOK_S)
    if busy > BUSY_PERCENT:
        raise TrainingError(
            f"Other programs use {busy:.0f} % of the processor, so the measured rate would be too low. Measure this"
            " machine when it is idle."
        )


def _random_batches(config: SimclrConfig, size: int) -> DataLoader[Batch]:
    """MOST_STEPS times the same batch of noise, twice the size of the views as the decoded cache keeps it."""
    side = 2 * config.image_size_px
    generator = torch.Generator().manual_seed(config.seed)
    images = torch.randint(0, 256, (size, side, side, 3), dtype=torch.uint8, generator=generator)
    nothing = torch.zeros(size, dtype=torch.int64)
    batch: dict[str, Tensor] = {"images": images, "aspects": torch.ones(size), "labels": nothing, "rows": nothing}
    return DataLoader([batch] * MOST_STEPS, batch_size=None, collate_fn=as_it_is)  # type: ignore[arg-type]


def _fit(module: SimclrModule, batches: DataLoader[Batch], machine: Hardware, callbacks: list[Callback]) -> None:
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    trainer = Trainer(
        accelerator=machine.device,
        devices=1,
        precision=machine.lightning_precision,
        max_epochs=1,
        callbacks=callbacks,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=DOES_NOT_APPLY)
        trainer.fit(module, batches)
