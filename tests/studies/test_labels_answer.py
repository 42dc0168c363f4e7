"""What more labels would bring, read off the runs of a study."""

import pytest

from sealife_core.studies.labels_answer import forecast_says, forecasts, forecasts_of_best
from sealife_core.studies.questions import DEPTH, LABELS
from sealife_core.studies.study_results import PartResult
from sealife_core.studies.study_settings import ALL_LABELS, PROBE, SIMCLR


def parts(accuracies: dict[str | float, float], encoder: str = SIMCLR, labels: dict[str | float, int] | None = None):
    labels = labels or {}
    return [
        PartResult(
            f"{encoder} {budget} {seed}", {"encoder": encoder, "use": PROBE, "labels": budget}, seed, "r", "finished",
            accuracy=accuracy + 0.01 * seed, labels=labels.get(budget, 800 if budget == ALL_LABELS else 10 * budget),
        )
        for budget, accuracy in accuracies.items()
        for seed in (0, 1)
    ]  # fmt: skip


CURVE: dict[str | float, float] = {5: 0.4, 10: 0.5, 20: 0.58, ALL_LABELS: 0.7}


def test_forecasts__go_on_from_the_most_labels_there_are() -> None:
    ((way, found),) = forecasts(parts(CURVE), classes=10).items()
    assert way == (SIMCLR, PROBE)
    assert [one.labels for one in found] == [160, 320]
    assert 0.7 < found[0].value < found[1].value < 0.9
    assert all(one.low < one.value < one.high for one in found)


def test_forecasts__need_three_budgets_whose_labels_are_known_and_differ() -> None:
    assert forecasts(parts({5: 0.4, 10: 0.5}), classes=10) == {}
    assert forecasts(parts(CURVE, labels={20: 100}), classes=10) == {}
    assert forecasts(parts(CURVE, labels={5: 0}), classes=10) == {}


def test_forecasts__need_two_seeds() -> None:
    assert forecasts([part for part in parts(CURVE) if part.seed == 0], classes=10) == {}


def test_forecast_says__tells_the_best_way_once_all_runs_are_through() -> None:
    better = {labels: accuracy + 0.1 for labels, accuracy in CURVE.items()}
    every = parts(CURVE) + parts(better, "ImageNet")
    words = forecast_says(LABELS, every, classes=10)
    assert words.startswith("Forecast for ImageNet (linear probe): with 2 × as many labels (160 per class) expect 8")
    assert "with 4 × as many labels (320 per class) expect" in words
    assert list(forecasts_of_best(every, 10)) == [("ImageNet", PROBE)]
    waits = PartResult("w", every[0].cell, 2, "r", "running")
    assert forecast_says(LABELS, [*every, waits], classes=10) == ""
    assert forecast_says(DEPTH, every, classes=10) == ""


@pytest.mark.parametrize("classes", [1, 10])
def test_forecasts__do_not_depend_on_how_labels_are_counted(classes: int) -> None:
    (found,) = forecasts(parts(CURVE), classes=classes).values()
    assert found[0].labels == 1600 / classes
