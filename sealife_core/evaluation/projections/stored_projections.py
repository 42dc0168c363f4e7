"""Projections of a run as files, each computed by a process of its own, so that no page waits for it.

RUN/projections/<what>-<key>/
  request.json   written by the caller: the settings, and a fingerprint of the embeddings
  process.json, status.json, log.txt     as in side_process.py
  points.npy, ids.json, facts.json     written by the process at the end: (n, dims) or (E, n, 2); image ids; facts

Imports neither torch nor umap-learn nor scikit-learn, so that finished projections can be read at once.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from sealife_core.durable import held
from sealife_core.errors import RunError, disk_errors
from sealife_core.evaluation.embeddings.array_store import read_array
from sealife_core.evaluation.embeddings.stored_embeddings import (
    FILES,
    INDEX,
    has_embeddings,
    is_finite,
    read_embeddings,
    read_snapshots,
)
from sealife_core.evaluation.projections.reduction import ProjectionSettings
from sealife_core.runs.contents import FACTS_SHAPE, INDEX_SHAPE, PROJECTION_SHAPE
from sealife_core.runs.files import UnreadableFile, read_json, readable_json
from sealife_core.runs.run import SNAPSHOTS
from sealife_core.runs.scheduling.side_process import REQUEST, STATUS, last_words, lives, start_anew

What = Literal["umap", "film"]
PROJECTIONS, LOCK = "projections", ".projections.lock"
POINTS, IDS, FACTS = "points.npy", "ids.json", "facts.json"
_PARTS, _PART_BYTES = 16, 4096  # read of each file for a fingerprint


@dataclass(frozen=True)
class Projection:
    """The state of a projection. ``stage``, ``done`` of ``total`` (0: unknown) while it runs; ``error`` if it failed.

    When it is done: ``points`` (n, dims), of a film (E, n, 2), float32; the ``ids`` of its n images; a film's
    ``epochs``; and ``facts``: the settings, fit_s, n, sampled_from, trustworthiness (of trustworthiness_n images), with
    labels knn_accuracy (of knn_n images of split knn_split, with a bank of knn_bank_n training images), for a film one
    per frame; ``notes``: sentences on differences to the request.
    """

    state: Literal["absent", "running", "done", "failed"]
    stage: str = ""
    done: int = 0
    total: int = 0
    error: str = ""
    ids: tuple[str, ...] = ()
    points: Float[np.ndarray, "*frames n dims"] = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    epochs: tuple[int, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


def folder_of(run_path: Path, settings: ProjectionSettings, what: What = "umap") -> Path:
    """The folder of a projection of the run in ``run_path``. A film always has two dimensions and is of h."""
    if what == "film":
        settings = settings.model_copy(update={"dims": 2, "of": "h"})
    return run_path / PROJECTIONS / f"{what}-{settings.key}"


def find(run_path: Path, settings: ProjectionSettings, what: What = "umap") -> Projection:
    """The projection as it is on disk; takes milliseconds. It is absent if the run has other embeddings by now."""
    folder = folder_of(run_path, settings, what)
    try:
        request, status = read_json(folder / REQUEST), read_json(folder / STATUS, PROJECTION_SHAPE) or {}
    except UnreadableFile as error:
        return Projection("failed", error=f"{error} Compute the projection again.")
    if request is None or request.get("source") != fingerprint(run_path, what, settings.of):
        return Projection("absent")
    said = status.get("state")
    if said == "done":
        return _read(folder)
    if said == "failed":
        error = status.get("error") or "It failed for an unknown reason. Compute it again."
        return Projection("failed", error=error)
    if not lives(folder, status):
        ended = "The process ended before the projection was ready, perhaps because memory ran out. Compute it again."
        return Projection("failed", error=ended + last_words(folder))
    stage, done, total = (status.get(name) for name in ("stage", "done", "total"))
    return Projection("running", stage=stage or "starting", done=done or 0, total=total or 0)


def request(run_path: Path, settings: ProjectionSettings, what: What = "umap") -> None:
    """Start to compute a projection in the background, unless it is running or done; a failed one is started again.

    Returns at once. Raises RunError if the run has no embeddings (for a film: no snapshots) or is not writable.
    """
    if find(run_path, settings, what).state in ("running", "done"):
        return
    if what == "film":
        read_snapshots(run_path)  # raises where they are missing, as below
    elif not has_embeddings(run_path, settings.of):
        read_embeddings(run_path, settings.of)
    folder = folder_of(run_path, settings, what)
    with _locked(run_path):
        if find(run_path, settings, what).state in ("running", "done"):  # another process was faster
            return
        folder.mkdir(parents=True, exist_ok=True)
        for name in (POINTS, IDS, FACTS):
            (folder / name).unlink(missing_ok=True)
        source = fingerprint(run_path, what, settings.of)
        asked = {"what": what, "settings": settings.model_dump(mode="json"), "source": source}
        start_anew(folder, "sealife_core.projection_worker", {"stage": "starting"}, asked)


def fingerprint(run_path: Path, what: What, of: Literal["h", "z"] = "h") -> str:
    """A hash of parts of the run's embeddings or snapshots; the same for a copy of the run."""
    # Without the folders of models and the pairs of views, which no film shows and older runs do not have.
    snapshots = sorted(file for file in (run_path / SNAPSHOTS).glob("*.*") if not file.name.startswith("pairs-"))
    paths = [run_path / INDEX, run_path / FILES[of]] if what == "umap" else snapshots
    digest = hashlib.sha256()
    for path in paths:
        if not path.name.startswith("."):
            digest.update(path.name.encode() + _sparsely(path))
    return digest.hexdigest()[:16]


def _sparsely(path: Path) -> bytes:
    """The size of a file and _PARTS evenly spread pieces of it: training changes a file everywhere."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            pieces = [str(size).encode()]
            for part in range(_PARTS):
                file.seek(max(0, size - _PART_BYTES) * part // (_PARTS - 1))
                pieces.append(file.read(_PART_BYTES))
            return b"".join(pieces)
    except OSError:
        return b""


def _read(folder: Path) -> Projection:
    points, facts = read_array(folder / POINTS), readable_json(folder / FACTS, FACTS_SHAPE)
    ids = readable_json(folder / IDS, INDEX_SHAPE)
    names, epochs = ids.get("ids") or (), ids.get("epochs") or ()
    expected = (len(epochs), len(names))[0 if epochs else 1 :]
    if not facts or points is None or points.shape[:-1] != expected or not is_finite(points):
        error = "The files of the projection are damaged and cannot be read. Compute it again."
        return Projection("failed", error=error)
    return Projection("done", ids=tuple(map(str, names)), points=points, epochs=tuple(epochs), facts=facts)


@contextmanager
def _locked(run_path: Path) -> Iterator[None]:
    """Lock the run's projections for a moment, so that two callers at the same time start one process."""
    said = f"The projection cannot be saved in run '{run_path.name}'."
    with disk_errors(RunError, said), held(run_path / LOCK, f"The projections of run '{run_path.name}'", RunError):
        yield
