"""The only file that caches. Keys carry a file's time of change; every cache is bounded.

What depends on a process or on the clock (a run's state) is never cached.
"""

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import streamlit as st

from sealife_core.datasets.dataset import Dataset, list_datasets, open_dataset
from sealife_core.errors import SealifeError
from sealife_core.evaluation.embedded import FILES, INDEX, Embedded, Space, read_embeddings
from sealife_core.places import checkpoints_root, data_root
from sealife_core.runs.directory import Run, list_runs
from sealife_core.runs.run import METRICS, MetricsReader

if TYPE_CHECKING:
    import pandas as pd

    from dashboard.background import Job
    from dashboard.components.gallery_answers import Answers
    from dashboard.components.view_pairs import Preview


def datasets() -> list[str]:
    """The names of all data sets, sorted."""
    return list_datasets()


def dataset(name: str) -> Dataset:
    """The data set ``name``, read again only when it has changed. Raises DatasetError."""
    folder = data_root() / name
    return _dataset(str(folder), name, stamp(folder / "manifest.csv"), stamp(folder / "dataset.json"))


def previews(dataset: Dataset, rows: Sequence[int], image_size_px: int) -> list["Preview"]:
    """The pictures of ``rows`` decoded as training at ``image_size_px`` decodes them; only these, not the data set."""
    from sealife_core.datasets.pixels import cache_size_px

    side = cache_size_px(dataset, image_size_px)
    return [_preview(dataset, row, side, dataset.content_hash) for row in rows]


def runs() -> list[Run]:
    """All runs, newest first. Read from disk each time: the disk is the truth and the files are small."""
    return list_runs(checkpoints_root())


def metrics(run: Run) -> list[dict[str, Any]]:
    """The rows of the run's metrics.jsonl; only what was added since the last call is read."""
    reader, lock = _reader(str(run.path / METRICS))
    with lock:
        reader.poll()
        return list(reader.rows)


def embeddings(run: Run, of: Space = "h") -> Embedded:
    """The embeddings of a run, opened again only when they have changed. Raises RunError."""
    return _embeddings(str(run.path), of, stamp(run.path / INDEX), stamp(run.path / FILES[of]))


def predictions(run: Run) -> "pd.DataFrame":
    """The predictions of a run; to be read, not changed: all sessions share the table. Raises RunError."""
    return _predictions(str(run.path), stamp(run.path / "predictions.parquet"))


def stamp(path: Path) -> tuple[int, int]:
    """What changes when a file changes: its time and size, zeros if it is not there."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


# A data set is frozen, so all sessions may share one: cache_resource makes no copy of the table.
@st.cache_resource(max_entries=8, show_spinner=False)
def _dataset(folder: str, name: str, manifest: tuple[int, int], info: tuple[int, int]) -> Dataset:
    return open_dataset(name, Path(folder).parent)


@st.cache_resource(max_entries=256, show_spinner=False)
def _preview(_dataset: Dataset, row: int, side_px: int, content_hash: str) -> "Preview":
    import torch

    from dashboard.components.view_pairs import Preview
    from sealife_core.datasets.pixels import from_picture
    from sealife_core.datasets.reading import read_rgb

    square, aspect = from_picture(read_rgb(_dataset.image_path(row)), side_px)
    index = int(_dataset.labels[row])
    name = _dataset.classes[index] if index >= 0 else "unlabelled"
    return Preview(row, name, torch.from_numpy(square.copy()), aspect)


@st.cache_resource(max_entries=16, show_spinner=False)
def _embeddings(folder: str, of: Space, index: tuple[int, int], values: tuple[int, int]) -> Embedded:
    return read_embeddings(Path(folder), of)


@st.cache_resource(max_entries=16, show_spinner=False)
def _predictions(folder: str, changed: tuple[int, int]) -> "pd.DataFrame":
    from sealife_core.evaluation.predictions import read_predictions

    return read_predictions(Path(folder))


@st.cache_resource(max_entries=64, show_spinner=False)
def _reader(path: str) -> tuple[MetricsReader, Lock]:
    return MetricsReader(Path(path)), Lock()


def classes(name: str) -> tuple[str, ...]:
    """The classes of a data set in the order of their colours; () if it is gone or damaged."""
    try:
        return dataset(name).classes
    except SealifeError:
        return ()


@st.cache_resource(show_spinner=False)
def jobs() -> dict[str, "Job"]:
    """The imports and checks of this server, by key: one dictionary for all sessions. ``background`` keeps it small."""
    return {}


# -- Gallery -----------------------------------------------------------------------------------------------------------


def answers(run: Run) -> "Answers":
    """What a classifier answered, as the Gallery filters it. Raises RunError or DatasetError."""
    found = dataset(run.config().data)
    stamps = stamp(run.path / "predictions.parquet"), stamp(run.path / "results.json")
    return _answers(run, found, str(run.path), found.content_hash, stamps)


@st.cache_resource(max_entries=8, show_spinner=False)
def _answers(_run: Run, _dataset: Dataset, path: str, content_hash: str, changed: tuple[Any, ...]) -> "Answers":
    from dashboard.components.gallery_answers import answers_of

    return answers_of(predictions(_run), _dataset, _run.results())
