"""What more labels would bring: a forecast from what the answers of the label queue have brought so far."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sealife_core.evaluation.comparison.learning_curve import AccuracyForecast, forecast
from sealife_core.evaluation.curation.label_queue import Bought

TIMES = 2  # labels of the forecast, at most, for each of today
LEAST_ASKED = 10  # pictures held out: of fewer, an accuracy is hardly known
LEAST_GROWTH = 2  # a curve over less than a doubling of the labels does not say how it goes on


def outlook(bought: Sequence[Bought], classes: int, most: int) -> AccuracyForecast | None:
    """Accuracy with twice as many labels in all, or with ``most`` if that is fewer; None while too little is known.

    The interval contains that accuracy was measured on so many pictures.
    """
    points = list({one.learned: one for one in bought}.values())
    if (
        not points
        or points[-1].asked < LEAST_ASKED
        or points[-1].learned < LEAST_GROWTH * points[0].learned
        or most <= points[-1].learned
    ):
        return None
    at = min(TIMES * points[-1].learned, most)
    # As if two answers more were right and two wrong: all right of ten does not mean that none can be wrong.
    shares = np.array([(one.accuracy * one.asked + 2) / (one.asked + 4) for one in points])
    variance = shares * (1 - shares) / (points[-1].asked + 4)
    labels = [one.learned / classes for one in points]
    found = forecast(labels, np.array([[one.accuracy for one in points]]), [at / classes], variance)
    return replace(found[0], labels=at) if found else None
