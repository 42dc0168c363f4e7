"""Answers of a classifier: which are shown, in which order, and what is counted."""

import pytest

from dashboard.data.classifier_answers import Answers, Filters, answers_of, calibrated, chosen, pair_counts, scores_of
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import RunError
from sealife_core.evaluation.figures.palette import UNLABELLED_COLOUR
from tests.dashboard.answers_made import some, table


@pytest.fixture
def four(tiny_reef: Dataset) -> Answers:
    """Images 0 to 3: wrong, right, wrong, right."""
    return some(tiny_reef, [True, False, True, False], [0.5, 0.9, 0.8, 0.55])


def test_order__puts_the_most_confident_mistake_first(four):
    assert chosen(four, Filters(order="mistakes")).tolist() == [2, 0, 3, 1]
    assert chosen(four, Filters(order="uncertain")).tolist() == [0, 3, 2, 1]
    assert chosen(four, Filters(order="certain")).tolist() == [1, 2, 3, 0]
    assert chosen(four, Filters(order="loss")).tolist() == [2, 0, 3, 1]  # −ln of 0.2/9, 0.5/9, 0.55, 0.9


def test_filters__hold_together(four):
    assert set(chosen(four, Filters(outcome="wrong"))) == {0, 2}
    assert set(chosen(four, Filters(outcome="right", low=60, high=90))) == {1}  # above 60 %, up to 90 %
    truth = four.classes[four.truth[2]]
    found = chosen(four, Filters(truth=truth, predicted=four.classes[four.predicted[2]]))
    assert {2} <= set(found)
    assert all(four.truth[place] == four.truth[2] and not four.right[place] for place in found)
    assert len(chosen(four, Filters(split="val"))) == 0


def test_pairs__are_matched_by_image_and_counted(four, tiny_reef):
    second = table(tiny_reef, [0, 0, 0, 0], [0.5] * 4)
    other = answers_of(second.iloc[::-1].reset_index(drop=True), tiny_reef, None)  # the same images, another order
    right = [bool(label == 0) for label in tiny_reef.labels[:4]]
    counts = pair_counts(four, other, "test")
    assert counts["both"] == sum(mine and yours for mine, yours in zip(four.right, right, strict=True))
    assert counts["neither"] == sum(not mine and not yours for mine, yours in zip(four.right, right, strict=True))
    assert sum(counts[pile] for pile in ("both", "first", "second", "neither")) == 4
    assert len(chosen(four, Filters(outcome="first"), other)) == counts["first"]


def test_answers__leave_out_and_count_images_that_are_gone(tiny_reef):
    told = table(tiny_reef, [0, 0, 0], [0.5, 0.6, 0.7])
    told.loc[1, "id"] = "long-gone"
    answers = answers_of(told, tiny_reef, None)
    assert (len(answers), answers.gone) == (2, 1)
    assert answers.rows.tolist() == [0, 2]


def test_answers__take_the_classes_from_the_run_where_the_data_set_has_others(tiny_reef):
    told = table(tiny_reef, [0, 1], [0.5, 0.5])
    told["probabilities"] = [row[:3] for row in told["probabilities"]]
    told["label"] = told["predicted"] = "crab"
    noted = {"test": {"per_class": [{"label": name} for name in ("crab", "unicorn", "eel")]}}
    answers = answers_of(told, tiny_reef, noted)
    assert answers.classes == ("crab", "unicorn", "eel")
    assert answers.colour(1) == UNLABELLED_COLOUR
    with pytest.raises(RunError, match="3 classes"):
        answers_of(told, tiny_reef, None)


def test_scores__are_those_of_one_split_and_none_without_pictures(four):
    assert scores_of(four, "test")["accuracy"] == scores_of(four, "all")["accuracy"] == 0.5
    assert scores_of(four, "val") is None


def test_calibrated__has_a_row_a_bin_of_the_test_answers_before_and_after(tiny_reef):
    truth = tiny_reef.labels[:8].tolist()
    said = [truth[0] ^ 1, *truth[1:4], truth[4] ^ 1, *truth[5:]]
    told = table(tiny_reef, said, [0.9] * 8)
    told.loc[4:, "split"] = "val"
    answers = answers_of(told, tiny_reef, None)
    found = calibrated(told, answers, bins=10)
    assert found.before["n"].tolist() == [0] * 8 + [4, 0]
    assert found.before["accuracy"][8] == 0.75
    assert found.after["n"].sum() == 4
    assert found.whole.temperature > 1, "0.9 sure and 0.75 right is too sure"
