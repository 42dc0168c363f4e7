"""How much accuracy a new place costs: the same images, held out at random and with their whole place.

Each image is named twice by a linear probe on stored features: once by one that has not seen the image, once by one
that has seen nothing of its site, dive or day. Both learned from as many images. Accuracy elsewhere is what counts in
the field; random held-out images of known places overstate it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from threading import Lock

import numpy as np
from jaxtyping import Bool, Float, Int
from threadpoolctl import threadpool_limits

from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.holding_out import GROUP, places_of
from sealife_core.errors import DatasetError, RunError
from sealife_core.evaluation.classification.scores import chance, wilson
from sealife_core.evaluation.comparison.resampling import Interval
from sealife_core.evaluation.curation.label_free_features import learned_from_labels, run_without_labels
from sealife_core.evaluation.curation.place_folds import dealt, held_out_predictions
from sealife_core.evaluation.curation.points import points_of
from sealife_core.evaluation.embeddings.stored_embeddings import read_embeddings
from sealife_core.progress import Progress
from sealife_core.runs.directory import open_run
from sealife_core.wording import counted, percent

FOLDS = 5
MOST_TRAINED = 5000  # images of one probe: ten probes then take some 5 s
_RESAMPLES = 2000
_ONE_AT_A_TIME = Lock()  # two that limit threads at once would leave them limited
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
    """What :func:`held_out_scores` found, on ``images`` of ``places``, by probes of ``trained_on`` images each.

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
            said.append(f"Not counted: {counted(self.only_there, 'image')} of classes that no other place could teach.")
        if _FEWEST_PLACES <= self.places < _FEW_PLACES:
            said.append("With so few places the intervals are too narrow.")
        return said


def held_out_of(dataset: Dataset, by: str, run_id: str | None = None, progress: Progress | None = None) -> HeldOut:
    """:func:`held_out_scores` of the labelled images of ``dataset``, with the embeddings of a run.

    by: "group", or a pattern (``datasets/grouping/patterns.py``) that names the place of an image. run_id: by default
    that of :func:`label_free_features.run_without_labels`. Raises DatasetError and RunError.
    """
    places = places_of(dataset, by, progress)
    run = run_without_labels(dataset) if run_id is None else open_run(run_id)
    if learned_from_labels(run):
        raise RunError(
            f"The encoder of run '{run.id}' has learned from these labels, so that it has seen every place. Choose a"
            " run with a frozen encoder ('classify', a probe, 'embed') or SimCLR's."
        )
    embedded = read_embeddings(run.path)
    rows = embedded.rows_in(dataset)
    placed = np.array([bool(place) for place in places]) & (dataset.labels >= 0)
    at = np.flatnonzero((rows >= 0) & placed[rows])
    if not len(at):
        raise DatasetError(
            f"No labelled image of {dataset.name!r} with features in run '{run.id}' has a place by {by!r}."
        )
    rows = rows[at]
    features = np.asarray(embedded.values[at], np.float32)
    groups = dataset.manifest["group"].to_numpy()[rows]
    together = ["" if by == GROUP else group for group in groups.tolist()]
    labels, of = dataset.labels[rows], [places[row] for row in rows]
    said, trained_on = _predictions(features, labels, of, together, seed=0, progress=progress)
    found = _scored(said, labels, of, trained_on, dataset.classes, seed=0)
    ids = dataset.manifest["id"].to_numpy()[rows]
    known = (said >= 0).all(axis=0)
    named = {image: dataset.classes[label] for image, label in zip(ids[known], said[1, known], strict=True)}
    return replace(found, run=run.id, predicted=named)


def held_out_scores(
    features: Float[np.ndarray, "n d"],
    labels: Int[np.ndarray, " n"],
    places: Sequence[str],
    together: Sequence[str] = (),
    seed: int = 0,
) -> HeldOut:
    """Accuracy on images held out at random and with their whole place, of probes of as many training images.

    places: of each image; together: groups that random folds keep whole, as the splits of a data set do ("" is none).
    Raises DatasetError for fewer than two places, and where every place has classes of its own only.
    """
    said, trained_on = _predictions(features, labels, places, together, seed)
    return _scored(said, labels, places, trained_on, [str(label) for label in range(int(labels.max()) + 1)], seed)


