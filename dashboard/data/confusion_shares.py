"""Which classes are taken for which: the confusion matrix in shares, its most confused classes, a row a class."""

from typing import Any

import numpy as np

from dashboard.data.classifier_answers import Answers
from dashboard.words import between

MOST_CLASSES = 40  # of a matrix on the screen: a cell is then about as wide as its number


def as_shares(counts: np.ndarray, shares: str) -> np.ndarray:
    """Counts (C, C) as they are, or as shares of their row ("truth") or column ("said"); 0 where there is nothing."""
    if not shares:
        return counts.astype(float)
    totals = counts.sum(1, keepdims=True) if shares == "truth" else counts.sum(0, keepdims=True)
    return np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)


def most_confused(counts: np.ndarray, most: int = MOST_CLASSES) -> list[int]:
    """The classes with the most mistakes in or out of them, at most ``most``, in their usual order."""
    mistakes = counts.sum(0) + counts.sum(1) - 2 * np.diag(counts)
    return sorted(np.argsort(-mistakes, kind="stable")[:most].tolist())


def class_row(answers: Answers, index: int, scored: dict[str, Any], counts: np.ndarray) -> dict[str, Any]:
    """The scores of class ``index``, and what it is taken for most. counts: (C, C), row = truth."""
    from sealife_core.evaluation.classification.scores import wilson  # imports SciPy: not for every view of the Gallery

    others = counts[index].copy()
    others[index] = 0
    low, high = wilson(int(counts[index, index]), int(counts[index].sum()))
    return {key: scored[key] for key in ("n", "recall", "precision", "f1")} | {
        "name": scored["label"],
        "colour": answers.colour(index),
        "interval": between(low, high),
        "mistakes": int(others.max(initial=0)),
        "taken_for": answers.classes[int(others.argmax())] if len(others) else "",
    }
