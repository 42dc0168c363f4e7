"""How much accuracy a new place costs: the same images, held out at random and with their whole place.

Each image is named twice by a linear probe on stored features: once by one that has not seen the image, once by one
that has seen nothing of its site, dive or day. Both learned from as many images. Accuracy elsewhere is what counts in
the field; random held-out images of known places overstate it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, Int64
from threadpoolctl import threadpool_limits

from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.grouping.patterns import parse_pattern
from sealife_core.datasets.grouping.regrouping import groups_by
from sealife_core.errors import DatasetError, RunError
from sealife_core.evaluation.comparison.resampling import Interval
from sealife_core.evaluation.curation.label_free_features import learned_from_labels, run_without_labels
from sealife_core.evaluation.curation.out_of_fold import FOLDS, grouped_folds
from sealife_core.evaluation.curation.picking import fitted
from sealife_core.evaluation.curation.points import points_of
from sealife_core.evaluation.embeddings.stored_embeddings import read_embeddings
from sealife_core.progress import Progress
from sealife_core.runs.directory import open_run
from sealife_core.wording import counted, percent

GROUP = "group"
MOST_TRAINED = 5000  # images of one probe: ten probes then take some 5 s
_RESAMPLES = 2000
_ONE_AT_A_TIME = Lock()  # two that limit threads at once would leave them limited
_FEW_PLACES = 10  # with fewer, a bootstrap over places gives too narrow an interval


@dataclass(frozen=True)
class HeldOut:
    """What :func:`held_out_scores` found, on ``images`` of ``places``, by probes of ``trained_on`` images each.

    Accuracies on random held-out images and on held-out whole places, and the second minus the first, each with its
    95 % interval over places. ``only_there``: images not counted, of classes that a held-out place alone has; ``run``:
    the run whose features these are, "" where they were given.
    """

    places: int
    images: int
    trained_on: int
    only_there: int
    random: Interval
    elsewhere: Interval
    difference: Interval
    run: str = ""

    @property
    def said(self) -> str:
        """In a few sentences."""
        said = (
            f"On random held-out images a linear probe is right in {_share(self.random)}, on whole held-out places in"
            f" {_share(self.elsewhere)}: {self._meaning} ({counted(self.images, 'image')} of"
            f" {counted(self.places, 'place')}; {self.trained_on:,} training images each.)"
        )
        if self.only_there:
            said += f" Not counted: {counted(self.only_there, 'image')} of classes that no other place has."
        if self.places < _FEW_PLACES:
            said += " With so few places the intervals are too narrow."
        return said + (f" Features of run '{self.run}'." if self.run else "")

    @property
    def _meaning(self) -> str:
        low, high = -100 * self.difference.high, -100 * self.difference.low
        if low > 0:
            return f"expect {low:.1f} to {high:.1f} points less at a new place than random images say."
        if high < 0:
            return "a new place is no harder than random images."
        return "a loss at new places cannot be told from chance."


def held_out_of(dataset: Dataset, by: str, run_id: str | None = None, progress: Progress | None = None) -> HeldOut:
    """:func:`held_out_scores` of the labelled images of ``dataset``, with the embeddings of a run.

    by: "group", or a pattern (``datasets/grouping/patterns.py``) that names the place of an image. run_id: by default
    that of :func:`label_free_features.run_without_labels`. Raises DatasetError and RunError.
    """
    places = dataset.manifest["group"].tolist() if by == GROUP else groups_by(dataset, parse_pattern(by), progress)
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
    found = held_out_scores(features, dataset.labels[rows], [places[row] for row in rows], together, progress=progress)
    return replace(found, run=run.id)


def held_out_scores(
    features: Float[np.ndarray, "n d"],
    labels: Int[np.ndarray, " n"],
    places: Sequence[str],
    together: Sequence[str] = (),
    seed: int = 0,
    progress: Progress | None = None,
) -> HeldOut:
    """Accuracy on images held out at random and with their whole place, of probes of as many training images.

    places: of each image; together: groups that random folds keep whole, as the splits of a data set do ("" is none).
    Raises DatasetError for fewer than two places, and where every place has classes of its own only.
    """
    _, place = np.unique(places, return_inverse=True)
    count = int(place.max()) + 1
    if count < 2:
        raise DatasetError(f"All images are of one place, {places[0]!r}; to hold one out, there must be two.")
    units = np.unique(
        [group or f"\0{row}" for row, group in enumerate(together or [""] * len(labels))], return_inverse=True
    )[1]
    one_class = np.zeros(len(labels), np.int64)  # only the sizes of the folds are to be even
    folds = [grouped_folds(one_class, of, seed, min(FOLDS, count)) for of in (units, place)]
    trained_on = min(len(labels) - np.bincount(fold).max() for fold in folds)
    trained_on = min(int(trained_on), MOST_TRAINED)
    if all(len(set(place[labels == label])) == 1 for label in np.unique(labels)):
        raise DatasetError("Every class is at one place only: there is no other place to learn it from.")
    said, seen = [], points_of((), features).values
    # On a busy machine, the threads of a product of small matrices wait for each other longer than they compute.
    with _ONE_AT_A_TIME, threadpool_limits(1, "blas"):
        for number, fold in enumerate(folds):
            if progress:
                progress("Holding places out", number, len(folds))
            said.append(_predictions(seen, labels, fold, trained_on, seed))
    counted_ones = (said[0] >= 0) & (said[1] >= 0)
    right = np.stack([(of == labels)[counted_ones] for of in said])
    random, elsewhere, difference = _intervals(right, place[counted_ones], seed)
    return HeldOut(
        places=len(np.unique(place[counted_ones])), images=int(counted_ones.sum()), trained_on=trained_on,
        only_there=int((~counted_ones).sum()), random=random, elsewhere=elsewhere, difference=difference,
    )  # fmt: skip


def _predictions(
    features: Float32[np.ndarray, "n d"],
    labels: Int[np.ndarray, " n"],
    fold: Int[np.ndarray, " n"],
    trained_on: int,
    seed: int,
) -> Int64[np.ndarray, " n"]:
    """What a probe says of each image that was trained on ``trained_on`` images of the other folds, drawn by ``seed``.

    -1 for an image whose class is not among those.
    """
    said, rng = np.empty(len(labels), np.int64), np.random.default_rng(seed)
    for held_out in np.unique(fold):
        train, test = np.flatnonzero(fold != held_out), np.flatnonzero(fold == held_out)
        train = rng.choice(train, trained_on, replace=False)
        probe = fitted(features[train], labels[train])
        predicted = labels[train][0] if probe is None else probe.predict(features[test])  # None: one class alone
        said[test] = np.where(np.isin(labels[test], labels[train]), predicted, -1)
    return said


def _intervals(right: Bool[np.ndarray, "2 n"], place: Int[np.ndarray, " n"], seed: int) -> list[Interval]:
    """Accuracy of both rows of ``right`` and their difference, with percentile bootstraps over places."""
    _, place = np.unique(place, return_inverse=True)
    sums = np.stack([np.bincount(place, of) for of in (*right, np.ones(len(place)))])  # (3, places)
    count = sums.shape[1]
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=_RESAMPLES)
    totals = np.concatenate([np.ones((1, count)), drawn]) @ sums.T  # (1 + R, 3): the estimate first
    random, elsewhere = totals[:, 0] / totals[:, 2], totals[:, 1] / totals[:, 2]
    found = []
    for values in (random, elsewhere, elsewhere - random):
        low, high = np.quantile(values[1:], (0.025, 0.975))
        found.append(Interval(float(values[0]), float(low), float(high)))
    return found


def _share(interval: Interval) -> str:
    return f"{percent(interval.value)} ({100 * interval.low:.1f} to {100 * interval.high:.1f})"
