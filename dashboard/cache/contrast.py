"""Encoders that views are looked at through, ready to use, and what they make of a batch."""

from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.cache import Stamp, kept, previews, stamp
from dashboard.data.contrast.ablation_findings import CHANGED, Measures, measured
from dashboard.data.contrast.encoder_sources import COMES_ALONG, OF_IMAGENET, VOTING_PX, EncoderSource
from sealife_core.config import ViewRecipe
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast import training_dynamics
from sealife_core.evaluation.embeddings.stored_embeddings import (
    FILES,
    Snapshots,
    Space,
    read_snapshots,
    snapshot_folder,
)
from sealife_core.progress import Progress
from sealife_core.runs.run import METRICS, MODEL, PREDICTIONS, SNAPSHOTS, Run

if TYPE_CHECKING:  # they import torch
    from torch import Tensor

    from dashboard.data.contrast.view_batches import ViewBatch
    from sealife_core.evaluation.contrast.invariance import Response
    from sealife_core.evaluation.contrast.neighbour_vote import Vote
    from sealife_core.evaluation.contrast.readout import Readout
    from sealife_core.evaluation.contrast.view_encoder import ViewEncoder

MOST_RESPONSES = 32  # up to 100 kB each
_COLOUR_PX = 64  # whether there is colour is seen on small pictures


def view_encoder(source: EncoderSource) -> tuple["ViewEncoder", Lock]:
    """The encoder, and the lock to hold while it is used. Imports torch. Raises WeightsError."""
    return _opened(source, source.spec, _stamp(source))


# Not ``kept``: the key of an encoder is its name in a link, and when its file changed.
@st.cache_resource(max_entries=6, show_spinner="Opening the encoder…")
def _opened(_source: EncoderSource, spec: str, changed: Stamp) -> tuple["ViewEncoder", Lock]:
    return _source.opened(), Lock()


def _stamp(source: EncoderSource) -> Stamp:
    if source.run is None:
        return 0, 0
    folder = source.run.path if source.epoch is None else snapshot_folder(source.run.path, source.epoch)
    return stamp(folder / MODEL)


def view_batch(
    dataset: Dataset, rows: tuple[int, ...], recipe: ViewRecipe, drawing: int, source: EncoderSource
) -> "ViewBatch":
    """Two views of each of the pictures ``rows``, embedded. Imports torch. Raises DatasetError, WeightsError."""
    return _view_batch(dataset, rows, recipe.model_dump_json(), drawing, source, source.spec, _stamp(source))


@kept(16)
def _view_batch(
    dataset: Dataset, rows: tuple[int, ...], recipe: str, drawing: int, _source: EncoderSource, spec: str,
    changed: Stamp,
) -> "ViewBatch":  # fmt: skip
    from dashboard.data.contrast.view_batches import view_batch

    encoder, lock = view_encoder(_source)
    pictures = previews(dataset, rows, encoder.image_size_px)
    with lock:
        return view_batch(dataset, pictures, ViewRecipe.model_validate_json(recipe), drawing, encoder)


def responses(
    source: EncoderSource, dataset: Dataset, rows: tuple[int, ...], progress: Progress | None = None
) -> dict[Space, "Response"]:
    """What an encoder makes of ``rows`` under each augmentation, once. Raises WeightsError, DatasetError."""
    held, key = _responses(), _key(source, dataset, rows)
    if key not in held:
        import torch

        from sealife_core.evaluation.contrast import invariance

        seen, lock = view_encoder(source)
        pictures = previews(dataset, rows, seen.image_size_px)
        squares = torch.stack([picture.square for picture in pictures])
        aspects = torch.tensor([picture.aspect for picture in pictures])
        with lock:  # another session may have asked for the same
            found = held.get(key) or invariance.responses(seen, squares, aspects, progress)
        held[key] = found
        while len(held) > MOST_RESPONSES:
            held.pop(next(iter(held)), None)
    return held[key]


def readouts(dataset: Dataset, rows: tuple[int, ...], source: EncoderSource) -> "dict[Space, Readout]":
    """What can be read from h and z of ``rows`` after changes. Imports torch. Raises DatasetError, WeightsError."""
    return _readouts(dataset, rows, source, source.spec, _stamp(source))


