"""Accuracy at random and at places that no probe has seen."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import DatasetError, RunError
from sealife_core.evaluation.classification.scores import wilson
from sealife_core.evaluation.comparison.resampling import Interval
from sealife_core.evaluation.curation.held_out_places import held_out_of, predictions
from sealife_core.evaluation.curation.out_of_fold import grouped_folds
from sealife_core.evaluation.curation.place_scores import HeldOut, scored
from tests.finished.runs import classifier_run, features_run

CLASSES, PLACES, EACH = 4, 12, 10


def photographs(habit: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Features, labels, places: a class has its own direction, and one more at each place, ``habit`` times as long."""
    rng = np.random.default_rng(seed)
    looks, habits = rng.normal(size=(CLASSES, 40)), rng.normal(size=(PLACES, CLASSES, 40))
    labels = np.tile(np.repeat(np.arange(CLASSES), EACH), PLACES)
    place = np.repeat(np.arange(PLACES), CLASSES * EACH)
    features = 0.35 * looks[labels] + habit * habits[place, labels] + rng.normal(size=(len(labels), 40))
    return features.astype(np.float32), labels, [f"site {n}" for n in place]


def held_out_scores(features: np.ndarray, labels: np.ndarray, places: list[str], groups: Sequence[str] = ()) -> HeldOut:
    said, trained_on = predictions(features, labels, places, groups, seed=0)
    return scored(said, labels, places, trained_on, [str(label) for label in range(int(labels.max()) + 1)], seed=0)


def test_held_out__is_worse_elsewhere_where_places_differ():
    found = held_out_scores(*photographs(habit=1.0))
    assert (found.places, found.images, found.only_there) == (12, 480, 0)
    assert found.trained_on == 480 - 120, "the largest fold has three of the twelve places"
    assert found.random.value > found.elsewhere.value + 0.1
    assert found.difference.high < 0
    assert found.difference.value == pytest.approx(found.elsewhere.value - found.random.value)
    assert "points less at a new place than random images say" in found.said


def test_held_out__is_the_same_where_places_do_not_matter():
    found = held_out_scores(*photographs(habit=0.0))
    assert found.difference.low <= 0 <= found.difference.high
    assert "cannot be told from chance" in found.said


def test_held_out__random_folds_keep_groups_whole():
    features, labels, places = photographs(habit=1.0)
    whole = held_out_scores(features, labels, places, groups=places)
    assert whole.random.value == whole.elsewhere.value, "groups that are the places leave nothing to chance"


def test_held_out__does_not_count_classes_that_no_other_place_has():
    features, labels, places = photographs(habit=0.0)
    labels = np.where(np.array(places) == "site 3", CLASSES, labels)
    found = held_out_scores(features, labels, places)
    assert (found.only_there, found.images, found.places) == (40, 440, 11)
    assert "Not counted: 40 images of classes that none of the training images" in found.said
    last = found.each[-1]
    assert (last.place, last.images, last.counted, last.alone) == ("site 3", 40, 0, (str(CLASSES),))
    assert (last.random, last.elsewhere) == (None, None)
    assert [one.alone for one in found.each[:-1]] == [()] * 11


def test_held_out__intervals_have_a_width_where_every_image_is_right():
    labels = np.tile(np.arange(CLASSES), PLACES)
    features = (9 * np.eye(CLASSES)[labels] + np.random.default_rng(0).normal(size=(48, CLASSES))).astype(np.float32)
    found = held_out_scores(features, labels, [f"site {n}" for n in np.repeat(np.arange(PLACES), CLASSES)])
    assert found.random.value == found.elsewhere.value == 1
    assert (found.elsewhere.low, found.elsewhere.high) == wilson(48, 48)
    assert (found.difference.low, found.difference.high) == pytest.approx((-1.96 / 50, 1.96 / 50))  # Agresti & Min
    assert "cannot be told from chance" in found.said


