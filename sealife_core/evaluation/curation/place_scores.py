"""What held-out places have shown: accuracy on random images and at new places, what follows, and every place."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from jaxtyping import Bool, Int

from sealife_core.errors import DatasetError
from sealife_core.evaluation.classification.scores import chance, middle_95, resampled, wilson
from sealife_core.evaluation.comparison.resampling import Interval, accuracy_difference
from sealife_core.wording import counted, percent

_FEW_PLACES = 10  # with fewer, a bootstrap over places gives too narrow an interval,
_FEWEST_PLACES = 5  # and with fewer than this it says nothing


@dataclass(frozen=True)
class PlaceScore:
    """A probe at one place, of which ``images`` are labelled and ``counted`` of a class that it could learn.

    ``random``: its accuracy on those where it knows other images of the place, ``elsewhere`` where it has seen nothing
    of it, with 95 % intervals (Wilson); None if none is counted. ``alone``: classes that no other place has.
    """

    place: str
    images: int
    counted: int
    random: Interval | None
    elsewhere: Interval | None
    alone: tuple[str, ...]


@dataclass(frozen=True)
class HeldOut:
    """What holding places out has shown, on ``images`` of ``places``, by probes of ``trained_on`` images each.

    Accuracies on random held-out images and on held-out whole places, and the second minus the first, each with its
    95 % interval over places, as wide at least as over images. ``chance``: the accuracy of guessing; ``only_there``:
    images not counted, of classes that no probe could learn elsewhere; ``each``: every place, the worst first, last
    those without an image that counts. ``run``: the run whose features these are, "" where they were given;
    ``predicted``: image id → what a probe says that has not seen its place, of the images that count and have ids.
    """

    places: int
    images: int
    trained_on: int
    only_there: int
    chance: float
    random: Interval
    elsewhere: Interval
    difference: Interval
    each: tuple[PlaceScore, ...]
    run: str = ""
    predicted: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def said(self) -> str:
        """In a few sentences."""
        said = (
            f"On random held-out images a linear probe is right in {_share(self.random)}, on whole held-out places in"
            f" {_share(self.elsewhere)}. {self.meaning} ({counted(self.images, 'image')} of"
            f" {counted(self.places, 'place')}; {self.trained_on:,} training images each.)"
        )
        return " ".join([said, *self.notes, *([f"Features of run '{self.run}'."] if self.run else [])])

    @property
    def meaning(self) -> str:
        """What the difference says, in a sentence; also that it says nothing."""
        low, high = -100 * self.difference.high, -100 * self.difference.low
        if self.places < _FEWEST_PLACES:
            few = counted(self.places, "place")
            return f"{few} cannot tell what a new one costs: at least {_FEWEST_PLACES} are needed."
        if low > 0:
            return f"Expect {low:.1f} to {high:.1f} points less at a new place than random images say."
        if high < 0:
            return "A new place is no harder than random images."
        return f"A loss at new places cannot be told from chance: it may be none, or up to {high:.1f} points."

    @property
    def notes(self) -> list[str]:
        """What to know when reading the scores."""
        said = []
        if self.only_there:
            what = counted(self.only_there, "image")
            said.append(f"Not counted: {what} of classes that none of the training images from other places has.")
        if _FEWEST_PLACES <= self.places < _FEW_PLACES:
            said.append("With so few places the intervals are too narrow.")
        return said


def scored(
    said: Int[np.ndarray, "2 n"],
    labels: Int[np.ndarray, " n"],
    places: Sequence[str],
    trained_on: int,
    classes: Sequence[str],
    seed: int,
) -> HeldOut:
    """The scores of ``said``, held out at random and with the whole place; -1 where a probe could not know the class.

    labels: indices into ``classes``. Raises DatasetError where no image counts.
    """
    names, place = np.unique(places, return_inverse=True)
    counts = (said >= 0).all(axis=0)
    if not counts.any():
        raise DatasetError("No class is at enough places to be learned at some and asked at others. Add pictures.")
    right = said == labels
    alone: dict[int, list[str]] = defaultdict(list)
    for label, name in enumerate(classes):
        homes = np.unique(place[labels == label])
        if len(homes) == 1:
            alone[int(homes[0])].append(name)
    sums = (np.bincount(place, of).astype(int).tolist() for of in (np.ones(len(place)), counts, *(right & counts)))
    each = [
        PlaceScore(name, images, n, _accuracy(random, n), _accuracy(elsewhere, n), tuple(alone[number]))
        for number, (name, images, n, random, elsewhere) in enumerate(zip(names.tolist(), *sums, strict=True))
    ]
    each.sort(key=lambda one: (one.elsewhere is None, one.elsewhere.value if one.elsewhere else 0, one.place))
    random, elsewhere, difference = _intervals(right[:, counts], place[counts], seed)
    return HeldOut(
        places=len(np.unique(place[counts])), images=int(counts.sum()), trained_on=trained_on,
        only_there=int((~counts).sum()), chance=chance(labels[counts], len(set(labels[counts].tolist()))),
        random=random, elsewhere=elsewhere, difference=difference, each=tuple(each),
    )  # fmt: skip


@cache
def _accuracy(right: int, n: int) -> Interval | None:
    return Interval(right / n, *wilson(right, n)) if n else None


def _intervals(right: Bool[np.ndarray, "2 n"], place: Int[np.ndarray, " n"], seed: int) -> list[Interval]:
    """Accuracy of both rows of ``right`` and their difference, with percentile bootstraps over places.

    None is narrower than if every image were a place of its own: a bootstrap is too narrow where chance made a few
    places alike, and has no width where every image is right.
    """
    _, place = np.unique(place, return_inverse=True)
    sums = np.stack([np.bincount(place, of) for of in (*right, np.ones(len(place)))])  # (3, places)
    once = np.ones(sums.shape[1], np.int64)
    totals = np.column_stack([once, resampled(once, seed)]).T @ sums.T  # (1 + R, 3): the estimate first
    random, elsewhere = totals[:, 0] / totals[:, 2], totals[:, 1] / totals[:, 2]
    paired = accuracy_difference(*right)
    of_images = [*(wilson(int(of.sum()), len(place)) for of in right), (paired.low, paired.high)]
    found = []
    for values, (least, most) in zip((random, elsewhere, elsewhere - random), of_images, strict=True):
        low, high = middle_95(values[1:])
        found.append(Interval(float(values[0]), min(low, least), max(high, most)))
    return found


def _share(interval: Interval) -> str:
    return f"{percent(interval.value)} ({100 * interval.low:.1f} to {100 * interval.high:.1f})"
