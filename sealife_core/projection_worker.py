"""The background process of one projection: ``python -m sealife_core.projection_worker FOLDER``.

FOLDER is that of the projection, below a run; ``stored_projections.request`` starts it. Errors become one sentence in
``status.json``; the traceback is in the log.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sealife_core.config import parse
from sealife_core.datasets.dataset import Dataset, dataset_or_none
from sealife_core.evaluation.embeddings.array_store import write_array
from sealife_core.evaluation.embeddings.feature_quality import knn_accuracy, voters
from sealife_core.evaluation.embeddings.stored_embeddings import read_embeddings, read_snapshots, rows_of
from sealife_core.evaluation.projections.film import fit_film
from sealife_core.evaluation.projections.reduction import ProjectionSettings, fit_umap, sample, trustworthiness
from sealife_core.evaluation.projections.stored_projections import FACTS, IDS, POINTS
from sealife_core.evaluation.projections.umap_fit import usable_neighbours
from sealife_core.runs.files import read_json, replace_json
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.side_process import REQUEST, StatusFile, carry_out, end_with

KNN, TRUST_K, TRUST_MOST = 20, 15, 5000


@dataclass(frozen=True)
class ProjectionInput:
    """The input of a projection: ``values`` (n, D), of a film (E, n, D), and the data set of its images; None if that
    is gone."""

    values: np.ndarray
    ids: tuple[str, ...]
    epochs: tuple[int, ...]
    dataset: Dataset | None


def main(folder: Path) -> int:
    """Compute the projection in ``folder``. Returns the exit status: 0 done, 1 failed."""
    return carry_out(folder, compute, "Project fewer points, or close other programs.")


def compute(folder: Path, status: StatusFile) -> None:
    """Compute and store the projection that the request in ``folder`` describes."""
    run_path = folder.parent.parent
    request = read_json(folder / REQUEST) or {}
    settings = parse(ProjectionSettings, request.get("settings") or {})
    film = request.get("what") == "film"
    status.tell("reading the embeddings", 0, 0)
    source = _snapshots(run_path) if film else _embeddings(run_path, settings)
    rows = np.arange(len(source.ids)) if film else sample(len(source.ids), settings.most_points, settings.seed)
    values = source.values if film else np.asarray(source.values[rows])
    began = time.perf_counter()
    points = fit_film(values, settings, status.tell) if film else fit_umap(values, settings, status.tell)
    facts = settings.model_dump(mode="json") | {
        "n": len(rows),
        "sampled_from": len(source.ids),
        "fit_s": time.perf_counter() - began,
        "neighbours": usable_neighbours(len(rows), settings.neighbours),
        "notes": _notes(settings, len(rows), len(source.ids)),
    }
    facts |= _trust(values, points, settings, status) | _knn(source, status)
    write_array(folder / POINTS, points)
    replace_json(folder / IDS, {"ids": [source.ids[row] for row in rows], "epochs": list(source.epochs)})
    replace_json(folder / FACTS, facts)
    status.write(state="done", stage="", done=0, total=0)


def _embeddings(run_path: Path, settings: ProjectionSettings) -> ProjectionInput:
    found = read_embeddings(run_path, settings.of)
    return ProjectionInput(found.values, found.ids, (), dataset_or_none(found.data))


def _snapshots(run_path: Path) -> ProjectionInput:
    found = read_snapshots(run_path)
    config = Run(run_path).config_or_none()
    return ProjectionInput(found.values, found.ids, found.epochs, dataset_or_none(config.data) if config else None)


def _notes(settings: ProjectionSettings, n: int, of: int) -> list[str]:
    notes = []
    if (used := usable_neighbours(n, settings.neighbours)) < settings.neighbours:
        notes.append(f"Neighbours were reduced from {settings.neighbours} to {used}: there are {n} images.")
    if n < of:
        notes.append(f"{n:,} of {of:,} images are shown: a random sample.")
    return notes


def _trust(values: np.ndarray, points: np.ndarray, settings: ProjectionSettings, status: StatusFile) -> dict[str, Any]:
    status.tell("measuring trustworthiness", 0, 0)
    frames = list(zip(values, points, strict=True)) if points.ndim == 3 else [(values, points)]
    measured = [trustworthiness(x, y, TRUST_K, TRUST_MOST, settings.seed, settings.metric) for x, y in frames]
    n = min(len(points[0]) if points.ndim == 3 else len(points), TRUST_MOST)
    return {
        "trustworthiness": measured if points.ndim == 3 else measured[0],
        "trustworthiness_n": n,
        "trustworthiness_k": min(TRUST_K, (n - 1) // 2),
    }


def _knn(source: ProjectionInput, status: StatusFile) -> dict[str, Any]:
    """k-NN accuracy of the labelled images in the space that was projected, also of images that are not shown."""
    if source.dataset is None:
        return {}
    rows = rows_of(source.ids, source.dataset)
    labels = np.where(rows >= 0, source.dataset.labels[rows], -1)
    splits = np.where(labels >= 0, source.dataset.manifest["split"].to_numpy(dtype=str)[rows], "")
    split = "val" if "val" in splits else "test"  # the test split only where there is no validation
    bank, queries = voters(labels, splits, split)
    if not len(bank) or not len(queries):
        return {}
    status.tell("measuring k-NN accuracy", 0, 0)
    frames = source.values if source.values.ndim == 3 else source.values[None]
    measured = [knn_accuracy(x[bank], labels[bank], x[queries], labels[queries], KNN) for x in frames]
    return {
        "knn_accuracy": measured if source.values.ndim == 3 else measured[0],
        "knn_k": min(KNN, len(bank)),
        "knn_bank_n": len(bank),
        "knn_n": len(queries),
        "knn_split": split,
    }


if __name__ == "__main__":
    end_with(main)
