"""Folds that hold whole places out, random ones beside them, and a linear probe that is trained on the rest."""

import numpy as np
from jaxtyping import Float, Float32, Int, Int64
from scipy.linalg import eigh
from scipy.optimize import minimize
from scipy.special import softmax

DIRECTIONS = 256  # of 1,280 features: half a point less accuracy, a fifth of the time
_MOST_SEEN = 5000  # rows that the directions are computed from
PENALTY = 0.1  # L2, of a probe on ImageNet's features: the best on photographs (config/presets.py, "classify")
_ITERATIONS = 100


def reduced(features: Float[np.ndarray, "n d"], seed: int) -> Float32[np.ndarray, "n _"]:
    """``features`` standardised, in their first DIRECTIONS principal directions. No label is used."""
    rows = np.random.default_rng(seed).permutation(len(features))[:_MOST_SEEN]
    mean, scale = features.mean(0), features.std(0)
    standard = ((features - mean) / np.where(scale > 1e-6, scale, 1)).astype(np.float32)
    if standard.shape[1] <= DIRECTIONS:
        return standard
    seen, last = standard[rows], standard.shape[1] - 1
    _, directions = eigh(seen.T @ seen, subset_by_index=(last - DIRECTIONS + 1, last))
    return standard @ directions


def dealt(units: Int[np.ndarray, " n"], folds: int, seed: int) -> Int64[np.ndarray, " n"]:
    """The fold, 0 … folds - 1, of each image. Images of one unit, such as a site, are in one fold.

    The largest units first, each into the fold that has the fewest images; units of one size in an order drawn by
    ``seed``.
    """
    _, unit, sizes = np.unique(units, return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    home, filled = np.empty(len(sizes), np.int64), np.zeros(folds, np.int64)
    for one in order:
        home[one] = filled.argmin()
        filled[home[one]] += sizes[one]
    return home[unit]


def held_out_predictions(
    features: Float32[np.ndarray, "n d"],
    labels: Int[np.ndarray, " n"],
    fold: Int[np.ndarray, " n"],
    trained_on: int,
    seed: int,
) -> Int64[np.ndarray, " n"]:
    """What a probe says of each image that was trained on ``trained_on`` images of the other folds, drawn by ``seed``.

    -1 for an image whose class is not among those.
    """
    said, rng = np.empty(len(labels), np.int64), np.random.default_rng(seed)
    for held_out in np.unique(fold):
        train, test = np.flatnonzero(fold != held_out), np.flatnonzero(fold == held_out)
        train = rng.choice(train, trained_on, replace=False)
        predicted = probe_predictions(features[train], labels[train], features[test])
        said[test] = np.where(np.isin(labels[test], labels[train]), predicted, -1)
    return said


def probe_predictions(
    features: Float32[np.ndarray, "m d"], labels: Int[np.ndarray, " m"], asked: Float32[np.ndarray, "n d"]
) -> Int64[np.ndarray, " n"]:
    """The labels of ``asked`` by multinomial logistic regression on ``features``.

    Minimised is the mean cross-entropy + PENALTY / 2 · Σ W², as scikit-learn does with C = 1 / (m · PENALTY).
    """
    classes, wanted = np.unique(labels, return_inverse=True)
    m, c = len(features), len(classes)

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(-1, c)  # (d + 1, C); the last row is the bias
        share = softmax((features @ weights[:-1].astype(np.float32)).astype(np.float64) + weights[-1], axis=1)
        value = -np.log(np.maximum(share[np.arange(m), wanted], 1e-300)).mean()
        value += PENALTY / 2 * np.square(weights[:-1]).sum()
        share[np.arange(m), wanted] -= 1
        slope = features.T @ (share / m).astype(np.float32) + PENALTY * weights[:-1]
        return float(value), np.concatenate([slope, share.mean(0)[None]]).ravel()

    found = minimize(
        loss, np.zeros((features.shape[1] + 1) * c), jac=True, method="L-BFGS-B",
        options={"maxiter": _ITERATIONS, "gtol": 1e-4},
    ).x.reshape(-1, c)  # fmt: skip
    logits = asked @ found[:-1].astype(np.float32) + found[-1]
    return classes[logits.argmax(1)].astype(np.int64)
