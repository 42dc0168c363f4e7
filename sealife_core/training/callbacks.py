"""What a run does beside learning: tell its status, obey a stop, notice nonsense, keep a point to resume from."""

import math
import time
from collections.abc import Callable
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from sealife_core.errors import TrainingError
from sealife_core.runs.writer import RunWriter

STATUS_EVERY_S = 0.5  # often enough for a moving bar, seldom enough to cost nothing
WARM_UP_STEPS = 2  # the first steps choose kernels and grow memory: their time says nothing
GPU_LOOK_EVERY = 10  # steps between two looks at the loss, where a look costs a wait
RESUME_POINT_EVERY_S = 20.0  # at most this much work is lost when a run is killed, beyond the current epoch


class Status(Callback):
    """Keeps ``status.json`` current and ends training after the batch in which a stop was asked for."""

    def __init__(self, run: RunWriter) -> None:
        self._run = run
        self._told = 0.0
        self.stopped = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Say how much there is to do; a resumed run also marks where its curve goes on."""
        if trainer.global_step:
            self._run.resumed_from(trainer.global_step)
        self._tell(trainer)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Tell the step, and look for the ``stop`` file: devices that train together all stop once one has seen it."""
        if trainer.strategy.reduce_boolean_decision(self._run.stop_requested(), all=False):
            self.stopped = trainer.should_stop = True
        if time.monotonic() - self._told >= STATUS_EVERY_S:
            self._tell(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Tell the epoch, on the screen and in the log."""
        self._tell(trainer)
        shown = {k: round(float(v), 4) for k, v in trainer.callback_metrics.items()}  # every device is asked for it
        print(f"epoch {trainer.current_epoch + 1} of {trainer.max_epochs}: {shown}", flush=True)

    def _tell(self, trainer: Trainer) -> None:
        self._told = time.monotonic()
        epochs = int(trainer.max_epochs or 0)
        epoch = min(trainer.current_epoch + 1, epochs)
        self._run.status(
            stage="training",
            message=f"epoch {epoch} of {epochs}",
            epoch=epoch,
            epochs=epochs,
            step=trainer.global_step,
            steps=int(trainer.estimated_stepping_batches),
        )


class FiniteLoss(Callback):
    """Ends a run at the first loss that is no number, and says where and what to try."""

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Look at the loss of every step on a CPU, at every tenth on a GPU (each look waits for the device)."""
        if pl_module.device.type == "cuda" and trainer.global_step % GPU_LOOK_EVERY:
            return
        loss = float(outputs["loss"])
        if not math.isfinite(loss):
            rate = trainer.optimizers[0].param_groups[0]["lr"]
            raise TrainingError(
                f"The loss became {loss} at step {trainer.global_step} with a learning rate of {rate:.2g}."
                " Try a learning rate ten times smaller, or gradient clipping at 1."
            )


class FirstPoint(Callback):
    """Logs the first step of a run, which Lightning leaves out where it logs every tenth: a person waits for it."""

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Write what was logged in that step, unless Lightning is about to."""
        if trainer.global_step == 1 and trainer.log_every_n_steps > 1 and trainer.logger is not None:  # type: ignore[attr-defined]
            found = {name: float(value) for name, value in trainer.callback_metrics.items()}
            trainer.logger.log_metrics(found, step=0)


class Speed(Callback):
    """Logs the learning rate and how many images (views, for SimCLR) a second go through, pauses left out.

    note: is given the rate after the first epoch and at the end, so that the next run's time can be estimated.
    """

    def __init__(self, name: str, *, images_per_step: int, note: Callable[[float], None]) -> None:
        self._name = name
        self._images = images_per_step
        self._training_s = 0.0
        self._steps = 0
        self._started = 0.0
        self._note = note
        self._rate: float | None = None

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Stop the clock; the first steps warm up and do not count."""
        pl_module.log("train/learning_rate", trainer.optimizers[0].param_groups[0]["lr"])
        self._steps += 1
        if self._steps > WARM_UP_STEPS:
            self._training_s += time.perf_counter() - self._started
            self._rate = (self._steps - WARM_UP_STEPS) * self._images / self._training_s
            pl_module.log(self._name, self._rate)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Note the rate, early and late."""
        last = trainer.should_stop or trainer.current_epoch + 1 == trainer.max_epochs
        if self._rate is not None and (trainer.current_epoch == 0 or last):
            self._note(self._rate)


class ResumePoint(Callback):
    """Writes ``last.ckpt`` at the ends of epochs: model, optimiser, schedule, epoch and PyTorch's random state."""

    def __init__(self, run: RunWriter) -> None:
        self._run = run
        self._saved = -math.inf

    def state_dict(self) -> dict[str, Any]:
        """The random state from which dropout goes on."""
        state = {"cpu": torch.get_rng_state()}
        return state | ({"cuda": torch.cuda.get_rng_state()} if torch.cuda.is_available() else {})

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the random state where it was left."""
        torch.set_rng_state(state_dict["cpu"].cpu())
        if "cuda" in state_dict and torch.cuda.is_available():
            torch.cuda.set_rng_state(state_dict["cuda"].cpu())

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save, unless that was done a moment ago and more epochs follow."""
        last = trainer.should_stop or trainer.current_epoch + 1 == trainer.max_epochs
        due = last or time.monotonic() - self._saved >= RESUME_POINT_EVERY_S
        if trainer.strategy.broadcast(due):  # devices have clocks of their own, and save together or not at all
            self._saved = time.monotonic()
            unfinished = self._run.path / "last.ckpt.tmp"
            trainer.save_checkpoint(unfinished)
            if trainer.is_global_zero:
                unfinished.replace(self._run.path / "last.ckpt")
