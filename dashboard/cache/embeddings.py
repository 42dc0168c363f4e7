"""What is worked out about the embeddings of a run, once a file and a question."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.embeddings.stored_embeddings import FILES, INDEX, Embedded, Space
from sealife_core.runs.directory import Run
from sealife_core.runs.run import MODEL, PREDICTIONS

if TYPE_CHECKING:
    import numpy as np

    from dashboard.app_pages.embeddings.colours import ImageFacts
    from dashboard.data.points import Look
    from sealife_core.evaluation.embeddings.picture_encoder import PictureEncoder
from dashboard.cache import _predicted, embeddings, stamp

MOST_FIGURES = 64  # a megabyte each where they hold most points


def principal_points(run: Run, of: Space, dims: int) -> tuple["np.ndarray", "np.ndarray"]:
    """PCA of a run's embeddings: points (N, dims) and the share of variance of each axis (dims,). Raises RunError."""
    return _principal_points(embeddings(run, of), str(run.path), of, _embedded_stamp(run, of), dims)


def clusters(run: Run, of: Space, k: int) -> "np.ndarray":
    """(N,) the k-means cluster of each of a run's embeddings. Raises RunError."""
    return _clusters(embeddings(run, of), str(run.path), of, _embedded_stamp(run, of), k)


def embedded_rows(run: Run, dataset: Dataset, of: Space) -> "np.ndarray":
    """(N,) the row of each of a run's embeddings in ``dataset``; -1 where the image is gone. Raises RunError."""
    return _embedded_rows(embeddings(run, of), dataset, str(run.path), _embedded_stamp(run, of), dataset.content_hash)


def facts(run: Run, dataset: Dataset) -> "ImageFacts":
    """What is known of every image of ``dataset`` (N,), the run's predictions among it; of clusters nothing."""
    return _facts(run, dataset, str(run.path), _predicted(run), dataset.content_hash)


def neighbour_votes(run: Run, dataset: Dataset, of: Space) -> tuple[float, int, int] | None:
    """(k-NN accuracy, of how many validation images, by how many training images) in the original space; None where no
    label can be asked."""
    return _neighbour_votes(embeddings(run, of), dataset, str(run.path), of, _embedded_stamp(run, of))


def pca_trustworthiness(run: Run, of: Space, dims: int) -> float:
    """How far the neighbours that PCA shows are neighbours in the original space, 0 to 1."""
    return _pca_trustworthiness(embeddings(run, of), str(run.path), of, _embedded_stamp(run, of), dims)


def picture_of(run: Run, dataset: Dataset, look: "Look", projected: str, dark: bool, make: Callable[[], Any]) -> Any:
    """What ``make`` draws of ``look``, once; ``projected`` stands for the content of the projection."""
    marks = (_embedded_stamp(run, look.of), stamp(run.path / PREDICTIONS), dataset.content_hash)
    return _picture_of(make, str(run.path), look, projected, dark, marks)


def embedding_at(run: Run, dataset: Dataset, of: Space, row: int) -> "np.ndarray | None":
    """(D,) the embedding of one image of ``dataset``, or None where the run has not seen it."""
    places = (embedded_rows(run, dataset, of) == row).nonzero()[0]
    return embeddings(run, of).values[places[0]] if len(places) else None


def nearest_rows(run: Run, of: Space, asked: "np.ndarray", k: int) -> tuple["np.ndarray", "np.ndarray"]:
    """(k,) places in the run's embeddings most alike to ``asked`` (D,) by cosine, and how alike, best first."""
    from sealife_core.evaluation.embeddings.neighbours import nearest

    found, alike = nearest(embeddings(run, of).values, asked[None], k)
    return found[0], alike[0]


def features_of(run: Run, content: bytes) -> "np.ndarray":
    """(D,) what a run's encoder makes of a person's own picture; loads the encoder at first. Raises WeightsError."""
    return _features_of(content, str(run.path), stamp(run.path / MODEL))


def keep_figure(version: str, text: str) -> None:
    """Have the figure ``text`` (JSON) served by its ``version``; those not drawn for long give way."""
    held = _figures()
    held.pop(version, None)
    held[version] = text
    while len(held) > MOST_FIGURES:
        held.pop(next(iter(held)), None)


def figure(version: str) -> str | None:
    """The figure of that version as JSON, or None."""
    return _figures().get(version)


def _embedded_stamp(run: Run, of: Space) -> tuple[tuple[int, int], tuple[int, int]]:
    return stamp(run.path / INDEX), stamp(run.path / FILES[of])


@st.cache_resource(max_entries=32, show_spinner=False)
def _principal_points(_embedded: Embedded, folder: str, of: Space, mark: Any, dims: int) -> Any:
    from sealife_core.evaluation.projections.reduction import pca

    return pca(_embedded.values, dims)


@st.cache_resource(max_entries=32, show_spinner=False)
def _embedded_rows(_embedded: Embedded, _dataset: Dataset, folder: str, mark: Any, content: str) -> Any:
    return _embedded.rows_in(_dataset)


@st.cache_resource(max_entries=16, show_spinner=False)
def _facts(_run: Run, _dataset: Dataset, folder: str, predicted: Any, content: str) -> "ImageFacts":
    from dashboard.data.points import facts_of, predictions_of

    return facts_of(_dataset, predictions_of(_run))


@st.cache_resource(max_entries=32, show_spinner="Looking for clusters…")
def _clusters(_embedded: Embedded, folder: str, of: Space, mark: Any, k: int) -> Any:
    from sealife_core.evaluation.projections import reduction

    return reduction.clusters(_embedded.values, k, seed=0)


@st.cache_resource(max_entries=32, show_spinner=False)
def _neighbour_votes(_embedded: Embedded, _dataset: Dataset, folder: str, of: Space, mark: Any) -> Any:
    import numpy as np

    from sealife_core.evaluation.embeddings.feature_quality import knn_accuracy, voters

    rows = _embedded.rows_in(_dataset)
    labels = np.where(rows >= 0, _dataset.labels[rows], -1)
    bank, asked = voters(labels, _dataset.manifest["split"].to_numpy()[rows], "val")
    if not len(bank) or not len(asked):
        return None
    values = _embedded.values
    return knn_accuracy(values[bank], labels[bank], values[asked], labels[asked]), len(asked), len(bank)


@st.cache_resource(max_entries=32, show_spinner=False)
def _pca_trustworthiness(_embedded: Embedded, folder: str, of: Space, mark: Any, dims: int) -> Any:
    from sealife_core.evaluation.projections.reduction import trustworthiness

    points, _ = _principal_points(_embedded, folder, of, mark, dims)
    return trustworthiness(_embedded.values, points, most=2000)  # 0.3 s; 5,000 would take two


@st.cache_resource(show_spinner=False)
def _figures() -> dict[str, str]:
    return {}


@st.cache_resource(max_entries=64, show_spinner=False)
def _picture_of(_make: Callable[[], Any], folder: str, look: Any, projected: str, dark: bool, marks: Any) -> Any:
    return _make()


@st.cache_resource(max_entries=32, show_spinner=False)
def _features_of(content: bytes, folder: str, model: tuple[int, int]) -> Any:
    return _encoder(folder, model).features([content])[0]


@st.cache_resource(max_entries=4, show_spinner=False)
def _encoder(folder: str, model: tuple[int, int]) -> "PictureEncoder":
    from sealife_core.evaluation.embeddings.picture_encoder import PictureEncoder

    return PictureEncoder(Path(folder))