@kept(32, spinner="Changing pictures, and reading what was done from h and z…")
def _readouts(
    dataset: Dataset, rows: tuple[int, ...], _source: EncoderSource, spec: str, changed: Stamp
) -> "dict[Space, Readout]":
    from torch import stack, tensor

    from sealife_core.evaluation.contrast.readout import readouts

    seen, lock = view_encoder(_source)
    pictures = previews(dataset, rows, seen.image_size_px)
    squares = stack([picture.square for picture in pictures])
    with lock:
        return readouts(seen, squares, tensor([picture.aspect for picture in pictures]))


@kept(32)
def is_grey(dataset: Dataset, rows: tuple[int, ...]) -> bool:
    """As :func:`invariance.is_grey`. Imports torch. Raises DatasetError."""
    from torch import stack

    from sealife_core.evaluation.contrast import invariance

    return invariance.is_grey(stack([picture.square for picture in previews(dataset, rows, _COLOUR_PX)]))


def held_responses(source: EncoderSource, dataset: Dataset, rows: tuple[int, ...]) -> dict[Space, "Response"] | None:
    """As :func:`responses`, where they were computed before."""
    return _responses().get(_key(source, dataset, rows))


def _key(source: EncoderSource, dataset: Dataset, rows: tuple[int, ...]) -> tuple[object, ...]:
    return source.spec, _stamp(source), str(dataset.folder), dataset.content_hash, rows


@st.cache_resource(show_spinner=False)
def _responses() -> dict[tuple[object, ...], dict[Space, "Response"]]:
    return {}


@kept(256, spinner="Asking ImageNet's network where it looks…")
def animal_activation(dataset: Dataset, row: int) -> "Tensor":
    """Where ImageNet's encoder responds most in a picture: (rows, columns) in 0 … 1. Raises SealifeError."""
    from torch import ones

    from sealife_core.evaluation.contrast import animal_activation as of_encoder
    from sealife_core.views.sampling import centre_view
    from sealife_core.views.transforms import apply_views

    seen, lock = view_encoder(OF_IMAGENET)
    (preview,) = previews(dataset, [row], seen.image_size_px)
    picture = apply_views(preview.square[None], centre_view(ones(1)), seen.image_size_px)
    with lock:
        return of_encoder.animal_activation(seen, picture)


# What a run stored while it learned; the folder changes with every snapshot.
@kept(16, SNAPSHOTS)
def moments(run: Run, temperature: float, normalised: bool) -> list[training_dynamics.Moment]:
    """As :func:`training_dynamics.moments`. Raises RunError."""
    return training_dynamics.moments(run.path, temperature, normalised=normalised)


@kept(16, SNAPSHOTS)
def snapshots(run: Run) -> Snapshots:
    """As :func:`read_snapshots`. Raises RunError."""
    return read_snapshots(run.path)


@kept(16, SNAPSHOTS)
def knn_right(run: Run, dataset: Dataset) -> tuple[np.ndarray, float]:
    """As :func:`training_dynamics.knn_right_by_epoch`. Raises RunError."""
    return training_dynamics.knn_right_by_epoch(snapshots(run), dataset)


# What cannot be read is part of the answer: it is asked again once a file is another one.
@kept(16, METRICS, PREDICTIONS, MODEL, SNAPSHOTS, *FILES.values(), spinner="Both runs are asked the same pictures…")
def broken_measures(intact: Run, broken: Run, dataset: Dataset, other: Dataset, seeds: tuple[Run, ...]) -> Measures:
    """As :func:`measured`. Imports torch."""
    from dashboard.data.contrast.ignored_charts import unseen_rows

    rows = tuple(unseen_rows(dataset, CHANGED))
    return measured(
        intact, broken, dataset, other, seeds, lambda run: responses(EncoderSource(run.id, "", run), dataset, rows)["h"]
    )


@kept(4, spinner="ImageNet’s encoder looks at some of your pictures…")
def imagenet_vote(dataset: Dataset) -> "Vote | None":
    """How well neighbours vote by ImageNet's features; small pictures, so that it takes seconds. Imports torch."""
    from sealife_core.evaluation.contrast.neighbour_vote import vote
    from sealife_core.evaluation.contrast.view_encoder import imagenet

    return vote(imagenet(COMES_ALONG, VOTING_PX), dataset)
