"""Reliability and temperature, against cases by hand, scikit-learn and a search in torch."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.calibration import calibration_curve
from torch.nn import functional

from sealife_core.errors import RunError
from sealife_core.evaluation.classification.calibration import (
    HIGHEST,
    LOWEST,
    calibration,
    chance_error,
    fit_temperature,
    negative_log_likelihood,
    reliability,
    with_temperature,
)
from sealife_core.evaluation.classification.scores import calibration_error, wilson
from sealife_core.wording import percent

CLASSES = ("crab", "eel", "fish", "ray")


def drawn(n: int, seed: int = 0, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """n labels drawn from their own probabilities, and those probabilities with the logits multiplied by ``scale``."""
    generator = torch.Generator().manual_seed(seed)
    logits = 1.5 * torch.randn(n, len(CLASSES), generator=generator, dtype=torch.float64)
    labels = torch.multinomial(logits.softmax(1), 1, generator=generator)[:, 0]
    return labels.numpy(), (scale * logits).softmax(1).numpy()


def table(n: int = 400, scale: float = 2.0) -> pd.DataFrame:
    """Predictions of a run on validation and test; the ones of a model that is too sure where ``scale`` is above 1."""
    parts = []
    for split, seed in (("val", 1), ("test", 2)):
        labels, probabilities = drawn(n, seed, scale)
        names = [CLASSES[label] for label in labels]
        parts.append(pd.DataFrame({"split": split, "label": names, "probabilities": list(np.float32(probabilities))}))
    return pd.concat(parts, ignore_index=True)


def test_reliability__by_hand() -> None:
    """Four bins: 0.6 right, 0.7 wrong and 0.75 right in the third (its upper edge belongs to it), 0.9 right above."""
    probabilities = np.array([[0.6, 0.4], [0.7, 0.3], [0.25, 0.75], [0.9, 0.1]])
    found = reliability(np.array([0, 1, 1, 0]), probabilities, bins=4)
    assert found["n"].tolist() == [0, 0, 3, 1]
    assert found["low"].tolist() == [0, 0.25, 0.5, 0.75]
    assert found["high"].tolist() == [0.25, 0.5, 0.75, 1]
    np.testing.assert_allclose(found["confidence"], [np.nan, np.nan, (0.6 + 0.7 + 0.75) / 3, 0.9])
    np.testing.assert_allclose(found["accuracy"], [np.nan, np.nan, 2 / 3, 1])
    np.testing.assert_allclose(found["accuracy_low"], [np.nan, np.nan, wilson(2, 3)[0], wilson(1, 1)[0]])
    np.testing.assert_allclose(found["accuracy_high"], [np.nan, np.nan, wilson(2, 3)[1], wilson(1, 1)[1]])


@pytest.mark.parametrize("bins", [5, 15])
def test_reliability__agrees_with_scikit_learn(bins: int) -> None:
    labels, probabilities = drawn(2000)
    right = (probabilities.argmax(1) == labels).astype(int)
    accuracy, confidence = calibration_curve(right, probabilities.max(1), n_bins=bins)
    found = reliability(labels, probabilities, bins).query("n > 0")
    np.testing.assert_allclose(found["accuracy"], accuracy)
    np.testing.assert_allclose(found["confidence"], confidence)


def test_reliability__holds_the_calibration_error() -> None:
    labels, probabilities = drawn(500, scale=3)
    found = reliability(labels, probabilities).query("n > 0")
    gap = (found["n"] * (found["confidence"] - found["accuracy"]).abs()).sum() / 500
    assert gap == pytest.approx(calibration_error(labels, probabilities))
    assert gap > 0.1


def test_fit_temperature__by_hand() -> None:
    """Always sure by ln 9 (90 %), right three times in four: the best is ln 9 / T = ln 3, so T = 2."""
    probabilities = np.tile([0.9, 0.1], (4, 1))
    assert fit_temperature(np.array([0, 0, 0, 1]), probabilities) == pytest.approx(2, abs=1e-3)
    np.testing.assert_allclose(with_temperature(probabilities, 2.0)[0], [0.75, 0.25])


@pytest.mark.parametrize("scale", [0.4, 1.0, 2.5])
def test_fit_temperature__agrees_with_a_search_in_torch(scale: float) -> None:
    labels, probabilities = drawn(800, scale=scale)
    found = fit_temperature(labels, probabilities)
    logits, truth = torch.from_numpy(np.log(probabilities)), torch.from_numpy(labels)
    grid = torch.linspace(0.2, 3.2, 301, dtype=torch.float64)
    losses = torch.stack([functional.cross_entropy(logits / t, truth) for t in grid])
    assert found == pytest.approx(float(grid[losses.argmin()]), abs=6e-3)
    assert found == pytest.approx(scale, rel=0.15), "and it is what the logits were multiplied by"


def test_fit_temperature__stays_within_its_bounds() -> None:
    sure = np.array([[0.7, 0.3], [0.2, 0.8]])
    assert fit_temperature(np.array([0, 1]), sure) == pytest.approx(LOWEST, rel=0.01)
    assert fit_temperature(np.array([1, 0]), sure) == pytest.approx(HIGHEST, rel=0.01)
    with pytest.raises(RunError, match="no validation images"):
        fit_temperature(np.zeros(0, int), np.zeros((0, 2)))


def test_fit_temperature__bears_probabilities_that_rounded_to_zero() -> None:
    probabilities = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    found = fit_temperature(np.array([0, 1, 1]), probabilities)
    assert LOWEST < found <= HIGHEST
    assert np.isfinite(with_temperature(probabilities, found)).all()


def test_with_temperature__changes_no_prediction_and_undoes_itself() -> None:
    _, probabilities = drawn(200)
    softer = with_temperature(probabilities, 3.0)
    np.testing.assert_allclose(softer.sum(1), 1)
    np.testing.assert_array_equal(softer.argmax(1), probabilities.argmax(1))
    assert np.all(softer.max(1) < probabilities.max(1))
    np.testing.assert_allclose(with_temperature(softer, 1 / 3), probabilities, rtol=1e-9)
    np.testing.assert_allclose(with_temperature(probabilities, 1.0), probabilities, rtol=1e-12)


def test_negative_log_likelihood__is_cross_entropy() -> None:
    labels, probabilities = drawn(100)
    expected = functional.nll_loss(torch.from_numpy(probabilities).log(), torch.from_numpy(labels))
    assert negative_log_likelihood(labels, probabilities) == pytest.approx(float(expected))


def test_calibration__mends_a_model_that_is_too_sure() -> None:
    found = calibration(table(scale=2.0), CLASSES)
    assert found.temperature == pytest.approx(2.0, rel=0.2)
    assert (found.n_val, found.n_test) == (400, 400)
    assert found.ece_after < found.ece_before / 2
    assert found.nll_after < found.nll_before
    assert found.confidence > found.accuracy + 0.05
    assert not found.at_the_edge
    assert "overconfident" in found.sentence()
    assert "underconfident" in calibration(table(scale=0.4), CLASSES).sentence()
    assert "well calibrated" in calibration(table(scale=1.0), CLASSES).sentence()
    assert f"falls from {percent(found.ece_before)} to {percent(found.ece_after)}" in found.sentence()


def test_sentence__is_not_content_with_the_mean_where_single_confidences_are_off() -> None:
    """Half the answers 99 % sure and right as often as not, half 50 % sure and always right: equal in the mean."""
    rows = []
    for split in ("val", "test"):
        for place in range(200):
            sure, right = (0.99, place % 4 == 0) if place % 2 == 0 else (0.5001, True)
            rows.append({"split": split, "label": "a" if right else "b", "probabilities": np.array([sure, 1 - sure])})
    found = calibration(pd.DataFrame(rows), ("a", "b"))
    assert abs(found.confidence - found.accuracy) < 0.01
    assert found.ece_before > 0.4
    assert "well calibrated" not in found.sentence()
    assert f"differ by {percent(found.ece_before)}" in found.sentence()


def test_chance_error__is_what_true_confidences_seldom_exceed() -> None:
    chooser = np.random.default_rng(3)
    above = []
    for _ in range(200):
        sure = chooser.uniform(0.5, 1, 60)
        probabilities = np.stack([sure, 1 - sure], 1)
        labels = (chooser.random(60) > sure).astype(int)
        table = reliability(labels, probabilities)
        above.append(calibration_error(labels, probabilities) > chance_error(table))
    assert 0.01 < np.mean(above) < 0.1


def test_calibration__fits_on_validation_alone() -> None:
    """The temperature stays what it was when every test label is wrong."""
    predictions = table()
    spoilt = predictions.copy()
    spoilt.loc[spoilt["split"] == "test", "label"] = "eel"
    assert calibration(spoilt, CLASSES).temperature == calibration(predictions, CLASSES).temperature


def test_calibration__says_when_validation_does_not_determine_a_temperature() -> None:
    probabilities = [np.array([0.6, 0.4], np.float32)] * 4
    predictions = pd.DataFrame(
        {"split": ["val", "val", "test", "test"], "label": ["a", "a", "a", "b"], "probabilities": probabilities}
    )
    found = calibration(predictions, ("a", "b"))
    assert found.at_the_edge
    assert "cannot determine" in found.sentence()


@pytest.mark.parametrize(("split", "name"), [("val", "validation"), ("test", "test")])
def test_calibration__names_the_split_that_is_missing(split: str, name: str) -> None:
    predictions = table()
    with pytest.raises(RunError, match=f"no predictions of {name} images"):
        calibration(predictions[predictions["split"] != split], CLASSES)


def test_calibration__names_a_class_the_model_does_not_have() -> None:
    with pytest.raises(RunError, match="'ray'"):
        calibration(table(), CLASSES[:3])
