"""Finished runs with made-up embeddings, so that nothing need be trained: pictures of one class lie close together."""

import numpy as np
import pandas as pd

from sealife_core.config import AnyConfig, preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.classification.predictions import predictions_table, write_predictions
from sealife_core.evaluation.embeddings.stored_embeddings import write_embeddings, write_snapshot
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter

FEATURES = 16


def clustered(dataset: Dataset, spread: float = 0.3, seed: int = 0) -> np.ndarray:
    """(N, 16) float32: a corner for each class, and noise of that spread around it."""
    draw = np.random.default_rng(seed)
    corners = 3 * np.eye(FEATURES)[dataset.labels % FEATURES]
    return (corners + spread * draw.normal(size=(len(dataset), FEATURES))).astype(np.float32)


def finished(config: AnyConfig, name: str) -> Run:
    """A run that is over and has written nothing else."""
    run = create_run(config, name=name)
    writer = RunWriter(run)
    writer.status(state="running", stage="training", epoch=1, epochs=1, step=1, steps=1, message="")
    writer.status(state="finished", epoch=1, step=1)
    return run


def simclr_run(dataset: Dataset, name: str = "SimCLR", snapshots: int = 0, seed: int = 0) -> Run:
    """A SimCLR run; ``snapshots`` of the first 40 images lead from noise to where they end."""
    run = finished(preset("simclr", "Quick look", data=dataset.name), name)
    h = clustered(dataset, seed=seed)
    write_embeddings(run.path, dataset, h, z=h[:, :8])
    noise = np.random.default_rng(1).normal(size=h.shape)
    ids = tuple(dataset.manifest["id"].iloc[:40])
    for epoch in range(snapshots):
        part = epoch / max(1, snapshots - 1)
        write_snapshot(run.path, ids, epoch, (part * h + (1 - part) * noise)[:40])
    return run


def classifier_run(dataset: Dataset, name: str = "Probe", seed: int = 0, wrong_every: int = 5) -> Run:
    """A classifier with predictions of validation and test; every fifth of them is wrong."""
    run = finished(preset("scratch", "Quick look", data=dataset.name), name)
    write_embeddings(run.path, dataset, clustered(dataset, seed=seed))
    tables = []
    for split in ("val", "test"):
        rows = dataset.rows(split, labelled_only=True)
        said = dataset.labels[rows].copy()
        said[::wrong_every] = (said[::wrong_every] + 1) % len(dataset.classes)
        probabilities = np.full((len(rows), len(dataset.classes)), 0.2 / (len(dataset.classes) - 1), np.float32)
        probabilities[np.arange(len(rows)), said] = 0.8
        tables.append(predictions_table(dataset, rows, split, probabilities))
    write_predictions(pd.concat(tables, ignore_index=True), run.path)
    return run


def with_model(run: Run, dataset: Dataset, seed: int = 0) -> Run:
    """``run`` with an untrained ResNet18 as its model, which sees 32 px, and the embeddings that this one gives."""
    import torch

    from sealife_core.evaluation.embeddings.picture_encoder import PictureEncoder
    from sealife_core.models.checkpoint import ModelCard, save_model
    from sealife_core.models.encoders import build_encoder
    from sealife_core.models.facts import IMAGENET_MEAN, IMAGENET_STD

    torch.manual_seed(seed)
    card = ModelCard(
        kind="simclr", encoder="resnet18", stem="small", feature_dim=512, classes=[], image_size_px=32,
        mean=list(IMAGENET_MEAN), std=list(IMAGENET_STD), data=dataset.name, data_hash=dataset.content_hash,
    )  # fmt: skip
    save_model(run.path, build_encoder("resnet18", "small"), None, card)
    files = [dataset.image_path(row) for row in range(len(dataset))]
    write_embeddings(run.path, dataset, PictureEncoder(run.path).features(files))
    return run
