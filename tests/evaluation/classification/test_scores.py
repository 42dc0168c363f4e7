"""Against scikit-learn, formulas written out by hand, and resampling image by image."""

import json

import numpy as np
import pytest
from sklearn import metrics

from sealife_core.errors import DatasetError
from sealife_core.evaluation.classification import scores as scores_module
from sealife_core.evaluation.classification.scores import (
    bootstrap_macro_f1,
    calibration_error,
    confusion,
    scores,
    top_k,
    wilson,
)

CLASSES = ["crab", "fish", "octopus", "turtle"]


@pytest.fixture
def guesses() -> tuple[np.ndarray, np.ndarray]:
    """Labels (150,), uneven over four classes, and probabilities (150, 4), right more often than not."""
    draw = np.random.default_rng(0)
    labels = draw.choice(4, 150, p=[0.5, 0.3, 0.15, 0.05])
    probabilities = draw.dirichlet(np.full(4, 0.6), 150)
    probabilities[np.arange(150), labels] += 0.4
    return labels, probabilities / probabilities.sum(1, keepdims=True)


def test_scores__agree_with_scikit_learn(guesses: tuple[np.ndarray, np.ndarray]) -> None:
    labels, probabilities = guesses
    predicted = probabilities.argmax(1)
    found = scores(labels, probabilities, CLASSES)
    assert found["n"] == 150
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(labels, predicted))
    assert found["macro_f1"] == pytest.approx(metrics.f1_score(labels, predicted, average="macro"))
    assert found["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(labels, predicted))
    assert found["top3"] == pytest.approx(metrics.top_k_accuracy_score(labels, probabilities, k=3))
    assert found["confusion"] == metrics.confusion_matrix(labels, predicted).tolist()
    each = np.array(metrics.precision_recall_fscore_support(labels, predicted))
    for i, row in enumerate(found["per_class"]):
        assert row["label"] == CLASSES[i]
        assert [row["precision"], row["recall"], row["f1"], row["n"]] == pytest.approx(each[:, i])
    assert found["accuracy_low"] < found["accuracy"] < found["accuracy_high"]
    assert found["macro_f1_low"] < found["macro_f1"] < found["macro_f1_high"]


def test_scores__have_the_keys_of_results_json(guesses: tuple[np.ndarray, np.ndarray]) -> None:
    found = scores(*guesses, CLASSES)
    assert set(found) == {
        "n", "chance", "accuracy", "accuracy_low", "accuracy_high", "macro_f1", "macro_f1_low", "macro_f1_high",
        "top3", "balanced_accuracy", "ece", "per_class", "confusion",
    }  # fmt: skip
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_scores__chance_is_the_commonest_class_or_one_in_c() -> None:
    flat = np.full((4, 4), 0.25)
    assert scores(np.array([0, 0, 0, 1]), flat, CLASSES)["chance"] == 0.75
    assert scores(np.array([0, 1, 2, 3]), flat, CLASSES)["chance"] == 0.25


def test_scores__means_are_over_classes_with_images() -> None:
    labels = np.array([0, 0, 1, 1])
    probabilities = np.eye(4)[[0, 3, 1, 1]]  # one crab is taken for a turtle, of which there are none
    found = scores(labels, probabilities, CLASSES)
    assert found["balanced_accuracy"] == pytest.approx((0.5 + 1) / 2)
    present = metrics.f1_score(labels, probabilities.argmax(1), labels=[0, 1], average="macro")
    assert found["macro_f1"] == pytest.approx(present) == pytest.approx((2 / 3 + 1) / 2)
    assert found["per_class"][2] == {"label": "octopus", "n": 0, "precision": 0, "recall": 0, "f1": 0}
    assert found["per_class"][3]["precision"] == 0


def test_scores__top3_of_two_classes_is_none() -> None:
    assert scores(np.array([0, 1]), np.eye(2), ["crab", "fish"])["top3"] is None


def test_scores__of_one_image() -> None:
    found = scores(np.array([2]), np.eye(4)[[2]], CLASSES)
    assert (found["accuracy"], found["macro_f1"], found["macro_f1_high"], found["ece"]) == (1, 1, 1, 0)
    assert found["macro_f1_low"] == pytest.approx(found["accuracy_low"]) == pytest.approx(0.2065, abs=1e-4)


@pytest.mark.parametrize("right", [0, 1, 19, 20])
def test_scores__macro_f1_is_known_no_better_than_accuracy(right: int) -> None:
    labels = np.arange(20) % 4
    found = scores(labels, np.eye(4)[np.where(np.arange(20) < right, labels, (labels + 1) % 4)], CLASSES)
    wide = found["accuracy_high"] - found["accuracy_low"]
    assert found["macro_f1_high"] - found["macro_f1_low"] > 0.9 * wide
    assert 0 <= found["macro_f1_low"] <= found["macro_f1"] <= found["macro_f1_high"] <= 1


def test_scores__without_images_say_so() -> None:
    with pytest.raises(DatasetError, match="no labelled images"):
        scores(np.zeros(0, int), np.zeros((0, 4)), CLASSES)


@pytest.mark.parametrize(("labels", "shape"), [([0, 1], (2, 3)), ([0, 4], (2, 4)), ([-1, 0], (2, 4))])
def test_scores__refuse_what_does_not_fit(labels: list[int], shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="expected"):
        scores(np.array(labels), np.full(shape, 0.25), CLASSES)


@pytest.mark.parametrize(("k", "n"), [(0, 10), (10, 10), (3, 7), (223, 345), (1, 1)])
def test_wilson__is_the_formula(k: int, n: int) -> None:
    z, p = 1.959963984540054, k / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    assert wilson(k, n) == pytest.approx((max(0, centre - half), min(1, centre + half)), abs=1e-9)


def test_wilson__knows_nothing_without_images() -> None:
    assert wilson(0, 0) == (0, 1)


def test_bootstrap__agrees_with_resampling_image_by_image(
    guesses: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores_module, "RESAMPLES", 4000)
    labels, predicted = guesses[0], guesses[1].argmax(1)
    draw = np.random.default_rng(5)
    naive = []
    for _ in range(1500):
        chosen = draw.integers(0, 150, 150)
        truth, guess = labels[chosen], predicted[chosen]
        f1 = [
            2 * np.sum((truth == c) & (guess == c)) / (np.sum(truth == c) + np.sum(guess == c))
            for c in range(4)
            if (truth == c).any()
        ]
        naive.append(np.mean(f1))
    expected = np.quantile(naive, [0.025, 0.975])
    # Both ends are themselves drawn: with 1,500 resamples of a spread of 0.05 they wander by about 0.005.
    assert bootstrap_macro_f1(labels, predicted, 4, seed=0) == pytest.approx(expected, abs=0.015)


def test_bootstrap__repeats_with_its_seed(guesses: tuple[np.ndarray, np.ndarray]) -> None:
    labels, predicted = guesses[0], guesses[1].argmax(1)
    assert bootstrap_macro_f1(labels, predicted, 4, seed=3) == bootstrap_macro_f1(labels, predicted, 4, seed=3)
    assert bootstrap_macro_f1(labels, predicted, 4, seed=3) != bootstrap_macro_f1(labels, predicted, 4, seed=4)


def test_calibration_error__of_bins_worked_out_by_hand() -> None:
    # Bin (0.6, 0.667]: 0.61 right, 0.65 wrong; bin (0.867, 0.933]: 0.9 and 0.92 right.
    probabilities = np.array([[0.61, 0.39], [0.65, 0.35], [0.9, 0.1], [0.08, 0.92]])
    labels = np.array([0, 1, 0, 1])
    assert calibration_error(labels, probabilities) == pytest.approx(0.5 * abs(0.5 - 0.63) + 0.5 * abs(1 - 0.91))


def test_calibration_error__matches_a_loop_over_bins(guesses: tuple[np.ndarray, np.ndarray]) -> None:
    labels, probabilities = guesses
    sure, right = probabilities.max(1), probabilities.argmax(1) == labels
    expected = 0.0
    for b in range(15):
        inside = (sure > b / 15) & (sure <= (b + 1) / 15)
        if inside.any():
            expected += inside.mean() * abs(right[inside].mean() - sure[inside].mean())
    assert calibration_error(labels, probabilities) == pytest.approx(expected, abs=1e-12)


def test_top_k__counts_the_likeliest() -> None:
    probabilities = np.array([[0.4, 0.3, 0.2, 0.1]] * 4)
    assert [top_k(np.arange(4), probabilities, k) for k in (1, 2, 3, 9)] == [0.25, 0.5, 0.75, 1]


def test_confusion__has_truth_in_rows() -> None:
    assert confusion(np.array([0, 0, 2]), np.array([1, 1, 2]), 3).tolist() == [[0, 2, 0], [0, 0, 0], [0, 0, 1]]
