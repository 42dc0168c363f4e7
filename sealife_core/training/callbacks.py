"""What a run does beside learning: write its status, stop at a loss of NaN, measure its speed, keep its best epoch."""

import math
import pickle
import time
from collections.abc import Callable
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import WeightAveraging
from torch.optim.swa_utils import get_ema_multi_avg_fn

from sealife_core.errors import TrainingError
from sealife_core.runs.run import BEST
from sealife_core.runs.writer import RunWriter
from sealife_core.training.resume_point import Stopped

STATUS_EVERY_S = 0.5  # often enough for a moving bar, rarely enough to cost nothing
WARM_UP_STEPS = 2  # the first steps choose kernels and grow memory: their time says nothing
GPU_LOOK_EVERY = 10  # steps between two looks at the loss, where a look costs a wait


class StatusCallback(Callback):
    """Keeps ``status.json`` current."""

    def __init__(self, run: RunWriter) -> None:
        self._run = run
        self._told = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Say how much there is to do; a resumed run also marks where its curve goes on."""
        if trainer.global_step:
            self._run.resumed_from(trainer.global_step)
        self._tell(trainer)

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        """Tell the step."""
        if time.monotonic() - self._told >= STATUS_EVERY_S:
            self._tell(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Tell the epoch, on the screen and in the log."""
        self._tell(trainer)
        shown = {k: round(float(v), 4) for k, v in trainer.callback_metrics.items()}  # every device is asked for it
        print(f"epoch {trainer.current_epoch + 1} of {trainer.max_epochs}: {shown}", flush=True)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Tell how far a run came that is stopped."""
        if isinstance(exception, Stopped):
            self._tell(trainer)

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

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, *_: Any) -> None:
        """Look at the loss of every step on a CPU; on a GPU, where each look waits for the device, at every tenth and
        at the last of an epoch, after which the model may be measured and kept."""
        may_wait = trainer.global_step % GPU_LOOK_EVERY == 0 or trainer.is_last_batch
        if pl_module.device.type == "cuda" and not may_wait:
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

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        """Write what was logged in that step, unless Lightning is about to."""
        if trainer.global_step == 1 and trainer.log_every_n_steps > 1 and trainer.logger is not None:  # type: ignore[attr-defined]
            found = {name: float(value) for name, value in trainer.callback_metrics.items()}
            trainer.logger.log_metrics(found, step=0)


class Speed(Callback):
    """Logs the learning rate and how many images (views, for SimCLR) a second go through, pauses left out.

    A GPU goes on after a step has returned, and what it still does would count as a pause: there every tenth step is
    timed, which waits for the GPU before and after. note: is given the rate after the first epoch and at the end, so
    that the next run's time can be estimated.
    """

    def __init__(self, name: str, *, images_per_step: int, note: Callable[[float], None]) -> None:
        self._name = name
        self._images = images_per_step
        self._training_s = 0.0
        self._steps = self._timed = 0
        self._started: float | None = None  # of a step that is timed
        self._note = note
        self._rate: float | None = None

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        """Start the clock; the first steps warm up and do not count."""
        beyond, every = self._steps - WARM_UP_STEPS, GPU_LOOK_EVERY if pl_module.device.type == "cuda" else 1
        timed = beyond >= 0 and beyond % every == 0
        self._started = _seconds_now(pl_module.device) if timed else None

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        """Stop the clock."""
        pl_module.log("train/learning_rate", trainer.optimizers[0].param_groups[0]["lr"])
        self._steps += 1
        if self._started is not None:
            self._training_s += _seconds_now(pl_module.device) - self._started
            self._timed += 1
            self._rate = self._timed * self._images / self._training_s
        if self._rate is not None:
            pl_module.log(self._name, self._rate)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Note the rate, early and late."""
        if trainer.current_epoch == 0 or trainer.should_stop or trainer.current_epoch + 1 == trainer.max_epochs:
            self._tell()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Note the rate of a run that is stopped."""
        if isinstance(exception, Stopped):
            self._tell()

    def _tell(self) -> None:
        if self._rate is not None:
            self._note(self._rate)


def _seconds_now(device: torch.device) -> float:
    """By a clock without a beginning, once the device has done all that it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


