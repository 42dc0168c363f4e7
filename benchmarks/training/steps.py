"""The clock of both sides: seconds of a step within a run, and of a step of SimCLR by itself."""

import time
from collections.abc import Callable
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

from sealife_core.config import SimclrConfig
from sealife_core.models.losses import nt_xent
from sealife_core.training.hardware import Hardware
from sealife_core.training.schedules import build_optimiser, parameter_groups
from sealife_core.training.simclr import SimclrModule

WARM_STEPS = 2


class Steps(Callback):
    """Notes when each batch ended, and ends training when enough are counted."""

    def __init__(self, counted: int, warm: int = WARM_STEPS) -> None:
        self._counted, self._warm = counted, warm
        self._ends: list[float] = []

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Look at the clock, where it counts once the device has done what it was given."""
        counts = len(self._ends) + 1 in (self._warm, self._warm + self._counted)
        self._ends.append(done_at(pl_module.device) if counts else time.perf_counter())
        trainer.should_stop = len(self._ends) >= self._warm + self._counted

    @property
    def step_s(self) -> float:
        """Seconds of a step, those that warm up left out."""
        return (self._ends[-1] - self._ends[self._warm - 1]) / (len(self._ends) - self._warm)


def done_at(device: torch.device) -> float:
    """The clock, once the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def simclr_step_s(
    config: SimclrConfig, module: SimclrModule, machine: Hardware, views: Callable[[int], Tensor], counted: int
) -> float:
    """Seconds of forward, loss, backward and optimiser step; ``views``: those of a step, by its number."""
    device = torch.device(machine.device)
    module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    groups = parameter_groups(module, learning_rate=config.peak_learning_rate(), weight_decay=config.weight_decay)
    optimiser = build_optimiser(config.optimiser, groups)
    begun = 0.0
    for step in range(WARM_STEPS + counted):
        if step == WARM_STEPS:
            begun = done_at(device)
        with machine.autocast:
            _, z = module(views(step))
            first, second = z.chunk(2)
            loss = nt_xent(first, second, config.temperature)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return (done_at(device) - begun) / counted
