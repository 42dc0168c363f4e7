"""Against cleanlab, and the formula written out."""

import numpy as np
import pytest
from cleanlab.count import compute_confident_joint
from cleanlab.rank import get_label_quality_scores
from sklearn.metrics import average_precision_score

from sealife_core.evaluation.curation.doubt import EVENLY, confident_joint, doubt
from sealife_core.evaluation.curation.out_of_fold import grouped_folds, out_of_fold_probabilities
from tests.evaluation.curation.made import clusters, flipped


def believed(labels: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Out-of-fold probabilities, in the precision that cleanlab wants."""
    return out_of_fold_probabilities(features, labels, grouped_folds(labels, np.arange(len(labels)), 0)).astype(float)


def test_confident_joint__is_that_of_cleanlab() -> None:
    features, labels = clusters(spread=1.5)
    changed = flipped(labels, 0.15, pairs=False)
    probabilities = believed(changed, features)
    theirs = compute_confident_joint(changed, probabilities, calibrate=False)
    np.testing.assert_array_equal(confident_joint(probabilities, changed), theirs)
    assert np.count_nonzero(theirs - np.diag(np.diag(theirs))) > 5


def test_doubt__is_the_formula_image_by_image() -> None:
    rng = np.random.default_rng(0)
    probabilities, labels = rng.dirichlet(np.ones(4), size=200), rng.integers(4, size=200)
    joint = confident_joint(probabilities, labels)
    for p, y, found in zip(probabilities, labels, doubt(probabilities, labels), strict=True):
        odds = []
        for j in set(range(4)) - {int(y)}:
            mistakes = joint[:, j].sum() - joint[j, j]
            odds.append(p[j] * ((1 - EVENLY) * joint[y, j] / mistakes + EVENLY / 3) / p[y])
        assert found == pytest.approx(np.log(max(odds)))


@pytest.mark.parametrize("pairs", [False, True])
def test_doubt__ranks_flips_no_worse_than_cleanlab_on_the_same_probabilities(pairs: bool) -> None:
    ours, theirs = [], []
    for seed in range(3):
        features, labels = clusters(spread=1.5, seed=seed)
        changed = flipped(labels, 0.08, pairs=pairs, seed=seed)
        probabilities, flips = believed(changed, features), changed != labels
        ours.append(average_precision_score(flips, doubt(probabilities, changed)))
        quality = get_label_quality_scores(changed, probabilities, method="self_confidence")
        theirs.append(average_precision_score(flips, -quality))
    assert np.mean(ours) >= np.mean(theirs) > 0.5


def test_doubt__is_finite_where_a_probability_is_0() -> None:
    assert np.isfinite(doubt(np.eye(3)[[0, 1, 2, 0]], np.array([0, 1, 2, 1]))).all()


def test_doubt__of_a_class_that_is_only_predicted_does_not_count_it_as_sure() -> None:
    probabilities = np.array([[0.6, 0.1, 0.3], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7]])
    assert confident_joint(probabilities, np.array([0, 1, 0])).tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]
