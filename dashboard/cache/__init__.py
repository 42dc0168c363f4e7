"""The only room that caches, a file a subject. Keys carry a file's time of change; every cache is bounded.

What depends on a process or on the clock (a run's state) is never cached.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeVar, cast

import pandas as pd
import streamlit as st

from sealife_core.config import AnyConfig, Request
from sealife_core.datasets.corrections import versions
from sealife_core.datasets.corrections.entries import LOG
from sealife_core.datasets.corrections.versions import Seen
from sealife_core.datasets.dataset import Dataset, newest_first, open_dataset
from sealife_core.datasets.manifest import INFO, MANIFEST
from sealife_core.errors import SealifeError
from sealife_core.evaluation.classification.predictions import read_predictions
from sealife_core.evaluation.figures.palette import class_colours
from sealife_core.folders import checkpoints_root, data_root, path_of
from sealife_core.launching.data_checks import Problem
from sealife_core.launching.launch_checks import problems_of
from sealife_core.models import imagenet
from sealife_core.runs.directory import list_runs
from sealife_core.runs.files import MetricsReader, mark
from sealife_core.runs.run import METRICS, PREDICTIONS, Run
from sealife_core.runs.scheduling.forecast import QueueForecast, queue_forecast

if TYPE_CHECKING:  # they import torch or Pillow
    from dashboard.data.previews import Preview
    from sealife_core.datasets.grouping.patterns import Pattern
    from sealife_core.datasets.grouping.preview import ImportPreview
    from sealife_core.datasets.grouping.regrouping import Regrouping
    from sealife_core.datasets.imports.finding import ClassFolder


Stamp = tuple[int, int]
F = TypeVar("F", bound=Callable[..., Any])


def stamp(path: Path) -> Stamp:
    """Changes when a file does: its time and size, zeros if it is not there."""
    return mark(path)[1:]


def kept(most: int, *files: str, spinner: str | Literal[False] = False) -> Callable[[F], F]:
    """Decorator: remember what a function returns, ``most`` results for all sessions, which share them.

    The key of a run is its folder and the stamps of those ``files`` of it that the function reads; that of a data set
    is its content and version. As with Streamlit's own, a parameter whose name begins with "_" is no part of the key,
    and a default that is not passed is another key than the same value passed: there are none.
    """
    keys: dict[str | type, Callable[[Any], Any]] = {
        Run: lambda run: (str(run.path), *(stamp(run.path / name) for name in files)),
        Dataset: lambda dataset: (str(dataset.folder), dataset.content_hash, dataset.version),
    }
    return cast(Callable[[F], F], st.cache_resource(max_entries=most, show_spinner=spinner, hash_funcs=keys))


def datasets() -> list[str]:
    """The names of all data sets, the newest first: the one that a person most likely means."""
    return newest_first()


def dataset(name: str, *, content_hash: str = "") -> Dataset:
    """As :func:`open_dataset`, read again only when the data set has changed. Raises DatasetError."""
    folder = data_root() / name
    return _dataset(str(folder), name, content_hash, *(stamp(folder / file) for file in (MANIFEST, INFO, LOG)))


@kept(64)
def seen(dataset: Dataset, content_hash: str) -> Seen:
    """Which version of ``dataset`` has that content, and what was corrected since."""
    return versions.seen(dataset, content_hash)


def previews(dataset: Dataset, rows: Sequence[int], image_size_px: int) -> list["Preview"]:
    """The pictures of ``rows`` decoded as training at ``image_size_px`` decodes them; only these, not the data set."""
    from sealife_core.datasets.decoding.pixels import cache_size_px

    side = cache_size_px(dataset, image_size_px)
    return [_preview(dataset, row, side) for row in rows]


def launch_problems(request: Request) -> list[Problem]:
    """What would keep ``request`` from ending well; a network is asked once a minute at most."""
    return problems_of(request, dataset(request.data), online=online)


@st.cache_data(ttl=60, show_spinner="Checking whether the weights can be downloaded…")
def online(encoder: str) -> bool | None:
    """Whether the published weights of ``encoder`` can be downloaded; None where nothing answers."""
    return imagenet.reachable(encoder)


def runs() -> list[Run]:
    """All runs that train or embed, newest first. From disk each time: it is the truth, and the files are small."""
    return [run for run in list_runs(checkpoints_root()) if not run.launches_runs]


def studies() -> list[Run]:
    """All studies, newest first."""
    return [run for run in list_runs(checkpoints_root()) if run.launches_runs]


def forecasts(asked: AnyConfig | None = None) -> dict[str, QueueForecast]:
    """When each run that waits for this machine starts, and ``asked`` as ASKED. Read from disk each time."""
    return queue_forecast(checkpoints_root(), dataset, metrics, asked)


def metrics(run: Run) -> list[dict[str, Any]]:
    """The rows of the run's metrics.jsonl; only what was added since the last call is read."""
    reader, lock = _reader(str(run.path / METRICS))
    with lock:
        reader.poll()
        return list(reader.rows)


