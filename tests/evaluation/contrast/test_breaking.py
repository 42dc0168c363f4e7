"""What a broken part changed: measured on the same pictures, and said as the numbers are."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.comparison.resampling import Interval
from sealife_core.evaluation.contrast.breaking import (
    FEATURES,
    PRETEXT,
    Measure,
    accuracy_measure,
    came_true,
    contrastive_measure,
    knn_measure,
    neighbours_of,
    outcome,
    said,
    weights_moved,
)
from tests.finished.runs import clustered


def measure(name: str, intact: float, broken: float, doubt: float = 0.05) -> Measure:
    first, second, gap = (Interval(of, of - doubt, of + doubt) for of in (intact, broken, broken - intact))
    return Measure(name, first, second, gap, 100)


def rows(share: float) -> list[dict[str, Any]]:
    """Four epochs of five steps; from the third on they have that ``share``, give or take a little."""
    steps = [((1 + step) / 5, 0.1 if step < 10 else share + 0.01 * (step % 2)) for step in range(20)]
    return [{"epoch": epoch, "train/contrastive_accuracy": value} for epoch, value in steps]


def test_contrastive_measure__counts_the_last_steps_alone() -> None:
    found = contrastive_measure(rows(0.5), rows(0.9))
    assert found is not None
    assert (found.intact.value, found.broken.value) == pytest.approx((0.5, 0.9), abs=0.01)
    assert found.change == 1
    assert contrastive_measure(rows(0.5), rows(0.5)).change == 0  # type: ignore[union-attr]
    assert contrastive_measure(rows(0.5), []) is None


def test_knn_measure__falls_where_the_features_say_nothing(tiny_reef: Dataset) -> None:
    good, noise = clustered(tiny_reef), np.random.default_rng(0).normal(size=(len(tiny_reef), 16))
    found = knn_measure(good, noise, tiny_reef, ("val", "test"))
    assert found is not None
    assert (found.intact.value, found.change) == (1, -1)
    assert found.n == sum(len(tiny_reef.rows(split)) for split in ("val", "test"))
    assert knn_measure(good, good, tiny_reef, ("val",)).change == 0  # type: ignore[union-attr]


def test_accuracy_measure__matches_the_images_of_two_data_sets_by_their_ids() -> None:
    names = [str(number) for number in range(40)]
    intact = pd.DataFrame({"id": names, "split": "test", "label": "a", "predicted": "a"})
    broken = intact.assign(predicted=["a"] * 10 + ["b"] * 30).iloc[::-1]
    found = accuracy_measure(intact, broken, "test")
    assert found is not None
    assert (found.name, found.broken.value, found.change, found.n) == ("test accuracy", 0.25, -1, 40)
    assert accuracy_measure(intact, broken, "val") is None


def test_neighbours__are_training_images_of_the_same_corner(tiny_reef: Dataset) -> None:
    asked = [int(row) for row in tiny_reef.rows("test")[:2]]
    found = neighbours_of(clustered(tiny_reef), tiny_reef, asked, 3)
    train = set(tiny_reef.rows("train"))
    for row, near in zip(asked, found, strict=True):
        assert len(near) == 3
        assert set(near) <= train
        assert {tiny_reef.labels[one] for one in near} == {tiny_reef.labels[row]}


def test_weights_moved__is_relative_to_their_length() -> None:
    before = {"encoder.weight": np.array([3.0, 4.0]), "head.weight": np.array([1.0])}
    assert weights_moved(before, before | {"head.weight": np.array([9.0])}) == 0
    assert weights_moved(before, {"encoder.weight": np.array([3.0, 3.0])}) == pytest.approx(0.2)


WHY = "Colour gives the pair away."


def test_outcome__explains_what_usually_happens_only_where_it_happened() -> None:
    pretext = measure(PRETEXT, 0.84, 0.98)
    text = outcome("No colour jitter", [pretext, measure(FEATURES, 0.45, 0.31)], (1, -1), WHY)
    assert text == (
        "No colour jitter: the pretext became easier (contrastive accuracy 98 % instead of 84 %) and the features"
        f" became worse (k-NN accuracy 31 % instead of 45 %). {WHY}"
    )
    unsure = outcome("No colour jitter", [pretext, measure(FEATURES, 0.45, 0.43)], (1, -1), WHY)
    assert "no difference shows in the features (k-NN accuracy 43 % instead of 45 %; −7 to +3 points" in unsure
    assert "did not show here" in unsure
    assert WHY not in unsure
    better = outcome("No colour jitter", [pretext, measure(FEATURES, 0.31, 0.45)], (1, -1), WHY)
    assert "the features became better" in better
    assert "not what usually happens" in better
    assert WHY not in better


def test_said__turns_with_the_number() -> None:
    assert said(measure(PRETEXT, 0.9, 0.2)).startswith("the pretext became harder")
    assert said(measure("test accuracy", 0.9, 0.2)) == "test accuracy fell (20 % instead of 90 %)"
    assert said(measure("test accuracy", 0.2, 0.9)) == "test accuracy rose (90 % instead of 20 %)"


def test_came_true__compares_with_what_was_measured() -> None:
    found = [measure(PRETEXT, 0.5, 0.9), measure(FEATURES, 0.4, 0.42)]
    assert came_true((1, -1), found) == [True, False]
    assert came_true((0, 0), found) == [False, True]
