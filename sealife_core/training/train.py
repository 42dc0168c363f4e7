"""One recipe a kind of run: data, model, trainer, fit, evaluate. What they share is in ``preparation.py``."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import nn

from sealife_core.config import AnyConfig, EmbedConfig, FineTuneConfig, ProbeConfig, SimclrConfig, chance_loss
from sealife_core.datasets.batches import ImageBatches
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.pixels import Pixels
from sealife_core.launching.data_checks import labelled_rows
from sealife_core.models.checkpoint import save_model
from sealife_core.models.encoders import Encoder
from sealife_core.runs.writer import RunWriter
from sealife_core.training.ablated_simclr import pretraining_rows, simclr_module
from sealife_core.training.callbacks import BestModel, Speed
from sealife_core.training.classifier import ClassifierModule
from sealife_core.training.feature_extraction import (
    embed_all,
    embed_and_watch,
    frozen_features,
    keep_embeddings,
)
from sealife_core.training.final_evaluation import draw_curves, finish_classifier
from sealife_core.training.fine_tuning.minutes import as_planned
from sealife_core.training.fine_tuning.starting_head import start_from_probe
from sealife_core.training.hardware import Hardware
from sealife_core.training.preparation import (
    class_weights,
    decoded,
    describe_run,
    model_card,
    note_rate,
    prepared,
    rarest_class,
    warn_of_reduced,
    what_trains,
)
from sealife_core.training.probe.standardised_features import FeatureBatches, ProbeData, probe_features
from sealife_core.training.probe.train_probe import train_probe
from sealife_core.training.representation_monitor import Representation, with_interval, worth
from sealife_core.training.resume_point import Stopped
from sealife_core.training.snapshots import SnapshotWriter
from sealife_core.training.tracking.base import Tracking, tracked
from sealife_core.training.trainer import build_trainer, fit, trained_parameters


def train(config: AnyConfig, run: RunWriter) -> bool:
    """Carry out ``config``. Returns whether it ran to its end (False: it was stopped)."""
    torch.manual_seed(config.seed)
    with tracked(config, run) as tracking:
        try:
            if isinstance(config, SimclrConfig):
                finished = train_simclr(config, run, tracking)
            elif isinstance(config, ProbeConfig):
                finished = train_probe(config, run, tracking)
            elif isinstance(config, FineTuneConfig):
                finished = train_classifier(config, run, tracking)
            else:
                finished = embed_only(config, run)
            tracking.outcome()
        except Stopped:  # before anything was learned: while images were decoded or went through frozen stages
            finished = False
    return finished


def train_simclr(config: SimclrConfig, run: RunWriter, tracking: Tracking) -> bool:
    """Pre-train an encoder on the training split and the unlabelled images, without labels."""
    machine, encoder, dataset = prepared(config, run)
    encoder.train_stages(config.trained_stages, config.normalisation)
    pixels, rows = decoded(config, run, dataset), pretraining_rows(config, dataset)
    batches = ImageBatches(
        dataset, pixels, train_rows=rows, val_rows=rows[:0], batch_size=config.batch_size, seed=config.seed,
        drop_last=True, share=(machine.rank, machine.devices),
    )  # fmt: skip
    size = batches.batch_size
    warn_of_reduced(config, run, batches)

    module = simclr_module(config)(config, encoder, batch_size=size)
    best = BestModel(run, metric=None) if config.chooses else None
    looking = Representation(config, run, dataset, pixels, machine, best)
    speed = Speed("train/views_per_s", images_per_step=2 * size, note=partial(note_rate, config, run, machine))
    card = model_card(config, run, dataset, encoder, {})
    film = SnapshotWriter(config, run, dataset, pixels, machine, card)
    watching = [*([best] if best else []), looking, film]
    steps = len(rows) // size
    trainer = build_trainer(config, run, machine, watching, steps_per_epoch=steps, speed=speed, tracking=tracking)
    told = what_trains(batches, module)
    describe_run(config, run, dataset, machine, encoder, **told, chance_loss=chance_loss(size))
    tracking.views(module, dataset, pixels)

    finished, train_s = fit(trainer, module, batches, run)
    kept = best.put_into(module) if best and config.keep_best else None

    run.status(stage="evaluating", message="measuring the quality of the features")
    module.to(machine.device)  # Lightning has moved it off a GPU; all that looks at it computes there
    h = embed_all(config, run, dataset, pixels, encoder, machine)
    keep_embeddings(run, dataset, h, module.head)
    scores = with_interval(looking.measure(module, h), dataset, config.knn_k)
    since_start = {} if kept is None else looking.since_start(kept)
    trained = told["parameters_trained"]
    run.results(val=scores, train_s=train_s, parameters_trained=trained, method=config.method, **since_start)
    head = None if config.head == "none" else module.head
    save_model(run.path, encoder, head, model_card(config, run, dataset, encoder, scores))
    draw_curves(run, chance_loss=chance_loss(size))
    return finished


def train_classifier(config: FineTuneConfig, run: RunWriter, tracking: Tracking) -> bool:
    """Train a linear head and as many of the encoder's stages as asked; then evaluate on the test split, once."""
    began = time.monotonic()
    machine, encoder, dataset = prepared(config, run)
    encoder.train_stages(config.trained_stages, "kept" if config.batch_norm == "frozen" else "trains")
    rows = labelled_rows(config, dataset)

    start = None
    if config.on_frozen_features:
        pixels = None
        h, means, features, split = probe_features(config, run, dataset, encoder, machine, rows)
        batches, module = on_features(config, dataset, split, rows)
        # One matrix product: coarser numbers save nothing there.
        trained_on, note = replace(machine, precision="fp32"), _unnoted
    else:
        h, means, features = None, None, None
        pixels = decoded(config, run, dataset)
        batches, module = on_images(config, dataset, pixels, encoder, rows, machine)
        start = start_from_probe(config, run, dataset, module, encoder, rows, machine)
        if machine.devices > 1:  # one device takes a batch of any size: a whole one, or what there is
            warn_of_reduced(config, run, batches)
        config, batches = as_planned(config, run, dataset, batches, module, machine, began)
        trained_on, note = machine, _unnoted if module.cut else partial(note_rate, config, run, machine)
    labels = {"labels_used": len(rows), "rarest_class": rarest_class(dataset, rows)}
    describe_run(config, run, dataset, machine, encoder, **what_trains(batches, module), **labels)

    finished, best_epoch, train_s = learn(config, run, trained_on, batches, module, note, tracking, start)

    head = features.folded(module.head) if features else module.head
    if h is None or means is None:  # the encoder learned: it sees every image once more, as it is now
        assert pixels is not None
        h, means = embed_and_watch(config, run, dataset, pixels, encoder, machine)
    learned = {"train_s": train_s, "parameters_trained": trained_parameters(module), "best_epoch": best_epoch}
    finish_classifier(
        config, run, dataset, encoder, head, h, means, finished=finished, labels_used=len(rows), **learned
    )
    return finished


