"""Forecast of the accuracy with more labels: a power law of accuracy against labels per class, with an interval.

The error decreases with the labels n about as a · (n + n₀)^−b + c: a power law (Hestness et al. 2017, arXiv 1712.00409)
with a late start (n₀) and a floor (c), as in Rosenfeld et al. 2020 (arXiv 1909.12673). Many such curves fit a few
points. The forecast is the mean of all, weighted by their fit; its interval contains their spread and the deviation of
real curves from any power law.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp, ndtr

LEAST_BUDGETS = 3  # fewer points fit any power law
SHARE = 0.8  # coverage of the interval
# How far a real curve deviates from one power law, in accuracy: at the largest number of labels, per doubling below it
# (where few labels follow another law), and per doubling above. Calibrated on photographs and the reef: see
# benchmarks/photographs/forecast.py.
DEPARTS, DEPARTS_BELOW, DEPARTS_BEYOND = 0.004, 0.008, 0.006
_EXPONENTS = np.linspace(0.05, 1.5, 30)
_FLOORS = np.linspace(0, 0.95, 20)  # error that no number of labels removes, as a share of the last error
_STARTS = np.array([0.0, 1, 2, 4])  # labels per class before the power law holds


@dataclass(frozen=True)
class AccuracyForecast:
    """Accuracy with ``labels`` per class (or of all classes, if those were asked for): its value and 80 % interval."""

    labels: float
    value: float
    low: float
    high: float


def forecast(
    labels: Sequence[float], accuracies: Float[np.ndarray, "seeds budgets"], at: Sequence[float],
    variance: Float[np.ndarray, " budgets"] | None = None,
) -> list[AccuracyForecast]:  # fmt: skip
    """The mean accuracy over seeds with ``at`` labels per class; [] from fewer than three numbers of labels.

    labels: per class, ascending. accuracies: NaN if a run is missing. variance: of the means; None: what the seeds
    differ by.
    """
    n = np.asarray(labels, np.float64)
    if len(n) < LEAST_BUDGETS:
        return []
    measured = np.asarray(accuracies, np.float64)
    variance = _of_means(measured) if variance is None else variance
    curves = _fitted(n, 1 - np.nanmean(measured, axis=0), variance)
    found = []
    for m in at:
        left = _left(np.array([m], np.float64), curves.last, curves.exponent, curves.start)[:, 0]
        departs = variance[-1] + (DEPARTS_BEYOND * np.log2(m / n[-1])) ** 2
        centre, spread = 1 - curves.floor - curves.factor * left, np.sqrt(left**2 / curves.precision + departs)
        found.append(
            AccuracyForecast(float(m), float(curves.likely @ centre), *_interval(curves.likely, centre, spread))
        )
    return found


@dataclass(frozen=True)
class _Curves:
    """G curves for the same points, (G,) each: error with ``last`` labels = factor + floor. precision: of factor."""

    last: float
    exponent: np.ndarray
    floor: np.ndarray
    start: np.ndarray
    factor: np.ndarray
    precision: np.ndarray
    likely: np.ndarray


def _left(m: np.ndarray, last: float, exponent: np.ndarray, start: np.ndarray) -> np.ndarray:
    """(G, M) the share of the error above the floor that remains with m labels (M,), relative to ``last``."""
    return ((m[None] + start[:, None]) / (last + start[:, None])) ** -exponent[:, None]


def _fitted(n: np.ndarray, error: np.ndarray, variance: np.ndarray) -> _Curves:
    """Every exponent, floor and start with the best factor by weighted least squares, and its likelihood.

    All (B,): labels, mean error and its variance.
    """
    weight = 1 / (variance + DEPARTS**2 + (DEPARTS_BELOW * np.log2(n[-1] / n)) ** 2)
    grids = np.meshgrid(_EXPONENTS, _FLOORS, _STARTS, indexing="ij")
    exponent, share, start = (grid.ravel() for grid in grids)
    floor = share * error[-1]
    basis, above = _left(n, n[-1], exponent, start), error[None] - floor[:, None]  # (G, B)
    precision = (weight * basis**2).sum(1)
    factor = np.maximum(0, (weight * basis * above).sum(1) / precision)
    misfit = (weight * (above - factor[:, None] * basis) ** 2).sum(1)
    # The prior of a floor decreases with its height: 1 − share.
    likely = np.log1p(-share) - 0.5 * (misfit + np.log(precision))
    likely = np.exp(likely - logsumexp(likely))
    kept = likely > 1e-6  # most are too unlikely to matter
    return _Curves(
        float(n[-1]), exponent[kept], floor[kept], start[kept], factor[kept], precision[kept],
        likely[kept] / likely[kept].sum(),
    )  # fmt: skip


def _of_means(measured: np.ndarray) -> np.ndarray:
    """(B,) the variance of each mean over seeds; with a single seed, the pooled variance of the others."""
    seeds = np.isfinite(measured).sum(axis=0)
    apart = np.nansum((measured - np.nanmean(measured, axis=0)) ** 2, axis=0)
    pooled = apart.sum() / max(1, (seeds - 1).sum())
    # Two or three seeds may agree by chance: the pooled variance counts like two more seeds.
    return (apart + 2 * pooled) / (seeds + 1) / seeds


def _interval(likely: np.ndarray, centre: np.ndarray, spread: np.ndarray) -> tuple[float, float]:
    """The middle SHARE of a mixture of normal distributions, (G,) each."""
    mean = likely @ centre
    deviation = np.sqrt(likely @ (spread**2 + centre**2) - mean**2)
    accuracy = np.clip(mean + deviation * np.linspace(-6, 6, 121), 0, 1)
    below = likely @ ndtr((accuracy[None] - centre[:, None]) / spread[:, None])
    low, high = np.interp([(1 - SHARE) / 2, (1 + SHARE) / 2], below, accuracy)
    return float(low), float(high)
