"""Encoders that views are looked at through, ready to use, and what they make of a batch."""

from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from dashboard.cache.datasets import previews
from dashboard.cache.keeping import encoder_key, keep_newest, kept, shared
from dashboard.data.contrast.ablation_findings import CHANGED, Measures, measured
from dashboard.data.contrast.encoder_sources import COMES_ALONG, OF_IMAGENET, VOTING_PX, EncoderSource
from sealife_core.config import ViewRecipe
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast import training_dynamics
from sealife_core.evaluation.embeddings.stored_embeddings import FILES, Snapshots, Space, read_snapshots
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


@kept(6, spinner="Opening the encoder…")
def view_encoder(source: EncoderSource) -> tuple["ViewEncoder", Lock]:
    """The encoder, and the lock to hold while it is used. Imports torch. Raises WeightsError."""
    return source.opened(), Lock()


@kept(16)
def view_batch(
    dataset: Dataset, rows: tuple[int, ...], recipe: ViewRecipe, drawing: int, source: EncoderSource
) -> "ViewBatch":
    """Two views of each of the pictures ``rows``, embedded. Imports torch. Raises DatasetError, WeightsError."""
    from dashboard.data.contrast.view_batches import view_batch

    encoder, lock = view_encoder(source)
    pictures = previews(dataset, rows, encoder.image_size_px)
    with lock:
        return view_batch(dataset, pictures, recipe, drawing, encoder)


def responses(
    source: EncoderSource, dataset: Dataset, rows: tuple[int, ...], progress: Progress | None = None
) -> dict[Space, "Response"]:
    """What an encoder makes of ``rows`` under each augmentation, once. Raises WeightsError, DatasetError."""
    held, key = shared("responses"), _key(source, dataset, rows)
    if known := held.get(key):
        return known
    from sealife_core.evaluation.contrast import invariance

    seen, lock = view_encoder(source)
    pictures = _squares_and_aspects(dataset, rows, seen.image_size_px)
    with lock:  # another session may have asked for the same
        found = held.get(key) or invariance.responses(seen, *pictures, progress)
        keep_newest(held, key, found, MOST_RESPONSES)
    return found


def held_responses(source: EncoderSource, dataset: Dataset, rows: tuple[int, ...]) -> dict[Space, "Response"] | None:
    """As :func:`responses`, where they were computed before."""
    return shared("responses").get(_key(source, dataset, rows))


def _key(source: EncoderSource, dataset: Dataset, rows: tuple[int, ...]) -> tuple[object, ...]:
    return encoder_key(source), str(dataset.folder), dataset.content_hash, rows


def _squares_and_aspects(dataset: Dataset, rows: tuple[int, ...], image_size_px: int) -> tuple["Tensor", "Tensor"]:
    from torch import stack, tensor

    pictures = previews(dataset, rows, image_size_px)
    return stack([picture.square for picture in pictures]), tensor([picture.aspect for picture in pictures])


@kept(32, spinner="Changing pictures, and reading what was done from h and z…")
def readouts(dataset: Dataset, rows: tuple[int, ...], source: EncoderSource) -> "dict[Space, Readout]":
    """What can be read from h and z of ``rows`` after changes. Imports torch. Raises DatasetError, WeightsError."""
    from sealife_core.evaluation.contrast.readout import readouts

    seen, lock = view_encoder(source)
    pictures = _squares_and_aspects(dataset, rows, seen.image_size_px)
    with lock:
        return readouts(seen, *pictures)


@kept(32)
def is_grey(dataset: Dataset, rows: tuple[int, ...]) -> bool:
    """As :func:`invariance.is_grey`. Imports torch. Raises DatasetError."""
    from sealife_core.evaluation.contrast import invariance

    squares, _ = _squares_and_aspects(dataset, rows, _COLOUR_PX)
    return invariance.is_grey(squares)


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