def on_features(
    config: FineTuneConfig, dataset: Dataset, split: ProbeData, rows: np.ndarray
) -> tuple[FeatureBatches, ClassifierModule]:
    """What a head alone learns from, and the head, on features that were computed once."""
    batches = FeatureBatches(split, batch_size=config.batch_size, seed=config.seed)
    d_in, weights = split.train.shape[1], class_weights(config, dataset, rows)
    return batches, ClassifierModule(
        config, nn.Identity(), feature_dim=d_in, classes=len(dataset.classes), class_weights=weights
    )


def on_images(
    config: FineTuneConfig, dataset: Dataset, pixels: Pixels, encoder: Encoder, rows: np.ndarray, machine: Hardware
) -> tuple[ImageBatches, ClassifierModule]:
    """What a classifier learns from where its encoder learns, or its images vary; and the classifier."""
    val = dataset.rows("val", labelled_only=True)
    batches = ImageBatches(
        dataset, pixels, train_rows=rows, val_rows=val, batch_size=config.batch_size, seed=config.seed,
        drop_last=len(rows) > config.batch_size, share=(machine.rank, machine.devices),
    )  # fmt: skip
    weights = class_weights(config, dataset, rows)
    return batches, ClassifierModule(
        config, encoder, feature_dim=encoder.feature_dim, classes=len(dataset.classes), class_weights=weights
    )


def learn(
    config: FineTuneConfig,
    run: RunWriter,
    machine: Hardware,
    batches: FeatureBatches | ImageBatches,
    module: ClassifierModule,
    note: Callable[[float], None],
    tracking: Tracking | None = None,
    start: dict[str, float] | None = None,
) -> tuple[bool, int | None, float]:
    """Train ``module`` and put the best epoch's weights into it: (whether it ran to its end, that epoch, seconds).

    start: what ``module`` reaches on validation as it is, if that may be the best (epoch 0).
    """
    speed = Speed("train/images_per_s", images_per_step=batches.batch_size, note=note)
    steps = len(batches.train_dataloader())
    trainer = build_trainer(
        config, run, machine, [], steps_per_epoch=steps, validated=batches.validates, start=start, speed=speed,
        tracking=tracking,
    )  # fmt: skip
    finished, train_s = fit(trainer, module, batches, run)
    best = next((c for c in trainer.callbacks if isinstance(c, BestModel)), None)  # type: ignore[attr-defined]
    return finished, best.put_into(module) if best else None, train_s


def embed_only(config: EmbedConfig, run: RunWriter) -> bool:
    """Train nothing: embed every image with the encoder as it is, and say what the embeddings are worth."""
    machine, encoder, dataset = prepared(config, run)
    describe_run(config, run, dataset, machine, encoder)
    h, _ = frozen_features(config, run, dataset, encoder, machine)
    keep_embeddings(run, dataset, h)
    scores = with_interval(worth(h, dataset), dataset)
    run.results(val=scores, train_s=0.0, parameters_trained=0, method=config.method)
    save_model(run.path, encoder, None, model_card(config, run, dataset, encoder, scores))
    return True


def _unnoted(rate: float) -> None:
    """Steps on what was computed before say nothing about images."""
