"""What a linear probe says of images that it has not learned from: folds, and probabilities across them."""

import numpy as np
from jaxtyping import Float, Float32, Int, Int64

FOLDS = 5
# L2, as in training/probe/lbfgs.py. With 5 and 10 % of the labels of photographs and of the reef flipped, 0.1 and 1
# find as many of them, within two points.
PENALTY = 0.3
_STEEPEST = 1e-3  # of the slopes, where the optimum counts as reached: as accurate as at 1e-4, in half the time
_ITERATIONS = 200
_LEAST_SPREAD = 1e-6  # of a feature: below it, it says nothing and is not scaled up


def grouped_folds(
    labels: Int[np.ndarray, " n"], groups: Int[np.ndarray, " n"], seed: int, folds: int = FOLDS
) -> Int64[np.ndarray, " n"]:
    """The fold of each image, 0 … folds-1: each has its share of every class, and none has a part of a group.

    Groups come in the order of their sizes, the largest first, those of one size drawn by ``seed``; each goes where
    its classes are rarest, among those to the fold that has the fewest images.
    """
    _, unit, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    counts = np.zeros((len(sizes), int(labels.max()) + 1), np.int64)
    np.add.at(counts, (unit, labels), 1)
    order = np.random.default_rng(seed).permutation(len(sizes))
    fold_of = np.empty(len(sizes), np.int64)
    filled = np.zeros((folds, counts.shape[1]), np.int64)
    for one in order[np.argsort(-sizes[order], kind="stable")]:
        fold_of[one] = np.lexsort((filled.sum(1), filled @ counts[one]))[0]
        filled[fold_of[one]] += counts[one]
    return fold_of[unit]


def out_of_fold_probabilities(
    features: Float[np.ndarray, "n d"], labels: Int[np.ndarray, " n"], folds: Int[np.ndarray, " n"]
) -> Float32[np.ndarray, "n c"]:
    """The probability of every class for each image, by logistic regression on the images of the other folds.

    labels: 0 … c-1. A class that the other folds do not have gets 0; without each fold, two classes must be left.
    """
    from sklearn.linear_model import LogisticRegression

    spread = features.std(0)
    scaled = ((features - features.mean(0)) / np.where(spread < _LEAST_SPREAD, 1, spread)).astype(np.float32)
    found = np.zeros((len(labels), int(labels.max()) + 1), np.float32)
    for fold in np.unique(folds):
        held_out = folds == fold
        c = 1 / (PENALTY * np.count_nonzero(~held_out))
        probe = LogisticRegression(C=c, tol=_STEEPEST, max_iter=_ITERATIONS).fit(scaled[~held_out], labels[~held_out])
        found[np.ix_(held_out, probe.classes_)] = probe.predict_proba(scaled[held_out])
    return found
