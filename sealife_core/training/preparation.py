"""What comes before the first step: device, encoder, data set, its decoded cache, the files that describe the run."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pytorch_lightning import LightningModule
from torch import Tensor

from sealife_core import __version__
from sealife_core.config import BROKEN, AnyConfig, ClassifierConfig, EmbedConfig, FineTuneConfig, SimclrConfig
from sealife_core.datasets.batches import ImageBatches
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.datasets.decoding.pixels import Pixels, cache_size_px, open_pixels
from sealife_core.errors import DatasetError
from sealife_core.evaluation.classification.scores import chance
from sealife_core.launching.data_checks import DatasetLabels, data_problems, refuse_changed
from sealife_core.models.checkpoint import ModelCard
from sealife_core.models.encoders import Encoder
from sealife_core.models.facts import published_weights, title_of
from sealife_core.models.fast_convolutions.take_over import take_over
from sealife_core.models.weights import starting_encoder
from sealife_core.neutral import terminal_text
from sealife_core.runs.costs.measured_rates import record_rate
from sealife_core.runs.scheduling.spawning import PROJECT
from sealife_core.runs.writer import RunWriter
from sealife_core.training.classifier import balanced_weights
from sealife_core.training.feature_extraction import status_progress, stoppable
from sealife_core.training.freed_memory import keep_freed_memory
from sealife_core.training.hardware import Hardware, choose_hardware, fast_convolutions
from sealife_core.training.trainer import trained_parameters


def prepared(config: AnyConfig, run: RunWriter) -> tuple[Hardware, Encoder, Dataset]:
    """Device, encoder and data set of a run, in this order: missing weights fail before any data is read."""
    keep_freed_memory()
    machine = choose_hardware(config, before=run.run.environment().get("precision"))
    return machine, prepare_encoder(config, run, machine), open_data(config, run)


def prepare_encoder(config: AnyConfig, run: RunWriter, machine: Hardware) -> Encoder:
    """The encoder with its starting weights, and the fastest convolutions on ``machine`` where a stage of it learns."""
    if config.weights == "imagenet":
        named = f"{published_weights(config.encoder)} of {title_of(config.encoder)}"
        run.status(stage="loading weights", message=f"loading (or downloading) {named}")
    encoder, said = starting_encoder(
        config.weights, config.encoder, config.stem, config.image_size_px, root=run.path.parent
    )
    print(terminal_text(said), flush=True)
    if not isinstance(config, EmbedConfig) and config.trained_stages:
        kinds = fast_convolutions(encoder, machine, run.run.environment().get("fast_convolutions"))
        take_over(encoder, kinds)
        run.environment(fast_convolutions=kinds)
    return encoder


def open_data(config: AnyConfig, run: RunWriter) -> Dataset:
    """The data set, in the version that the run was launched on. Raises DatasetError where it cannot serve the run."""
    dataset = open_dataset(config.data, content_hash=config.data_hash)
    refuse_changed(config, dataset)
    problems = data_problems(config, DatasetLabels(dataset))
    if refused := [problem.says for problem in problems if problem.refuses]:
        raise DatasetError(" ".join(refused))
    for problem in problems:
        run.warn(problem.says)
    run.status(stage="opening data", message=f"opening data set '{dataset.name}'")
    return dataset


def decoded(config: AnyConfig, run: RunWriter, dataset: Dataset) -> Pixels:
    """The decoded cache of ``dataset``, made if it is missing: for runs that see its images again and again.

    Raises Stopped where somebody stops the run meanwhile.
    """
    progress = status_progress(run, "decoding images", "images decoded, once for all runs")
    return open_pixels(dataset, cache_size_px(dataset, config.image_size_px), progress=stoppable(run, progress))


def rarest_class(dataset: Dataset, rows: np.ndarray) -> str:
    """The class with the fewest labels among the training ``rows``; of equals the last, which is cut most."""
    counts = np.bincount(dataset.labels[rows], minlength=len(dataset.classes))
    return dataset.classes[len(counts) - 1 - int(counts[::-1].argmin())]


def class_weights(config: ClassifierConfig, dataset: Dataset, rows: np.ndarray) -> Tensor | None:
    """(C,) weights of the classes in the loss, or None."""
    if config.class_weights == "none":
        return None
    return balanced_weights(torch.from_numpy(dataset.labels[rows]), len(dataset.classes))


def note_rate(config: SimclrConfig | FineTuneConfig, run: RunWriter, machine: Hardware, rate: float) -> None:
    """Keep the measured rate of a run, but not that of several devices together, which is no machine's own."""
    if machine.devices == 1:
        keep_rate(run.path.parent, config, run.run.environment()["stem"], machine, rate, run.path.name)


