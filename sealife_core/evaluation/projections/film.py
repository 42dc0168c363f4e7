"""The film: one UMAP per snapshot of the same images during training, each aligned with the frames around it.

The layout of AlignedUMAP (umap-learn), in which every image is related to itself in other frames. umap-learn's own
class lays out every frame twice, compares neighbourhoods in quadratic time, loses the relations of the last frame,
ignores the minimal distance and reports no progress. So its parts are combined here, with a new loop for the layout.
"""

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any, no_type_check

import numpy as np
from jaxtyping import Float, Float32

from sealife_core.evaluation.embeddings.neighbours import neighbour_graph
from sealife_core.evaluation.projections.reduction import ProjectionSettings
from sealife_core.evaluation.projections.umap_fit import (
    checked_layout,
    checked_rows,
    ignore_warnings,
    report,
    usable_neighbours,
)
from sealife_core.progress import Progress

# The defaults of AlignedUMAP, except for the pull.
EPOCHS = 200
WINDOW = 3  # a frame is aligned with the three before it and the three after it
NEGATIVES = 5  # negative samples per edge
# AlignedUMAP: 0.01. Three times as much makes images at rest jitter less between frames, at hardly any cost in
# trustworthiness.
PULL = 0.03


def fit_film(
    values: Float[np.ndarray, "frames n d"], settings: ProjectionSettings, progress: Progress | None = None
) -> Float32[np.ndarray, "frames n 2"]:
    """Points of snapshots of the same images. Raises like fit_umap."""
    values = np.asarray(values, np.float32)
    for frame in values:
        checked_rows(frame)
    k, graphs = usable_neighbours(values.shape[1], settings.neighbours), []
    for done, frame in enumerate(values):
        report(progress, "finding neighbours", done, len(values))
        graphs.append(neighbour_graph(frame, k, settings.metric))
    report(progress, "loading UMAP")
    with warnings.catch_warnings():
        ignore_warnings()
        from umap.umap_ import find_ab_params, fuzzy_simplicial_set

        report(progress, "building the graphs")
        draw = np.random.RandomState(settings.seed)
        sets: list[Any] = [
            fuzzy_simplicial_set(frame, k, draw, settings.metric, knn_indices=indices, knn_dists=distances)[0]
            for frame, (indices, distances) in zip(values, graphs, strict=True)
        ]
        sets = [fuzzy.tocoo() for fuzzy in sets]
        points = _first_layouts(values, sets, settings, draw)
    curve = find_ab_params(1.0, settings.min_distance)
    _lay_out(points, _edges(sets), _ties(sets), curve, settings.seed, progress)
    return checked_layout(points)


def _first_layouts(values: np.ndarray, sets: list[Any], settings: ProjectionSettings, draw: Any) -> np.ndarray:
    """The initial layout of each frame, (E, n, 2): its spectral layout, rotated to match the frame before."""
    from umap.spectral import spectral_layout

    n, frames = values.shape[1], []
    for frame, fuzzy in zip(values, sets, strict=True):
        # The spectral layout needs more points than it has eigenvectors to find.
        start = spectral_layout(frame, fuzzy, 2, draw, metric=settings.metric) if n > 7 else draw.uniform(-1, 1, (n, 2))
        start = np.asarray(start, np.float64) * (10 / np.abs(start).max())
        if frames:  # orthogonal Procrustes: the rotation and reflection that matches the frame before best
            u, _, v = np.linalg.svd(start.T @ frames[-1])
            start = start @ (u @ v)
        frames.append(start)
    return np.stack(frames).astype(np.float32)


def _edges(sets: list[Any]) -> tuple[np.ndarray, ...]:
    """All edges (m,): frame, head, tail, and the number of epochs per sample; edges of the frames alternate."""
    parts = []
    for frame, fuzzy in enumerate(sets):
        share = fuzzy.data / fuzzy.data.max()
        drawn = share >= 1 / EPOCHS  # weaker ones would be drawn less than once
        turn = np.arange(drawn.sum())
        parts.append((turn, np.full(len(turn), frame), fuzzy.row[drawn], fuzzy.col[drawn], 1 / share[drawn]))
    turn, frame, head, tail, every = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort((frame, turn))
    return frame[order], head[order], tail[order], every[order].astype(np.float64)


