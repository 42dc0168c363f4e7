"""From what a run wrote to the points of its chart: which images, where, and what is known of each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from dashboard import cache
from dashboard.app_pages.embeddings.colours import CLUSTER, Colouring, ImageFacts, colouring
from dashboard.cache import embeddings
from dashboard.data.scatter import ScatterPicture, picture, scatter_figure
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.imports.splits import SPLITS
from sealife_core.errors import SealifeError
from sealife_core.evaluation.embeddings.stored_embeddings import Embedded, Space, rows_of
from sealife_core.evaluation.projections.reduction import ProjectionSettings
from sealife_core.runs.directory import Run

MOST_DRAWN = 10_000  # more hide each other, and weigh on a browser without a graphics card


@dataclass(frozen=True)
class Look:
    """What a person asked to see of one run; two equal ones are drawn the same."""

    run_id: str
    method: str  # "PCA" or "UMAP"
    dims: int
    of: Space
    settings: ProjectionSettings
    colour: str
    classes: tuple[str, ...] = ()  # () is all
    clusters: int = 10


@dataclass(frozen=True)
class Cloud:
    """Images as points. ``rows`` (n,) in the data set; ``at`` (n,) in the embeddings; ``points`` (n, 2 or 3)."""

    rows: np.ndarray
    at: np.ndarray
    points: np.ndarray
    axes: tuple[str, ...]
    explained: float | None = None  # the share of variance that PCA's axes show

    def only(self, places: np.ndarray) -> "Cloud":
        """The points at ``places``."""
        return Cloud(self.rows[places], self.at[places], self.points[places], self.axes, self.explained)


def pca_cloud(run: Run, dataset: Dataset, of: Space, dims: int) -> Cloud:
    """Every image of the run that is still in the data set, by principal components."""
    points, shares = embeddings.principal_points(run, of, dims)
    rows = embeddings.embedded_rows(run, dataset, of)
    here = np.flatnonzero(rows >= 0)
    axes = tuple(f"PC {i + 1} ({100 * share:.0f} % of the variance)" for i, share in enumerate(shares))
    return Cloud(rows[here], here, points[here], axes, float(np.sum(shares)))


def projected_cloud(embedded: Embedded, dataset: Dataset, ids: Sequence[str], points: np.ndarray) -> Cloud:
    """The images ``ids`` at ``points`` (n, dims) of a UMAP; those gone from the data set are left out."""
    rows = rows_of(tuple(ids), dataset)
    place = {image_id: at for at, image_id in enumerate(embeddings.ids)}
    at = np.array([place.get(image_id, -1) for image_id in ids], np.int64)
    here = np.flatnonzero((rows >= 0) & (at >= 0))
    # The axes of a UMAP mean nothing, and so have no names.
    return Cloud(rows[here], at[here], np.asarray(points)[here], ("",) * points.shape[1])


def shown_of(cloud: Cloud, dataset: Dataset, classes: Sequence[str], most: int = MOST_DRAWN) -> Cloud:
    """The points of ``classes`` (() is all); at most ``most`` of them, drawn evenly and always the same ones."""
    places = np.arange(len(cloud.rows))
    if classes:
        wanted = [dataset.classes.index(name) for name in classes if name in dataset.classes]
        places = np.flatnonzero(np.isin(dataset.labels[cloud.rows], wanted))
    if len(places) > most:
        places = np.sort(np.random.default_rng(0).choice(places, most, replace=False))
    return cloud.only(places)


def facts_of(dataset: Dataset, predictions: pd.DataFrame | None) -> ImageFacts:
    """What is known of every image of ``dataset``, in the order of its rows."""
    n = len(dataset)
    predicted, confidence, loss = np.full(n, -1), np.full(n, np.nan), np.full(n, np.nan)
    if predictions is not None:
        at = rows_of(tuple(predictions["id"]), dataset)
        here = at >= 0
        place = {name: index for index, name in enumerate(dataset.classes)}
        names = predictions["predicted"].map(lambda name: place.get(name, -1)).to_numpy(np.int64)
        predicted[at[here]] = names[here]
        confidence[at[here]] = predictions["confidence"].to_numpy(float)[here]
        loss[at[here]] = predictions["loss"].to_numpy(float)[here]
    splits = dataset.manifest["split"].map(SPLITS.index).to_numpy(np.int64)
    return ImageFacts(np.arange(n), dataset.labels, splits, predicted, confidence, loss, np.full(n, -1))


def predictions_of(run: Run) -> pd.DataFrame | None:
    """The run's predictions, or None: an encoder alone names nothing."""
    try:
        return cache.predictions(run)
    except SealifeError:
        return None


def draw(run: Run, dataset: Dataset, look: Look, cloud: Cloud, dark: bool) -> ScatterPicture:
    """The chart of ``cloud`` as ``look`` colours it."""
    facts, coloured = coloured_points(run, dataset, look, cloud)
    zoom = f"{look.method} {look.dims} {look.of} {look.settings.key}"  # recolouring keeps the zoom
    figure = scatter_figure(cloud.points, facts.custom(), coloured, axes=cloud.axes, dark=dark, zoom_key=zoom)
    return picture(figure, f"{run.id}-{look.method.lower()}-{look.dims}d")


def coloured_points(run: Run, dataset: Dataset, look: Look, cloud: Cloud) -> tuple[ImageFacts, Colouring]:
    """What is known of every point, and its colour."""
    facts = embeddings.facts(run, dataset).only(cloud.rows)
    if look.colour == CLUSTER:
        facts = replace(facts, clusters=embeddings.clusters(run, look.of, look.clusters)[cloud.at])
    return facts, colouring(look.colour, facts, dataset.classes)
