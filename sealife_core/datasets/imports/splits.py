"""Training, validation and test split: 80/10/10, stratified by class, and by group where images come in series."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from sealife_core.errors import DatasetError
from sealife_core.wording import SPLIT_WORDS, counted, listed

SPLITS: tuple[str, ...] = ("train", "val", "test")
# A class needs a group (or a single image) for each split; with fewer it could be trained on or tested, never both.
_SMALLEST = len(SPLITS)
_HELD_OUT = 0.1  # share of validation and of test each
_NAMED = 5  # names spelled out in a sentence before "and 12 more"


def check_seed(seed: int) -> None:
    """Raises DatasetError for a number that cannot seed a draw."""
    if seed < 0:
        raise DatasetError(f"A seed cannot be negative; got {seed}. Choose 0 or more.")


def split_rows(labels: Sequence[str], groups: Sequence[str], seed: int) -> tuple[list[str], list[str]]:
    """The split of every image, and notes for people on classes that are not in all three.

    ``labels`` and ``groups``: one text an image, "" where there is none; images of one group (a video, a dive, a burst)
    are never in two splits. Unlabelled images are "train", and with them all of their group. A class of three or more
    (other) groups has at least one in each split; a smaller one is trained on only.
    """
    splits = ["train"] * len(labels)
    rng = np.random.default_rng(seed)
    carry = 0.0
    for _, units in sorted(_units_of_classes(labels, groups).items()):
        images = sum(len(unit) for unit in units)
        wanted = images * _HELD_OUT + carry
        held_out = min(max(1, round(wanted)), (images - 1) // 2)
        # Rounding errors are passed on to the next class, so that many small classes together stay near 80/10/10.
        carry = min(max(wanted - held_out, -0.5), 0.5)
        for unit, split in zip(units, _assign(units, held_out, rng), strict=True):
            for row in unit:
                splits[row] = split
    return splits, notes_on(labels, splits)


def complete_splits(
    labels: Sequence[str], groups: Sequence[str], given: Sequence[str], seed: int
) -> tuple[list[str], list[str]]:
    """Splits where some may be ``given`` ("" is not): those are kept, and only what is missing is drawn.

    With none given, or only "train", all are drawn. Without a given validation or test split it is drawn from "train".
    """
    kept = [split if label else "" for split, label in zip(given, labels, strict=True)]
    present = set(kept) - {""}
    if present <= {"train"}:
        return split_rows(labels, groups, seed)
    splits = [split or "train" for split in kept]
    notes = ["The splits that came with the images are kept."]
    unsaid = sum(1 for split, label in zip(kept, labels, strict=True) if label and not split)
    if unsaid:
        notes.append(f"Labelled images without a split are used for training: {unsaid:,}.")
    missing = {"val", "test"} - present
    if missing:
        train = [row for row, split in enumerate(splits) if split == "train"]
        drawn, _ = split_rows([labels[row] for row in train], [groups[row] for row in train], seed)
        for row, split in zip(train, drawn, strict=True):
            splits[row] = split if split in missing else "train"
        which = "validation" if missing == {"val"} else "test"
        notes.append(f"There was no {which} split: a tenth of each class was taken from the training images.")
    homes: dict[str, set[str]] = defaultdict(set)
    for group, split in zip(groups, splits, strict=True):
        homes[group].add(split)
    straddling = sorted(group for group, where in homes.items() if group and len(where) > 1)
    if straddling:
        notes.append(
            f"Groups in more than one split: {len(straddling):,}, for example {straddling[0]!r}. Test scores may be too"
            " good. Remove the split column: each group then stays in one split."
        )
    return splits, notes + notes_on(labels, splits)


def notes_on(labels: Sequence[str], splits: Sequence[str]) -> list[str]:
    """Sentences on what the splits do not allow: classes missing from one, a single class, no labels at all."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for label, split in zip(labels, splits, strict=True):
        if label:
            counts[label][split] += 1
    if not counts:
        return ["No image has a label. SimCLR can train on all images, but a classifier needs labels."]
    notes = []
    if len(counts) == 1:
        notes.append(
            f"There is one class ({next(iter(counts))!r}). SimCLR can use it, but a classifier needs at least two."
        )
    for missing, meaning in (
        (("val", "test"), "used for training, but no score counts them"),
        (("test",), "not counted in the test scores"),
        (("val",), "not counted when the best epoch is chosen"),
    ):
        held = [c for c in sorted(counts) if tuple(s for s in ("val", "test") if not counts[c][s]) == missing]
        if held:
            where = listed([SPLIT_WORDS[split] for split in missing])
            notes.append(f"Classes missing from {where}: {_listed(held, counts)}. They are {meaning}.")
    unseen = [c for c in sorted(counts) if not counts[c]["train"]]
    if unseen:
        notes.append(f"Classes missing from training: {_listed(unseen, counts)}. A classifier cannot learn them.")
    return notes


