"""Embeddings in two or three dimensions: PCA and UMAP, their trustworthiness, and clusters.

umap-learn and scikit-learn take seconds to import, so they are imported inside functions.
"""

import hashlib
import json
import warnings
from functools import partial
from typing import Literal

import numpy as np
from jaxtyping import Float, Float32, Int64

from sealife_core.config.settings import Range, Settings, setting
from sealife_core.errors import DatasetError
from sealife_core.evaluation.embeddings.neighbours import Metric, blocks, neighbour_graph, unit_rows
from sealife_core.evaluation.projections.umap_fit import (
    checked_finite,
    checked_layout,
    checked_rows,
    ignore_warnings,
    progress_bar,
    report,
    usable_neighbours,
)
from sealife_core.progress import Progress
from sealife_core.wording import counted

_BLOCK_CELLS = 2**23  # numbers of embeddings in memory at once: 32 MiB in float32, however many images there are

_setting = partial(setting, group="Projection")


class ProjectionSettings(Settings):
    """The settings of a projection. The same settings give the same points."""

    dims: Literal[2, 3] = _setting(
        2, "Use two dimensions to work with the points, three to look at them.", title="Dimensions", simple=True
    )
    # 15 and 0.1 are umap-learn's defaults; SimCLR's loss uses the cosine.
    neighbours: int = _setting(
        15,
        "How many nearest images, itself included, decide where a point lies. Few show small groups, many the whole.",
        title="Neighbours",
        within=Range(2, 200),
        simple=True,
    )
    min_distance: float = _setting(
        0.1,
        "How tightly points may be packed. Small values make dense groups, large values spread them.",
        title="Minimal distance",
        within=Range(0, 0.99, 0.05),
        simple=True,
    )
    metric: Metric = _setting(
        "cosine",
        "How the distance of two embeddings is measured: by their angle, as in SimCLR's loss, or in a straight line.",
        title="Metric",
    )
    seed: int = _setting(0, "The same seed gives the same picture again.", title="Seed", within=Range(0, 2**32 - 1))
    of: Literal["h", "z"] = _setting(
        "h", "h is the output of the encoder, z the output of SimCLR's projection head.", title="Space"
    )
    # A lasso over 20,000 points takes a browser 7 s; a screen cannot show more points clearly.
    most_points: int = _setting(
        20_000,
        "If there are more images, a random sample of this size is projected. The page says so.",
        title="Maximum points",
        within=Range(10, 50_000, 1000),
    )

    @property
    def key(self) -> str:
        """12 hex digits of a hash of these settings, the same on every machine."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()[:12]


def pca(
    values: Float[np.ndarray, "n d"], dims: int = 2
) -> tuple[Float32[np.ndarray, "n {dims}"], Float[np.ndarray, " {dims}"]]:
    """Exact PCA: points, and the share of the variance of each direction.

    The sign of a direction makes its largest weight positive. Dimensions beyond n or d are zeros. ``values`` may be
    memory-mapped: they are read in blocks.
    """
    from scipy.linalg import eigh

    n, d = values.shape
    mean = (
        sum(checked_finite(values[rows]).sum(0, dtype=np.float64) for rows in blocks(n, d, _BLOCK_CELLS)) / n
    ).astype(np.float32)
    if d <= n:
        small = np.zeros((d, d))
        for rows in blocks(n, d, _BLOCK_CELLS):
            x = values[rows] - mean
            small += x.T @ x
    else:
        x = checked_finite(values) - mean
        small = (x @ x.T).astype(np.float64)  # has the same eigenvalues as xᵀx
    kept = min(dims, len(small))
    variances, vectors = eigh(small, subset_by_index=(len(small) - kept, len(small) - 1))
    variances, vectors = np.maximum(variances[::-1], 0), vectors[:, ::-1]
    directions = vectors if d <= n else x.T @ vectors / np.sqrt(np.where(variances > 0, variances, 1))
    directions = directions * np.sign(directions[np.abs(directions).argmax(0), np.arange(kept)])
    total = float(np.trace(small))
    points, shares = np.zeros((n, dims), np.float32), np.zeros(dims)
    for rows in blocks(n, d, _BLOCK_CELLS):
        points[rows, :kept] = (values[rows] - mean) @ directions
    shares[:kept] = variances / total if total > 0 else 0
    return points, shares


def fit_umap(
    values: Float[np.ndarray, "n d"], settings: ProjectionSettings, progress: Progress | None = None
) -> Float32[np.ndarray, "n {settings.dims}"]:
    """UMAP points: umap-learn with exact neighbours. Takes seconds to minutes.

    umap-learn's own neighbour search is approximate, single-threaded with a seed, and compiled in every process; here
    all pairs are compared. CPU seconds (on a shared machine), ours against theirs, for D = 512: 10,000 images 3 against
    49, 20,000 images 12 against 47, 50,000 images (the maximum of ``most_points``) 67 against 62, and ours uses all
    cores. For more images their search would be faster. Neighbours are reduced to n - 1. Raises DatasetError for fewer
    than FEWEST rows, and for NaN or infinity.
    """
    values = checked_rows(values)
    n, k = len(values), usable_neighbours(len(values), settings.neighbours)
    graph = neighbour_graph(
        values, k, settings.metric, lambda done, total: report(progress, "finding neighbours", done, total)
    )
    report(progress, "loading UMAP")
    with warnings.catch_warnings():
        ignore_warnings()
        from umap import UMAP

        report(progress, "building the graph")
        points = UMAP(
            n_neighbors=k,
            n_components=settings.dims,
            metric=settings.metric,
            min_dist=settings.min_distance,
            random_state=settings.seed,
            n_jobs=1,
            # The spectral layout needs more points than it has eigenvectors to find.
            init="spectral" if n > 2 * settings.dims + 3 else "random",
            precomputed_knn=graph,
            disconnection_distance=float("inf"),  # every image gets a position, even one opposite to all others
            tqdm_kwds=progress_bar(progress),
        ).fit_transform(values)
    return checked_layout(np.asarray(points))


def trustworthiness(
    values: Float[np.ndarray, "n d"],
    points: Float[np.ndarray, "n dims"],
    k: int = 15,
    most: int = 5000,
    seed: int = 0,
    metric: Metric = "cosine",
) -> float:
    """Whether the k nearest in ``points`` are near in ``values`` too: 1 is best, random about 0.5.

    Venna & Kaski 2001, by scikit-learn: false neighbours count by their true rank. With more than ``most`` images, of a
    random sample. k is reduced to below n / 2. Raises DatasetError for fewer than three images.
    """
    from sklearn.manifold import trustworthiness as measured

    rows = sample(len(values), most, seed)
    values, points = checked_finite(values[rows]), checked_finite(points[rows])
    k = min(k, (len(rows) - 1) // 2)
    if k < 1:
        raise DatasetError(f"Trustworthiness got {counted(len(rows), 'image')}; it needs at least three. Add images.")
    return float(measured(values, points, n_neighbors=k, metric=metric))


def clusters(values: Float[np.ndarray, "n d"], k: int, seed: int = 0, most: int = 2000) -> Int64[np.ndarray, " n"]:
    """The k-means cluster of each of ``values``; cluster 0 is the largest. k is reduced to n.

    Rows are scaled to length 1 first, so that only their directions count, as for neighbours. With more than ``most``
    images the centres are fitted to a random sample.
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    def unit(rows: np.ndarray | slice) -> np.ndarray:
        return unit_rows(checked_finite(values[rows]))

    n, d = values.shape
    rows = sample(n, most, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # with fewer different images than clusters
        centres = KMeans(min(k, len(rows)), n_init="auto", random_state=seed).fit(unit(rows))
        found: np.ndarray = np.concatenate([centres.predict(unit(block)) for block in blocks(n, d, _BLOCK_CELLS)])
    names, labels, counts = np.unique(found, return_inverse=True, return_counts=True)
    place = np.empty(len(names), np.int64)
    place[np.argsort(-counts, kind="stable")] = np.arange(len(names))
    return np.asarray(place[labels])


def sample(n: int, most: int, seed: int) -> Int64[np.ndarray, " kept"]:
    """Sorted rows of n, at most ``most``: all, or a random sample."""
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, most, replace=False))
