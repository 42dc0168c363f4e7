"""What a broken part changed: measured on the same pictures, and said as the numbers are."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.comparison.resampling import Interval
from sealife_core.evaluation.contrast.ablation_effects import (
    FEATURES,
    IGNORED,
    PRETEXT,
    Measure,
    accuracy_measure,
    contrastive_measure,
    ignored_measure,
    knn_measure,
    neighbours_of,
    outcome,
    said,
    weights_moved,
)
from sealife_core.evaluation.contrast.augmentations import AUGMENTATIONS
from sealife_core.evaluation.contrast.invariance import Response
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
    few = tiny_reef.rows("train")[::2]
    assert set(np.ravel(neighbours_of(clustered(tiny_reef), tiny_reef, asked, 3, few))) <= set(few)


def test_weights_moved__is_relative_to_their_length() -> None:
    before = {"encoder.weight": np.array([3.0, 4.0]), "head.weight": np.array([1.0])}
    assert weights_moved(before, before | {"head.weight": np.array([9.0])}) == 0
    assert weights_moved(before, {"encoder.weight": np.array([3.0, 3.0])}) == pytest.approx(0.2)


def response(kept: float, n: int = 12) -> Response:
    """Of an encoder to which different pictures are unrelated, and that keeps ``kept`` of each, give or take."""
    cosines = {one.name: np.full((len(one.amounts), n), kept) + 0.01 * np.arange(n) for one in AUGMENTATIONS}
    return Response(cosines, np.eye(n))


def test_ignored_measure__rises_where_more_is_kept_in_other_colours_and_light() -> None:
    found = ignored_measure(response(0.5), response(0.8))
    assert found is not None
    assert (found.name, found.change, found.n) == (IGNORED, 1, 12)
    assert (found.broken.value, found.difference.value) == pytest.approx((0.855, 0.3))
    assert ignored_measure(response(0.8), response(0.5)).change == -1  # type: ignore[union-attr]
    assert ignored_measure(response(0.5), response(0.5)).change == 0  # type: ignore[union-attr]
    assert ignored_measure(response(0.5), Response(response(0.5).cosines, np.ones((12, 12)))) is None, "collapsed"
    assert ignored_measure(response(0.5, 4), response(0.5, 4)) is None, "too few pictures"


def test_change__is_none_where_another_seed_differs_as_much() -> None:
    sure = measure(FEATURES, 0.45, 0.31)
    assert replace(sure, by_chance=0.13).change == -1
    unsure = replace(sure, by_chance=0.15)
    assert unsure.change == 0
    assert said(unsure) == (
        "no difference shows in the features (k-NN accuracy 31 % instead of 45 %; −19 to −9 points at 95 %; another"
        " seed of the intact run differs by 15)"
    )


WHY, SOURCE = "Colour gives the pair away.", "Chen et al. 2020"
USUAL = {PRETEXT: 1, FEATURES: -1}


def test_outcome__explains_what_usually_happens_only_where_it_happened() -> None:
    pretext = measure(PRETEXT, 0.84, 0.98)
    ignored = measure(IGNORED, 0.8, 0.2)
    text = outcome("No jitter", [pretext, measure(FEATURES, 0.45, 0.31), ignored], USUAL, WHY, SOURCE)
    assert text == (
        "No jitter: the training task became easier (contrastive accuracy 98 % instead of 84 %), the features became"
        " worse (k-NN accuracy 31 % instead of 45 %) and the features ignore colour and light less (similarity kept in"
        " other colours and light 20 % instead of 80 %). Colour gives the pair away (Chen et al. 2020)."
    )
    unsure = outcome("No jitter", [pretext, measure(FEATURES, 0.45, 0.43)], USUAL, WHY, SOURCE)
    assert "no difference shows in the features (k-NN accuracy 43 % instead of 45 %; −7 to +3 points" in unsure
    assert "The usual effect on k-NN accuracy did not show here." in unsure
    assert WHY not in unsure
    for features in (measure(FEATURES, 0.31, 0.45), measure(FEATURES, 0.45, 0.31)):
        harder = outcome("No jitter", [measure(PRETEXT, 0.98, 0.84), features], USUAL, WHY, SOURCE)
        assert "not the usual outcome (Chen et al. 2020)" in harder
        assert "Colour gives" not in harder


def test_outcome__of_what_has_no_usual_effect_is_explained_whatever_happened() -> None:
    for features in (measure(FEATURES, 0.31, 0.45), measure(FEATURES, 0.45, 0.31), measure(FEATURES, 0.45, 0.45)):
        assert outcome("A", [features], {PRETEXT: None, FEATURES: None}, WHY, "").endswith(f"). {WHY}")
    silent = outcome("A", [measure(PRETEXT, 0.5, 0.9)], {PRETEXT: None, FEATURES: -1}, WHY, SOURCE)
    assert "Colour" not in silent


def test_said__never_gives_two_numbers_that_look_the_same_as_a_difference() -> None:
    assert "(18.4 % instead of 18.1 %" in said(replace(measure("test accuracy", 0.181, 0.184, doubt=0.001)))
    touching = replace(measure(FEATURES, 0.23, 0.28), difference=Interval(0.052, -0.003, 0.105))
    assert "; −0.3 to +10.5 points at 95 %" in said(touching), "on which side of 0 it lies can be read"


@pytest.mark.parametrize(
    ("name", "fell", "same", "rose"),
    [
        (PRETEXT, "the training task became harder (", "no difference shows in how hard the training task is (",
         "the training task became easier ("),
        (FEATURES, "the features became worse (", "no difference shows in the features (",
         "the features became better ("),
        (IGNORED, "the features ignore colour and light less (", "no difference shows in what the features ignore (",
         "the features ignore colour and light more ("),
        ("test accuracy", "test accuracy fell (20 % instead of 90 %)", "no difference shows in test accuracy (",
         "test accuracy rose (90 % instead of 20 %)"),
    ],
)  # fmt: skip
def test_said__turns_with_the_number(name: str, fell: str, same: str, rose: str) -> None:
    for intact, broken, says in ((0.9, 0.2, fell), (0.5, 0.52, same), (0.2, 0.9, rose)):
        assert said(measure(name, intact, broken)).startswith(says)
