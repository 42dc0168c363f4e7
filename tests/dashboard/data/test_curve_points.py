"""Curves as points: thinned, named, smoothed."""

import pytest

from dashboard.data.metric_curves import FEW_POINTS, MOST_POINTS, curves_of, last_epoch, smoothed, thinned
from dashboard.data.panels import CLASSIFIER_PANELS, SIMCLR_PANELS

LOSS = SIMCLR_PANELS[0]


def rows(n: int, key: str = "train/loss") -> list[dict]:
    return [{"step": i + 1, "epoch": (i + 1) / 10, "time": float(i), key: 5.0 - i / n} for i in range(n)]


def test_thinned__keeps_the_mean_and_the_newest_epoch():
    points, batched = thinned(rows(10 * MOST_POINTS), "train/loss")
    assert len(points) <= MOST_POINTS
    assert batched == 10
    assert points[-1][0] == MOST_POINTS
    everything = [row["train/loss"] for row in rows(10 * MOST_POINTS)]
    assert sum(value for _, value in points) / len(points) == pytest.approx(sum(everything) / len(everything), abs=1e-4)


def test_curves_of__has_as_few_points_as_asked():
    (curve,) = curves_of(LOSS, rows(516), "#000000", most=FEW_POINTS)
    assert (len(curve.points), curve.batched) == (40, 13)


def test_thinned__does_not_end_in_the_noise_of_a_few_steps():
    points, batched = thinned([*rows(130), {"epoch": 13.1, "train/loss": 100.0}], "train/loss", most=10)
    assert (len(points), batched, points[-1][0]) == (9, 14, 13.1)
    assert points[-1][1] < 10, "the last 5 steps went with the 14 before"


def test_thinned__leaves_few_points_as_they_are():
    assert thinned(rows(3), "train/loss") == ([[0.1, 5.0], [0.2, 4.666667], [0.3, 4.333333]], 1)


def test_thinned__passes_over_rows_without_a_number():
    broken = [{"epoch": 1, "train/loss": None}, {"epoch": 2}, {"epoch": None, "train/loss": 1.0}]
    assert thinned([*broken, {"epoch": 4, "train/loss": 2.0}], "train/loss") == (
        [[4, 2.0]],
        1,
    )


def test_curves_of__several_runs_carry_their_names():
    found = [{"epoch": 1.0, "train/loss": 1.0, "val/loss": 2.0}]
    labels = [curve.label for curve in curves_of(CLASSIFIER_PANELS[0], found, "#000000", "mine")]
    assert labels == ["mine, training", "mine, validation"]
    assert [c.label for c in curves_of(LOSS, found, "#000000", "mine")] == ["mine"]


def test_last_epoch__is_the_newest_of_all_runs_and_never_0():
    assert last_epoch([rows(50), rows(20), [], [{"resumed_from": 3}]]) == 5.0
    assert last_epoch([[{"epoch": 0.0, "val/macro_f1": 0.5}]]) == 1.0, "a fine-tune begins with what its start reaches"
    assert last_epoch([]) == 1.0


def test_smoothed__is_the_unbiased_moving_average() -> None:
    points = [[1.0, 4.0], [2.0, 8.0], [3.0, 0.0]]
    assert smoothed(points, 0.0) == points
    # By hand, weight ½: 4; (¼·4 + ½·8) / ¾ = 20/3; (⅛·4 + ¼·8 + 0) / ⅞ = 20/7
    assert smoothed(points, 0.5) == [[1.0, 4.0], [2.0, pytest.approx(20 / 3)], [3.0, pytest.approx(20 / 7)]]
    assert smoothed([], 0.9) == []
