"""Forecasts of accuracy with more labels: on curves that were measured, and on laws that are known."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike

from sealife_core.evaluation.comparison.learning_curve import SHARE, forecast

# Right answers of probes on EfficientNet-Lite0's features: (25 splits, 5 seeds, 7 budgets). From
# benchmarks/photographs/forecast.py.
MEASURED = np.load(Path(__file__).with_name("learning_curves.npz"))
LABELS = MEASURED["labels"].tolist()
ACCURACIES = {name: MEASURED[name] / MEASURED[f"{name}_images"] for name in ("photographs", "reef")}


@pytest.mark.parametrize("known", [3, 4, 5], ids=lambda known: f"up to {LABELS[known - 1]} labels")
def test_forecast__of_measured_curves_holds_what_came_in_three_of_four_of_50_replays(known: int):
    held, missed = {2: [], 4: []}, []
    for curves in ACCURACIES.values():
        for curve in curves:
            at = [times * LABELS[known - 1] for times in held]
            for times, found in zip(held, forecast(LABELS[:known], curve[:, :known], at), strict=True):
                came = curve[:, LABELS.index(found.labels)].mean()
                held[times].append(found.low <= came <= found.high)
                missed += [abs(found.value - came)] if times == 2 else []
    assert len(missed) == 50
    assert min(np.mean(each) for each in held.values()) >= 0.75
    assert np.median(missed) <= 0.03


def law(labels: ArrayLike, a: float, b: float, c: float) -> np.ndarray:
    return 1 - a * np.asarray(labels, float) ** -b - c


def test_forecast__of_simulated_power_laws_covers_at_least_its_share():
    rng = np.random.default_rng(0)
    labels, held = [1, 2, 5, 10, 20], []
    for _ in range(50):
        a, b, c = rng.uniform(0.4, 0.7), rng.uniform(0.1, 0.6), rng.uniform(0, 0.15)
        seeds = law(labels, a, b, c) + rng.normal(0, 0.015, (5, 5))
        held += [f.low <= law(f.labels, a, b, c) <= f.high for f in forecast(labels, seeds, [40, 80])]
    assert np.mean(held) >= SHARE - 0.05


def test_forecast__is_the_less_sure_the_further_it_goes_and_the_more_seeds_differ():
    labels = [1, 2, 5, 10, 20]
    noise = np.random.default_rng(1).normal(0, 1, (5, 5))

    def widths(spread: float) -> list[float]:
        seeds = law(labels, 0.6, 0.3, 0.05) + spread * noise
        return [f.high - f.low for f in forecast(labels, seeds, [40, 80, 160])]

    assert widths(0.01) == sorted(widths(0.01))
    assert all(wide > narrow for wide, narrow in zip(widths(0.05), widths(0.005), strict=True))


def test_forecast__reads_what_runs_are_there_and_needs_three_budgets():
    labels, seeds = [1, 2, 5, 10], np.full((3, 4), np.nan)
    seeds[:] = law(labels, 0.6, 0.3, 0.05)
    whole = forecast(labels, seeds, [20])
    seeds[2, 3] = np.nan
    assert forecast(labels, seeds, [20])[0].value == pytest.approx(whole[0].value, abs=1e-3)
    assert forecast(labels[:2], seeds[:, :2], [20]) == []


def test_forecast__stays_between_nothing_and_all():
    (found,) = forecast([1, 2, 5], np.array([[0.9, 0.97, 0.995]] * 2), [10])
    assert 0.99 < found.value <= 1
    assert found.low <= found.value
    assert found.high <= 1
