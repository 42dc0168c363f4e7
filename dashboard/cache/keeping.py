"""How results are kept: by what they were made from, or by a name, for all sessions of this server."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import streamlit as st

from dashboard.data.contrast.encoder_sources import EncoderSource
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.batch_inference.inference_jobs import InferenceJob
from sealife_core.evaluation.embeddings.stored_embeddings import snapshot_folder
from sealife_core.runs.files import mark
from sealife_core.runs.run import MODEL, Run

Stamp = tuple[int, int]
F = TypeVar("F", bound=Callable[..., Any])


def stamp(path: Path) -> Stamp:
    """Changes when a file does: its time and size, zeros if it is not there."""
    return mark(path)[1:]


def encoder_key(source: EncoderSource) -> tuple[str, Stamp]:
    """Of an encoder to look through: its name in a link, and the stamp of its file."""
    if source.run is None:
        return source.spec, (0, 0)
    folder = source.run.path if source.epoch is None else snapshot_folder(source.run.path, source.epoch)
    return source.spec, stamp(folder / MODEL)


def kept(most: int, *files: str, spinner: str | Literal[False] = False) -> Callable[[F], F]:
    """Decorator: remember what a function returns, ``most`` results for all sessions, which share them.

    The key of a run, and of many pictures under it, is its folder and the stamps of those ``files`` of it that the
    function reads; that of a data set is its content and version. As with Streamlit's own, a parameter whose name
    begins with "_" is no part of the key, and a default that is not passed is another key than the same value passed:
    there are none.
    """

    def read(folder: Path) -> tuple[str | Stamp, ...]:
        return str(folder), *(stamp(folder / name) for name in files)

    keys: dict[str | type, Callable[[Any], Any]] = {
        Run: lambda run: read(run.path),
        InferenceJob: lambda job: read(job.folder),
        Dataset: lambda dataset: (str(dataset.folder), dataset.content_hash, dataset.version),
        EncoderSource: encoder_key,
    }
    return cast(Callable[[F], F], st.cache_resource(max_entries=most, show_spinner=spinner, hash_funcs=keys))


@st.cache_resource(show_spinner=False)
def shared(name: str) -> dict[Any, Any]:
    """The dictionary of that name: one for all sessions of this server. Who writes into it bounds it."""
    return {}


def keep_newest(held: dict[Any, Any], key: object, value: object, most: int) -> None:
    """Set ``key``; of more than ``most``, those that were set longest ago are dropped."""
    held.pop(key, None)
    held[key] = value
    while len(held) > most:
        held.pop(next(iter(held)), None)
