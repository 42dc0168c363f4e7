"""Stopped or killed anywhere and resumed, a run is the run that was left alone, step by step."""

from pathlib import Path
from typing import Any

import pytest

from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.directory import Run
from tests.training.attempts import assert_equal_runs, attempt, begun, point, rows

# 51 training images: four steps an epoch of images; of features five, the last one smaller.
IMAGES: dict[str, Any] = {"batch_size": 12, "epochs": 2}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "simclr": ("simclr", IMAGES | {"monitor_every": 0, "warmup_epochs": 0}),
    "images": ("scratch", IMAGES | {"dropout": 0.5, "augmentation": "strong", "schedule": "onecycle"}),
    "restarts": ("scratch", IMAGES | {"trained_stages": 3, "schedule": "warm_restarts", "optimiser": "sgd"}),
    "adamw": ("probe", {"optimiser": "adamw", "batch_size": 12, "epochs": 2, "dropout": 0.3, "learning_rate": 0.01}),
    "sgd": ("probe", {"optimiser": "sgd", "batch_size": 12, "epochs": 2, "schedule": "cosine"}),
    "lbfgs": ("probe", {"optimiser": "lbfgs", "epochs": 4, "patience": 0, "weight_decay": 0.0001}),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[str, dict[str, Any]]:
    monkeypatch.setattr("sealife_core.training.lbfgs.ITERATIONS", 3)
    return CASES[request.param]


def test_stop__after_every_step_and_resumed_equals_the_run_left_alone(
    tiny_reef: Dataset, case: tuple[str, dict[str, Any]]
) -> None:
    task, values = case
    whole, run = begun(tiny_reef, task, **values), begun(tiny_reef, task, **values)
    assert attempt(whole, tiny_reef)
    steps = point(whole)["global_step"]
    assert steps >= 4

    for done in range(1, steps):
        assert attempt(run, tiny_reef, stop=lambda step, values: True) is False
        assert point(run)["global_step"] == done, "a stop ends training after its batch"
        assert rows(run) == [row for row in rows(whole) if row["step"] <= done], "and writes down what is done, no more"
    assert attempt(run, tiny_reef, stop=lambda step, values: True), "in the last batch there is nothing left to stop"
    assert_equal_runs(run, whole)


def test_kill__after_every_step_and_resumed_equals_the_run_left_alone(
    tiny_reef: Dataset, case: tuple[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    task, values = case
    whole, run = begun(tiny_reef, task, **values), begun(tiny_reef, task, **values)
    assert attempt(whole, tiny_reef)
    steps = point(whole)["global_step"]

    monkeypatch.setattr("sealife_core.training.resume_point.RESUME_POINT_EVERY_S", 0.0)
    for done in range(2, steps + 1):
        assert attempt(run, tiny_reef, cut=lambda step, values, at=done: step == at and "train/loss" in values) is None
        assert point(run)["global_step"] == done - 1
    assert attempt(run, tiny_reef)
    assert_equal_runs(run, whole)
