"""Scores of a classifier on one split, with chance level, number of images and 95 % intervals."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Int64, Num
from scipy import sparse

from sealife_core.errors import DatasetError

ECE_BINS = 15  # as in Guo et al., arXiv 1706.04599
Z95 = 1.959963984540054  # the middle 95 % of the normal distribution end there
RESAMPLES = 2000  # the ends of a percentile interval of 1,000 still wobble in the second digit

Labels = Int[np.ndarray, " n"]
Probabilities = Float[np.ndarray, "n classes"]
Counts = Num[np.ndarray, "classes *results"]


def scores(labels: Labels, probabilities: Probabilities, classes: Sequence[str], seed: int = 0) -> dict[str, Any]:
    """The ``test`` of ``results.json``; labels are indices into ``classes``.

    - ``chance``: as :func:`chance`.
    - ``top3``: None with fewer than three classes, where it would always be right.
    - ``balanced_accuracy`` and ``macro_f1``: means over the classes that have images here (see :func:`macro_f1`). In
      ``per_class`` a class without images has n = 0 and zeros.
    - 95 % intervals: Wilson for accuracy, percentile bootstrap over images (``seed``) for macro-F1; that is no narrower
      than accuracy's, because a bootstrap has no width where every image is right.

    Raises DatasetError without images.
    """
    labels, probabilities = np.asarray(labels, np.int64), np.asarray(probabilities, np.float64)
    n, c = len(labels), len(classes)
    if n == 0:
        raise DatasetError(
            "There are no labelled images to score; expected at least one. Give each class images for every split."
        )
    if probabilities.shape != (n, c):
        raise ValueError(
            f"probabilities are {probabilities.shape}; expected {(n, c)}: one row an image, one column a class"
        )
    if labels.min() < 0 or labels.max() >= c:
        raise ValueError(f"labels lie in {labels.min()}..{labels.max()}; expected 0..{c - 1}")
    predicted = probabilities.argmax(1)
    counts = confusion(labels, predicted, c)
    hits, images, named = np.diag(counts), counts.sum(1), counts.sum(0)
    recall, precision, f1 = _ratio(hits, images), _ratio(hits, named), class_f1(hits, images, named)
    accuracy, macro = float(hits.sum()) / n, float(macro_f1(hits, images, named))
    low, high = wilson(int(hits.sum()), n)
    f1_low, f1_high = no_narrower(macro, bootstrap_macro_f1(labels, predicted, c, seed), accuracy, (low, high))
    return {
        "n": n,
        "chance": chance(labels, c),
        "accuracy": accuracy,
        "accuracy_low": low,
        "accuracy_high": high,
        "macro_f1": macro,
        "macro_f1_low": max(0.0, f1_low),
        "macro_f1_high": min(1.0, f1_high),
        "top3": top_k(labels, probabilities, 3) if c >= 3 else None,
        "balanced_accuracy": float(recall[images > 0].mean()),
        "ece": calibration_error(labels, probabilities),
        "per_class": [
            {"label": str(name), "n": int(n), "precision": float(p), "recall": float(r), "f1": float(f)}
            for name, n, p, r, f in zip(classes, images, precision, recall, f1, strict=True)
        ],
        "confusion": counts.tolist(),
    }


def macro_f1(hits: Counts, images: Counts, named: Counts) -> Float[np.ndarray, "*results"]:
    """Macro-F1: the mean F1 of the classes that have images; also used for the curves of training.

    For each class: hits, its number of images, how often it was predicted. A class without images is left out;
    predicting it lowers the recall of the true class. NaN if no class has images.
    """
    present = images > 0
    found = class_f1(hits, images, named).sum(0, where=present)
    return np.divide(found, present.sum(0), out=np.full(np.shape(found), np.nan), where=present.any(0))


def class_f1(hits: Counts, images: Counts, named: Counts) -> Counts:
    """The F1 of each class from the counts of :func:`macro_f1`; 0 for a class without images and predictions."""
    return _ratio(2 * hits, images + named)


def chance(labels: Labels, classes: int) -> float:
    """The accuracy of guessing: the share of the largest class, or 1 / ``classes`` if that is larger."""
    largest = np.bincount(labels).max() / len(labels) if len(labels) else 0.0
    return max(1 / max(1, classes), float(largest))


def wilson(k: int, n: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of the share ``k`` / ``n``; (0, 1) if n is 0. Wilson, JASA 22, 1927."""
    if n == 0:
        return 0.0, 1.0
    whole = n + Z95**2
    middle, reach = (k + Z95**2 / 2) / whole, Z95 / whole * math.sqrt(k * (n - k) / n + Z95**2 / 4)
    return (middle - reach if k else 0.0), (middle + reach if k < n else 1.0)


