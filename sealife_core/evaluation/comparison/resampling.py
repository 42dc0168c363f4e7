"""The 95 % interval of a difference between two classifiers on the same images: the images are drawn anew, in pairs."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sealife_core.evaluation.classification.scores import macro_f1

RESAMPLES = 2000  # the ends of a percentile interval of 1,000 still wobble in the second digit


@dataclass(frozen=True)
class Interval:
    """An estimate and its 95 % interval."""

    value: float
    low: float
    high: float

    def __neg__(self) -> "Interval":
        return Interval(-self.value, -self.high, -self.low)


def accuracy_difference(
    right_a: np.ndarray, right_b: np.ndarray, seed: int = 0, resamples: int = RESAMPLES
) -> Interval:
    """Accuracy of b minus a, 95 % percentile bootstrap over images. right_a, right_b: (n,) bool of the same images."""
    gain = np.asarray(right_b, np.int64) - np.asarray(right_a, np.int64)  # −1 broken, 0 the same, 1 fixed
    if gain.sum() < 0:  # drawn from the better one's side, so that it does not depend on which of the two is called a
        return -accuracy_difference(right_b, right_a, seed, resamples)
    n = len(gain)
    shares = np.bincount(gain + 1, minlength=3) / n
    drawn = np.random.default_rng(seed).multinomial(n, shares, size=resamples)  # (R, 3)
    return _interval(float(gain.mean()), (drawn[:, 2] - drawn[:, 0]) / n)


def macro_f1_difference(
    labels: np.ndarray, predicted_a: np.ndarray, predicted_b: np.ndarray, seed: int = 0, resamples: int = RESAMPLES
) -> Interval:
    """Macro-F1 of b minus a, 95 % percentile bootstrap over images. All (n,), names or indices of classes.

    The mean is over the classes that have images, in each resample as in the estimate (see scores.macro_f1).
    """
    names, codes = np.unique(np.concatenate([labels, predicted_a, predicted_b]).astype(str), return_inverse=True)
    c, n = len(names), len(labels)
    truth, guess_a, guess_b = codes.reshape(3, n)
    # Drawing images anew is drawing the filled cells of (truth, a's guess, b's guess) from a multinomial.
    cells, counts = np.unique((truth * c + guess_a) * c + guess_b, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(n, counts / n, size=resamples)  # (R, cells)
    weights = np.vstack([counts, drawn]).T  # (cells, 1 + R): the estimate itself comes first
    truth, guess_a, guess_b = cells // c**2, cells // c % c, cells % c
    difference = _macro_f1(truth, guess_b, c, weights) - _macro_f1(truth, guess_a, c, weights)
    if difference[0] < 0:  # from the better one's side, as above
        return -macro_f1_difference(labels, predicted_b, predicted_a, seed, resamples)
    return _interval(float(difference[0]), difference[1:])


def _macro_f1(truth: np.ndarray, guess: np.ndarray, classes: int, weights: np.ndarray) -> np.ndarray:
    """(R,) macro-F1 for each column of ``weights`` (cells, R); truth, guess: (cells,) indices."""
    at, ones = np.arange(len(truth)), np.ones(len(truth))
    shape = (classes, len(truth))
    images = np.asarray(sparse.csr_array((ones, (truth, at)), shape=shape) @ weights)  # (C, R)
    named = np.asarray(sparse.csr_array((ones, (guess, at)), shape=shape) @ weights)
    hits = np.asarray(sparse.csr_array((ones * (truth == guess), (truth, at)), shape=shape) @ weights)
    return macro_f1(hits, images, named)


def _interval(value: float, resampled: np.ndarray) -> Interval:
    low, high = np.quantile(resampled, (0.025, 0.975))
    return Interval(value, float(low), float(high))
