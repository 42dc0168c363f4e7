"""Predictions of many pictures, kept until more of them are written."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.cache.keeping import Stamp, kept, stamp
from dashboard.data.inference_columns import InferenceColumns, columns_of
from sealife_core.datasets.decoding.reading import read_rgb
from sealife_core.datasets.decoding.thumbnails import shrunk
from sealife_core.datasets.given_classes import ByHand
from sealife_core.datasets.imports.finding import Skipped
from sealife_core.errors import DatasetError, RunError
from sealife_core.evaluation.batch_inference.corrected_classes import CORRECTED, read_given
from sealife_core.evaluation.batch_inference.inference_jobs import FILES, ROWS, InferenceJob, read_files, read_rows
from sealife_core.runs.files import readable_json
from sealife_core.runs.run import PREDICTIONS, Run

if TYPE_CHECKING:  # it imports SciPy
    from sealife_core.evaluation.classification.selective import Validated

CARD = "model.json"
THUMBNAIL_PX = 96


@kept(4, ROWS)
def columns(job: InferenceJob) -> InferenceColumns:
    """The rows of a job that are there."""
    return columns_of(read_rows(job.folder))


@kept(4, FILES)
def files(job: InferenceJob) -> tuple[list[tuple[str, Path]], Skipped]:
    """(name, path) of the files of a job, and (name, reason) of what is none."""
    return read_files(job.folder) or ([], [])


@kept(4, CORRECTED)
def given(job: InferenceJob) -> Mapping[int, ByHand]:
    """The classes that people gave to pictures of a job, by their places in it. Raises RunError."""
    return read_given(job.folder)


def thumbnails(job: InferenceJob, places: Sequence[int]) -> list[bytes]:
    """A small JPEG of each of the files at ``places``; empty where it cannot be read."""
    listed, _ = files(job)
    paths = [listed[place][1] for place in places]
    return _thumbnails(tuple((str(path), stamp(path)) for path in paths))


@kept(8, PREDICTIONS, CARD)
def validated(run: Run) -> "tuple[Validated | None, str]":
    """What a run's validation predictions say of its confidences; None and the reason where they say nothing."""
    from sealife_core.evaluation.classification.selective import validated

    try:
        return validated(run.path, readable_json(run.path / CARD).get("classes") or []), ""
    except RunError as error:
        return None, str(error)


@st.cache_data(max_entries=32, show_spinner=False)
def _thumbnails(files: tuple[tuple[str, Stamp], ...]) -> list[bytes]:
    with ThreadPoolExecutor() as threads:
        return list(threads.map(_thumbnail, (path for path, _ in files)))


def _thumbnail(path: str) -> bytes:
    try:
        return shrunk(read_rgb(Path(path), 2 * THUMBNAIL_PX), THUMBNAIL_PX)
    except DatasetError:
        return b""