def bootstrap_macro_f1(labels: Labels, predicted: Labels, classes: int, seed: int) -> tuple[float, float]:
    """95 % percentile interval of macro-F1 over images that are drawn again, with replacement, RESAMPLES times.

    In each resample the mean is over the classes that it contains.
    """
    cells, counts = np.unique(labels * classes + predicted, return_counts=True)
    truth, guess = np.divmod(cells, classes)
    return middle_95(macro_f1_of_cells(truth, guess, classes, resampled(counts, seed)))


def no_narrower(
    value: float, ends: tuple[float, float], other: float, other_ends: tuple[float, float]
) -> tuple[float, float]:
    """The ``ends`` of an interval around ``value``, reaching as far on each side as those around ``other`` at least."""
    return min(ends[0], value - (other - other_ends[0])), max(ends[1], value + (other_ends[1] - other))


def middle_95(resampled: Float[np.ndarray, " resamples"]) -> tuple[float, float]:
    """The ends of the percentile interval of a score that was computed on each resample."""
    low, high = np.quantile(resampled, (0.025, 0.975))
    return float(low), float(high)


def resampled(counts: Int[np.ndarray, " cells"], seed: int) -> Int64[np.ndarray, "cells resamples"]:
    """How many of the n = Σ counts images each cell has in each bootstrap resample.

    Images of one cell are alike for the score, so a multinomial over the cells replaces n draws.
    """
    n = counts.sum()
    return np.random.default_rng(seed).multinomial(n, counts / n, size=RESAMPLES).T


def macro_f1_of_cells(
    truth: Int[np.ndarray, " cells"],
    guess: Int[np.ndarray, " cells"],
    classes: int,
    counts: Int[np.ndarray, "cells results"],
) -> Float[np.ndarray, " results"]:
    """Macro-F1 of each column of ``counts``. truth, guess: the class indices of each cell."""
    cells, shape = np.arange(len(truth)), (classes, len(truth))

    def summed(by: np.ndarray, kept: np.ndarray) -> np.ndarray:
        return np.asarray(sparse.csr_array((kept.astype(float), (by, cells)), shape=shape) @ counts)  # (C, R)

    every = np.ones(len(truth))
    return macro_f1(hits=summed(truth, truth == guess), images=summed(truth, every), named=summed(guess, every))


def top_k(labels: Labels, probabilities: Probabilities, k: int) -> float:
    """Share of images whose label is among the k most probable classes."""
    likeliest = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    return float((likeliest == labels[:, None]).any(1).mean())


def calibration_error(labels: Labels, probabilities: Probabilities) -> float:
    """Expected calibration error: |confidence − accuracy| over ECE_BINS bins, weighted by their number of images."""
    confidence = probabilities.max(1)
    right = probabilities.argmax(1) == labels
    gap = np.bincount(bin_of(confidence, ECE_BINS), confidence - right)
    return float(np.abs(gap).sum() / len(labels))


def bin_of(confidence: Float[np.ndarray, " n"], bins: int) -> Int[np.ndarray, " n"]:
    """The bin of each confidence, of ``bins`` of equal width: bin b holds those in (b / bins, (b + 1) / bins]."""
    return np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)


def confusion(labels: Labels, predicted: Labels, classes: int) -> Int[np.ndarray, "{classes} {classes}"]:
    """Counts: row = truth, column = prediction."""
    return np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)


def _ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """top / bottom, 0 where bottom is 0."""
    return np.divide(top, bottom, out=np.zeros(np.shape(top)), where=np.asarray(bottom) > 0)
