"""Two classifiers on the same test images, image by image: which images only one of them classifies correctly.

Most images are right, or wrong, under both. Only the discordant ones show a difference, and McNemar's test uses only
these. Comparing the two accuracies as if they came from different images would be far less sensitive.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Shaped
from scipy.special import bdtr

from sealife_core.errors import RunError
from sealife_core.evaluation.comparison.candidates import not_compared
from sealife_core.evaluation.comparison.resampling import Interval, accuracy_difference, macro_f1_difference
from sealife_core.runs.run import Run
from sealife_core.wording import counted

if TYPE_CHECKING:
    import pandas as pd

PILE_WORDS = {"fixed": "Fixed", "broken": "Broken", "both_right": "Both right", "both_wrong": "Both wrong"}
PILES = tuple(PILE_WORDS)
BEYOND_CHANCE = 0.05


@dataclass(frozen=True, eq=False)
class Tested:
    """One classifier's test predictions: ``ids``, true ``labels`` and ``predicted`` classes, all objects."""

    ids: Shaped[np.ndarray, " n"]
    labels: Shaped[np.ndarray, " n"]
    predicted: Shaped[np.ndarray, " n"]


def _ids_of(pile: str) -> cached_property[list[str]]:
    """The attribute of Paired with the ids of the images of one of PILES."""
    return cached_property(lambda pair: pair.ids[pair.mask(pile)].tolist())


@dataclass(frozen=True, eq=False)
class Paired:
    """Classifier *b* against the baseline *a*: ``fixed`` are wrong under a and right under b, ``broken`` the reverse.

    ``ids``, ``labels``, ``predicted_a`` and ``predicted_b``: one per test image, in the order of a's table.
    """

    name_a: str
    name_b: str
    ids: Shaped[np.ndarray, " n"]
    labels: Shaped[np.ndarray, " n"]
    predicted_a: Shaped[np.ndarray, " n"]
    predicted_b: Shaped[np.ndarray, " n"]

    @property
    def n(self) -> int:
        """How many test images."""
        return len(self.ids)

    @cached_property
    def right_a(self) -> Bool[np.ndarray, " n"]:
        """Whether a is right."""
        return self.predicted_a == self.labels

    @cached_property
    def right_b(self) -> Bool[np.ndarray, " n"]:
        """Whether b is right."""
        return self.predicted_b == self.labels

    def mask(self, pile: str) -> Bool[np.ndarray, " n"]:
        """The images of one of PILES."""
        a, b = self.right_a, self.right_b
        return {"both_right": a & b, "fixed": ~a & b, "broken": a & ~b, "both_wrong": ~a & ~b}[pile]

    both_right, fixed = _ids_of("both_right"), _ids_of("fixed")
    broken, both_wrong = _ids_of("broken"), _ids_of("both_wrong")

    @cached_property
    def p(self) -> float:
        """p of the exact McNemar test."""
        return mcnemar_exact(len(self.fixed), len(self.broken))

    @cached_property
    def accuracy_difference(self) -> Interval:
        """Accuracy of b minus that of a, with its 95 % interval."""
        return accuracy_difference(self.right_a, self.right_b)

    @cached_property
    def macro_f1_difference(self) -> Interval:
        """Macro-F1 of b minus that of a, with its 95 % paired bootstrap interval, no narrower than accuracy's."""
        return macro_f1_difference(self.labels, self.predicted_a, self.predicted_b)

    def sentence(self) -> str:
        """ "Compared with Probe, Fine-tune fixes 31 images and breaks 9 of 345; p = 0.0007."."""
        a, b, fixed, broken = self.name_a, self.name_b, len(self.fixed), len(self.broken)
        if not fixed + broken:
            return f"{a} and {b} are right on the same {len(self.both_right):,} of {self.n:,} images; p = 1."
        fixes = f"{b} fixes {counted(fixed, 'image')} and breaks {broken:,} of {self.n:,}"
        return f"Compared with {a}, {fixes}; {p_words(self.p)}."


@dataclass(frozen=True)
class ClassChange:
    """How one class changes from a to b. ``p``: exact McNemar on its images; ``p_holm``: corrected over the classes."""

    label: str
    n: int
    fixed: int
    broken: int
    recall_a: float
    recall_b: float
    p: float
    p_holm: float

    @property
    def difference(self) -> float:
        """Recall under b minus recall under a."""
        return self.recall_b - self.recall_a


@dataclass(frozen=True)
class PairRow:
    """One of several pairs of runs. ``p_holm``: p corrected over all these pairs."""

    a: str
    b: str
    paired: Paired
    p: float
    p_holm: float


def mcnemar_exact(b: int, c: int) -> float:
    """p of the two-sided exact McNemar test of ``b`` against ``c`` discordant images (McNemar, Psychometrika 12, 1947).

    Exact by the binomial distribution with probability ½. 1 if no image is discordant.
    """
    return min(1.0, 2 * float(bdtr(min(b, c), b + c, 0.5)))


