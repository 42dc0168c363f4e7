"""The confusion matrix as data: shares, the most confused classes, a row a class."""

import numpy as np
import pytest

from dashboard.data.confusion_shares import as_shares, class_row, most_confused
from sealife_core.evaluation.figures.palette import class_colour
from tests.dashboard.answers_made import some


def test_shares__of_rows_and_columns_add_up():
    counts = np.array([[2, 2], [0, 0]])
    assert as_shares(counts, "truth").tolist() == [[0.5, 0.5], [0, 0]]
    assert as_shares(counts, "said").tolist() == [[1, 1], [0, 0]]
    assert most_confused(np.array([[5, 0, 0], [0, 1, 2], [0, 0, 9]]), most=2) == [1, 2]


def test_class_row__says_what_the_class_is_taken_for_most(tiny_reef):
    answers = some(tiny_reef, [False], [0.5])
    counts = np.zeros((len(answers.classes),) * 2, int)
    counts[0, :3] = 6, 1, 3
    scored = {"label": answers.classes[0], "n": 10, "recall": 0.6, "precision": 1.0, "f1": 0.75}
    row = class_row(answers, 0, scored, counts)
    assert (row["taken_for"], row["mistakes"]) == (answers.classes[2], 3)
    assert row["interval"] == "31 to 83 %", "Wilson's interval of 6 in 10"
    assert row["colour"] == class_colour(0)
    assert row["recall"] == pytest.approx(0.6)
