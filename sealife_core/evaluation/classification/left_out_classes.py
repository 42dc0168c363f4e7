"""How well out-of-distribution detection works for one model: some classes are left out, and it has to find them."""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Int, Num
from scipy.stats import rankdata

from sealife_core.evaluation.classification.out_of_distribution import (
    STAGES,
    Means,
    OutOfDistribution,
    gaussian_of,
    measure,
)

MOST_FITTED = 2_000  # training images to measure the AUROC by: some seconds
LEAST_RANKED = 10  # validation images on each side: with fewer an AUROC means nothing


def measure_with_auroc(
    train: Means,
    val: Means,
    cache_size_px: int,
    train_labels: Int[np.ndarray, " n_train"],
    val_labels: Int[np.ndarray, " n_val"],
) -> OutOfDistribution:
    """:func:`measure` with the AUROC of :func:`left_out_auroc`. A label is -1 where there is none."""
    return replace(measure(train, val, cache_size_px), auroc=left_out_auroc(train, val, train_labels, val_labels))


def left_out_auroc(
    train: Means, val: Means, train_labels: Int[np.ndarray, " n_train"], val_labels: Int[np.ndarray, " n_val"]
) -> float | None:
    """AUROC of detecting classes that the Gaussians were fitted without: 0.5 is guessing, 1 is perfect.

    One third of the classes at a time is left out of the training images. The validation images of these classes are
    ranked against those of the others. The encoder may have been trained on the left-out classes, so classes that are
    new to the encoder as well may be harder to detect. Returns the mean over the thirds, weighted by the images left
    out, or None with fewer than LEAST_RANKED images on one side.
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


def auroc(scores: Num[np.ndarray, " n"], positive: Bool[np.ndarray, " n"]) -> float:
    """Probability that a ``positive`` one has a higher score than one of the others; a tie counts half."""
    n = int(positive.sum())
    ranks = rankdata(scores)[positive].sum()
    return float((ranks - n * (n + 1) / 2) / (n * (len(scores) - n)))
