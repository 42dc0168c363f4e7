"""Finished runs that nobody trained: the one maker for all tests. Images of one class lie close together."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sealife_core.config import AnyConfig, preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.classification.predictions import COLUMNS, predictions_table, write_predictions
from sealife_core.evaluation.classification.scores import scores
from sealife_core.evaluation.embeddings.stored_embeddings import write_embeddings, write_snapshot
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter

FEATURES = 16
Wrong = Callable[[np.ndarray], np.ndarray]
"""Of the places 0 … n − 1 of a split's images: which of them a classifier takes for the next class."""


def finished(config: AnyConfig, name: str = "") -> Run:
    """A run that is over and has written nothing else."""
    run = create_run(config, name=name)
    writer = RunWriter(run)
    writer.status(state="running", stage="training", epoch=1, epochs=1, step=1, steps=1, message="")
    writer.status(state="finished", epoch=1, step=1)
    return run


def clustered(dataset: Dataset, spread: float = 0.3, seed: int = 0) -> np.ndarray:
    """(N, 16) float32: a corner for each class, and noise of that spread around it."""
    draw = np.random.default_rng(seed)
    corners = 3 * np.eye(FEATURES)[dataset.labels % FEATURES]
    return (corners + spread * draw.normal(size=(len(dataset), FEATURES))).astype(np.float32)


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


def features_run(dataset: Dataset) -> Run:
    """A run that has computed ImageNet's features of every image."""
    config = preset("embed", data=dataset.name, encoder="tf_efficientnet_lite0", weights="imagenet")
    run = finished(config, "ImageNet")
    write_embeddings(run.path, dataset, clustered(dataset))
    return run


def classifier_run(dataset: Dataset, name: str = "Probe", seed: int = 0) -> Run:
    """A classifier with predictions of validation and test, every fifth of them wrong, but without scores."""
    run = finished(preset("scratch", "Quick look", data=dataset.name), name)
    write_embeddings(run.path, dataset, clustered(dataset, seed=seed))
    tables = [predictions_on(dataset, lambda place: place % 5 == 0, split) for split in ("val", "test")]
    write_predictions(pd.concat(tables, ignore_index=True), run.path)
    return run


def scratch_run(dataset: Dataset, name: str, right: int, *, seed: int = 0, test_hash: str = "") -> Run:
    """A classifier that names the first ``right`` test images right and all others wrong, with its curves."""
    run = create_run(preset("scratch", data=dataset.name, seed=seed), name=name)
    for step in (1, 2):
        RunWriter(run).metric(
            step, float(step), **{"train/loss": 2 / step, "val/loss": 2.5 / step, "val/accuracy": 0.2}
        )
    table = predictions_on(dataset, lambda place: place >= right, sure=0.55)
    return with_predictions(run, table, dataset.classes, test_hash or dataset.test_hash)


def with_predictions(
    run: Run, table: pd.DataFrame, classes: Sequence[str], test_hash: str = "same", **results: Any
) -> Run:
    """``run`` as a classifier leaves it: predictions, their scores on the test split, and its end."""
    write_predictions(table, run.path)
    test = table[table["split"] == "test"]
    found = scores(test["label"].map(list(classes).index).to_numpy(), np.stack(test["probabilities"].tolist()), classes)
    writer = RunWriter(run)
    writer.results(test=found, test_hash=test_hash, **{"train_s": 60.0, "parameters_trained": 5130} | results)
    writer.status(state="finished")
    return run


def predictions_on(dataset: Dataset, wrong: Wrong, split: str = "test", sure: float = 0.8) -> pd.DataFrame:
    """Predictions of the labelled images of ``split``, each with a probability of ``sure``."""
    rows = dataset.rows(split, labelled_only=True)
    said = next_where(wrong(np.arange(len(rows))), dataset.labels[rows], len(dataset.classes))
    return predictions_table(dataset, rows, split, probabilities(said, len(dataset.classes), sure))


def predictions_of(ids: Sequence[str], truth: np.ndarray, said: np.ndarray, classes: Sequence[str]) -> pd.DataFrame:
    """Predictions of test images of no data set; ``truth`` and ``said`` are indices into ``classes``."""
    names, chances = np.asarray(classes, dtype=object), probabilities(said, len(classes))
    loss = -np.log(chances[np.arange(len(ids)), truth])
    columns = (list(ids), "test", names[truth], names[said], chances.max(1), loss, list(chances))
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def next_where(wrong: np.ndarray, truth: np.ndarray, classes: int) -> np.ndarray:
    """The true class, and the one after it where ``wrong``."""
    return np.where(wrong, (truth + 1) % classes, truth)


def probabilities(said: np.ndarray, classes: int, sure: float = 0.8) -> np.ndarray:
    """(n, C) float32: ``sure`` for the class that is said, the rest spread evenly over the others."""
    found = np.full((len(said), classes), (1 - sure) / max(1, classes - 1), np.float32)
    found[np.arange(len(said)), said] = sure
    return found
