"""Embeddings in two or three dimensions, to be looked at: PCA, UMAP, a film of UMAPs; and how far to trust them.

umap-learn and scikit-learn take seconds to import: they are imported where they are needed.
"""

import hashlib
import json
import warnings
from typing import Literal

import numpy as np

from sealife_core.config.settings import Settings, setting
from sealife_core.errors import DatasetError
from sealife_core.evaluation.embeddings.neighbours import Metric, neighbour_graph
from sealife_core.evaluation.projections.umap_fit import bar, enough, finite, laid_out, quieten, say, usable_neighbours
from sealife_core.progress import Progress
from sealife_core.wording import counted

_BLOCK_CELLS = 2**23  # of embeddings held at once: 32 MiB in float32, however many images there are


class ProjectionSettings(Settings):
    """What a projection is asked to do. The same settings give the same points."""

    dims: Literal[2, 3] = setting(
        2,
        "Use two dimensions to work with the points, three to look at them.",
        title="Dimensions",
        group="Projection",
        simple=True,
    )
    # 15 and 0.1 are umap-learn's own defaults; the cosine is what SimCLR's loss measures.
    neighbours: int = setting(
        15,
        "How many nearest images, itself included, decide where a point lies. Few show small groups, many the whole.",
        title="Neighbours",
        group="Projection",
        ge=2,
        le=200,
        step=1,
        simple=True,
    )
    min_distance: float = setting(
        0.1,
        "How tightly points may be packed. Small values make dense groups, large values spread them.",
        title="Minimal distance",
        group="Projection",
        ge=0.0,
        le=0.99,
        step=0.05,
        simple=True,
    )
    metric: Metric = setting(
        "cosine",
        "How the distance of two embeddings is measured: by their angle, as in SimCLR's loss, or in a straight line.",
        title="Metric",
        group="Projection",
    )
    seed: int = setting(
        0,
        "The same seed gives the same picture again.",
        title="Seed",
        group="Projection",
        ge=0,
        le=2**32 - 1,
        step=1,
    )
    of: Literal["h", "z"] = setting(
        "h",
        "h is the output of the encoder, z the output of SimCLR's projection head.",
        title="Space",
        group="Projection",
    )
    # A lasso over 20,000 points takes a browser 7 s; more than that nobody can tell apart on a screen.
    most_points: int = setting(
        20_000,
        "If there are more images, a random sample of this size is projected. The page says so.",
        title="Maximum points",
        group="Projection",
        ge=10,
        le=50_000,
        step=1000,
    )

    @property
    def key(self) -> str:
        """12 hex digits that stand for these settings, on every machine."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()[:12]


def pca(values: np.ndarray, dims: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """The ``dims`` directions in which ``values`` (n, D) vary most.

    Returns points (n, dims) float32 and each direction's share of the variance (dims,). Exact. Each direction
    points to where its largest weight is positive. What n and D do not give is zeros. ``values`` may be mapped into
    memory: they are read a block at a time.
    """
    from scipy.linalg import eigh

    n, d = values.shape
    mean = (sum(finite(values[rows]).sum(0, dtype=np.float64) for rows in _blocks(n, d)) / n).astype(np.float32)
    if d <= n:
        small = np.zeros((d, d))
        for rows in _blocks(n, d):
            x = values[rows] - mean
            small += x.T @ x
    else:
        x = finite(values) - mean
        small = (x @ x.T).astype(np.float64)  # its eigenvalues are those of the other one
    kept = min(dims, len(small))
    variances, vectors = eigh(small, subset_by_index=(len(small) - kept, len(small) - 1))
    variances, vectors = np.maximum(variances[::-1], 0), vectors[:, ::-1]
    directions = vectors if d <= n else x.T @ vectors / np.sqrt(np.where(variances > 0, variances, 1))
    directions = directions * np.sign(directions[np.abs(directions).argmax(0), np.arange(kept)])
    total = float(np.trace(small))
    points, shares = np.zeros((n, dims), np.float32), np.zeros(dims)
    for rows in _blocks(n, d):
        points[rows, :kept] = (values[rows] - mean) @ directions
    shares[:kept] = variances / total if total > 0 else 0
    return points, shares


def fit_umap(values: np.ndarray, settings: ProjectionSettings, progress: Progress | None = None) -> np.ndarray:
    """Points (n, dims) float32 of ``values`` (n, D): umap-learn's UMAP over exact neighbours. Takes seconds to minutes.

    umap-learn searches neighbours approximately, on one thread where a seed is given, and compiles that search in every
    process; all of them are compared here. Seconds of processor time (the machine was shared), ours against theirs, for
    512 numbers an image: of 10,000 3 against 49, of 20,000 12 against 47, of 50,000 (the most that ``most_points``
    allows) 67 against 62, and ours on all cores. Of more, the search would be the quicker one. Neighbours are reduced
    to n - 1. Raises DatasetError for fewer than FEWEST rows, and for NaN or infinity among them.
    """
    values = enough(values)
    n, k = len(values), usable_neighbours(len(values), settings.neighbours)
    graph = neighbour_graph(
        values, k, settings.metric, lambda done, total: say(progress, "finding neighbours", done, total)
    )
    say(progress, "loading UMAP")
    with warnings.catch_warnings():
        quieten()
        from umap import UMAP

        say(progress, "building the graph")
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
            disconnection_distance=float("inf"),  # every image has a place, one opposite to all others too
            tqdm_kwds=bar(progress),
        ).fit_transform(values)
    return laid_out(np.asarray(points))


def trustworthiness(
    values: np.ndarray, points: np.ndarray, k: int = 15, most: int = 5000, seed: int = 0, metric: Metric = "cosine"
) -> float:
    """How far the k nearest of ``points`` (n, dims) are near in ``values`` (n, D) too: 1 all of them, ~ 0.5 by chance.

    Venna & Kaski 2001, by scikit-learn: intruders cost by how far away they really are. Of more than ``most`` images a
    sample of that many is measured. k is reduced to below n / 2. Raises DatasetError for fewer than three images.
    """
    from sklearn.manifold import trustworthiness as measured

    rows = sample(len(values), most, seed)
    values, points = finite(np.asarray(values)[rows]), finite(np.asarray(points)[rows])
    k = min(k, (len(rows) - 1) // 2)
    if k < 1:
        raise DatasetError(f"Trustworthiness got {counted(len(rows), 'image')}; it needs at least three. Add images.")
    return float(measured(values, points, n_neighbors=k, metric=metric))


def clusters(values: np.ndarray, k: int, seed: int = 0, most: int = 2000) -> np.ndarray:
    """(n,) int64: the k-means cluster of each of ``values`` (n, D), 0 the largest. k is reduced to n.

    Of the directions only, as everywhere here that nearness is asked for: rows are scaled to length 1 first. Of more
    than ``most`` images the centres are those of a sample, to which all are then assigned.
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.preprocessing import normalize

    def unit(rows: np.ndarray | slice) -> np.ndarray:
        return np.asarray(normalize(finite(values[rows])))

    n, d = values.shape
    rows = sample(n, most, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer different images than clusters: fewer clusters
        centres = KMeans(min(k, len(rows)), n_init="auto", random_state=seed).fit(unit(rows))
        found: np.ndarray = np.concatenate([centres.predict(unit(block)) for block in _blocks(n, d)])
    names, labels, counts = np.unique(found, return_inverse=True, return_counts=True)
    place = np.empty(len(names), np.int64)
    place[np.argsort(-counts, kind="stable")] = np.arange(len(names))
    return np.asarray(place[labels])


def sample(n: int, most: int, seed: int) -> np.ndarray:
    """(min(n, most),) rows of n, in order: all, or a random sample."""
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, most, replace=False))


def _blocks(n: int, d: int) -> list[slice]:
    """Slices of n rows of d numbers, at most _BLOCK_CELLS in each; at least one."""
    size = max(1, _BLOCK_CELLS // max(d, 1))
    return [slice(start, start + size) for start in range(0, max(n, 1), size)]
