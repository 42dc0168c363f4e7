"""From what a run wrote to the points of its chart: which images, where, and what is known of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.imports.splits import SPLITS
from sealife_core.evaluation.embeddings.stored_embeddings import Embedded, Space, rows_of
from sealife_core.evaluation.projections.reduction import ProjectionSettings
from sealife_core.wording import percent

PCA, UMAP, FILM = "PCA", "UMAP", "Film"
_MEANING = {
    PCA: "PCA shows the directions in which the embeddings vary most. It hides all other directions.",
    UMAP: "UMAP keeps neighbours together. Distances between groups and the sizes of groups mean nothing.",
}
MOST_DRAWN = 10_000  # more hide each other, and slow a browser without a graphics card


@dataclass(frozen=True)
class Look:
    """What a person asked to see of one run; two equal ones are drawn the same."""

    run_id: str
    method: str  # PCA, UMAP or FILM
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

    def only(self, places: np.ndarray) -> "Cloud":
        """The points at ``places``."""
        return Cloud(self.rows[places], self.at[places], self.points[places], self.axes)


@dataclass(frozen=True)
class ImageFacts:
    """What is known of each of n points; unknown numbers are -1 and NaN. All are (n,)."""

    rows: np.ndarray
    labels: np.ndarray
    splits: np.ndarray  # place in SPLITS
    predicted: np.ndarray
    confidence: np.ndarray
    loss: np.ndarray
    clusters: np.ndarray

    def custom(self) -> np.ndarray:
        """(n, 7) float32, the row first: what the browser gets of each point."""
        known = (self.rows, self.labels, self.splits, self.predicted, self.confidence, self.loss, self.clusters)
        return np.column_stack(known).astype(np.float32)  # whole numbers are exact up to 2²⁴

    def only(self, places: np.ndarray) -> "ImageFacts":
        """The same of the points at ``places``."""
        return ImageFacts(*(getattr(self, name)[places] for name in self.__dataclass_fields__))


class Trust(NamedTuple):
    """How far to trust a chart. images: of the run, shown or not; trustworthiness: 0 to 1, None if it is not known;
    votes: as :func:`feature_quality.neighbour_votes`."""

    images: int
    trustworthiness: float | None
    votes: tuple[float, int, int] | None


def trust_words(trust: Trust, method: str, shown: int) -> str:
    """How many points, trustworthiness, k-NN accuracy, and what distances in the picture do not mean."""
    total = trust.images
    parts = [f"{shown:,} of {total:,} pictures shown." if shown < total else f"All {total:,} pictures."]
    if isinstance(trust.trustworthiness, float):
        parts.append(
            f"**Trustworthiness {trust.trustworthiness:.2f}**"
            " (1: all neighbours in the chart are true neighbours; 0.5: chance)."
        )
    if trust.votes is not None:
        accuracy, n, voting = trust.votes
        parts.append(
            f"**k-NN accuracy {percent(accuracy, 0)}** on {n:,} validation pictures, by {voting:,} training"
            " pictures: how well the classes separate in the original space. It does not depend on the chart."
        )
    return " ".join([*parts, _MEANING[method]])


def pca_cloud(points: np.ndarray, shares: np.ndarray, rows: np.ndarray) -> Cloud:
    """The images of a run that are still in the data set, at their principal components ``points`` (N, dims).

    shares: (dims,) of the variance; rows: (N,) in the data set, -1 where the image is gone.
    """
    here = np.flatnonzero(rows >= 0)
    axes = tuple(f"PC {i + 1} ({percent(share, 0)} of the variance)" for i, share in enumerate(shares))
    return Cloud(rows[here], here, points[here], axes)


def projected_cloud(embedded: Embedded, dataset: Dataset, ids: Sequence[str], points: np.ndarray) -> Cloud:
    """The images ``ids`` at ``points`` (n, dims) of a UMAP, without those that are no longer in the data set."""
    rows = rows_of(tuple(ids), dataset)
    place = {image_id: at for at, image_id in enumerate(embedded.ids)}
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
    """What is known of every image of ``dataset``, in the order of its rows; of clusters nothing."""
    n = len(dataset)
    predicted, confidence, loss = np.full(n, -1), np.full(n, np.nan), np.full(n, np.nan)
    if predictions is not None:
        at = rows_of(tuple(predictions["id"].tolist()), dataset)
        known, at = predictions.loc[at >= 0, :], at[at >= 0]
        predicted[at] = pd.Index(dataset.classes).get_indexer(known["predicted"].to_list())
        confidence[at], loss[at] = known["confidence"], known["loss"]
    splits = dataset.manifest["split"].map(SPLITS.index).to_numpy(np.int64)
    return ImageFacts(np.arange(n), dataset.labels, splits, predicted, confidence, loss, np.full(n, -1))
