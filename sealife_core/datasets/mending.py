"""Mending leaks: copies of a picture, and images of one group, are brought into one split where they are in several.

Each goes where most of it lies, unless a class's share of a split would suffer: then as many as that needs go where the
share is short. Nothing is moved before it was shown (``plan_mending``), and every mending can be undone.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from sealife_core.datasets.checks import Checks, DuplicateGroup
from sealife_core.datasets.corrections.editing import move, undo
from sealife_core.datasets.corrections.entries import newest_of
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.datasets.duplicates import kept_together, links
from sealife_core.datasets.imports.splits import SPLITS
from sealife_core.datasets.moves import Moves
from sealife_core.errors import DatasetError
from sealife_core.wording import SPLIT_WORDS, counted

WHY = "duplicate"
_ROUNDS = 10  # over all groups; two or three are enough, and each only improves on the last
# By how much a class's part of a split may change so that fewer images move; one image may always come or go.
_TOLERATED = 0.1
_EMPTIED = 1e9  # worse than any change of shares


@dataclass(frozen=True)
class Mending(Moves):
    """What mending would do. ``groups``: how many are brought together; ``left``: sentences on those that cannot be."""

    groups: int
    left: tuple[str, ...]

    @property
    def sentences(self) -> list[str]:
        """How many images move from where to where, what each split has then, and what stays as it is."""
        return [*self.moved, *self.left]


def plan_mending(dataset: Dataset, checks: Checks, only: Collection[DuplicateGroup] | None = None) -> Mending:
    """How to bring each leak and scattered group of ``checks`` (of ``only``, if given) into one split; writes nothing.

    Images that share copies or a group (a dive, a burst) with these move with them. No class disappears from a split:
    what would need that stays, and ``left`` says so.
    """
    every = [*checks.leaks, *checks.scattered] if only is None else only
    wanted = {row for group in every if group.straddles for row in group.rows}
    splits, labels, left = dataset.manifest["split"].tolist(), dataset.manifest["label"], []
    units = [unit for unit in _units(dataset, checks) if not wanted.isdisjoint(unit)]
    while True:
        shares = _Shares(dataset, units)
        placed = shares.place()
        emptied = shares.emptied()
        if not emptied:
            break
        classes = {label for label, _ in emptied}
        free = [unit for unit in units if classes.isdisjoint(labels.iloc[unit])]
        left.append(_left(len(units) - len(free), emptied))
        units = free
    new = {row: split for unit, split in zip(units, placed, strict=True) for row in unit if splits[row] != split}
    return Mending(dict(sorted(new.items())), tuple(splits), len(units), tuple(left))


def mend(dataset: Dataset, mending: Mending, by: str = "") -> Dataset:
    """Carry out ``mending``, as one correction. Raises DatasetError if there is nothing to move."""
    if not mending.moves:
        raise DatasetError(" ".join(mending.left) or f"Nothing in {dataset.name!r} is in more than one split.")
    return move(dataset, mending.moves, by=by, why=WHY)


def undo_mending(name: str) -> tuple[Dataset, int]:
    """Undo the last mending: the data set, and how many images moved back. An image that was moved again since stays.
    Raises DatasetError if there is nothing to undo."""
    dataset = open_dataset(name)
    last = newest_of(dataset.entries, WHY, "split")
    if last is None:
        raise DatasetError(f"There is no mending of data set {name!r} to undo.")
    back = undo(dataset, last)
    return back, sum(
        a != b for a, b in zip(back.manifest["split"].tolist(), dataset.manifest["split"].tolist(), strict=True)
    )


def _units(dataset: Dataset, checks: Checks) -> list[list[int]]:
    """Rows that have to stay together: copies or one group, directly or through others; largest first."""
    copies = links(group.rows for group in (*checks.exact, *checks.near))
    return sorted(kept_together(copies, dataset.manifest["group"].tolist()), key=len, reverse=True)


class _Shares:
    """How many images of each class are in each split, while ``units`` are placed one by one."""

    def __init__(self, dataset: Dataset, units: list[list[int]]) -> None:
        labels, self._split_of = dataset.labels, dataset.manifest["split"].map(SPLITS.index).to_numpy()
        self._classes, self._units = dataset.classes, units
        self._before = np.zeros((len(dataset.classes), len(SPLITS)), dtype=np.int64)
        np.add.at(self._before, (labels[labels >= 0], self._split_of[labels >= 0]), 1)
        self._now = self._before.copy()
        self._counts = [np.unique(labels[unit][labels[unit] >= 0], return_counts=True) for unit in units]
        # SimCLR sees every unlabelled image: a group that holds one must not be tested on.
        self._open = [(0,) if (labels[unit] < 0).any() else tuple(range(len(SPLITS))) for unit in units]
        labelled = [row for unit in units for row in unit if labels[row] >= 0]
        np.subtract.at(self._now, (labels[labelled], self._split_of[labelled]), 1)

    def place(self) -> list[str]:
        """The split of every unit: where most of it lies, unless a class's share of a split needs it elsewhere.

        All begin where most of them lies; then each in turn goes where it costs least, given the others.
        """
        place = [
            min(self._open[number], key=lambda split: self._moved(number, split)) for number in range(len(self._units))
        ]
        for split, (of, counts) in zip(place, self._counts, strict=True):
            self._now[of, split] += counts
        for _ in range(_ROUNDS):
            former = place.copy()
            for number, (of, counts) in enumerate(self._counts):
                self._now[of, place[number]] -= counts
                place[number] = min(self._open[number], key=lambda split: self._cost(number, split))
                self._now[of, place[number]] += counts
            if place == former:
                break
        return [SPLITS[split] for split in place]

    def emptied(self) -> list[tuple[str, str]]:
        """(Class, split) of each class that had images in a split and has none now."""
        return [(self._classes[c], SPLITS[s]) for c, s in np.argwhere((self._before > 0) & (self._now == 0))]

    def _cost(self, number: int, split: int) -> tuple[float, int, float]:
        """What a unit in ``split`` costs: how far its classes leave the shares that they may have, then how many images
        move, then how far those shares are from what they were."""
        of, counts = self._counts[number]
        now, before = self._now[of].copy(), self._before[of]
        now[:, split] += counts
        away = np.abs(now - before)
        beyond = _chi2(np.maximum(away - np.maximum(1, _TOLERATED * before), 0), before)
        beyond += _EMPTIED * ((before > 0) & (now <= 0)).sum()
        return round(beyond, 9), self._moved(number, split), round(_chi2(away, before), 9)

    def _moved(self, number: int, split: int) -> int:
        """How many images of a unit move if it goes to ``split``."""
        return int((self._split_of[self._units[number]] != split).sum())


def _chi2(away: np.ndarray, before: np.ndarray) -> float:
    """Pearson's χ²: two images more count for more in a split of 8 than in one of 44."""
    return float((away**2 / np.maximum(before, 0.5)).sum())


def _left(stuck: int, emptied: list[tuple[str, str]]) -> str:
    label, split = emptied[0]
    more = f" ({len(emptied) - 1} more like this)" if len(emptied) > 1 else ""
    groups = counted(stuck, "group stays", "groups stay")
    return (
        f"{groups} in more than one split: otherwise class {label!r} would have no {SPLIT_WORDS[split]} images{more}."
        " Add other images of that class, or leave some of these out."
    )
