import numpy as np

from sealife_core.evaluation.curation.out_of_fold import FOLDS, grouped_folds, out_of_fold_probabilities
from tests.evaluation.curation.made import clusters


def test_grouped_folds__share_every_class_evenly() -> None:
    labels = np.repeat([0, 1, 2], [33, 12, 5])
    folds = grouped_folds(labels, np.arange(50), seed=0)
    counts = np.array([np.bincount(folds[labels == label], minlength=FOLDS) for label in range(3)])
    assert (np.ptp(counts, axis=1) <= 1).all()
    assert np.ptp(counts.sum(0)) <= 2


def test_grouped_folds__keep_a_group_together() -> None:
    rng = np.random.default_rng(0)
    labels, groups = rng.integers(4, size=300), rng.integers(60, size=300)
    folds = grouped_folds(labels, groups, seed=0)
    assert all(len(set(folds[groups == group])) == 1 for group in range(60))
    assert np.bincount(folds).min() > 45


def test_grouped_folds__of_one_class_are_even() -> None:
    groups = np.repeat(np.arange(40), np.random.default_rng(1).integers(1, 9, 40))
    folds = grouped_folds(np.zeros(len(groups), int), groups, seed=0)
    assert np.ptp(np.bincount(folds, minlength=FOLDS)) <= 2


def test_grouped_folds__are_drawn_by_the_seed() -> None:
    labels, alone = np.zeros(40, int), np.arange(40)
    first, again, other = (grouped_folds(labels, alone, seed).tolist() for seed in (0, 0, 1))
    assert first == again != other


def test_out_of_fold_probabilities__do_not_know_the_images_own_labels() -> None:
    features, labels = clusters(each=20)
    folds = grouped_folds(labels, np.arange(len(labels)), seed=0)
    first = folds == 0
    found = out_of_fold_probabilities(features, labels, folds)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)
    assert (found.argmax(1) == labels).mean() > 0.9
    shuffled = labels.copy()
    shuffled[first] = (labels[first] + 1) % 6
    again = out_of_fold_probabilities(features, shuffled, folds)
    np.testing.assert_array_equal(again[first], found[first])
    assert not np.allclose(again[~first], found[~first])


def test_out_of_fold_probabilities__of_a_class_that_the_other_folds_lack_are_0() -> None:
    features, labels = clusters(each=10, classes=3)
    folds = np.tile(np.arange(5), 6)
    folds[labels == 1] = 0
    found = out_of_fold_probabilities(features, labels, folds)
    assert (found[folds == 0, 1] == 0).all()
    assert (found[folds != 0, 1] > 0).all()
