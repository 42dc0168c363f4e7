"""The Trainer that every recipe uses, and the fit that can be stopped and resumed."""

import logging
import warnings

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import EarlyStopping
from torch import nn

from sealife_core.config import FineTuneConfig, SimclrConfig
from sealife_core.datasets.batches import ImageBatches
from sealife_core.runs.resume_check import DamagedResumePoint, damage
from sealife_core.runs.run import LAST
from sealife_core.runs.writer import RunWriter
from sealife_core.training.adaptive_threads import AdaptiveThreads
from sealife_core.training.callbacks import (
    BestModel,
    FiniteLoss,
    FirstPoint,
    MovingAverage,
    Patience,
    Speed,
    StatusCallback,
)
from sealife_core.training.ddp import OwnSignals, ddp_settings, fitting
from sealife_core.training.hardware import Hardware
from sealife_core.training.loggers import MetricsFile
from sealife_core.training.probe.standardised_features import FeatureBatches
from sealife_core.training.resume_point import ResumePoint, Stopped, WholeFiles
from sealife_core.training.tracking.base import Tracking

LOGGED_POINTS = 2_000  # a curve needs no more, and a browser draws so many at once

# Lightning's advice that does not apply: batches are gathered from memory, so loader processes would only cost; a run's
# directory holds more than checkpoints; the choice of a CPU was the config's; a frozen stage is to be in eval mode; an
# epoch goes on with the batch that comes next; an old resume point names a callback that no longer exists. Of several
# devices: what the leader alone has measured is not to be gathered, the strides of a 1 × 1 filter mean nothing, and not
# every PyTorch 2 has another name for broadcast_buffers. A data set without validation images is told of elsewhere.
DOES_NOT_APPLY = (
    ".*(does not have many workers|Checkpoint directory .* exists|available but not used|in eval mode|sync_dist=True|"
    "Grad strides do not match|`broadcast_buffers` is deprecated|that ended before the epoch ended|"
    "callbacks used to create the checkpoint|have no `val_dataloader`).*"
)


def build_trainer(
    config: SimclrConfig | FineTuneConfig,
    run: RunWriter,
    machine: Hardware,
    callbacks: list[Callback],
    *,
    steps_per_epoch: int,
    validated: bool = False,
    start: dict[str, float] | None = None,
    speed: Speed | None = None,
    tracking: Tracking | None = None,
) -> Trainer:
    """A Trainer that logs into the run directory and to ``tracking``; ``validated`` adds best model and early stopping.

    start: what the weights before the first step reach on validation, if they are to be a candidate for the best model.

    Of several devices the first leads: it alone takes ``callbacks``, which may look at the whole data set.
    """
    for library in ("pytorch_lightning", "lightning_fabric"):
        logging.getLogger(library).setLevel(logging.WARNING)
    total = steps_per_epoch * config.epochs
    status = StatusCallback(run)
    watching: list[Callback] = [status, OwnSignals()] if machine.devices > 1 else [status]
    watching += [] if machine.rank else [FiniteLoss(), *callbacks]
    if config.threads:
        torch.set_num_threads(config.threads)
    elif machine.device == "cpu" and machine.devices == 1:
        watching.append(AdaptiveThreads())
    average = MovingAverage(config.ema_decay) if isinstance(config, FineTuneConfig) and config.ema_decay else None
    watching += [average] if average else []
    if isinstance(config, FineTuneConfig) and validated:
        watching += [] if machine.rank else [BestModel(run, start=start, average=average)]
        watching += [EarlyStopping("val/macro_f1", mode="max", patience=config.patience)] if config.patience else []
    if isinstance(config, SimclrConfig) and config.patience:
        best = next((callback for callback in callbacks if isinstance(callback, BestModel)), None)
        watching.append(Patience(best, config.patience))
    watching.append(ResumePoint(run))  # after those that write down what it makes final
    if not machine.rank:  # the clock of a step starts when all others are done before it
        watching += [*([speed] if speed else []), FirstPoint()]
    shared = ddp_settings(machine)
    plugins = [*shared.pop("plugins", []), WholeFiles()]
    return Trainer(
        accelerator=machine.device,
        **shared,
        plugins=plugins,
        precision=machine.lightning_precision,
        max_epochs=config.epochs,
        gradient_clip_val=config.gradient_clip or None if isinstance(config, SimclrConfig) else None,
        logger=MetricsFile(run, steps_per_epoch=steps_per_epoch, tracking=tracking),
        log_every_n_steps=max(1, min(steps_per_epoch, total // LOGGED_POINTS)),
        callbacks=watching,
        limit_val_batches=1.0 if validated else 0,
        num_sanity_val_steps=0,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=run.path,
    )


def fit(
    trainer: Trainer, module: LightningModule, batches: FeatureBatches | ImageBatches, run: RunWriter
) -> tuple[bool, float]:
    """Train, from ``last.ckpt`` where there is one: (whether it ran to its end, seconds of all attempts together).

    A run that is stopped (False) has saved its next step. Raises DamagedResumePoint.
    """
    run.status(stage="training", message="preparing the first step")
    point, finished = run.path / LAST, True
    if not trainer.global_rank and (damaged := damage(run.run, thorough=True)):
        raise DamagedResumePoint(damaged)
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    with warnings.catch_warnings(), fitting(trainer, run):
        warnings.filterwarnings("ignore", message=DOES_NOT_APPLY)
        try:
            trainer.fit(
                module,
                batches.train_dataloader(),
                batches.val_dataloader() if trainer.limit_val_batches else None,
                ckpt_path=point if point.exists() else None,
                weights_only=True,
            )
        except Stopped:
            finished = False
    return finished, next(c for c in trainer.callbacks if isinstance(c, ResumePoint)).train_s  # type: ignore[attr-defined]


def trained_parameters(module: nn.Module) -> int:
    """How many numbers learn."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)