def test_held_out__tells_every_place_the_worst_first():
    found = held_out_scores(*photographs(habit=1.0))
    values = [one.elsewhere.value for one in found.each if one.elsewhere]
    assert len(values) == PLACES
    assert values == sorted(values)
    assert values[0] < values[-1]
    assert all(one.elsewhere and one.elsewhere.low <= one.elsewhere.value <= one.elsewhere.high for one in found.each)
    assert sum(one.counted * one.elsewhere.value for one in found.each if one.elsewhere) == pytest.approx(
        found.images * found.elsewhere.value
    )
    assert sum(one.counted * one.random.value for one in found.each if one.random) == pytest.approx(
        found.images * found.random.value
    )


@pytest.mark.parametrize(
    ("difference", "places", "says"),
    [
        (Interval(-0.07, -0.092, -0.046), 14, "Expect 4.6 to 9.2 points less at a new place"),
        (Interval(0.03, 0.01, 0.05), 14, "A new place is no harder than random images."),
        (Interval(-0.02, -0.057, 0.001), 14, "cannot be told from chance: it may be none, or up to 5.7 points"),
        (Interval(-0.07, -0.092, -0.046), 4, "4 places cannot tell what a new one costs: at least 5 are needed."),
    ],
)
def test_meaning__follows_the_interval_and_says_nothing_of_few_places(difference: Interval, places: int, says: str):
    found = replace(held_out_scores(*photographs(habit=0.0)), difference=difference, places=places)
    assert says in found.meaning
    assert found.meaning in found.said


def test_held_out__needs_two_places_and_a_class_at_two():
    features, labels, places = photographs(habit=0.0)
    with pytest.raises(DatasetError, match="All images are of one place, 'here'"):
        held_out_scores(features, labels, ["here"] * len(labels))
    with pytest.raises(DatasetError, match="Every class is at one place only"):
        held_out_scores(features, labels, [str(label) for label in labels])
    two = held_out_scores(features, labels, [str(int(place[-1]) % 2) for place in places])
    assert "2 places cannot tell" in two.said
    assert "too narrow" not in two.said
    few = held_out_scores(features, labels, [str(int(place.split()[-1]) % 6) for place in places])
    assert few.said.endswith("With so few places the intervals are too narrow.")
    with pytest.raises(DatasetError, match="All images are of one group"):
        held_out_scores(features, labels, places, groups=["whole"] * len(labels))
    ten = np.arange(len(labels)) % 10
    with pytest.raises(DatasetError, match="No class is at enough places"):  # each at two, which are held out together
        held_out_scores(features, grouped_folds(np.zeros_like(ten), ten, 0, 5), [str(n) for n in ten])


def test_held_out_of__takes_the_newest_run_whose_encoder_saw_no_labels(tiny_reef: Dataset):
    dataset = correct(tiny_reef, {i: {"group": f"site {row % 4}"} for row, i in enumerate(tiny_reef.manifest["id"])})
    label_free, learned = features_run(dataset), classifier_run(dataset)
    found = held_out_of(dataset, "group")
    assert (found.places, found.run) == (4, label_free.id)
    assert found.said.endswith(f"Features of run '{label_free.id}'.")
    assert len(found.predicted) == found.images
    truth = dict(zip(dataset.manifest["id"], dataset.manifest["label"], strict=True))
    right = sum(said == truth[image] for image, said in found.predicted.items())
    assert right == pytest.approx(found.images * found.elsewhere.value)
    assert held_out_of(dataset, "part:-1", label_free.id).places > 4
    with pytest.raises(RunError, match="has learned from these labels"):
        held_out_of(dataset, "group", learned.id)
    with pytest.raises(RunError, match="There is no run 'none'"):
        held_out_of(dataset, "group", "none")
    with pytest.raises(DatasetError, match="has a place by 'part:9'"):
        held_out_of(dataset, "part:9")


def test_held_out_of__says_which_run_is_missing(tiny_reef: Dataset):
    with pytest.raises(RunError, match="Start 'classify reef'"):
        held_out_of(tiny_reef, "group")