def need_places(labels: Int[np.ndarray, " n"], places: Sequence[str]) -> None:
    """Raises DatasetError for fewer than two places, and where every place has classes of its own only."""
    if len(set(places)) < 2:
        raise DatasetError(f"All images are of one place, {places[0]!r}; to hold one out, there must be two.")
    homes: dict[int, set[str]] = defaultdict(set)
    for label, place in zip(labels.tolist(), places, strict=True):
        homes[label].add(place)
    if all(len(of) == 1 for of in homes.values()):
        raise DatasetError("Every class is at one place only: there is no other place to learn it from.")


def _predictions(
    features: Float[np.ndarray, "n d"],
    labels: Int[np.ndarray, " n"],
    places: Sequence[str],
    together: Sequence[str],
    seed: int,
    progress: Progress | None = None,
) -> tuple[Int[np.ndarray, "2 n"], int]:
    """What probes say of each image, held out at random and with its whole place (-1 where none knows its class), and
    of how many images they learned."""
    need_places(labels, places)
    _, place = np.unique(places, return_inverse=True)
    count = int(place.max()) + 1
    units = np.unique(
        [group or f"\0{row}" for row, group in enumerate(together or [""] * len(labels))], return_inverse=True
    )[1]
    folds = [dealt(of, min(FOLDS, count), seed) for of in (units, place)]
    trained_on = min(len(labels) - np.bincount(fold).max() for fold in folds)
    trained_on = min(int(trained_on), MOST_TRAINED)
    if not trained_on:
        raise DatasetError("All images are of one group, so that no image can be held out without all others.")
    seen = points_of((), features).values
    probes = sum(len(np.unique(fold)) for fold in folds)
    done = iter(range(1, probes + 1))

    def tell() -> None:
        if progress:
            progress("Holding places out", next(done), probes)

    # On a busy machine, the threads of a product of small matrices wait for each other longer than they compute.
    with _ONE_AT_A_TIME, threadpool_limits(1, "blas"):
        said = [held_out_predictions(seen, labels, fold, trained_on, seed, tell) for fold in folds]
    return np.stack(said), trained_on


def _scored(
    said: Int[np.ndarray, "2 n"],
    labels: Int[np.ndarray, " n"],
    places: Sequence[str],
    trained_on: int,
    classes: Sequence[str],
    seed: int,
) -> HeldOut:
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

    None is narrower than the interval would be if every image were a place of its own: that of places that chance made
    alike would be, and where all images are right there would be none.
    """
    _, place = np.unique(place, return_inverse=True)
    sums = np.stack([np.bincount(place, of) for of in (*right, np.ones(len(place)))])  # (3, places)
    count = sums.shape[1]
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=_RESAMPLES)
    totals = np.concatenate([np.ones((1, count)), drawn]) @ sums.T  # (1 + R, 3): the estimate first
    random, elsewhere = totals[:, 0] / totals[:, 2], totals[:, 1] / totals[:, 2]
    of_images = [*(wilson(int(of.sum()), len(place)) for of in right), _paired(*right)]
    found = []
    for values, (least, most) in zip((random, elsewhere, elsewhere - random), of_images, strict=True):
        low, high = np.quantile(values[1:], (0.025, 0.975))
        found.append(Interval(float(values[0]), min(float(low), least), max(float(high), most)))
    return found


def _paired(one: Bool[np.ndarray, " n"], other: Bool[np.ndarray, " n"]) -> tuple[float, float]:
    """The 95 % interval of the second share minus the first on the same images: Wald's with half an image added to each
    of the four cells (Agresti & Min 2005), so that it has a width where both are right on the same images."""
    n, lost, won = len(one) + 2, (one & ~other).sum() + 0.5, (other & ~one).sum() + 0.5
    middle, reach = (won - lost) / n, 1.96 * np.sqrt(lost + won - (won - lost) ** 2 / n) / n
    return float(middle - reach), float(middle + reach)


def _share(interval: Interval) -> str:
    return f"{percent(interval.value)} ({100 * interval.low:.1f} to {100 * interval.high:.1f})"
