"""Is B better than A? Yes, no or cannot tell, over seeds and test images together.

Both are tested on the same images with the same seeds (a seed chooses the same labels for both), so the statistics use
the paired difference D for each seed and image. Seeds and images are two crossed random factors: another seed shifts
all images, another image all seeds. The variance of the mean of D is split between them as in studies of many readers
and many cases (Hillis, Berbaum & Metz, Acad. Radiol. 15, 2008), and each part has a Student's t of its own (intervals
of variances are combined in the same way by Graybill & Wang, JASA 75, 1980).

One planned comparison decides, with a risk of 2.5 % of a false "yes". All others share another 2.5 %
(:func:`other_gains`, Holm's correction), so the whole study gives a false "yes" in at most 5 %.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Literal

import numpy as np
from scipy.optimize import root_scalar
from scipy.special import stdtrit

from sealife_core.evaluation.comparison.paired import holm
from sealife_core.studies.readiness import LEAST_IMAGES, LEAST_SEEDS

YES, NO, CANNOT_TELL = "yes", "no", "cannot tell"
Verdict = Literal["yes", "no", "cannot tell"]
RISK = 0.025  # of a false yes, one-sided: of the comparison that decides, and of all others together
POWER = 0.8  # how often the smallest gain that a study can show is found
SMALLEST_P = 1e-12  # the smallest p
GOAL = 0.05  # the gain that a study should be able to show
# A smaller gain is no reason to train longer: continued pre-training on the target data gives 0 to 3 points on a few
# thousand images (Reed et al. 2021, arXiv 2103.12718).
WORTH = 0.02
# Standard deviations of the difference between two options over images and over seeds. Measured on probes of
# EfficientNet-Lite0's features of 345 photographs at 64 px against 224 px, mean over seven numbers of labels.
USUAL_IMAGE_SD, USUAL_SEED_SD = 0.27, 0.014


@dataclass(frozen=True)
class Gain:
    """Accuracy of b minus that of a: ``value``, its 95 % interval, one-sided ``p``.

    smallest: the gain that a study of this size and these variances finds with 80 % power. differing: images on which a
    and b differ with any seed.
    """

    value: float
    low: float
    high: float
    p: float
    smallest: float
    seeds: int
    images: int
    differing: int

    @property
    def verdict(self) -> Verdict:
        """Yes: the interval is above 0. No: it is below WORTH. Otherwise these seeds and images cannot tell."""
        if self.seeds < LEAST_SEEDS:
            return CANNOT_TELL
        if self.low > 0 and self.differing >= LEAST_IMAGES:
            return YES
        return NO if self.high < WORTH else CANNOT_TELL

    @property
    def shows_goal(self) -> bool:
        """Whether a gain of GOAL would be found."""
        return self.smallest <= GOAL


def gain(right_a: np.ndarray, right_b: np.ndarray) -> Gain:
    """The gain of b over a. Both (S, N) or (S, B, N) bool: whether right with this seed, number of labels and image.

    The B numbers of labels are averaged with equal weights. With one seed or one image the variance is unknown, and the
    interval is −1 to 1.
    """
    difference = np.asarray(right_b, np.float64) - np.asarray(right_a, np.float64)
    if difference.ndim == 3:
        differs = difference.any(axis=(0, 1))
        difference = difference.mean(axis=1)
    else:
        differs = difference.any(axis=0)
    seeds, images = difference.shape
    mean = float(difference.mean())
    if min(seeds, images) < 2:
        return Gain(mean, -1.0, 1.0, 1.0, 1.0, seeds, images, int(differs.sum()))
    of_seeds, of_images = difference.mean(axis=1), difference.mean(axis=0)
    rest = difference - of_seeds[:, None] - of_images[None] + mean
    error_rest = float((rest**2).sum()) / ((seeds - 1) * (images - 1)) / (seeds * images)
    # The noise of single answers is in both variances; it is counted once.
    spread = Spread(
        float(of_seeds.var(ddof=1)) / seeds, max(0.0, float(of_images.var(ddof=1)) / images - error_rest), seeds, images
    )
    half = spread.half(RISK)
    low, high = max(-1.0, mean - half), min(1.0, mean + half)
    return Gain(mean, low, high, spread.p(mean), spread.smallest, seeds, images, int(differs.sum()))


@dataclass(frozen=True)
class Spread:
    """The variance of the mean difference over seeds and over images, and the number of both."""

    of_seeds: float
    of_images: float
    seeds: int
    images: int

    def half(self, risk: float) -> float:
        """Half of an interval that is exceeded on one side with ``risk``; each part with a Student's t of its own.

        A common t would hide the large uncertainty of few seeds behind the many images. Images that (nearly) all agree
        have no variance and still say little where they are few: a gain on a share g of all images is seen on none of n
        with probability (1 − g)ⁿ. Half an interval is at least the g that has this ``risk``.
        """
        t_seeds, t_images = (float(stdtrit(n - 1, risk)) for n in (self.seeds, self.images))
        unseen = 1 - risk ** (1 / self.images)
        return max(unseen, sqrt(t_seeds**2 * self.of_seeds + t_images**2 * self.of_images))

    def p(self, value: float) -> float:
        """One-sided p: the risk at which ``value`` is half of an interval."""
        if value < 0:
            return 1 - self.p(-value)
        if value <= self.half(0.5):
            return 0.5
        if self.half(SMALLEST_P) <= value:
            return SMALLEST_P
        found = root_scalar(lambda log_risk: self.half(exp(log_risk)) - value, bracket=(log(SMALLEST_P), log(0.5)))
        return exp(found.root)

    @property
    def smallest(self) -> float:
        """The smallest true gain that is found with POWER."""
        return min(1.0, self.half(RISK) + self.half(1 - POWER))


def other_gains(pairs: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> dict[str, tuple[Gain, bool]]:
    """The other comparisons: name → (a, b) as for :func:`gain` → the gain, and whether it is significant.

    All together have a risk of 2.5 % of a false gain (Holm). Their intervals are uncorrected.
    """
    found = {name: gain(a, b) for name, (a, b) in pairs.items()}
    corrected = holm([one.p for one in found.values()])
    return {
        name: (one, p <= RISK and one.verdict == YES) for (name, one), p in zip(found.items(), corrected, strict=True)
    }


def smallest_gain(seeds: int, images: int) -> float:
    """The gain that a study of this size will find with 80 % power, with the usual variances (see above)."""
    if seeds < LEAST_SEEDS or images < 2:
        return 1.0
    return Spread(USUAL_SEED_SD**2 / seeds, USUAL_IMAGE_SD**2 / images, seeds, images).smallest


def labels_needed(goal: float, budgets: Sequence[float], accuracies: Sequence[float]) -> float | None:
    """:func:`labels_at`, on the running maximum of the curve."""
    return labels_at(goal, budgets, np.maximum.accumulate(np.asarray(accuracies, np.float64)))


def labels_at(goal: float, budgets: Sequence[float], accuracies: Sequence[float] | np.ndarray) -> float | None:
    """The number of labels with which the curve ``accuracies`` over ``budgets`` (ascending) first reaches ``goal``.

    Interpolated on a logarithmic axis of labels. ∞ if the curve never reaches the goal, None if it does so with the
    fewest labels or has no points.
    """
    reached = np.asarray(accuracies, np.float64)
    if not len(reached) or reached[0] >= goal:
        return None
    if reached.max() < goal:
        return float("inf")
    after = int(np.argmax(reached >= goal))
    x0, x1 = np.log(budgets[after - 1]), np.log(budgets[after])
    share = (goal - reached[after - 1]) / (reached[after] - reached[after - 1])
    return float(np.exp(x0 + share * (x1 - x0)))