def stratified_fraction(labels: np.ndarray, percent: float, seed: int) -> np.ndarray:
    """Positions (sorted, int64) of ``percent`` % of every class of ``labels`` (n,), at least one of each.

    Nested: with one seed, a smaller share is part of every larger one. Unlabelled images (-1) are never among them.
    """
    return _of_each_class(labels, seed, lambda counts: [max(1, round(count * percent / 100)) for count in counts])


def stratified_count(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Positions (sorted, int64) of ``count`` of every class of ``labels`` (n,), or all of a smaller class.

    Nested as :func:`stratified_fraction`, and with its shares.
    """
    return _of_each_class(labels, seed, lambda counts: [count] * len(counts))


def long_tailed(labels: np.ndarray, ratio: float, seed: int) -> np.ndarray:
    """Positions (sorted, int64) of a long-tailed part of ``labels`` (n,): class k of C keeps ratio^(−k / (C − 1)) of
    its images, at least one; the first class, by size, keeps all (Cui et al. 2019, arXiv 1901.05555).

    Nested: with one seed, what a higher ratio keeps is part of what a lower one does. Unlabelled images (-1) are never
    among them.
    """

    def tail(counts: list[int]) -> list[int]:
        rank, last = np.argsort(np.argsort([-n for n in counts], kind="stable")).tolist(), max(1, len(counts) - 1)
        return [max(1, round(n * ratio ** (-k / last))) for n, k in zip(counts, rank, strict=True)]

    return _of_each_class(labels, seed, tail)


def _of_each_class(labels: np.ndarray, seed: int, how_many: Callable[[list[int]], list[int]]) -> np.ndarray:
    """Positions (sorted, int64) of the first so many images of every class, in an order drawn with the seed.

    how_many: from the images of each class to how many of them are taken.
    """
    classes, counts = np.unique(labels[labels >= 0], return_counts=True)
    chosen = [np.empty(0, dtype=np.int64)]
    for label, most in zip(classes, how_many(counts.tolist()), strict=True):
        shuffled = np.random.default_rng([seed, int(label)]).permutation(np.flatnonzero(labels == label))
        chosen.append(shuffled[:most])
    return np.sort(np.concatenate(chosen)).astype(np.int64)


def _units_of_classes(labels: Sequence[str], groups: Sequence[str]) -> dict[str, list[list[int]]]:
    """For each class its units: lists of rows that stay together. A mixed group belongs to its commonest label."""
    grouped: dict[str, list[int]] = defaultdict(list)
    units: list[list[int]] = []
    for row, group in enumerate(groups):
        if group:
            grouped[group].append(row)
        else:
            units.append([row])
    classes: dict[str, list[list[int]]] = defaultdict(list)
    for unit in sorted([*units, *grouped.values()]):
        counted = Counter(labels[row] for row in unit)
        # SimCLR sees every unlabelled image: a group that holds one must not be tested on.
        if "" not in counted:
            commonest = min(counted, key=lambda label: (-counted[label], label))
            classes[commonest].append(unit)
    return classes


def _assign(units: list[list[int]], held_out: int, rng: np.random.Generator) -> list[str]:
    """The split of every unit of one class: largest first, each to the split that lacks the most images."""
    if len(units) < _SMALLEST:
        return ["train"] * len(units)
    lacking = dict(zip(SPLITS, (sum(map(len, units)) - 2 * held_out, held_out, held_out), strict=True))
    empty = set(SPLITS)
    splits = [""] * len(units)
    order = sorted(rng.permutation(len(units)).tolist(), key=lambda position: -len(units[position]))
    for left, position in zip(range(len(units), 0, -1), order, strict=True):
        # The last units go to the splits that have none yet: no split of a class stays empty.
        open_to = [split for split in SPLITS if split in empty] if left <= len(empty) else SPLITS
        split = max(open_to, key=lambda name: lacking[name])
        splits[position] = split
        lacking[split] -= len(units[position])
        empty.discard(split)
    return splits


def _listed(classes: list[str], counts: dict[str, Counter[str]]) -> str:
    """ "'Eel' (2 images), 'Ray' (1 image) and 3 more classes"."""
    shown = [f"{c!r} ({counted(counts[c].total(), 'image')})" for c in classes[:_NAMED]]
    more = len(classes) - len(shown)
    return ", ".join(shown) + (f" and {counted(more, 'more class', 'more classes')}" if more else "")
