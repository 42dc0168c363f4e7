"""Which runs are compared, and what is said of two of them."""

import numpy as np

from dashboard.data.compared import believed, choice_of, class_rows, pair_rows, pile_places
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.comparison.paired import Paired
from tests.dashboard.compared_made import change
from tests.finished.runs import scratch_run


def test_believed__says_what_the_correction_leaves() -> None:
    assert "no class differs significantly" in believed([change("crab", 4, 1), change("eel", 0, 3)])
    said = believed([change("crab", 9, 0, 0.012), change("eel", 0, 9, 0.02), change("ray", 1, 0)])
    assert "crab (gains, p = 0.012), eel (loses, p = 0.020)" in said
    assert "correction for 3 classes" in said


def test_class_rows__say_the_change_with_a_true_minus() -> None:
    assert class_rows([change("eel", 0, 3)])[0]["Points"] == "−30"


def paired(name_b: str, fixed: int, broken: int, n: int = 40) -> Paired:
    """Two runs on ``n`` images of one class: the second has ``fixed`` more right and ``broken`` more wrong."""
    right_a = np.arange(n) >= fixed
    right_b = ~((np.arange(n) >= fixed) & (np.arange(n) < fixed + broken))
    said = [np.where(right, "eel", "crab").astype(object) for right in (right_a, right_b)]
    return Paired("base", name_b, np.arange(n).astype(str).astype(object), np.full(n, "eel", object), *said)


def test_pair_rows__correct_p_values_for_their_number() -> None:
    sure, unsure = pair_rows([paired("good", 12, 0), paired("same", 2, 1)])
    assert (sure["Compared run"], sure["Fixed"], sure["Broken"], sure["Points"]) == ("good", 12, 0, "+30.0")
    assert sure["Holm-corrected"] != sure["Exact McNemar"]
    assert unsure["Points"] == "+2.5"


def test_choice__is_of_the_runs_that_were_asked_for_and_names_those_that_do_not_fit(tiny_reef: Dataset) -> None:
    one, two = scratch_run(tiny_reef, "one", 2), scratch_run(tiny_reef, "two", 3, seed=1)
    other = scratch_run(tiny_reef, "elsewhere", 4, seed=2, test_hash="other")
    runs = [other, two, one]
    found = choice_of(runs, [one.id, other.id], "")
    assert (found.ticked, found.left_out) == ([one.id], ["elsewhere"])
    assert [row.run_id for row in found.rows] == [one.id]
    assert choice_of(runs, [], "").ticked == [], "everything was unticked"
    assert set(choice_of(runs, None, "").ticked) == {one.id, two.id}, "nobody chose: the test images of most runs"
    assert choice_of(runs, None, "other").ticked == [other.id]
    assert set(choice_of(runs, ["gone"], "").ticked) == {one.id, two.id}


def test_pile__is_of_one_class_or_of_all() -> None:
    pair = paired("b", 3, 1)
    assert pile_places(pair, "fixed", "All classes").tolist() == [0, 1, 2]
    assert pile_places(pair, "broken", "eel").tolist() == [3]
    assert pile_places(pair, "fixed", "crab").tolist() == []