@kept(16, spinner="Grouping the pictures…")
def regrouping(dataset: Dataset, pattern: "Pattern") -> "Regrouping":
    """What grouping ``dataset`` by ``pattern`` would do. Raises DatasetError."""
    from sealife_core.datasets.grouping.regrouping import plan_regrouping

    return plan_regrouping(dataset, pattern)


@st.cache_resource(ttl=60, max_entries=16, show_spinner="Looking at the names…")
def import_preview(
    path: str, _upload: BinaryIO | None, file_id: str, pattern: "Pattern", class_folder: "ClassFolder"
) -> "ImportPreview":
    """What ``pattern`` makes of the folder, zip or CSV at ``path``, as it was within the last minute; or of a zip that
    was uploaded, which ``file_id`` tells from others. Raises DatasetError."""
    from sealife_core.datasets.grouping.preview import preview_import

    return preview_import(_upload or path_of(path), pattern, class_folder)


@st.cache_resource(ttl=60, max_entries=16, show_spinner="Looking at the table…")
def columns_to_import(path: str, _upload: BinaryIO | None, file_id: str) -> tuple[str, ...]:
    """The further columns of the table that ``path`` or the upload brings along; as ``import_preview``."""
    from sealife_core.datasets.grouping.preview import columns_to_import

    return columns_to_import(_upload or path_of(path))


@kept(16, PREDICTIONS)
def predictions(run: Run) -> pd.DataFrame:
    """The predictions of a run; to be read, not changed: all sessions share the table. Raises RunError."""
    return read_predictions(run.path)


def predictions_or_none(run: Run) -> pd.DataFrame | None:
    """As :func:`predictions`, or None: an encoder alone predicts nothing."""
    try:
        return predictions(run)
    except SealifeError:
        return None


# A data set is frozen, so all sessions may share one: cache_resource makes no copy of the table.
# As many as a page shows cards of: with fewer, each visit would read them all again.
@st.cache_resource(max_entries=64, show_spinner=False)
def _dataset(folder: str, name: str, content_hash: str, manifest: Stamp, info: Stamp, log: Stamp) -> Dataset:
    return open_dataset(name, Path(folder).parent, content_hash=content_hash)


@kept(256)
def _preview(dataset: Dataset, row: int, side_px: int) -> "Preview":
    from dashboard.data.previews import preview_of

    return preview_of(dataset, row, side_px)


@st.cache_resource(max_entries=64, show_spinner=False)
def _reader(path: str) -> tuple[MetricsReader, Lock]:
    return MetricsReader(Path(path)), Lock()


def colours_of_classes(name: str) -> dict[str, str]:
    """Class → its colour, of all classes of a data set; {} if it is gone or damaged."""
    try:
        return class_colours(dataset(name))
    except SealifeError:
        return {}


@st.cache_resource(show_spinner=False)
def jobs() -> dict[str, Any]:
    """The jobs of ``background`` by key: one dictionary for all sessions of this server. ``background`` bounds it."""
    return {}
