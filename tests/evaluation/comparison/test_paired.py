"""McNemar, Holm and the paired bootstrap against enumerations and hand-computed cases."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from sealife_core.config import preset
from sealife_core.errors import RunError
from sealife_core.evaluation.classification.predictions import write_predictions
from sealife_core.evaluation.comparison.paired import (
    all_pairs,
    class_changes,
    holm,
    mcnemar_exact,
    p_words,
    paired,
    paired_runs,
)
from sealife_core.evaluation.comparison.resampling import accuracy_difference, macro_f1_difference
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter


def table(labels: str, predicted: str, split: str = "test") -> pd.DataFrame:
    """Predictions of images named by their place; a letter is a class."""
    n = len(labels)
    return pd.DataFrame(
        {
            "id": [f"{split}{place}" for place in range(n)],
            "split": split,
            "label": list(labels),
            "predicted": list(predicted),
            "confidence": 0.5,
            "loss": 0.7,
            "probabilities": [np.full(2, 0.5, np.float32)] * n,
        }
    )


def enumerated(b: int, c: int) -> float:
    """Every outcome of b + c fair coins that is no likelier than the one seen."""
    n = b + c
    ways = [math.comb(n, heads) for heads in range(n + 1)]
    return sum(way for way in ways if way <= ways[b]) / 2**n


@pytest.mark.parametrize(("b", "c"), [*itertools.product(range(6), range(6)), (31, 9), (9, 31), (67, 26), (34, 34)])
def test_mcnemar__is_the_sum_of_binomials(b: int, c: int) -> None:
    assert mcnemar_exact(b, c) == pytest.approx(enumerated(b, c) if b + c else 1.0, rel=1e-9)


def test_mcnemar__gives_the_figure_that_the_sentence_promises() -> None:
    assert p_words(mcnemar_exact(31, 9)) == "p = 0.0007"
    assert mcnemar_exact(5, 0) == 2 / 2**5


def test_holm__steps_down_and_never_crosses() -> None:
    # By hand: sorted .01, .02, .03, .04 → ×4 .04, ×3 .06, ×2 .06, ×1 .04 → the running maximum.
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([0.03]) == [0.03]
    assert holm([]) == []


def test_paired__sorts_every_image_into_one_of_four_piles() -> None:
    a = table("aabbc", "abbac")
    b = table("aabbc", "aaabc").sample(frac=1, random_state=1)  # in another order
    found = paired(a, b, name_a="probe", name_b="tuned")
    assert found.both_right == ["test0", "test4"]
    assert found.fixed == ["test1", "test3"]
    assert found.broken == ["test2"]
    assert found.both_wrong == []
    assert found.p == 1.0
    assert found.sentence() == "Compared with probe, tuned fixes 2 images and breaks 1 of 5; p = 1."


def test_paired__says_so_where_nothing_differs() -> None:
    same = table("ab", "aa")
    assert paired(same, same).sentence() == "a and b are right on the same 1 of 2 images; p = 1."


def test_paired__looks_at_test_images_alone() -> None:
    a = pd.concat([table("ab", "ab"), table("abab", "bbbb", "val")])
    assert paired(a, a).n == 2


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        (table("ab", "ab"), table("aba", "aba"), "different images (2 and 3, 2 of them in common)"),
        (table("ab", "ab"), table("ab", "ab").assign(id=["x", "y"]), "0 of them in common"),
        (table("ab", "ab"), table("aa", "ab"), "different labels"),
        (table("ab", "ab", "val"), table("ab", "ab", "val"), "different images (0 and 0"),
    ],
)
def test_paired__refuses_other_images_and_other_labels(a: pd.DataFrame, b: pd.DataFrame, said: str) -> None:
    with pytest.raises(RunError) as refused:
        paired(a, b)
    assert said in str(refused.value)


def finished(name: str, predictions: pd.DataFrame, test_hash: str = "same") -> Run:
    run = create_run(preset("scratch"), name=name)
    RunWriter(run).results(test={"n": len(predictions)}, test_hash=test_hash)
    write_predictions(predictions, run.path)
    return run


def test_paired_runs__refuses_another_test_hash(home) -> None:
    probe, tuned, other = (
        finished("probe", table("ab", "aa")),
        finished("tuned", table("ab", "ab")),
        finished("other", table("ab", "ab"), "other"),
    )
    assert paired_runs(probe, tuned).fixed == ["test1"]
    with pytest.raises(RunError, match="probe and other were tested on different images"):
        paired_runs(probe, other)


def test_class_changes__test_each_class_on_its_own_images() -> None:
    a = table("a" * 8 + "b" * 4, "b" * 7 + "a" + "bbbb")
    b = table("a" * 8 + "b" * 4, "a" * 8 + "bbba")
    gain, loss = class_changes(paired(a, b))
    assert (gain.label, gain.n, gain.fixed, gain.broken, gain.recall_a, gain.recall_b) == ("a", 8, 7, 0, 1 / 8, 1.0)
    assert gain.p == enumerated(7, 0)
    assert gain.p_holm == pytest.approx(2 * gain.p)
    assert (loss.label, loss.fixed, loss.broken, loss.difference) == ("b", 0, 1, -0.25)
    assert loss.p_holm == 1.0


def test_all_pairs__correct_over_all_of_them() -> None:
    tables = {"x": table("a" * 9, "b" * 9), "y": table("a" * 9, "a" * 9), "z": table("a" * 9, "b" * 9)}
    found = all_pairs(tables)
    assert [(pair.a, pair.b) for pair in found] == [("x", "y"), ("x", "z"), ("y", "z")]
    assert [pair.p for pair in found] == [enumerated(9, 0), 1.0, enumerated(0, 9)]
    assert [pair.p_holm for pair in found] == pytest.approx([3 / 2**8, 1.0, 3 / 2**8])


def test_accuracy_difference__has_the_interval_of_resampled_images() -> None:
    """Against drawing the images themselves, one by one, with another generator."""
    rng = np.random.default_rng(7)
    right_a, right_b = rng.random(200) < 0.5, rng.random(200) < 0.65
    found = accuracy_difference(right_a, right_b)
    draws = rng.integers(200, size=(20_000, 200))
    gain = right_b.astype(int) - right_a.astype(int)
    low, high = np.quantile(gain[draws].mean(1), (0.025, 0.975))
    assert found.value == gain.mean()
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.012)


@pytest.mark.parametrize(
    ("fixed", "broken", "n"), [(0, 0, 1), (1, 0, 1), (2, 0, 2), (0, 0, 345), (4, 0, 345), (90, 0, 90)]
)
def test_accuracy_difference__has_a_width_where_images_differ_one_way_or_not_at_all(
    fixed: int, broken: int, n: int
) -> None:
    right_b = np.arange(n) < fixed
    found = accuracy_difference(np.zeros(n, bool), right_b)
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert found.low < found.high
    assert found.value == fixed / n
    if mcnemar_exact(fixed, broken) > 0.1:
        assert found.low <= 0


def test_accuracy_difference__covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    for n, fixed, broken in ((30, 0.03, 0.01), (100, 0.05, 0.0), (50, 0.3, 0.1)):
        drawn = rng.choice([-1, 0, 1], (600, n), p=[broken, 1 - broken - fixed, fixed])
        found = [accuracy_difference(one < 0, one > 0) for one in drawn]
        assert np.mean([one.low <= fixed - broken <= one.high for one in found]) > 0.93


@pytest.mark.slow
def test_macro_f1_difference__agrees_with_sklearn_on_resampled_images() -> None:
    from sklearn.metrics import f1_score

    rng = np.random.default_rng(3)
    labels = rng.choice(["crab", "eel", "ray"], 120, p=[0.6, 0.3, 0.1])
    a, b = (np.where(rng.random(120) < share, labels, rng.choice(["crab", "eel", "ray"], 120)) for share in (0.3, 0.6))
    found = macro_f1_difference(labels, a, b)
    of = lambda at: f1_score(labels[at], b[at], average="macro") - f1_score(labels[at], a[at], average="macro")  # noqa: E731
    assert found.value == pytest.approx(of(np.arange(120)))
    low, high = np.quantile([of(rng.integers(120, size=120)) for _ in range(300)], (0.025, 0.975))
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.03)


def test_differences__are_the_same_from_either_side() -> None:
    rng = np.random.default_rng(5)
    labels = rng.choice(["a", "b", "c"], 60)
    one, two = (np.where(rng.random(60) < share, labels, "a") for share in (0.2, 0.7))
    for found, back in (
        (macro_f1_difference(labels, one, two), macro_f1_difference(labels, two, one)),
        (accuracy_difference(one == labels, two == labels), accuracy_difference(two == labels, one == labels)),
    ):
        assert back == -found
        assert found.low < found.value < found.high


@pytest.mark.parametrize("n", [1, 3, 345])
def test_macro_f1_difference__of_one_with_itself_is_known_no_better_than_that_of_accuracy(n: int) -> None:
    same = np.resize(["a", "b"], n)
    found, plain = macro_f1_difference(same, same, same), accuracy_difference(same == same, same == same)
    assert (found.value, found.low, found.high) == (0, plain.low, plain.high)
    assert -1 <= found.low < 0 < found.high <= 1


@pytest.mark.slow
def test_macro_f1_difference__of_nearly_equal_arms_covers_the_truth_as_often_as_it_says() -> None:
    """Arms that differ on one image in a hundred, either way: a bootstrap holds the true difference, 0, in 60 %."""
    rng, held, classes = np.random.default_rng(0), 0, 10
    for _ in range(100):
        labels = rng.integers(classes, size=100)
        wrong = (labels + 1) % classes
        shared = rng.random(100) < 0.2  # the same mistakes of both, but for a few
        differs = rng.choice([-1, 0, 1], 100, p=[0.01, 0.98, 0.01])
        a = np.where((shared | (differs > 0)) & ~(differs < 0), wrong, labels)
        b = np.where((shared | (differs < 0)) & ~(differs > 0), wrong, labels)
        found = macro_f1_difference(labels, a, b)
        held += found.low <= 0 <= found.high
    assert held >= 93


@pytest.mark.parametrize(
    ("p", "said"),
    [(0.00001, "p < 0.0001"), (0.00068, "p = 0.0007"), (0.0423, "p = 0.042"), (0.314, "p = 0.31"), (1.0, "p = 1"),
     (0.999, "p > 0.99")],
)  # fmt: skip
def test_p_words__have_the_digits_that_matter(p: float, said: str) -> None:
    assert p_words(p) == said