def keep_rate(
    root: Path | None,
    config: SimclrConfig | FineTuneConfig,
    stem: str,
    machine: Hardware,
    rate: float,
    run: str | None = None,
) -> None:
    """Keep ``rate`` (images a second, of SimCLR views), so that a run's time can be estimated before it starts.

    run: the id of the run that was measured; what it told before counts no more.
    """
    record_rate(
        root,
        kind=config.kind,
        encoder=config.encoder,
        stem=stem,
        image_size_px=config.image_size_px,
        precision=machine.precision,
        device=machine.device,
        trained_stages=config.trained_stages,
        images_per_s=rate / 2 if isinstance(config, SimclrConfig) else rate,
        run=run,
    )


def model_card(
    config: AnyConfig, run: RunWriter, dataset: Dataset, encoder: Encoder, scores: dict[str, Any]
) -> ModelCard:
    """What must travel with the weights."""
    head = None
    if isinstance(config, SimclrConfig):
        head = {"kind": config.head, "hidden": config.head_hidden, "out": config.head_out}
    return ModelCard(
        kind=config.kind,
        encoder=config.encoder,
        stem=encoder.stem,
        feature_dim=encoder.feature_dim,
        classes=list(dataset.classes) if isinstance(config, ClassifierConfig) else [],
        image_size_px=config.image_size_px,
        mean=list(encoder.mean),
        std=list(encoder.std),
        run=run.path.name,
        data=dataset.name,
        data_hash=dataset.content_hash,
        scores={k: v for k, v in scores.items() if isinstance(v, int | float)},
        projection=head,
        broken=BROKEN.get(config.broken, ""),
    )


def warn_of_reduced(config: SimclrConfig | FineTuneConfig, run: RunWriter, batches: ImageBatches) -> None:
    """Say that a step takes fewer images than was asked for, and why."""
    size, there = batches.batch_size, len(batches.train_rows)
    if size == config.batch_size:
        return
    why = f"there are {there} training images" if there < config.batch_size else ""
    if config.devices > 1:
        why = f"{why}{', and ' if why else ''}{config.devices} devices take equal shares"
    run.warn(f"The batch size was reduced from {config.batch_size} to {size}: {why}.")


def what_trains(batches: Any, module: LightningModule) -> dict[str, int]:
    """What the settings came to: images a step, steps an epoch, numbers that learn."""
    return {
        "batch_size": batches.batch_size,
        "steps_per_epoch": len(batches.train_dataloader()),
        "parameters_trained": trained_parameters(module),
    }


def describe_run(
    config: AnyConfig, run: RunWriter, dataset: Dataset, machine: Hardware, encoder: Encoder, **more: Any
) -> None:
    """Write ``environment.json``: versions, device and what the settings came to on this data."""
    run.environment(
        versions={
            "sealife": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "torchvision", "pytorch-lightning")},
        },
        device=torch.cuda.get_device_name() if machine.device == "cuda" else platform.processor() or "cpu",
        device_kind=machine.device,
        stem=encoder.stem,
        devices=machine.devices,
        precision=machine.precision,
        threads=torch.get_num_threads(),
        cores=os.cpu_count(),
        git_revision=git_revision(),
        images={split: len(dataset.rows(split)) for split in ("train", "val", "test")},
        chance_accuracy=chance(dataset.labels[dataset.rows("val", labelled_only=True)], len(dataset.classes)),
        cache_size_px=cache_size_px(dataset, config.image_size_px),
        **more,
    )


def git_revision(project: Path = PROJECT) -> str:
    """The commit of a clone of this program; "" of an installed one, which may lie in a clone of something else."""
    if not (project / ".git").exists():
        return ""
    try:
        found = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project, capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout.strip()