def holm(p_values: Sequence[float]) -> list[float]:
    """p values corrected for their number (Holm, Scand. J. Stat. 6, 1979), in the given order; at most 1."""
    m, order = len(p_values), np.argsort(p_values, kind="stable")
    corrected, floor = [0.0] * m, 0.0
    for rank, place in enumerate(order):
        floor = max(floor, min(1.0, (m - rank) * float(p_values[place])))
        corrected[place] = floor
    return corrected


def tested(table: "pd.DataFrame") -> Tested:
    """The test images in a table of predictions (see predictions.py)."""
    of_test = (table["split"] == "test").to_numpy()
    ids, labels, predicted = (table[name].to_numpy(dtype=object)[of_test] for name in ("id", "label", "predicted"))
    return Tested(ids, labels, predicted)


def paired(a: "pd.DataFrame | Tested", b: "pd.DataFrame | Tested", *, name_a: str = "a", name_b: str = "b") -> Paired:
    """Match two tables of predictions (see predictions.py) by their test images.

    To compare many tables, call :func:`tested` once for each. Raises RunError if the two were not tested on the same
    images with the same labels.
    """
    a, b = (of if isinstance(of, Tested) else tested(of) for of in (a, b))
    if len(a.ids) and np.array_equal(a.ids, b.ids):  # as the runs of one data set are
        labels_b, predicted_b = b.labels, b.predicted
    else:
        order = _order(a, b, name_a, name_b)
        labels_b, predicted_b = b.labels[order], b.predicted[order]
    if (a.labels != labels_b).any():
        raise RunError(
            f"{name_a} and {name_b} were tested with different labels of the same images, so they cannot be compared."
            " Run the older one again."
        )
    return Paired(name_a, name_b, a.ids, a.labels, a.predicted, predicted_b)


def _order(a: Tested, b: Tested, name_a: str, name_b: str) -> np.ndarray:
    """(n,) the position in ``b`` of each image of ``a``. Raises RunError unless both have the same images."""
    place = {image: row for row, image in enumerate(b.ids)}
    if not len(a.ids) or set(a.ids) != set(place):
        shared = len(set(a.ids) & set(place))
        raise RunError(
            f"{name_a} and {name_b} were tested on different images ({len(a.ids):,} and {len(b.ids):,}, {shared:,} of"
            " them in common), so they cannot be compared image by image. Compare runs with the same test split."
        )
    return np.array([place[image] for image in a.ids])


def paired_runs(a: Run, b: Run) -> Paired:
    """:func:`paired` of two finished classifier runs. Raises RunError also if one is untested."""
    from sealife_core.evaluation.classification.predictions import read_predictions

    names = [run.notes()["name"] for run in (a, b)]
    for name, run in zip(names, (a, b), strict=True):
        if run.broken:
            raise RunError(f"{name} is {not_compared(run.broken)}.")
    hashes = [(run.results() or {}).get("test_hash") for run in (a, b)]
    if hashes[0] != hashes[1]:
        raise RunError(
            f"{names[0]} and {names[1]} were tested on different images or labels (their test hashes are {hashes[0]}"
            f" and {hashes[1]}), so they cannot be compared image by image. Compare runs with the same test split."
        )
    return paired(read_predictions(a.path), read_predictions(b.path), name_a=names[0], name_b=names[1])


def class_changes(pair: Paired) -> list[ClassChange]:
    """Every class with test images, the largest gain first; ``p_holm`` is corrected over these classes."""
    a, b, fixed, broken = pair.right_a, pair.right_b, pair.mask("fixed"), pair.mask("broken")
    masks = {str(label): pair.labels == label for label in sorted(set(pair.labels))}
    changed = [(int(fixed[of].sum()), int(broken[of].sum())) for of in masks.values()]
    plain = [mcnemar_exact(gained, lost) for gained, lost in changed]
    found = [
        ClassChange(label, int(of.sum()), gained, lost, float(a[of].mean()), float(b[of].mean()), p, p_holm)
        for (label, of), (gained, lost), p, p_holm in zip(masks.items(), changed, plain, holm(plain), strict=True)
    ]
    return sorted(found, key=lambda change: (-change.difference, change.label))


def all_pairs(tables: Mapping[str, "pd.DataFrame"], names: Mapping[str, str] | None = None) -> list[PairRow]:
    """Every pair of ``tables`` (key → predictions), with Holm's correction over all pairs."""
    names = names or {key: key for key in tables}
    answers = {key: tested(table) for key, table in tables.items()}
    pairs = [
        (a, b, paired(answers[a], answers[b], name_a=names[a], name_b=names[b])) for a, b in combinations(answers, 2)
    ]
    corrected = holm([pair.p for _, _, pair in pairs])
    return [PairRow(a, b, pair, pair.p, p_holm) for (a, b, pair), p_holm in zip(pairs, corrected, strict=True)]


def p_words(p: float) -> str:
    """ "p = 0.0007", "p = 0.042", "p = 0.31", "p < 0.0001", "p = 1"."""
    if p < 0.0001:
        return "p < 0.0001"
    if p > 0.995:
        return "p = 1" if p >= 1 else "p > 0.99"
    return f"p = {p:.4f}" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"
