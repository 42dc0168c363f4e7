"""Features as the label queue uses them."""

import numpy as np

from sealife_core.evaluation.curation.queue_features import Points, points_of, reserved


def test_points__keep_distances_whatever_the_scale_of_a_feature() -> None:
    h = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
    standardised = (h - h.mean(0)) / h.std(0)
    found = points_of([str(n) for n in range(40)], h * [1, 10, 100, 1, 1, 1] + 5).values
    distances = np.linalg.norm(found[:, None] - found, axis=2)
    np.testing.assert_allclose(distances, np.linalg.norm(standardised[:, None] - standardised, axis=2), rtol=1e-3)
    assert (np.diff(found.std(0)) <= 1e-5).all()


def test_pairs__are_pictures_that_look_alike(points: Points) -> None:
    assert {(0, 3), (1, 4), (2, 5)} <= {tuple(pair) for pair in points.pairs.tolist()}
    assert 3 in points.look_like(0)
    assert 0 in points.look_like(3)
    assert 4 not in points.look_like(0)


def test_reserved__is_a_share_of_whole_units_that_no_other_picture_changes_in_two_halves() -> None:
    ids = [f"i{n}" for n in range(2000)]
    of = np.arange(2000) // 2 * 2
    none = np.zeros(2000, bool)
    half = reserved(ids, of, none, 0.2, seed=0)
    chosen = half > 0
    assert 0.16 < chosen.mean() < 0.24
    assert (half[::2] == half[1::2]).all()
    assert abs((half == 1).sum() - (half == 2).sum()) <= 2
    assert ((reserved(ids[:500], of[:500], none[:500], 0.2, seed=0) > 0) == chosen[:500]).all()
    assert ((reserved(ids, of, none, 0.2, seed=1) > 0) != chosen).any()


def test_reserved__has_nothing_that_looks_like_what_was_learned() -> None:
    ids, of = [f"i{n}" for n in range(100)], np.arange(100) // 2 * 2
    every = reserved(ids, of, np.zeros(100, bool), 0.5, seed=0)
    learned = np.zeros(100, bool)
    learned[np.flatnonzero(every)[0]] = True
    left = reserved(ids, of, learned, 0.5, seed=0)
    assert (every > 0).sum() - (left > 0).sum() == 2
