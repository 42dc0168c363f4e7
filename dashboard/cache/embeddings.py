"""What is computed about the embeddings of a run, once a file and a question."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from dashboard.cache.classifiers import predictions_or_none
from dashboard.cache.keeping import keep_newest, kept, shared
from dashboard.data.embeddings.points import (
    PCA,
    ImageFacts,
    Look,
    Trust,
    facts_of,
    pca_cloud,
    projected_cloud,
    shown_of,
)
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import SealifeError
from sealife_core.evaluation.comparison.candidates import readable_configs
from sealife_core.evaluation.embeddings.feature_quality import neighbour_votes
from sealife_core.evaluation.embeddings.neighbours import nearest
from sealife_core.evaluation.embeddings.stored_embeddings import (
    FILES,
    INDEX,
    Embedded,
    Space,
    has_embeddings,
    read_embeddings,
)
from sealife_core.evaluation.projections import reduction
from sealife_core.evaluation.projections.stored_projections import Projection
from sealife_core.runs.directory import single_runs
from sealife_core.runs.liveness import State
from sealife_core.runs.run import MODEL, PREDICTIONS, Run

if TYPE_CHECKING:  # they import Plotly or torch
    from dashboard.data.embeddings.scatter import Chart
    from sealife_core.evaluation.embeddings.picture_encoder import PictureEncoder

EMBEDDED = (INDEX, *FILES.values())
MOST_FIGURES = 64  # a megabyte each where they hold most points


@kept(16, *EMBEDDED)
def stored(run: Run, of: Space) -> Embedded:
    """The embeddings of a run, opened again only when they have changed. Raises RunError."""
    return read_embeddings(run.path, of)


def chart(
    run: Run, dataset: Dataset, look: Look, projection: Projection | None, dark: bool
) -> tuple["Chart", Callable[[], Trust]]:
    """The chart of ``look``, of ``projection`` once it is done, of PCA until then; its figure is served by its version.
    And what says how far to trust it, which is asked once the chart is drawn: it may take a second.

    Raises RunError.
    """
    done = projection if projection is not None and projection.state == "done" else None
    found = _chart(run, dataset, done, look if done else replace(look, method=PCA), dark)
    keep_figure(found.picture.version, found.picture.json)

    def trust() -> Trust:
        known = done.facts.get("trustworthiness") if done else _pca_trustworthiness(run, look.of, look.dims)
        return Trust(len(stored(run, look.of).ids), known, _votes(run, dataset, look.of))

    return found, trust


@kept(64, *EMBEDDED, PREDICTIONS)
def _chart(run: Run, dataset: Dataset, _done: Projection | None, look: Look, dark: bool) -> "Chart":
    from dashboard.data.embeddings.scatter import CLUSTER, chart_of

    if _done is not None:
        cloud = projected_cloud(stored(run, look.of), dataset, _done.ids, _done.points)
    else:
        points, shares = _principal_points(run, look.of, look.dims)
        cloud = pca_cloud(points, shares, _rows(run, dataset, look.of))
    cloud = shown_of(cloud, dataset, look.classes)
    facts = _facts(run, dataset).only(cloud.rows)
    if look.colour == CLUSTER:
        facts = replace(facts, clusters=_clusters(run, look.of, look.clusters)[cloud.at])
    return chart_of(look, dataset, cloud, facts, dark)


def neighbours(
    run: Run, dataset: Dataset, of: Space, query: int | np.ndarray, k: int
) -> list[tuple[int, float]] | None:
    """(row, cosine similarity) of the ``k`` images of ``dataset`` most similar to ``query``, best first.

    query: a row of ``dataset``, or features (D,). None where the run has no embedding of that row. Raises RunError.
    """
    values, rows = stored(run, of).values, _rows(run, dataset, of)
    if isinstance(query, int):
        places = (rows == query).nonzero()[0]
        if not len(places):
            return None
        asked, own = values[places[0]], query
    else:
        asked, own = query, -1
    found, alike = nearest(values, asked[None], k + 1)
    pairs = [(int(rows[i]), float(similarity)) for i, similarity in zip(found[0], alike[0], strict=True)]
    return [pair for pair in pairs if pair[0] not in (-1, own)][:k]


def featured(dataset: Dataset) -> list[Run]:
    """The finished runs with features of a data set, those with ImageNet's weights first, then the newest."""
    known = sorted(readable_configs(single_runs()), key=lambda pair: pair[1].weights != "imagenet")
    return [
        run
        for run, config in known
        if config.data == dataset.name and has_embeddings(run.path) and run.state() is State.FINISHED
    ]


def similar(dataset: Dataset, image: str, k: int = 8) -> list[tuple[int, float]]:
    """(row, cosine similarity) of the images most like ``image`` under the first of ``featured`` that has features of
    it; none where no run has."""
    for run in featured(dataset):
        with suppress(SealifeError):
            found = stored(run, "h")
            if image in found.ids:  # by these, where it is excluded and so has no row
                query = dataset.row_of(image) if dataset.has(image) else found.values[found.ids.index(image)]
                return neighbours(run, dataset, "h", query, k) or []
    return []


@kept(32, *EMBEDDED)
def _votes(run: Run, dataset: Dataset, of: Space) -> tuple[float, int, int] | None:
    return neighbour_votes(stored(run, of), dataset)


@kept(32, *EMBEDDED)
def _pca_trustworthiness(run: Run, of: Space, dims: int) -> float:
    points, _ = _principal_points(run, of, dims)
    return reduction.trustworthiness(stored(run, of).values, points, most=2000)  # 0.3 s; 5,000 would take two


@kept(32, MODEL)
def features_of(run: Run, content: bytes) -> np.ndarray:
    """(D,) what a run's encoder makes of a person's own picture; loads the encoder at first. Raises SealifeError."""
    encoder, lock = _encoder(run)
    with lock:
        return encoder.features([content])[0]


def keep_figure(version: str, text: str) -> None:
    """Have the figure ``text`` (JSON) served by its ``version``; those that were drawn longest ago are dropped."""
    keep_newest(shared("figures"), version, text, MOST_FIGURES)


def figure(version: str) -> str | None:
    """The figure of that version as JSON, or None."""
    return shared("figures").get(version)


@kept(32, *EMBEDDED)
def _principal_points(run: Run, of: Space, dims: int) -> tuple[np.ndarray, np.ndarray]:
    return reduction.pca(stored(run, of).values, dims)


@kept(32, *EMBEDDED)
def _rows(run: Run, dataset: Dataset, of: Space) -> np.ndarray:
    """(N,) the row of each of a run's embeddings in ``dataset``; -1 where the image is gone."""
    return stored(run, of).rows_in(dataset)


@kept(16, PREDICTIONS)
def _facts(run: Run, dataset: Dataset) -> ImageFacts:
    return facts_of(dataset, predictions_or_none(run))


@kept(32, *EMBEDDED, spinner="Looking for clusters…")
def _clusters(run: Run, of: Space, k: int) -> np.ndarray:
    return reduction.clusters(stored(run, of).values, k, seed=0)


@kept(4, MODEL)
def _encoder(run: Run) -> tuple["PictureEncoder", Lock]:
    from sealife_core.evaluation.embeddings.picture_encoder import PictureEncoder

    return PictureEncoder(run.path), Lock()
