"""Answers of a classifier that tests invent."""

import numpy as np
import pandas as pd

from dashboard.data.classifier_answers import Answers, answers_of
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.classification.predictions import predictions_table


def table(dataset: Dataset, said: list[int], sure: list[float], split: str = "test") -> pd.DataFrame:
    """The first ``len(said)`` images, named ``said`` with confidence ``sure``; the rest is spread evenly."""
    classes = len(dataset.classes)
    probabilities = np.array([[(1 - s) / (classes - 1)] * classes for s in sure])
    probabilities[np.arange(len(said)), said] = sure
    return predictions_table(dataset, np.arange(len(said)), split, probabilities)


def some(dataset: Dataset, wrong: list[bool], sure: list[float]) -> Answers:
    truth = dataset.labels[: len(wrong)]
    said = [int((label + bad) % len(dataset.classes)) for label, bad in zip(truth, wrong, strict=True)]
    return answers_of(table(dataset, said, sure), dataset, None)
