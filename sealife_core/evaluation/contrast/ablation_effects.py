"""What a part that was broken on purpose changed: the same measures of the intact and of the broken run, and in words.

Whether a difference shows is decided by its 95 % interval, over the same pictures asked of both runs or over steps, and
by what another seed of the intact run gives, where there is one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int, Shaped

from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.classification.scores import wilson
from sealife_core.evaluation.comparison.resampling import Interval, accuracy_difference
from sealife_core.evaluation.embeddings.feature_quality import MOST_ASKED, MOST_VOTING, knn_predict
from sealife_core.evaluation.embeddings.neighbours import nearest
from sealife_core.wording import listed, percent, points_between

if TYPE_CHECKING:  # it imports torch
    from sealife_core.evaluation.contrast.invariance import Response

LAST = 0.25  # of the epochs: the steps whose contrastive accuracy counts
NEIGHBOURS = 20
LOWER, SAME, HIGHER = -1, 0, 1
PRETEXT, FEATURES = "contrastive accuracy", "k-NN accuracy"
IGNORED = "similarity kept in other colours and light"
VALIDATION, TEST = "validation accuracy", "test accuracy"


@dataclass(frozen=True)
class Measure:
    """A share of 1 in both runs, and how much more it is in the broken one; all with 95 % intervals.

    n: pictures asked, or steps; n_broken: of the broken run, where it took another number of steps. by_chance: how far
    the intact run with another seed is from the intact one; None if there is none.
    """

    name: str
    intact: Interval
    broken: Interval
    difference: Interval
    n: int
    by_chance: float | None = None
    n_broken: int | None = None

    @property
    def change(self) -> int:
        """LOWER or HIGHER in the broken run, or SAME: a difference does not show."""
        if abs(self.difference.value) <= (self.by_chance or 0):
            return SAME
        return (self.difference.low > 0) - (self.difference.high < 0)

    @property
    def values(self) -> str:
        """ "31 % instead of 45 %"; in tenths where whole percent would be the same."""
        whole = percent(self.broken.value, 0), percent(self.intact.value, 0)
        broken, intact = whole if len(set(whole)) > 1 else (percent(self.broken.value), percent(self.intact.value))
        return f"{broken} instead of {intact}"


def contrastive_measure(intact: Sequence[Mapping[str, Any]], broken: Sequence[Mapping[str, Any]]) -> Measure | None:
    """Contrastive accuracy over the last steps of both runs, from their rows of metrics; None while there is none."""
    ends = [_last(rows) for rows in (intact, broken)]
    if not all(len(found) > 1 for found in ends):
        return None
    means = [float(found.mean()) for found in ends]
    errors = [1.96 * float(found.std(ddof=1)) / len(found) ** 0.5 for found in ends]
    each = [_around(mean, error) for mean, error in zip(means, errors, strict=True)]
    return Measure(
        PRETEXT, each[0], each[1], _around(means[1] - means[0], float(np.hypot(*errors))), len(ends[0]),
        n_broken=len(ends[1]),
    )  # fmt: skip


def _around(value: float, error: float) -> Interval:
    return Interval(value, value - error, value + error)


def _last(rows: Sequence[Mapping[str, Any]]) -> np.ndarray:
    key = "train/contrastive_accuracy"
    found = [(row["epoch"], row[key]) for row in rows if None not in (row.get(key), row.get("epoch"))]
    end = max((epoch for epoch, _ in found), default=0.0)
    return np.array([share for epoch, share in found if epoch >= (1 - LAST) * end])


def knn_measure(
    intact: Float[np.ndarray, "n _"], broken: Float[np.ndarray, "n _"], dataset: Dataset, splits: tuple[str, ...]
) -> Measure | None:
    """k-NN accuracy of both runs' features h of every image: labelled images of ``splits`` ask, training images vote.

    None where there is none to ask or to vote. Training images are no fair questions: they were each other's negatives
    and have been pushed apart, those of one class too.
    """
    draw = np.random.default_rng(0)  # an import is in the order of its classes
    bank = draw.permutation(dataset.rows("train", labelled_only=True))[:MOST_VOTING]
    asked = draw.permutation(np.concatenate([dataset.rows(one, labelled_only=True) for one in splits]))[:MOST_ASKED]
    if not len(bank) or not len(asked):
        return None
    labels = dataset.labels
    right = [
        knn_predict(h[bank], labels[bank], h[asked], k=NEIGHBOURS) == labels[asked]
        for h in (np.asarray(intact), np.asarray(broken))
    ]
    return _measure(FEATURES, *right)


def ignored_measure(intact: "Response", broken: "Response") -> Measure | None:
    """How much of its similarity h of a picture keeps when colours and light change as strongly as in views.

    0: as unlike as two pictures; 1: h ignores the change. None of collapsed features and of too few pictures.
    """
    from sealife_core.evaluation.contrast.invariance import MINIMUM
    from sealife_core.evaluation.contrast.invariance_words import SUBJECTS, difference, kept

    n, points = len(intact.between), SUBJECTS["colour"] + SUBJECTS["light"]
    if intact.collapsed or broken.collapsed or n < MINIMUM:
        return None
    return Measure(IGNORED, kept(intact, points), kept(broken, points), difference(broken, intact, points), n)


def accuracy_measure(intact: pd.DataFrame, broken: pd.DataFrame, split: str) -> Measure | None:
    """Accuracy of two classifiers on the images of one split ("val", "test") that both answered, matched by their ids.

    The tables are as in predictions.py. None where there are no such images.
    """
    tables = [table[table["split"] == split].set_index("id") for table in (intact, broken)]
    ids = tables[0].index.intersection(tables[1].index)
    if not len(ids):
        return None
    right = [(table.loc[ids, "label"] == table.loc[ids, "predicted"]).to_numpy(bool) for table in tables]
    return _measure(VALIDATION if split == "val" else TEST, *right)


def _measure(name: str, intact: np.ndarray, broken: np.ndarray) -> Measure:
    n = len(intact)
    each = [Interval(float(right.mean()), *wilson(int(right.sum()), n)) for right in (intact, broken)]
    return Measure(name, each[0], each[1], accuracy_difference(intact, broken), n)


def neighbours_of(
    h: Float[np.ndarray, "n _"], dataset: Dataset, rows: Sequence[int], count: int,
    among: Int[np.ndarray, " _"] | None = None,
) -> list[list[int]]:  # fmt: skip
    """The ``count`` training images nearest to each of ``rows`` by cosine of h, nearest first; ``among`` these rows."""
    bank = dataset.rows("train")
    if among is not None:
        bank = np.intersect1d(bank, among)
    bank = bank[~np.isin(bank, rows)]
    h = np.asarray(h)
    places, _ = nearest(h[bank], h[np.asarray(rows, int)], count)
    return bank[places].tolist()


def weights_moved(
    before: Mapping[str, Shaped[np.ndarray, "..."]], after: Mapping[str, Shaped[np.ndarray, "..."]]
) -> float:
    """How far the encoder of two models (tensors by name) has moved: |after − before| / |before| over its weights."""
    names = [name for name in before if name.startswith("encoder.") and name.endswith("weight")]
    gap = sum(float(((after[name] - before[name]).astype(np.float64) ** 2).sum()) for name in names)
    return float(np.sqrt(gap / sum(float((before[name].astype(np.float64) ** 2).sum()) for name in names)))


# How a change of a measure is said, from LOWER to HIGHER.
_CHANGES = {
    PRETEXT: (
        "the training task became harder",
        "no difference shows in how hard the training task is",
        "the training task became easier",
    ),
    IGNORED: (
        "the features ignore colour and light less",
        "no difference shows in what the features ignore",
        "the features ignore colour and light more",
    ),
    FEATURES: ("the features became worse", "no difference shows in the features", "the features became better"),
}


def said(measure: Measure) -> str:
    """ "the features became worse (k-NN accuracy 31 % instead of 45 %)"."""
    plain = (f"{measure.name} fell", f"no difference shows in {measure.name}", f"{measure.name} rose")
    clause = _CHANGES.get(measure.name, plain)[measure.change + 1]
    about = f"{measure.name} {measure.values}" if measure.name in _CHANGES else measure.values
    if measure.change == SAME:
        about += f"; {points_between(measure.difference.low, measure.difference.high)} at 95 %"
        if measure.by_chance is not None:
            about += f"; another seed of the intact run differs by {100 * measure.by_chance:.0f}"
    return f"{clause} ({about})"


def outcome(title: str, measures: Sequence[Measure], usual: Mapping[str, int | None], why: str, source: str) -> str:
    """What happened and why: ``why`` explains only what happened ``usual``-ly; else it is said what did not show here.

    title: of what was broken. usual: name of a measure → LOWER or HIGHER, as in ``source``, or None: it says neither.
    Where it says so of all, ``why`` is true whatever happened.
    """
    happened = f"{title}: {listed([said(measure) for measure in measures])}."
    found = [(measure, rule) for measure in measures if (rule := usual.get(measure.name)) is not None]
    if not found:
        return happened if any(usual.values()) else f"{happened} {why}"
    if any(measure.change == -rule for measure, rule in found):
        return f"{happened} That is not the usual outcome ({source}), so the usual reason does not explain it here."
    last, _ = found[-1]
    if last.change == SAME:
        reason = f"{why[0].lower()}{why[1:].removesuffix('.')}"
        return (
            f"{happened} The usual effect on {last.name} did not show here. Where it shows, this is why: {reason}"
            f" ({source})."
        )
    return f"{happened} {why.removesuffix('.')} ({source})."
