"""What the rule of :mod:`novelty` is worth for one model: classes are left out, and it is asked to tell them."""

from dataclasses import replace

import numpy as np
from scipy.stats import rankdata

from sealife_core.evaluation.classification.out_of_distribution import (
    STAGES,
    Means,
    OutOfDistribution,
    gaussian_of,
    measure,
)

MOST_FITTED = 2_000  # training images to measure the AUROC by: some seconds
LEAST_RANKED = 10  # validation images on either side: of fewer an AUROC says nothing


def measure_with_auroc(
    train: Means, val: Means, cache_size_px: int, train_labels: np.ndarray, val_labels: np.ndarray
) -> OutOfDistribution:
    """As ``measure``, with the AUROC of :func:`left_out_auroc`.

    train_labels, val_labels: (n_train,) and (n_val,) class indices, -1 where there is none.
    """
    return replace(measure(train, val, cache_size_px), auroc=left_out_auroc(train, val, train_labels, val_labels))


def left_out_auroc(train: Means, val: Means, train_labels: np.ndarray, val_labels: np.ndarray) -> float | None:
    """How well classes that the rule has not seen are told from those it has: 0.5 is guessing, 1 is perfect.

    A third of the classes at a time is left out of the training images; the validation images of these are then ranked
    against those of the other classes. The encoder itself may have learned them, so that classes that are new to it too
    are told no better. The mean of the thirds, weighted by the images left out; None with fewer than LEAST_RANKED.
    """
    classes = np.unique(val_labels[val_labels >= 0])
    kept = np.random.default_rng(0).permutation(len(train_labels))[:MOST_FITTED]
    train, train_labels = {name: of[kept] for name, of in train.items()}, train_labels[kept]
    found, weights = [], []
    for third in range(3):
        left_out = classes[third::3]
        known, asked = ~np.isin(train_labels, left_out), val_labels >= 0
        unknown = np.isin(val_labels, left_out)
        if known.sum() < 2 or min(unknown.sum(), (asked & ~unknown).sum()) < LEAST_RANKED:
            continue
        stages = {n: gaussian_of(train[n][known], val[n][asked & ~unknown]) for n in STAGES}
        rule = OutOfDistribution(stages, np.inf, int(known.sum()), int(asked.sum()), 1)
        scores = rule.score({name: of[asked] for name, of in val.items()})
        found.append(auroc(scores, unknown[asked]))
        weights.append(int(unknown.sum()))
    return float(np.average(found, weights=weights)) if found else None


def auroc(scores: np.ndarray, positive: np.ndarray) -> float:
    """How often one of the ``positive`` (n,) has a higher score (n,) than one of the others; a tie counts half."""
    n = int(positive.sum())
    ranks = rankdata(scores)[positive].sum()
    return float((ranks - n * (n + 1) / 2) / (n * (len(scores) - n)))
