"""Selective classification: below which confidence is "unknown" the answer, so that few of the others are wrong?

Confidences are calibrated with the temperature, and the threshold is chosen on validation (the risk-coverage trade-off:
Geifman & El-Yaniv 2017, arXiv 1705.08500). What it does to pictures that chose nothing is told on test.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64

from sealife_core.evaluation.classification.calibration import (
    answered,
    at_the_edge,
    fit_temperature,
    with_temperature,
)
from sealife_core.evaluation.classification.predictions import read_predictions
from sealife_core.evaluation.classification.scores import Probabilities, wilson
from sealife_core.wording import counted, percent


@dataclass(frozen=True)
class Coverage:
    """Of ``n`` pictures, ``named`` are at or above a threshold, and ``wrong`` of those are named wrongly."""

    n: int
    named: int
    wrong: int

    @property
    def sentence(self) -> str:
        """ "names 92.1 % (88.0 to 95.0 %) of 300, and 3.1 % (1.4 to 6.5 %) of those wrongly": 95 % intervals."""
        said = f"names {_share(self.named, self.n)} of {self.n:,}"
        return said + (f", and {_share(self.wrong, self.named)} of those wrongly" if self.named else "")


@dataclass(frozen=True)
class Threshold:
    """Pictures whose calibrated confidence is below ``value`` are unknown; above 1: all are.

    error: the share of wrong answers among those named that was asked for. val: what the threshold does on the
    pictures that chose it; test: on pictures that did not, None without test predictions.
    """

    error: float
    value: float
    val: Coverage
    test: Coverage | None

    @property
    def sentence(self) -> str:
        """What it means, and how many pictures like those of the data set it would name."""
        chosen = counted(self.val.n, "validation picture")
        if self.value > 1:
            return (
                f"No threshold leaves at most {100 * self.error:g} % wrong among those named of {chosen}, so every"
                " picture is unknown. Allow more, or train a better model."
            )
        test = f" Of test pictures, which did not choose it, it {self.test.sentence}." if self.test else ""
        return (
            f"Below a confidence of {percent(self.value)} a picture is unknown. Chosen on validation pictures, of which"
            f" this {self.val.sentence}.{test} Pictures from elsewhere may do worse."
        )


@dataclass(frozen=True, eq=False)
class Validated:
    """The calibrated confidences of a run's predictions, and which of them are right, by split ("val", "test").

    temperature: fitted on validation; 1 where validation cannot determine it.
    """

    temperature: float
    confidence: dict[str, Float64[np.ndarray, " n"]]
    right: dict[str, Bool[np.ndarray, " n"]]

    def calibrated(self, probabilities: Probabilities) -> Probabilities:
        """``probabilities`` of any pictures, recalibrated."""
        return with_temperature(probabilities, self.temperature)

    def threshold(self, error: float) -> Threshold:
        """The lowest threshold with at most the share ``error`` wrong among the validation pictures named."""
        value = lowest_threshold(self.confidence["val"], self.right["val"], error)
        val, test = (self._coverage(split, value) if split in self.right else None for split in ("val", "test"))
        assert val is not None
        return Threshold(error, value, val, test)

    def _coverage(self, split: str, value: float) -> Coverage:
        named = self.confidence[split] >= value
        return Coverage(len(named), int(named.sum()), int((named & ~self.right[split]).sum()))


def lowest_threshold(confidence: Float64[np.ndarray, " n"], right: Bool[np.ndarray, " n"], error: float) -> float:
    """The lowest confidence such that at most the share ``error`` of those at or above it are wrong; 2 if none is."""
    order = np.argsort(-confidence, kind="stable")
    sure, wrong = confidence[order], np.cumsum(~right[order])
    last = np.append(sure[1:] < sure[:-1], True)[: len(sure)]  # equal confidences are named together
    allowed = np.flatnonzero(last & (wrong / np.arange(1, len(sure) + 1) <= error))
    return float(sure[allowed[-1]]) if len(allowed) else 2.0


def validated(folder: Path, classes: Sequence[str]) -> Validated:
    """What the predictions of the run in ``folder`` say of its confidences. Raises RunError without validation."""
    predictions = read_predictions(folder)
    splits = ("val", "test") if "test" in set(predictions["split"]) else ("val",)
    found = {split: answered(predictions, classes, split) for split in splits}
    fitted = fit_temperature(*found["val"])
    temperature = 1.0 if at_the_edge(fitted) else fitted
    return Validated(
        temperature=temperature,
        confidence={split: with_temperature(p, temperature).max(1) for split, (_, p) in found.items()},
        right={split: p.argmax(1) == labels for split, (labels, p) in found.items()},
    )


def _share(part: int, of: int) -> str:
    low, high = wilson(part, of)
    return f"{percent(part / of)} ({100 * low:.1f} to {100 * high:.1f} %)"
