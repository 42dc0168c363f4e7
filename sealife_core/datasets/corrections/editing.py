"""Correcting a data set: labels, splits, groups, images left out, classes renamed; undoing and redoing any of it.

Every function adds one entry to the log and returns the data set with it; :func:`add_entries` adds many at once. Of two
people who write at once both entries are kept, in order.
"""

from collections.abc import Callable, Mapping, Sequence

from sealife_core.datasets.corrections.draft import Changes, Draft
from sealife_core.datasets.corrections.entries import Change, Entry, append_entries, changed, lines_in
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.datasets.manifest import read_info
from sealife_core.datasets.storage import changing
from sealife_core.errors import DatasetError, disk_errors
from sealife_core.wording import SPLIT_WORDS, counted

_NAMES = {"label": "relabelled", "split": "moved", "group": "regrouped", "excluded": "excluded", "review": "reviewed",
          "opinion": "labelled again"}  # fmt: skip


def correct(dataset: Dataset, changes: Changes, *, by: str = "", why: str = "hand", as_seen: bool = False) -> Dataset:
    """Change images: "label" ("" for none), "split", "group", "excluded" ("yes" or ""), "review"; or add an "opinion".

    as_seen: refuse where somebody else has changed one of these since ``dataset`` was opened, for what was planned from
    it; otherwise the later entry holds. A label that stays is written too: it is a second opinion. So is the split
    that comes with a label: with an earlier entry undone, the image does not fall back into another split. Raises
    DatasetError for unknown images, fields and values, and where nothing would be written.
    """
    seen = values_of(dataset) if as_seen else None
    return add_entries(dataset, lambda draft: draft.correct(changes, by=by, why=why, seen=seen))


def move(dataset: Dataset, splits: Mapping[int, str], *, by: str = "", why: str = "hand") -> Dataset:
    """Move rows to other splits, all or none: refused where somebody else has moved one of them meanwhile."""
    ids = dataset.manifest["id"].tolist()
    return correct(dataset, {ids[row]: {"split": to} for row, to in splits.items()}, by=by, why=why, as_seen=True)


def rename_class(dataset: Dataset, was: str, became: str, *, by: str = "", why: str = "hand") -> Dataset:
    """Give every image of a class another label: a new name, or that of another class, which merges them.

    With ``became`` "" the images have no label afterwards.
    """
    return add_entries(dataset, lambda draft: draft.rename(was, became, by=by, why=why))


def undo(dataset: Dataset, number: int, *, by: str = "") -> Dataset:
    """Take back one correction; those made after it stay. Raises DatasetError if there is no such one in force."""
    return add_entries(dataset, lambda draft: draft.undo(number, by=by))


def redo(dataset: Dataset, number: int, *, by: str = "") -> Dataset:
    """Bring back a correction that was undone. Raises DatasetError if there is no such one."""
    return add_entries(dataset, lambda draft: draft.redo(number, by=by))


def add_entries(
    dataset: Dataset, find: Callable[[Draft], object], first: Callable[[Sequence[Entry]], object] = bool
) -> Dataset:
    """Append the entries that ``find`` adds to a draft of the data set as it is then.

    They are found before the lock is taken, which others wait for, and once more where somebody else was faster.
    ``first``: what is done under the lock before they are written. Raises DatasetError where one cannot be made or the
    disk is full; then none is added.
    """
    root = dataset.folder.parent
    while True:
        now = open_dataset(dataset.name, root)
        draft = Draft(now)
        find(draft)
        corrected = draft.done()
        with changing(root):
            if lines_in(now.folder) != now.version or read_info(now.folder).get("made") != now.info.get("made"):
                continue
            with disk_errors(DatasetError, f"The correction of {dataset.name!r} was not saved."):
                first(corrected.entries[now.version :])
                append_entries(now.folder, corrected.entries[now.version :])
            return corrected


def said(entry: Entry) -> str:
    """What an entry did, in one short sentence."""
    if entry.undo is not None:
        return f"Correction {entry.undo} undone."
    if entry.redo is not None:
        return f"Correction {entry.redo} redone."
    if entry.rename:
        was, became = entry.rename
        return (
            f"Class {was!r} renamed to {became!r}." if became else f"Class {was!r} removed: its images have no label."
        )
    if entry.added:
        return f"{counted(len(entry.added), 'image')} added."
    changes: dict[str, set[Change]] = {}
    images = [image for image in map(changed, entry.images.values()) if image]
    for image in images:
        for field, pair in image.items():
            changes.setdefault(field, set()).add(pair)
    if not images:  # of places that were held out already, but for what has no label yet
        return "No image moved."
    done = [_pairs_said(field, pairs) for field, pairs in sorted(changes.items())]
    return f"{counted(len(images), 'image')} {' and '.join(done)}."


def _pairs_said(field: str, pairs: set[Change]) -> str:
    if len(pairs) == 1:
        return change_said(field, *next(iter(pairs)))
    before, after = ({pair[at] for pair in pairs} for at in (0, 1))
    if field == "label" and len(after) == 1:
        return change_said(field, "", *after)
    return "labelled" if field == "label" and before == {""} else _NAMES[field]


def change_said(field: str, was: str, became: str) -> str:
    """What a change did to an image: "relabelled: 'crab' → 'ray'", "left out"."""
    if field == "excluded":
        return "left out" if became else "taken back in"
    if field == "review":
        return {"kept": "looked at: the label is right", "unsure": "looked at: unsure"}.get(became, "to look at again")
    if field == "label" and (was == became or not was or not became):
        return "left unlabelled" if not became else f"{'confirmed as' if was == became else 'labelled'} {became!r}"
    if field == "opinion":
        return f"labelled again as {became!r}"
    if field == "split":
        return f"moved: {SPLIT_WORDS.get(was, was)} → {SPLIT_WORDS.get(became, became)}"
    return f"{_NAMES[field]}: {was or 'none'!r} → {became or 'none'!r}"


def values_of(dataset: Dataset) -> dict[str, dict[str, str]]:
    """Image id → field → its value; of excluded images too."""
    columns = ("label", "split", "group", "excluded")
    rows = zip(*(dataset.every[field].tolist() for field in ("id", *columns)), strict=True)
    return {
        image: dict(zip(columns, values, strict=True)) | {"review": dataset.reviews.get(image, ""), "opinion": ""}
        for image, *values in rows
    }
