"""Calibration of a classifier: are 70 of 100 predictions with 70 % confidence right? And temperature scaling.

Temperature scaling (Guo et al., arXiv 1706.04599) divides the logits by T, which is fitted on validation. It changes
the confidence of a prediction, never its class. Probabilities are enough: their logarithms are the logits plus a
constant, which cancels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from sealife_core.errors import RunError
from sealife_core.evaluation.classification.scores import (
    ECE_BINS,
    Labels,
    Probabilities,
    bin_of,
    calibration_error,
    wilson,
)
from sealife_core.wording import SPLIT_WORDS, counted, percent

# Outside of these a network is hardly a classifier: at 0.05 a lead of 1 nat becomes 20, at 20 it becomes 0.05.
LOWEST, HIGHEST = 0.05, 20.0


@dataclass(frozen=True)
class Calibration:
    """How confidence and accuracy agree on the test images, as predicted and after temperature scaling.

    temperature: above 1 the model was too sure, below 1 not sure enough. at_the_edge: the fit ran into LOWEST or
    HIGHEST, as it does where validation has no mistake, so T means little. ece: expected calibration error over
    ECE_BINS bins; ece_by_chance: of :func:`chance_error`; nll: mean −ln(probability of the true class), in nats.
    confidence, accuracy: means over the test images, before scaling.
    """

    temperature: float
    at_the_edge: bool
    n_val: int
    n_test: int
    confidence: float
    accuracy: float
    ece_before: float
    ece_after: float
    ece_by_chance: float
    nll_before: float
    nll_after: float

    def sentence(self) -> str:
        """The result in words; overconfident or not is decided by the 95 % interval of the accuracy."""
        low, high = wilson(round(self.accuracy * self.n_test), self.n_test)
        figures = (
            f"mean confidence {percent(self.confidence)}, accuracy {percent(self.accuracy)} ({percent(low)} to"
            f" {percent(high)})"
        )
        said = f"On {counted(self.n_test, 'test image')} the model is {self._judged(low, high, figures)} "
        if self.at_the_edge:
            return said + f"{counted(self.n_val, 'validation image')} cannot determine a temperature."
        change = "falls" if self.ece_after < self.ece_before else "rises"
        return said + (
            f"After recalibration (its outputs divided by {self.temperature:.2f}, fitted on"
            f" {counted(self.n_val, 'validation image')}) the calibration error {change} from"
            f" {percent(self.ece_before)} to {percent(self.ece_after)}."
        )

    def _judged(self, low: float, high: float, figures: str) -> str:
        """Overconfident or not, on average and bin by bin; low, high: the interval of the accuracy."""
        if not low <= self.confidence <= high:
            return f"{'overconfident' if self.confidence > high else 'underconfident'}: {figures}."
        if self.ece_before > self.ece_by_chance:
            return (
                f"calibrated only on average ({figures}): within a single confidence bin, confidence and accuracy"
                f" differ by {percent(self.ece_before)} on average."
            )
        return f"well calibrated: {figures}."


def calibration(predictions: pd.DataFrame, classes: Sequence[str]) -> Calibration:
    """Calibration of a run on test, with the temperature fitted on validation.

    ``predictions``: as ``read_predictions`` gives them, of both splits; ``classes``: in the order of ``probabilities``.
    Raises RunError if a split has no predictions.
    """
    validation, (truth, before) = (answered(predictions, classes, split) for split in ("val", "test"))
    temperature = fit_temperature(*validation)
    after = with_temperature(before, temperature)
    return Calibration(
        temperature=temperature,
        at_the_edge=at_the_edge(temperature),
        n_val=len(validation[0]),
        n_test=len(truth),
        confidence=float(before.max(1).mean()),
        accuracy=float((before.argmax(1) == truth).mean()),
        ece_before=calibration_error(truth, before),
        ece_after=calibration_error(truth, after),
        ece_by_chance=chance_error(reliability(truth, before)),
        nll_before=negative_log_likelihood(truth, before),
        nll_after=negative_log_likelihood(truth, after),
    )


def answered(predictions: pd.DataFrame, classes: Sequence[str], split: str) -> tuple[Labels, Probabilities]:
    """The true classes of the images of ``split``, as indices into ``classes``, and their probabilities.

    Raises RunError if it has no predictions, or if a class is unknown.
    """
    part, name = predictions.loc[predictions["split"] == split], SPLIT_WORDS[split]
    if not len(part):
        raise RunError(
            f"This run has no predictions of {name} images, which calibration needs. Choose a run that has"
            f" finished, on a data set with labelled {name} images."
        )
    labels = pd.Index(classes).get_indexer(part["label"])
    if (labels < 0).any():
        raise RunError(
            f"The predictions name the class {sorted(part['label'][labels < 0])[0]!r}, which the model does not have."
            " Was the data set imported again? Run the classifier again."
        )
    return labels.astype(np.int64), np.stack(list(part["probabilities"]), dtype=np.float64)


def chance_error(table: pd.DataFrame) -> float:
    """The calibration error that a perfectly calibrated model exceeds by chance in 5 % of all cases.

    ``table``: of :func:`reliability`. The fewer images in a bin, the larger it is.
    """
    filled = table.loc[table["n"] > 0]
    n, sure = filled["n"].to_numpy(np.int64), filled["confidence"].to_numpy(float)
    hits = np.random.default_rng(0).binomial(n, np.clip(sure, 0, 1), (1000, len(n)))
    return float(np.percentile((np.abs(hits - n * sure)).sum(1) / n.sum(), 95))


def reliability(labels: Labels, probabilities: Probabilities, bins: int = ECE_BINS) -> pd.DataFrame:
    """One row per bin of confidence, as in :func:`bin_of`: from low to high, n images, confidence, accuracy.

    Confidence and accuracy are means; accuracy_low to accuracy_high is its 95 % Wilson interval. All four are NaN in a
    bin without images.
    """
    confidence = np.asarray(probabilities, np.float64).max(1)
    which, right = bin_of(confidence, bins), probabilities.argmax(1) == labels
    n, hits = np.bincount(which, minlength=bins), np.bincount(which, right, minlength=bins)
    intervals = [wilson(int(k), int(m)) if m else (np.nan, np.nan) for k, m in zip(hits, n, strict=True)]
    lows, highs = zip(*intervals, strict=True)
    edges = np.arange(bins + 1) / bins
    with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN that is wanted
        means = {"confidence": np.bincount(which, confidence, minlength=bins) / n, "accuracy": hits / n}
    columns = {"bin": np.arange(bins), "low": edges[:-1], "high": edges[1:], "n": n, **means}
    return pd.DataFrame(columns | {"accuracy_low": lows, "accuracy_high": highs})


def fit_temperature(labels: Labels, probabilities: Probabilities) -> float:
    """The T in LOWEST … HIGHEST with the highest likelihood of the labels of validation images.

    The loss is convex in 1 / T, so it has one minimum. Raises RunError without images.
    """
    if len(labels) == 0:
        raise RunError("There are no validation images to fit a temperature on; expected at least one.")
    logits, each = _logits(probabilities), np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        return -float(log_softmax(logits / np.exp(log_temperature), axis=1)[each, labels].mean())

    # Over ln T: the search is then as fine below 1 as above.
    found = minimize_scalar(loss, bounds=np.log((LOWEST, HIGHEST)), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))  # type: ignore[union-attr]


def at_the_edge(temperature: float) -> bool:
    """Whether a fit ran into LOWEST or HIGHEST, so that the temperature means little."""
    return not LOWEST * 1.01 < temperature < HIGHEST / 1.01


def with_temperature(probabilities: Probabilities, temperature: float) -> Probabilities:
    """Probabilities after dividing the logits by ``temperature``."""
    return np.exp(log_softmax(_logits(probabilities) / temperature, axis=1))


def negative_log_likelihood(labels: Labels, probabilities: Probabilities) -> float:
    """Mean −ln(probability of the true class), in nats."""
    return -float(_logits(probabilities)[np.arange(len(labels)), labels].mean())


def _logits(probabilities: np.ndarray) -> np.ndarray:
    """ln of probabilities; a probability that was rounded to zero counts as float32's smallest."""
    return np.log(np.maximum(np.asarray(probabilities, np.float64), np.finfo(np.float32).tiny))
