"""Which threshold a wanted error leads to, and what is told of it."""

from pathlib import Path

import numpy as np
import pytest

from sealife_core.errors import RunError
from sealife_core.evaluation.classification.predictions import read_predictions, write_predictions
from sealife_core.evaluation.classification.scores import wilson
from sealife_core.evaluation.classification.selective import Coverage, Validated, lowest_threshold, validated
from sealife_core.models.checkpoint import load_card
from sealife_core.runs.run import Run


def literal(confidence: np.ndarray, right: np.ndarray, error: float) -> float:
    """Every confidence tried as a threshold."""
    allowed = [t for t in confidence if (~right[confidence >= t]).mean() <= error]
    return float(min(allowed, default=2.0))


@pytest.mark.parametrize("error", [0.0, 0.01, 0.05, 0.3])
@pytest.mark.parametrize("seed", range(4))
def test_threshold__is_the_lowest_that_keeps_to_the_error(error: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    confidence = np.round(rng.uniform(0.2, 1, 300), 2)  # rounded: some are equal, and named together
    right = rng.uniform(size=300) < confidence
    assert lowest_threshold(confidence, right, error) == literal(confidence, right, error)


def test_threshold__allows_exactly_the_share_that_was_asked_for() -> None:
    """0.29 × 100 is 28.999999999999996 in floating point."""
    right = np.arange(100) >= 29
    assert lowest_threshold(np.linspace(0.99, 0.5, 100), right[::-1], 0.29) == 0.5


def test_threshold__names_nothing_where_the_surest_is_wrong() -> None:
    assert lowest_threshold(np.array([0.9, 0.5]), np.array([False, False]), 0.2) > 1
    assert lowest_threshold(np.array([0.9, 0.9]), np.array([True, False]), 0.2) > 1


def test_threshold__is_chosen_on_validation_and_told_on_test() -> None:
    confidence = {"val": np.array([0.9, 0.8, 0.7, 0.6]), "test": np.array([0.95, 0.65, 0.75, 0.72, 0.1])}
    right = {"val": np.array([True, True, True, False]), "test": np.array([True, False, False, True, False])}
    found = Validated(1.0, confidence, right).threshold(0.1)
    assert (found.value, found.val, found.test) == (0.7, Coverage(4, 3, 0), Coverage(5, 3, 1))
    low, high = wilson(3, 5)
    assert f"names 60.0 % ({100 * low:.1f} to {100 * high:.1f} %) of 5, and 33.3 %" in found.sentence
    assert (
        "every picture is unknown"
        in Validated(1.0, confidence, {s: ~r for s, r in right.items()}).threshold(0.1).sentence
    )


def test_validated__recalibrates_without_changing_a_class(classifier: Run) -> None:
    known = validated(classifier.path, read_classes(classifier))
    test = read_predictions(classifier.path).query("split == 'test'")
    probabilities = np.stack(list(test["probabilities"]))
    again = known.calibrated(probabilities)
    np.testing.assert_array_equal(again.argmax(1), probabilities.argmax(1))
    np.testing.assert_allclose(again.max(1), known.confidence["test"])
    np.testing.assert_allclose(again.sum(1), 1)


def test_validated__needs_validation(classifier: Run, tmp_path: Path) -> None:
    write_predictions(read_predictions(classifier.path).query("split == 'test'"), tmp_path)
    with pytest.raises(RunError, match="validation images"):
        validated(tmp_path, read_classes(classifier))


def read_classes(run: Run) -> list[str]:
    return load_card(run.path).classes
