"""Correcting a data set: labels, splits, groups, images left out, classes renamed; undoing and redoing any of it.

Every function adds one entry to the log and returns the data set with it; :func:`add_entries` adds many at once. Of two
people who write at once both entries are kept, in order.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sealife_core.datasets.corrections.entries import FIELDS, Change, Entry, append_entries, changed, in_force, lines_in
from sealife_core.datasets.corrections.replay import EXCLUDED
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.datasets.imports.splits import SPLITS
from sealife_core.datasets.manifest import read_info
from sealife_core.datasets.moves import SPLIT_NAMES
from sealife_core.datasets.storage import changing
from sealife_core.errors import DatasetError, disk_errors
from sealife_core.wording import counted

LONGEST_NAME = 100  # of a class or group, in characters
_ALLOWED = {"split": SPLITS, "excluded": ("", EXCLUDED), "review": ("", "kept", "unsure")}
_CALLED = {"label": "class", "split": "split", "group": "group", "excluded": "exclusion", "review": "review"}
_NAMES = {"label": "relabelled", "split": "moved", "group": "regrouped", "excluded": "excluded", "review": "reviewed"}

Changes = Mapping[str, Mapping[str, str]]
"""Image id → field → what it becomes."""

Make = Callable[[Dataset], dict[str, Any] | None]
"""Finds the fields of an ``Entry`` for the data set as it is then; None: there is nothing to add."""


def correct(dataset: Dataset, changes: Changes, *, by: str = "", why: str = "hand", as_seen: bool = False) -> Dataset:
    """Change images: "label" ("" for none), "split", "group", "excluded" ("yes" or ""), "review".

    as_seen: refuse where somebody else has changed one of these since ``dataset`` was opened, for what was planned from
    it; otherwise the later entry holds. A label that stays is written too: it is a second opinion. So is the split
    that comes with a label: with an earlier entry undone, the image does not fall back into another split. Raises
    DatasetError for unknown images, fields and values, and where nothing would be written.
    """
    return add_entries(dataset, [correction(changes, by=by, why=why, seen=values_of(dataset) if as_seen else None)])


def correction(changes: Changes, *, by: str, why: str, seen: Mapping[str, Mapping[str, str]] | None = None) -> Make:
    """The entry of :func:`correct`. ``seen``: refuse where the values of these images are not those any more."""
    if not any(changes.values()):
        raise DatasetError("There is nothing to change: no image was chosen.")

    def entry(now: Dataset) -> dict[str, Any]:
        values = values_of(now)
        if unknown := next((image for image in changes if image not in values), None):
            raise DatasetError(f"Data set {now.name!r} has no image {unknown!r}. Was it imported again?")
        if seen is not None:
            _refuse_changed(now, changes, seen, values)
        found: dict[str, dict[str, tuple[str, str]]] = {}
        for image, fields in changes.items():
            check_values(fields, now)
            was = values[image]
            label = fields.get("label", was["label"])
            if not label and fields.get("split", "train") != "train":
                raise DatasetError(
                    f"Image {image} has no label: it can only be in 'train', not in {fields['split']!r}."
                )
            told = {field: (was[field], became) for field, became in fields.items()}
            found[image] = told if "label" in told else changed(told)
        found = {image: fields for image, fields in found.items() if fields}
        if not found:
            raise DatasetError("There is nothing to change: every image is already like that.")
        return {"images": found, "by": by, "why": why}

    return entry


def move(dataset: Dataset, splits: Mapping[int, str], *, by: str = "", why: str = "hand") -> Dataset:
    """Move rows to other splits, all or none: refused where somebody else has moved one of them meanwhile."""
    ids = dataset.manifest["id"].tolist()
    return correct(dataset, {ids[row]: {"split": to} for row, to in splits.items()}, by=by, why=why, as_seen=True)


def rename_class(dataset: Dataset, was: str, became: str, *, by: str = "", why: str = "hand") -> Dataset:
    """Give every image of a class another label: a new name, or that of another class, which merges them.

    With ``became`` "" the images have no label afterwards.
    """
    return add_entries(dataset, [renaming(was, became, by=by, why=why)])


def renaming(was: str, became: str, *, by: str, why: str) -> Make:
    """The entry of :func:`rename_class`."""

    def entry(now: Dataset) -> dict[str, Any]:
        check_values({"label": became}, now)
        if was not in now.classes:
            raise DatasetError(f"Data set {now.name!r} has no class {was!r}. It has: {', '.join(now.classes)}.")
        if was == became:
            raise DatasetError(f"The class is called {was!r} already.")
        return {"rename": (was, became), "by": by, "why": why}

    return entry


def undo(dataset: Dataset, number: int, *, by: str = "") -> Dataset:
    """Take back one correction; those made after it stay. Raises DatasetError if there is no such one in force."""

    def entry(now: Dataset) -> dict[str, Any]:
        _correction(now, number)
        if all(one.number != number for one in in_force(now.entries)):
            raise DatasetError(f"Correction {number} of data set {now.name!r} is undone already.")
        return {"undo": number, "by": by, "why": "hand"}

    return add_entries(dataset, [entry])


def redo(dataset: Dataset, number: int, *, by: str = "") -> Dataset:
    """Bring back a correction that was undone. Raises DatasetError if there is no such one."""

    def entry(now: Dataset) -> dict[str, Any]:
        _correction(now, number)
        if any(one.number == number for one in in_force(now.entries)):
            raise DatasetError(f"Correction {number} of data set {now.name!r} is in force: there is nothing to redo.")
        return {"redo": number, "by": by, "why": "hand"}

    return add_entries(dataset, [entry])


def add_entries(dataset: Dataset, makes: Sequence[Make]) -> Dataset:
    """Append the entry that each of ``makes`` finds, each for the data set with those before it.

    They are found before the lock is taken, which others wait for, and once more where somebody else was faster. Raises
    DatasetError where one cannot be made or the disk is full; then none is added.
    """
    root = dataset.folder.parent
    while True:
        now = corrected = open_dataset(dataset.name, root)
        for make in makes:
            if (told := make(corrected)) is not None:
                corrected = _with_entry(corrected, told)
        with changing(root):
            if lines_in(now.folder) != now.version or read_info(now.folder).get("made") != now.info.get("made"):
                continue
            with disk_errors(DatasetError, f"The correction of {dataset.name!r} was not saved."):
                append_entries(now.folder, corrected.entries[now.version :])
            return corrected


def _with_entry(now: Dataset, told: dict[str, Any]) -> Dataset:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    entry = Entry(number=now.version + 1, at=at, **told | {"by": told["by"].strip()})
    corrected = now.after([*now.entries, entry])
    if not len(corrected):
        raise DatasetError(f"No image of {now.name!r} would be left. Delete the data set instead.")
    entry = entry.model_copy(update={"content_hash": corrected.content_hash})
    return replace(corrected, entries=(*now.entries, entry))


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
    changes: dict[str, set[Change]] = {}
    for image in entry.images.values():
        for field, pair in changed(image).items():
            changes.setdefault(field, set()).add(pair)
    done = [_pairs_said(field, pairs) for field, pairs in sorted(changes.items())]
    return f"{counted(len(entry.images), 'image')} {' and '.join(done)}."


def _pairs_said(field: str, pairs: set[Change]) -> str:
    if len(pairs) == 1:
        return change_said(field, *next(iter(pairs)))
    after = {became for _, became in pairs}
    return change_said(field, "", *after) if field == "label" and len(after) == 1 else _NAMES[field]


def change_said(field: str, was: str, became: str) -> str:
    """What a change did to an image: "relabelled: 'crab' → 'ray'", "left out"."""
    if field == "excluded":
        return "left out" if became else "taken back in"
    if field == "review":
        return {"kept": "looked at: the label is right", "unsure": "looked at: unsure"}.get(became, "to look at again")
    if field == "label" and (was == became or not was or not became):
        return f"confirmed as {became!r}" if was == became else f"labelled {became!r}" if became else "left unlabelled"
    if field == "split":
        return f"moved: {SPLIT_NAMES.get(was, was)} → {SPLIT_NAMES.get(became, became)}"
    return f"{_NAMES[field]}: {was or 'none'!r} → {became or 'none'!r}"


def check_values(fields: Mapping[str, str], now: Dataset) -> None:
    """Raises DatasetError for a field or value that no image can have."""
    for field, became in fields.items():
        if field not in FIELDS:
            raise DatasetError(f"There is nothing called {field!r} to correct; expected one of {', '.join(FIELDS)}.")
        if field in _ALLOWED:
            if became not in _ALLOWED[field]:
                allowed = ", ".join(value or "nothing" for value in _ALLOWED[field])
                raise DatasetError(f"There is no {_CALLED[field]} {became!r}; expected one of {allowed}.")
        elif became not in now.classes and not _can_be_called(became):
            raise DatasetError(
                f"A {_CALLED[field]} cannot be called {became[:LONGEST_NAME]!r}. Use up to {LONGEST_NAME} printable"
                " characters, with no space at either end."
            )


def _can_be_called(name: str) -> bool:
    return name == name.strip() and name.isprintable() and len(name) <= LONGEST_NAME


def values_of(dataset: Dataset) -> dict[str, dict[str, str]]:
    """Image id → field → its value; of excluded images too."""
    columns = [dataset.every[field].tolist() for field in FIELDS[:-1]]
    return {
        image: dict(zip(FIELDS, (*values, dataset.reviews.get(image, "")), strict=True))
        for image, *values in zip(dataset.every["id"].tolist(), *columns, strict=True)
    }


def _refuse_changed(now: Dataset, changes: Changes, seen: Mapping[str, Any], values: dict[str, Any]) -> None:
    changed = [
        image
        for image, fields in changes.items()
        if any(values[image][field] not in (seen[image][field], became) for field, became in fields.items())
    ]
    if changed:
        raise DatasetError(
            f"Someone else has just changed {len(changed):,} of these images of {now.name!r}. Look at them again."
        )


def _correction(dataset: Dataset, number: int) -> None:
    if not 1 <= number <= dataset.version or not dataset.entries[number - 1].corrects:
        raise DatasetError(f"Data set {dataset.name!r} has no correction {number}.")
