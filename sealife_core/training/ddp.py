"""One run on several devices: Lightning's DDP, with what it needs to be the run that one device would make.

A batch is shared equally, and every part of it sees the whole: views are drawn for all of it (``views/sampling.py``),
NT-Xent takes its negatives from all devices (``models/losses.py``), BatchNorm, dropout and drop path act on it as
one (``models/synchronised_layers.py``). What looks at the whole data set is the leader's, while the others wait.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.plugins import LayerSync
from pytorch_lightning.strategies import DDPStrategy
from torch import distributed, nn

from sealife_core.environment import MASTER_ADDR, MASTER_PORT, OMP_NUM_THREADS
from sealife_core.models.synchronised_layers import synchronise_layers, unsynchronise_layers
from sealife_core.runs.scheduling.ddp_processes import DDPProcesses
from sealife_core.runs.writer import RunWriter
from sealife_core.training.hardware import Hardware
from sealife_core.training.simclr import SimclrModule

# The leader may look at the whole data set for hours while the others wait. A lost device is noticed in milliseconds,
# by the pipe to its process (ddp_processes.py); this limit only has to be longer than any evaluation.
PATIENCE = timedelta(days=7)


def ddp_settings(machine: Hardware) -> dict[str, Any]:
    """What a Trainer takes for the devices of ``machine``; the devices that share a run are started by :func:`fitting`.

    BatchNorm's statistics are the same on every device, being made together: none need be copied before a step. And
    gradients lie where they are averaged, not there as well.
    """
    if machine.devices == 1:
        return {"devices": 1}
    return {
        "devices": machine.devices,
        "strategy": DDPStrategy(timeout=PATIENCE, broadcast_buffers=False, gradient_as_bucket_view=True),
        "plugins": [_OwnEnvironment(), _LayerSync(machine.device)],
        "use_distributed_sampler": False,  # batches come in shares
    }


@contextmanager
def fitting(trainer: Trainer, run: RunWriter) -> Iterator[None]:
    """The context in which ``trainer`` fits: on one device nothing happens here.

    The leader starts a process for each other device. In those processes the context does not end: they are ended after
    the last step, since the leader does the rest alone. Raises TrainingError where one of them is lost.
    """
    if trainer.world_size == 1:
        yield
        return
    environment = trainer.strategy.cluster_environment  # type: ignore[attr-defined]
    meeting = {MASTER_ADDR.name: environment.main_address, MASTER_PORT.name: str(environment.main_port)}
    others = _until_dismissed() if trainer.global_rank else DDPProcesses(run, trainer.world_size - 1, meeting)
    try:
        with _threads_shared(trainer), others:
            yield
            distributed.destroy_process_group()
    finally:
        # After an error NCCL might wait here for those that are gone; a process that used it is about to end.
        if distributed.is_initialized() and distributed.get_backend() == "gloo":
            distributed.destroy_process_group()


@contextmanager
def _until_dismissed() -> Iterator[None]:
    yield
    threading.Event().wait()  # the pipe to the leader ends this process


class OwnSignals(Callback):
    """Keeps TERM the worker's: Lightning would first tell all devices, and wait for one that may be gone."""

    def __init__(self) -> None:
        self._handler = signal.getsignal(signal.SIGTERM)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Lightning's own handler is in place by now."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._handler)


class _OwnEnvironment(LightningEnvironment):
    """Processes that Lightning finds and does not start: ours end with the run, however it ends."""

    @property
    def creates_processes_externally(self) -> bool:
        """They are children of the worker."""
        return True


class _LayerSync(LayerSync):
    """BatchNorm, dropout and drop path of the whole batch, while training lasts."""

    def __init__(self, device: str) -> None:
        self._device = device

    def apply(self, model: nn.Module) -> nn.Module:
        """Called by Lightning before the first step."""
        views = model.views_an_image if isinstance(model, SimclrModule) else 1
        synchronise_layers(model, self._device, views)
        return model

    def revert(self, model: nn.Module) -> nn.Module:
        """Called by Lightning after the last one."""
        unsynchronise_layers(model)
        return model


@contextmanager
def _threads_shared(trainer: Trainer) -> Iterator[None]:
    """Processes on one processor share its cores; more threads than cores would wait for each other."""
    before = torch.get_num_threads()
    if trainer.strategy.root_device.type == "cpu" and not OMP_NUM_THREADS.is_set():
        torch.set_num_threads(max(1, before // trainer.world_size))
    try:
        yield
    finally:
        torch.set_num_threads(before)
