"""The Trainer that every recipe uses, and the fit that can be stopped and resumed."""

import logging
import warnings
from typing import Any

import torch
from pytorch_lightning import Callback, LightningDataModule, LightningModule, Trainer
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint
from torch import nn

from sealife_core.config import ClassifierConfig, SimclrConfig
from sealife_core.runs.writer import RunWriter
from sealife_core.training.callbacks import FiniteLoss, FirstPoint, ResumePoint, Status
from sealife_core.training.hardware import Hardware
from sealife_core.training.loggers import MetricsFile
from sealife_core.training.threads import ElbowRoom
from sealife_core.training.together import OwnSignals, fitting, shared_training
from sealife_core.training.tracking import Tracking

LOGGED_POINTS = 2_000  # a curve needs no more, and a browser draws so many at once

# Lightning's advice that does not apply: batches are gathered from memory, so loader processes would only cost; a run's
# directory holds more than checkpoints; the choice of a CPU was the config's; a frozen stage is to be in eval mode. Of
# several devices: what the leader alone has measured is not to be gathered, the strides of a 1 × 1 filter mean nothing,
# and not every PyTorch 2 has another name for broadcast_buffers.
DOES_NOT_APPLY = (
    ".*(does not have many workers|Checkpoint directory .* exists|available but not used|in eval mode|sync_dist=True|"
    "Grad strides do not match|`broadcast_buffers` is deprecated).*"
)


def build_trainer(
    config: SimclrConfig | ClassifierConfig,
    run: RunWriter,
    machine: Hardware,
    callbacks: list[Callback],
    *,
    steps_per_epoch: int,
    validated: bool = False,
    tracking: Tracking | None = None,
) -> Trainer:
    """A Trainer that logs into the run directory and to ``tracking``; ``validated`` adds best model and early stopping.

    Of several devices the first leads: it alone takes ``callbacks``, which may look at the whole data set.
    """
    for library in ("pytorch_lightning", "lightning_fabric"):
        logging.getLogger(library).setLevel(logging.WARNING)
    total = steps_per_epoch * config.epochs
    watching: list[Callback] = [Status(run), OwnSignals()] if machine.devices > 1 else [Status(run)]
    watching += [] if machine.rank else [FiniteLoss(), *callbacks, FirstPoint()]
    if config.threads:
        torch.set_num_threads(config.threads)
    elif machine.device == "cpu" and machine.devices == 1:
        watching.append(ElbowRoom())
    if isinstance(config, ClassifierConfig) and validated:
        watching += _best_and_patience(config, run)
    # The resume point comes last, so that it holds what the other callbacks learned in the same epoch.
    return Trainer(
        accelerator=machine.accelerator,
        **shared_training(machine),
        precision=machine.lightning_precision,
        max_epochs=config.epochs,
        gradient_clip_val=config.gradient_clip or None if isinstance(config, SimclrConfig) else None,
        logger=MetricsFile(run, steps_per_epoch=steps_per_epoch, tracking=tracking),
        log_every_n_steps=max(1, min(steps_per_epoch, total // LOGGED_POINTS)),
        callbacks=[*watching, ResumePoint(run)],
        limit_val_batches=1.0 if validated else 0,
        num_sanity_val_steps=0,
        enable_checkpointing=isinstance(config, ClassifierConfig) and validated,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=run.path,
    )


def fit(trainer: Trainer, module: LightningModule, batches: LightningDataModule, run: RunWriter) -> bool:
    """Train, from ``last.ckpt`` where there is one. Returns whether it ran to its end (False: it was stopped)."""
    run.status(stage="training", message="preparing the first step")
    point = run.path / "last.ckpt"
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    with warnings.catch_warnings(), fitting(trainer, run):
        warnings.filterwarnings("ignore", message=DOES_NOT_APPLY)
        trainer.fit(
            module,
            batches.train_dataloader(),
            batches.val_dataloader() if trainer.limit_val_batches else None,
            ckpt_path=point if point.exists() else None,
            weights_only=True,
        )
    return not next(c for c in trainer.callbacks if isinstance(c, Status)).stopped  # type: ignore[attr-defined]


def best_model(trainer: Trainer, module: LightningModule) -> int | None:
    """Put the best validation epoch's weights into ``module``. Returns that epoch, counted from 1, or None."""
    keeper = trainer.checkpoint_callback
    if not isinstance(keeper, ModelCheckpoint) or not keeper.best_model_path:
        return None
    saved: dict[str, Any] = torch.load(keeper.best_model_path, map_location="cpu", weights_only=True)
    module.load_state_dict(saved["state_dict"])
    return int(saved["epoch"]) + 1


def trained_parameters(module: nn.Module) -> int:
    """How many numbers learn."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def _best_and_patience(config: ClassifierConfig, run: RunWriter) -> list[Callback]:
    keeper = ModelCheckpoint(
        dirpath=run.path,
        filename="best",
        monitor="val/macro_f1",
        mode="max",
        save_top_k=1,
        save_weights_only=True,
        enable_version_counter=False,
    )
    if not config.patience:
        return [keeper]
    return [keeper, EarlyStopping("val/macro_f1", mode="max", patience=config.patience)]
