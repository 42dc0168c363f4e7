"""Exact nearest neighbours, one matrix product per block of queries. Imports neither torch nor scikit-learn."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from jaxtyping import Float, Float32, Int, Int32, Int64

Metric = Literal["cosine", "euclidean"]

_BLOCK_CELLS = 2**24  # similarities held at once: 64 MiB in float32, however large the bank


def nearest(
    bank: Float[np.ndarray, "m _"],
    queries: Float[np.ndarray, "n _"],
    k: int,
    *,
    groups: tuple[Int[np.ndarray, " m"], Int[np.ndarray, " n"]] | None = None,
) -> tuple[Int64[np.ndarray, "n best"], Float32[np.ndarray, "n best"]]:
    """The k rows of ``bank`` with the highest cosine similarity to each query, best first: places and similarities.

    k is reduced to m. Equally similar ones are in the order of their places. A row of zeros has similarity 0 to all.
    groups: of both; rows of a query's own group come last, with similarity -1. Raises ValueError if the two do not have
    as many columns.
    """
    bank, queries = np.asarray(bank, np.float32), np.asarray(queries, np.float32)
    if bank.shape[1] != queries.shape[1]:
        raise ValueError(f"bank is {bank.shape}, queries are {queries.shape}; expected (m, D) and (n, D) of one D")
    m, k = len(bank), min(k, len(bank))
    indices, similarities = np.empty((len(queries), k), np.int64), np.empty((len(queries), k), np.float32)
    if k == 0:
        return indices, similarities
    lengths, queries = _lengths(bank), unit_rows(queries)
    for rows in blocks(len(queries), m, _BLOCK_CELLS):
        alike = (queries[rows] @ bank.T) / lengths  # (b, m)
        if groups is not None:
            alike[groups[1][rows, None] == groups[0]] = -2
        indices[rows], similarities[rows] = _best(alike, k)
    return indices, np.clip(similarities, -1, 1)


def neighbour_graph(
    values: Float[np.ndarray, "n d"],
    k: int,
    metric: Metric = "cosine",
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Int32[np.ndarray, "n {k}"], Float32[np.ndarray, "n {k}"]]:
    """The k-nearest-neighbour graph of ``values``, which UMAP starts from: places and distances. 2 ≤ k ≤ n.

    Nearest first; the first of each row is the row itself. The distance ``cosine`` is 1 - cos, as in umap-learn.
    """
    values = np.asarray(values, np.float32)
    n = len(values)
    # Differences of these rows serve both metrics: ½|u - v|² of unit vectors is 1 - cos, with a smaller rounding error.
    x = unit_rows(values) if metric == "cosine" else values - values.mean(0)
    squares = np.einsum("nd,nd->n", x, x)
    indices, distances = np.empty((n, k), np.int32), np.zeros((n, k), np.float32)
    indices[:, 0] = np.arange(n)
    for rows in blocks(n, n, _BLOCK_CELLS):
        near = x[rows] @ x.T
        near -= squares / 2  # -½|u - v|² plus a constant per row
        near[np.arange(len(near)), indices[rows, 0]] = -np.inf
        others, _ = _best(near, k - 1)
        gaps = np.empty(others.shape, np.float32)
        for column in range(k - 1):  # one column at a time: all at once would take b · k · D numbers
            difference = x[rows] - x[others[:, column]]
            gaps[:, column] = np.einsum("bd,bd->b", difference, difference)
        order = np.argsort(gaps, axis=1, kind="stable")
        indices[rows, 1:] = np.take_along_axis(others, order, axis=1)
        gaps = np.take_along_axis(gaps, order, axis=1)
        distances[rows, 1:] = gaps / 2 if metric == "cosine" else np.sqrt(gaps)
        if progress:
            progress(rows.stop, n)
    return indices, distances


def _best(alike: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns (b, k) of the k largest of each row of ``alike`` (b, m), largest first, and their values."""
    m = alike.shape[1]
    if k == 1:
        first = alike.argmax(axis=1, keepdims=True)  # of equal ones the smallest index
        return first, np.take_along_axis(alike, first, axis=1)
    found = np.sort(np.argpartition(alike, m - k, axis=1)[:, m - k :], axis=1)  # sorted: ties go to the smaller index
    values = np.take_along_axis(alike, found, axis=1)
    # Which of several equal to the k-th largest a partition takes depends on the processor.
    tied = np.count_nonzero(alike >= values.min(axis=1, keepdims=True), axis=1) > k
    found[tied] = np.argsort(-alike[tied], axis=1, kind="stable")[:, :k]
    values[tied] = np.take_along_axis(alike[tied], found[tied], axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    return np.take_along_axis(found, order, axis=1), np.take_along_axis(values, order, axis=1)


def blocks(n: int, columns: int, most_cells: int) -> list[slice]:
    """Slices of n rows, so that each times ``columns`` stays within ``most_cells``, if it has more than one row."""
    size = max(1, most_cells // max(columns, 1))
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def unit_rows(vectors: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    """Rows scaled to length 1, in their precision; a row of zeros stays."""
    return vectors / _lengths(vectors)[:, None]


def _lengths(vectors: np.ndarray) -> np.ndarray:
    """The length of each row; 1 for a row of zeros, so that it can be divided by."""
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    return np.where(lengths == 0, 1, lengths)
