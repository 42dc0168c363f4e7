"""Which pictures to label next."""

import numpy as np

from sealife_core.evaluation.curation.picking import fitted, next_places, typicality, uncertainty


def clusters(count: int, size: int = 30) -> np.ndarray:
    """That many clusters of points, one behind the other."""
    draw = np.random.default_rng(0)
    return np.repeat(20 * np.eye(count), size, axis=0) + draw.normal(size=(count * size, count))


def test_next_places__takes_one_of_each_cluster_first() -> None:
    values = clusters(6)
    nothing, every = np.zeros(180, bool), np.ones(180, bool)
    places = next_places(values, nothing, every, np.ones(180), 6, seed=0)
    assert sorted(places // 30) == [0, 1, 2, 3, 4, 5]


def test_next_places__goes_where_no_label_is() -> None:
    values = clusters(6)
    labelled = np.zeros(180, bool)
    labelled[[0, 30, 60]] = True
    places = next_places(values, labelled, ~labelled, np.ones(180), 5, seed=0)
    assert sorted(places[:3] // 30) == [3, 4, 5]


def test_next_places__prefers_the_uncertain_cluster() -> None:
    values = clusters(4)
    doubt = np.full(120, 0.05)
    doubt[60:90] = 0.9
    assert next_places(values, np.zeros(120, bool), np.ones(120, bool), doubt, 4, seed=0)[0] // 30 == 2


def test_next_places__gives_each_candidate_once_and_no_other() -> None:
    values = clusters(2)
    candidates = np.arange(60) % 2 == 0
    labelled = ~candidates
    places = next_places(values, labelled, candidates, np.ones(60), 100, seed=0)
    assert sorted(places) == np.flatnonzero(candidates).tolist()
    assert next_places(values, labelled, np.zeros(60, bool), np.ones(60), 5, seed=0).tolist() == []


def test_next_places__of_pictures_that_an_encoder_cannot_tell_apart() -> None:
    values, every = np.ones((1200, 2)), np.ones(1200, bool)
    assert len(set(next_places(values, ~every, every, np.ones(1200), 1100, seed=0))) == 1100


def test_next_places__are_the_same_for_one_seed() -> None:
    values, every = np.random.default_rng(0).normal(size=(200, 8)), np.ones(200, bool)
    asked = [next_places(values, ~every, every, np.ones(200), 10, seed).tolist() for seed in (0, 0, 1)]
    assert asked[0] == asked[1] != asked[2]


def test_typicality__is_highest_in_the_middle() -> None:
    points = np.array([[0.0], [1.0], [2.0], [3.0], [20.0]])
    found = typicality(points, np.arange(5), np.arange(5))
    assert found.argmax() in (1, 2)
    assert found.argmin() == 4


def test_uncertainty__is_one_for_a_tie() -> None:
    found = uncertainty(np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.6, 0.3, 0.1]]))
    np.testing.assert_allclose(found, [0, 1, 0.7])


def test_fitted__needs_two_classes() -> None:
    values = clusters(2)
    assert fitted(values[:30], np.zeros(30, np.int64)) is None
    model = fitted(values[[0, 30]], np.array([3, 7]))
    assert model is not None
    assert list(model.predict(values)) == [3] * 30 + [7] * 30
