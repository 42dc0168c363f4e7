"""A linear probe for each fold that is held out, trained on the rest."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float32, Int, Int64

from sealife_core.evaluation.curation.picking import fitted


def held_out_predictions(
    features: Float32[np.ndarray, "n d"],
    labels: Int[np.ndarray, " n"],
    fold: Int[np.ndarray, " n"],
    trained_on: int,
    seed: int,
    tell: Callable[[], object] = bool,
) -> Int64[np.ndarray, " n"]:
    """What a probe says of each image that was trained on ``trained_on`` images of the other folds, drawn by ``seed``.

    -1 for an image whose class is not among those. tell: is called after each probe.
    """
    said, rng = np.empty(len(labels), np.int64), np.random.default_rng(seed)
    for held_out in np.unique(fold):
        train, test = np.flatnonzero(fold != held_out), np.flatnonzero(fold == held_out)
        train = rng.choice(train, trained_on, replace=False)
        probe = fitted(features[train], labels[train])
        predicted = labels[train][0] if probe is None else probe.predict(features[test])  # None: one class alone
        said[test] = np.where(np.isin(labels[test], labels[train]), predicted, -1)
        tell()
    return said
