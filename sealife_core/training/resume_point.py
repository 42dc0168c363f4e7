"""The point to resume from, ``last.ckpt``: written between two steps, so that a run goes on as if left alone.

Order and views of a step depend on seed, epoch and step alone. All else that the next step needs is in the file:
Lightning's state (weights, optimiser, schedule, counters, and what other callbacks know), PyTorch's random state, and
what the metrics have gathered in the epoch so far.
"""

import math
import time
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins.io.torch_io import TorchCheckpointIO
from pytorch_lightning import Callback, LightningModule, Trainer
from torchmetrics import Metric

from sealife_core.datasets.batches import EpochOrder
from sealife_core.durable import replacing
from sealife_core.runs.run import LAST
from sealife_core.runs.writer import RunWriter

# At most this much work is lost when a run is killed. A point that takes a second or more to write is written that
# much less often: at most a twentieth of the time goes into it.
RESUME_POINT_EVERY_S = 20.0


class Stopped(Exception):
    """Training was left between two steps, as asked. The resume point holds the next one."""


class WholeFiles(TorchCheckpointIO):
    """Writes a checkpoint so that after a crash either it or the one before it is whole."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Called by Lightning."""
        with replacing(Path(path)) as file:
            torch.save(checkpoint, file)


class ResumePoint(Callback):
    """Writes the resume point now and then, at a stop, which ends training with :class:`Stopped`, and at the end.

    Devices that train together save, and stop, before the same step: the first of them decides.
    """

    def __init__(self, run: RunWriter) -> None:
        self._run = run
        self._due = -math.inf
        self._began = time.perf_counter()
        self._earlier_s = 0.0
        self._restored: dict[str, Any] = {}
        self._position: dict[str, Any] = {}

    @property
    def train_s(self) -> float:
        """Seconds of training so far, those of earlier attempts included up to where this one took the run up."""
        return self._earlier_s + time.perf_counter() - self._began

    def state_dict(self) -> dict[str, Any]:
        """Position, time and random state. ``batches``: done in the epoch; ``gathered``: by its metrics."""
        state = {"cpu": torch.get_rng_state(), "train_s": self.train_s} | self._position
        return state | ({"cuda": torch.cuda.get_rng_state()} if torch.cuda.is_available() else {})

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Make Lightning's counters say "done" of what is done, and nothing of the step that has been fetched."""
        counters = checkpoint["loops"]["fit_loop"]
        begun = counters["epoch_loop.batch_progress" if self._position["batches"] else "epoch_progress"]
        for counter in (begun["total"], begun["current"]):
            counter.update(dict.fromkeys(counter, counter["completed"]))

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Keep the state until training begins. Of a run that had ended, by its patience perhaps, no step is left."""
        self._restored = checkpoint["callbacks"].get(self.state_key, {})
        known = self._run.run.results() or {}  # an old resume point has no time: the results of its stop have
        self._earlier_s = self._restored.get("train_s", known.get("train_s") or 0.0)
        trainer.should_stop = self._restored.get("ended", False)
        module: Any = pl_module  # before its optimiser is made, whose groups are to be those of the file
        module.spares = self._restored.get("spares", False)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Go on in the middle of an epoch: its order begins at the next batch, its metrics with what they had."""
        if trainer.global_step:
            self._due = time.monotonic() + RESUME_POINT_EVERY_S
        batches = self._restored.get("batches", 0)
        if not batches:
            return
        loader: Any = trainer.train_dataloader
        assert isinstance(loader.sampler, EpochOrder)
        loader.sampler.skip(batches * loader.batch_size)
        if trainer.is_global_zero:  # it has what all devices had gathered
            for name, values in self._restored["gathered"].items():
                metric = pl_module.get_submodule(name)
                for key, value in values.items():
                    setattr(metric, key, value.to(pl_module.device))

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Between two steps: all of the last one is done and written down. Raises Stopped."""
        self._restore_random_state()
        if not trainer.global_step:
            return
        wanted = self._run.stop_requested() or time.monotonic() >= self._due
        if not trainer.strategy.reduce_boolean_decision(trainer.is_global_zero and wanted, all=False):
            return
        stop = trainer.strategy.broadcast(self._run.stop_requested())
        self._save(trainer, pl_module, batches=batch_idx)
        if stop:
            raise Stopped

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The evaluation that follows may be cut off as well."""
        self._save(trainer, pl_module, batches=0, ended=True)

    def _save(self, trainer: Trainer, pl_module: LightningModule, *, batches: int, ended: bool = False) -> None:
        self._position = {"batches": batches, "ended": ended, "gathered": _gathered(pl_module) if batches else {}}
        self._position["spares"] = pl_module.spares
        began = time.monotonic()
        trainer.save_checkpoint(self._run.path / LAST)
        now = time.monotonic()
        self._due = now + RESUME_POINT_EVERY_S * max(1.0, now - began)

    def _restore_random_state(self) -> None:
        """Just before the step that draws from it: what is set up before draws as well."""
        state, self._restored = self._restored, {}
        if "cpu" in state:
            torch.set_rng_state(state["cpu"].cpu())
        if "cuda" in state and torch.cuda.is_available():
            torch.cuda.set_rng_state(state["cuda"].cpu())


def _gathered(module: LightningModule) -> dict[str, dict[str, Any]]:
    """Name of each metric in ``module`` → its state, added up over all devices."""
    found = {}
    for name, metric in module.named_modules():
        if isinstance(metric, Metric):
            with metric.sync_context():
                found[name] = dict(metric.metric_state)
    return found
