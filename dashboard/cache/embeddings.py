"""What is computed about the embeddings of a run, once a file and a question."""

from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.cache import Stamp, predictions_or_none, predictions_stamp, stamp
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.embeddings.stored_embeddings import FILES, INDEX, Embedded, Space, read_embeddings
from sealife_core.runs.directory import Run
from sealife_core.runs.run import MODEL

if TYPE_CHECKING:
    import numpy as np

    from dashboard.data.points import ImageFacts, Look
    from dashboard.data.scatter import Chart
    from sealife_core.evaluation.embeddings.picture_encoder import PictureEncoder
    from sealife_core.evaluation.projections.stored_projections import Projection

MOST_FIGURES = 64  # a megabyte each where they hold most points


def stored(run: Run, of: Space = "h") -> Embedded:
    """The embeddings of a run, opened again only when they have changed. Raises RunError."""
    return _stored(str(run.path), of, _stamp(run, of))


def chart(run: Run, dataset: Dataset, look: "Look", projection: "Projection | None", dark: bool) -> "Chart":
    """The chart of ``look``: of ``projection`` once it is done, of PCA until then. Its figure is served by its version.

    Raises RunError.
    """
    from dashboard.data.points import PCA

    done = projection is not None and projection.state == "done"
    look = look if done else replace(look, method=PCA)
    changed = _stamp(run, look.of), predictions_stamp(run), dataset.content_hash
    found = _chart(run, dataset, projection if done else None, str(run.path), look, dark, changed)
    keep_figure(found.picture.version, found.picture.json)
    return found


def neighbours(
    run: Run, dataset: Dataset, of: Space, query: "int | np.ndarray", k: int
) -> list[tuple[int, float]] | None:
    """(row, cosine similarity) of the ``k`` images of ``dataset`` most similar to ``query``, best first.

    query: a row of ``dataset``, or features (D,). None where the run has no embedding of that row. Raises RunError.
    """
    from sealife_core.evaluation.embeddings.neighbours import nearest

    values, rows = stored(run, of).values, _rows_of(run, dataset, of)
    asked, own = query, -1
    if isinstance(query, int):
        places = (rows == query).nonzero()[0]
        if not len(places):
            return None
        asked, own = values[places[0]], query
    found, alike = nearest(values, asked[None], k + 1)
    pairs = [(int(rows[i]), float(similarity)) for i, similarity in zip(found[0], alike[0], strict=True)]
    return [pair for pair in pairs if pair[0] not in (-1, own)][:k]


def votes(run: Run, dataset: Dataset, of: Space) -> tuple[float, int, int] | None:
    """As :func:`feature_quality.neighbour_votes`, of validation images, in the original space. Raises RunError."""
    return _votes(stored(run, of), dataset, str(run.path), of, _stamp(run, of), dataset.content_hash)


def pca_trustworthiness(run: Run, of: Space, dims: int) -> float:
    """How far the neighbours that PCA shows are neighbours in the original space, 0 to 1. Raises RunError."""
    return _pca_trustworthiness(stored(run, of), str(run.path), of, _stamp(run, of), dims)


def features_of(run: Run, content: bytes) -> "np.ndarray":
    """(D,) what a run's encoder makes of a person's own picture; loads the encoder at first. Raises SealifeError."""
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


def _rows_of(run: Run, dataset: Dataset, of: Space) -> "np.ndarray":
    """(N,) the row of each of a run's embeddings in ``dataset``; -1 where the image is gone."""
    return _rows(stored(run, of), dataset, str(run.path), _stamp(run, of), dataset.content_hash)


def _stamp(run: Run, of: Space) -> tuple[Stamp, Stamp]:
    return stamp(run.path / INDEX), stamp(run.path / FILES[of])


@st.cache_resource(max_entries=16, show_spinner=False)
def _stored(folder: str, of: Space, changed: tuple[Stamp, Stamp]) -> Embedded:
    return read_embeddings(Path(folder), of)


@st.cache_resource(max_entries=64, show_spinner=False)
def _chart(
    _run: Run, _dataset: Dataset, _done: "Projection | None", folder: str, look: "Look", dark: bool, changed: Any
) -> "Chart":
    from dashboard.data.points import pca_cloud, projected_cloud, shown_of
    from dashboard.data.scatter import CLUSTER, chart_of

    found, mark = stored(_run, look.of), changed[0]
    if _done is not None:
        cloud = projected_cloud(found, _dataset, _done.ids, _done.points)
    else:
        points, shares = _principal_points(found, folder, look.of, mark, look.dims)
        cloud = pca_cloud(points, shares, _rows_of(_run, _dataset, look.of))
    cloud = shown_of(cloud, _dataset, look.classes)
    facts = _facts(_run, _dataset, folder, changed[1:]).only(cloud.rows)
    if look.colour == CLUSTER:
        facts = replace(facts, clusters=_clusters(found, folder, look.of, mark, look.clusters)[cloud.at])
    return chart_of(look, _dataset, cloud, facts, dark)


@st.cache_resource(max_entries=32, show_spinner=False)
def _principal_points(_embedded: Embedded, folder: str, of: Space, mark: Any, dims: int) -> Any:
    from sealife_core.evaluation.projections.reduction import pca

    return pca(_embedded.values, dims)


@st.cache_resource(max_entries=32, show_spinner=False)
def _rows(_embedded: Embedded, _dataset: Dataset, folder: str, mark: Any, content: str) -> Any:
    return _embedded.rows_in(_dataset)


@st.cache_resource(max_entries=16, show_spinner=False)
def _facts(_run: Run, _dataset: Dataset, folder: str, changed: Any) -> "ImageFacts":
    from dashboard.data.points import facts_of

    return facts_of(_dataset, predictions_or_none(_run))


@st.cache_resource(max_entries=32, show_spinner="Looking for clusters…")
def _clusters(_embedded: Embedded, folder: str, of: Space, mark: Any, k: int) -> Any:
    from sealife_core.evaluation.projections import reduction

    return reduction.clusters(_embedded.values, k, seed=0)


@st.cache_resource(max_entries=32, show_spinner=False)
def _votes(_embedded: Embedded, _dataset: Dataset, folder: str, of: Space, mark: Any, content: str) -> Any:
    from sealife_core.evaluation.embeddings.feature_quality import neighbour_votes

    return neighbour_votes(_embedded, _dataset)


@st.cache_resource(max_entries=32, show_spinner=False)
def _pca_trustworthiness(_embedded: Embedded, folder: str, of: Space, mark: Any, dims: int) -> Any:
    from sealife_core.evaluation.projections.reduction import trustworthiness

    points, _ = _principal_points(_embedded, folder, of, mark, dims)
    return trustworthiness(_embedded.values, points, most=2000)  # 0.3 s; 5,000 would take two


@st.cache_resource(show_spinner=False)
def _figures() -> dict[str, str]:
    return {}


@st.cache_resource(max_entries=32, show_spinner=False)
def _features_of(content: bytes, folder: str, model: Stamp) -> Any:
    encoder, lock = _encoder(folder, model)
    with lock:
        return encoder.features([content])[0]


@st.cache_resource(max_entries=4, show_spinner=False)
def _encoder(folder: str, model: Stamp) -> tuple["PictureEncoder", Lock]:
    from sealife_core.evaluation.embeddings.picture_encoder import PictureEncoder

    return PictureEncoder(Path(folder)), Lock()