class MovingAverage(WeightAveraging):
    """An exponential moving average of all steps' weights and BatchNorm statistics: what is validated, and what stays.

    ``decay`` grows to its value over the first steps, so that the average does not stay near the start, as TensorFlow's
    and timm's does: min(decay, (1 + n) / (10 + n)) at step n.
    """

    def __init__(self, decay: float) -> None:
        def average(averages: Any, current: Any, steps: torch.Tensor | int) -> None:
            kept = min(decay, (1 + int(steps)) / (10 + int(steps)))
            get_ema_multi_avg_fn(kept)(averages, current, steps)

        super().__init__(multi_avg_fn=average)

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Keep the average where the weights are: it was made before these moved to a GPU."""
        self.module.to(pl_module.device)

    @property
    def module(self) -> LightningModule:
        """With the averaged weights, during and after training."""
        averaged = self._average_model and self._average_model.module
        assert isinstance(averaged, LightningModule)
        return averaged


class BestModel(Callback):
    """Remembers the weights with the best score on validation, in main memory and in the resume point.

    metric: what every epoch of validation measures; None where another callback calls :meth:`consider`. start: what the
    weights before the first step reach on validation, by the names of the metrics; they are then a candidate as epoch
    0, so that training never ends with less. average: whose weights are validated instead of those of the last step. A
    resume point of an earlier release has the weights beside it, in ``best.ckpt``.
    """

    def __init__(
        self,
        run: RunWriter,
        metric: str | None = "val/macro_f1",
        start: dict[str, float] | None = None,
        average: MovingAverage | None = None,
    ) -> None:
        self._run, self._metric, self._start, self._average = run, metric, start, average
        self.epoch: int | None = None  # counted from 1; 0 is the start
        self.since = 0  # how many were considered since without being better
        self._score = -math.inf
        self._weights: dict[str, torch.Tensor] = {}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the start, where it is known what it is worth, and begin the curve with it."""
        if self._start is not None and trainer.global_step == 0:
            self._run.metric(0, 0.0, **self._start)
            self.consider(pl_module, self._start["val/macro_f1"], 0)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Consider this epoch, where every epoch is measured."""
        if self._metric is not None:
            validated = self._average.module if self._average else pl_module
            self.consider(validated, float(trainer.callback_metrics[self._metric]), trainer.current_epoch + 1)

    def consider(self, module: LightningModule, score: float, epoch: int) -> None:
        """Take ``module`` as it is after ``epoch`` where it is better than all before."""
        self.since += 1
        if self.epoch is None or score > self._score:
            self.epoch, self._score, self.since = epoch, score, 0
            weights = module.state_dict()
            self._weights = {name: value.detach().to("cpu", copy=True) for name, value in weights.items()}

    def put_into(self, module: LightningModule) -> int | None:
        """Give ``module`` the best weights. Returns their epoch, as in ``epoch``; None before there is one."""
        if self.epoch is not None:
            module.load_state_dict(self._weights)
        return self.epoch

    def state_dict(self) -> dict[str, Any]:
        """All of it."""
        return {"epoch": self.epoch, "score": self._score, "weights": self._weights, "since": self.since}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As it was."""
        self.epoch, self._score, self._weights = (state_dict[key] for key in ("epoch", "score", "weights"))
        self.since = state_dict.get("since", 0)  # a resume point of an earlier release has none: nothing asked for it

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Read ``best.ckpt`` where the resume point is of an earlier release, which knew it by its path alone."""
        known = next((value for key, value in checkpoint["callbacks"].items() if key.startswith("ModelCheckpoint")), {})
        if not known.get("best_model_path"):
            return
        try:
            best = torch.load(self._run.path / BEST, map_location="cpu", weights_only=True)
        except (OSError, EOFError, RuntimeError, pickle.UnpicklingError):
            self._run.warn(f"{BEST} is missing or damaged: the best epoch is chosen from the epochs that follow.")
            return
        scores = {round(row["epoch"]): row["val/macro_f1"] for row in self._run.run.metrics() if "val/macro_f1" in row}
        self.epoch, self._weights = best["epoch"] + 1, best["state_dict"]
        self._score = scores.get(self.epoch, float(known["best_model_score"]))


class Patience(Callback):
    """Ends training once ``rounds`` scores in a row were no better than ``best``; the device that has it decides."""

    def __init__(self, best: BestModel | None, rounds: int) -> None:
        self._best, self._rounds = best, rounds

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """After the epoch was measured."""
        enough = self._best is not None and self._best.since >= self._rounds
        trainer.should_stop |= bool(trainer.strategy.broadcast(enough))