def _ties(sets: list[Any]) -> np.ndarray:
    """How strongly an image is tied to its position in the frames around: (E, 2 · WINDOW + 1, n) float32.

    By the Jaccard similarity of its neighbours in both frames: an image with the same neighbours stays where it is.
    """
    ties = np.zeros((len(sets), 2 * WINDOW + 1, sets[0].shape[0]), np.float32)
    edges = [(fuzzy.tocsr() > 0).astype(np.float32) for fuzzy in sets]
    degrees = [np.asarray(part.sum(1)).ravel() for part in edges]
    for frame in range(len(sets)):
        for other in range(max(0, frame - WINDOW), min(len(sets), frame + WINDOW + 1)):
            if other != frame:
                both = np.asarray(edges[frame].multiply(edges[other]).sum(1)).ravel()
                alike = both / np.maximum(degrees[frame] + degrees[other] - both, 1)
                ties[frame, other - frame + WINDOW] = PULL * np.exp(1 - abs(other - frame)) * alike
    return ties


def _lay_out(
    points: np.ndarray,
    edges: tuple[np.ndarray, ...],
    ties: np.ndarray,
    curve: tuple[float, float],
    seed: int,
    progress: Progress | None,
) -> None:
    """Move ``points`` (E, n, 2), in place, by EPOCHS rounds of stochastic gradient descent."""
    one_round = _compiled_round()
    every = edges[3]
    due, due_negative = every.copy(), every / NEGATIVES
    rate = 1.0
    for epoch in range(EPOCHS):
        one_round(points, *edges, due, due_negative, ties, *curve, rate, epoch, seed, NEGATIVES)
        rate = 1 - epoch / EPOCHS
        report(progress, "laying out", epoch + 1, EPOCHS)


@cache
def _compiled_round() -> Callable[..., None]:
    import numba  # umap-learn's own compiler

    return numba.njit(fastmath=True)(_round)


@no_type_check  # numba compiles it as it is written
def _round(points, frame, head, tail, every, due, due_negative, ties, a, b, rate, epoch, seed, negatives):
    """One epoch over all edges: an edge attracts its two ends, and its head is repelled from random other images.

    Compiled by numba, which takes the types from the call.

    UMAP's gradients of the curve 1 / (1 + a·distance^2b), each clipped to 4, as in umap.layouts; every move also pulls
    the image towards its position in the frames around.
    """
    frames, n, _ = points.shape
    window = ties.shape[1] // 2
    np.random.seed(seed + epoch)
    for edge in range(len(every)):
        if due[edge] > epoch:
            continue
        due[edge] += every[edge]
        here, j, other = frame[edge], head[edge], tail[edge]
        pushes = int((epoch - due_negative[edge]) * negatives / every[edge])
        due_negative[edge] += pushes * every[edge] / negatives
        for turn in range(-1, pushes + 1):
            # -1: the head moves to the tail; 0: the tail to the head; from 1 on: the head away from a random image.
            moved, fixed = (other, j) if turn == 0 else (j, other)
            if turn > 0:
                fixed = np.random.randint(n)
                if fixed == j:
                    continue
            x, y = points[here, moved, 0] - points[here, fixed, 0], points[here, moved, 1] - points[here, fixed, 1]
            squared = x * x + y * y
            slope = 0.0
            if squared > 0 and turn > 0:
                slope = 2 * b / ((0.001 + squared) * (a * squared**b + 1))
            elif squared > 0:
                slope = -2 * a * b * squared ** (b - 1) / (a * squared**b + 1)
            x, y = min(4.0, max(-4.0, slope * x)), min(4.0, max(-4.0, slope * y))
            for near in range(max(0, here - window), min(frames, here + window + 1)):
                tie = ties[here, near - here + window, moved]
                x -= tie * (points[here, moved, 0] - points[near, moved, 0])
                y -= tie * (points[here, moved, 1] - points[near, moved, 1])
            points[here, moved, 0] += rate * min(4.0, max(-4.0, x))
            points[here, moved, 1] += rate * min(4.0, max(-4.0, y))
