"""Against naive loops in float64 and scikit-learn."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from sealife_core.evaluation.embeddings import neighbours
from sealife_core.evaluation.embeddings.neighbours import Metric, nearest, neighbour_graph


def _cloud(n: int, seed: int, dim: int = 9) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)


def test_nearest__agrees_with_a_loop_over_pairs() -> None:
    bank, queries = _cloud(50, 0), _cloud(20, 1)
    indices, similarity = nearest(bank, queries, 5)
    for row, query in enumerate(queries.astype(np.float64)):
        cosines = [query @ b / np.linalg.norm(query) / np.linalg.norm(b) for b in bank.astype(np.float64)]
        assert indices[row].tolist() == np.argsort(-np.array(cosines))[:5].tolist()
        np.testing.assert_allclose(similarity[row], sorted(cosines, reverse=True)[:5], atol=1e-6)
    assert (indices.dtype, similarity.dtype) == (np.int64, np.float32)


def test_nearest__is_the_same_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    bank, queries = _cloud(50, 0), _cloud(20, 1)
    whole = nearest(bank, queries, 7)
    monkeypatch.setattr(neighbours, "_BLOCK_CELLS", 150)  # three queries at a time
    for one, other in zip(nearest(bank, queries, 7), whole, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_nearest__reduces_k_and_gives_the_smaller_index_first_among_equals() -> None:
    bank = np.array([[0, 2], [3, 0], [5, 0], [-1, 0]], np.float32)
    indices, similarity = nearest(bank, np.array([[1, 0]], np.float32), 9)
    assert indices.tolist() == [[1, 2, 0, 3]]
    assert similarity.tolist() == [[1, 1, 0, -1]]


def test_nearest__takes_the_first_of_those_that_are_equal_to_the_last() -> None:
    bank = np.ones((40, 3), np.float32)
    bank[25] = bank[30] = (2, 2, 1)
    indices, similarity = nearest(bank, np.array([[2, 2, 1], [1, 1, 1]], np.float32), 4)
    assert indices.tolist() == [[25, 30, 0, 1], [0, 1, 2, 3]]
    assert (np.diff(similarity) <= 0).all()


def test_nearest__finds_a_row_of_zeros_alike_to_nothing() -> None:
    indices, similarity = nearest(np.zeros((2, 3), np.float32), np.ones((1, 3), np.float32), 2)
    assert (indices.tolist(), similarity.tolist()) == ([[0, 1]], [[0, 0]])


def test_nearest__puts_rows_of_a_querys_own_group_last() -> None:
    bank, groups = _cloud(12, 0), np.arange(12) // 3
    indices, similarity = nearest(bank, bank, 12, groups=(groups, groups))
    own = groups[indices] == groups[:, None]
    assert (own == (np.arange(12) >= 9)).all()
    assert (similarity[own] == -1).all()
    for row in range(12):
        others = [place for place in nearest(bank, bank[row : row + 1], 12)[0][0] if groups[place] != groups[row]]
        assert indices[row, :9].tolist() == others


def test_nearest__of_an_empty_bank_is_empty() -> None:
    indices, similarity = nearest(np.zeros((0, 3)), np.ones((4, 3)), 2)
    assert indices.shape == similarity.shape == (4, 0)


def test_nearest__refuses_other_features() -> None:
    with pytest.raises(ValueError, match=r"\(3, 2\).*\(1, 4\)"):
        nearest(np.ones((3, 2)), np.ones((1, 4)), 1)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_neighbour_graph__agrees_with_scikit_learn(metric: Metric, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "_BLOCK_CELLS", 1000)  # ten rows at a time
    values, said = _cloud(100, 3) + 4, []
    indices, distances = neighbour_graph(values, 8, metric, lambda done, total: said.append((done, total)))
    peer = NearestNeighbors(n_neighbors=8, metric=metric, algorithm="brute").fit(values.astype(np.float64))
    expected, rows = peer.kneighbors(values.astype(np.float64))
    np.testing.assert_array_equal(indices, rows)
    np.testing.assert_allclose(distances, expected, atol=1e-6)
    assert said[0] == (10, 100)
    assert said[-1] == (100, 100)


def test_neighbour_graph__names_each_row_first_among_its_doubles() -> None:
    indices, distances = neighbour_graph(np.repeat(_cloud(3, 0), 4, axis=0), 4)
    assert indices[:, 0].tolist() == list(range(12))
    np.testing.assert_allclose(distances, 0, atol=1e-12)
    assert all(set(row) == set(range(4 * (i // 4), 4 * (i // 4) + 4)) for i, row in enumerate(indices.tolist()))


def test_neighbour_graph__tells_directions_apart_that_float32_cosines_cannot() -> None:
    """Untrained encoders say nearly the same of every image: 1 - cos of 1e-8 is 0 or 6e-8 if taken at its word."""
    values = np.array([[1, 0], [1, 1e-4], [1, 3e-4]], np.float32)
    _, distances = neighbour_graph(values, 3)
    np.testing.assert_allclose(distances[0], [0, 0.5e-8, 4.5e-8], rtol=1e-3)
