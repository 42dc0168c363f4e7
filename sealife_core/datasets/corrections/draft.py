"""Entries for the log of a data set, each found for the data set with those before it: in one pass, nothing is written.

Every method adds one entry, or raises DatasetError; a draft that has refused one is of no further use.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sealife_core.datasets.corrections.entries import (
    FIELDS,
    FORMAT,
    PLACE,
    QUEUE,
    AddedImage,
    Change,
    Entry,
    People,
    changed,
    for_test,
    holding_last,
    in_force,
)
from sealife_core.datasets.corrections.replay import EXCLUDED, Corrected, with_added
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.imports.finding import clean_label, too_long
from sealife_core.datasets.imports.splits import SPLITS
from sealife_core.errors import DatasetError
from sealife_core.wording import counted

_ALLOWED = {"split": SPLITS, "excluded": ("", EXCLUDED), "review": ("", "kept", "unsure")}
_NAMES = ("label", "group", "opinion")  # fields that hold a name
_CALLED = {field: field for field in FIELDS} | {"label": "class", "excluded": "exclusion", "opinion": "class"}

Changes = Mapping[str, Mapping[str, str]]
"""Image id → field → what it becomes."""


class Draft:
    """A data set while entries are added to it. ``dataset``: as it was before; ``entries``: the log with them;
    ``people``: who is who in it."""

    def __init__(self, dataset: Dataset) -> None:
        self.name = dataset.name
        self.entries = [*dataset.entries]
        self.people = People(dataset.entries)
        self.dataset = dataset
        self._imported = dataset.imported
        self._images = Corrected(self._imported, dataset.entries)

    @property
    def classes(self) -> list[str]:
        """The classes that there are by now."""
        return sorted(self._images.classes)

    def values(self, image: str) -> dict[str, str]:
        """Field → its value of one image by now, excluded or not. Raises DatasetError for an unknown one."""
        if (values := self._images.values(image)) is None:
            raise DatasetError(f"Data set {self.name!r} has no image {image!r}. Was it imported again?")
        return values

    def correct(
        self, changes: Changes, *, by: str, why: str, seen: Mapping[str, Mapping[str, str]] | None = None, at: str = ""
    ) -> None:
        """Change images. ``seen``: refuse where their values are not those any more; ``at``: see :meth:`_add`.

        Places that are held out take along what has no label yet: it is for test with its label, whoever gives it, also
        where the queue asked for it before.
        """
        if not any(changes.values()):
            raise DatasetError("There is nothing to change: no image was chosen.")
        values = {image: self.values(image) for image in changes}
        if seen is not None:
            self._refuse_changed(changes, seen, values)
        found: dict[str, dict[str, Change]] = {}
        places = why.partition(":")[0] == PLACE
        held = for_test(holding_last(self.entries)) if why == QUEUE else ()
        for image, fields in changes.items():
            check_values(fields, self)
            fields = {f: self._called(became) if f in _NAMES else became for f, became in fields.items()}
            if "opinion" in fields and not self.people.called(by):
                raise DatasetError("A second opinion needs a name. Type yours first.")
            was = values[image]
            if image in held and fields.get("label"):
                fields["split"] = "test"
            if not fields.get("label", was["label"]) and fields.get("split", "train") != "train":
                if not places:
                    raise DatasetError(
                        f"Image {image} has no label: it can only be in 'train', not in {fields['split']!r}."
                    )
                was = was | {"split": fields["split"]}  # it does not move yet
            told = {field: (was[field], became) for field, became in fields.items()}
            found[image] = told if places or "label" in told else changed(told)
        found = {image: fields for image, fields in found.items() if fields}
        if not found:
            raise DatasetError("There is nothing to change: every image is already like that.")
        newer = any("opinion" in fields for fields in found.values())
        self._add(by, why, at, newer=newer, images=found)

    def add(self, images: Mapping[str, AddedImage], groups: Mapping[str, str], *, by: str, why: str) -> None:
        """Add images that the data set has never had, unlabelled, in their ``groups``; their files lie in its folder
        by then."""
        self._imported = with_added(self._imported, images)
        self._images = Corrected(self._imported, self.entries)
        taken_in: dict[str, dict[str, Change]] = {image: {"excluded": (EXCLUDED, "")} for image in images}
        for image, group in groups.items():
            check_values({"group": group}, self)
            taken_in[image]["group"] = ("", group)
        self._add(by, why, added=images, images=taken_in)

    def rename(self, was: str, became: str, *, by: str, why: str, at: str = "") -> None:
        """Give every image of a class another label; "" for none."""
        check_values({"label": became}, self)
        was, became = self._called(was), self._called(became)
        if was not in self.classes:
            raise DatasetError(f"Data set {self.name!r} has no class {was!r}. It has: {', '.join(self.classes)}.")
        if was == became:
            raise DatasetError(f"The class is called {was!r} already.")
        self._add(by, why, at, rename=(was, became))

    def undo(self, number: int, *, by: str) -> None:
        """Take back one correction."""
        if not self._holds(number):
            raise DatasetError(f"Correction {number} of data set {self.name!r} is undone already.")
        self._turn(number, by, undo=number)

    def redo(self, number: int, *, by: str) -> None:
        """Bring back a correction that was undone."""
        if self._holds(number):
            raise DatasetError(f"Correction {number} of data set {self.name!r} is in force: there is nothing to redo.")
        self._turn(number, by, redo=number)

    def _turn(self, number: int, by: str, **which: Any) -> None:
        """Undo or redo. Moves are done again as they were; refused is what would let an image of a place held out into
        training or validation otherwise."""
        entry = self.entries[number - 1]
        labels = any("label" in fields for fields in entry.images.values())
        lets_in = entry.reason == PLACE or ("redo" in which and (entry.added or labels))
        before = self._astray() if lets_in else set[str]()
        self._add(by, "hand", **which)
        if lets_in and (found := self._astray() - before):
            raise DatasetError(
                f"With correction {number} {next(iter(which))}ne, {counted(len(found), 'image')} that may be of a place"
                " held out would not be for test: added, labelled or moved while it was not held out. Hold the places"
                " out again instead, or give the labels anew."
            )

    def _astray(self) -> set[str]:
        """Images that may be of the places held out last, but are not for test."""
        last = holding_last(self.entries)
        if last is None:
            return set()
        images = for_test(last)
        for entry in in_force(self.entries[last.number :]):
            if entry.added and holding_last(self.entries[: entry.number - 1]) != last:  # nothing kept these out
                images.update(entry.added)
        return self._images.not_for_test(images, with_groups=not last.pattern)

    def _called(self, name: str) -> str:
        """``name`` as an import would write it, unless a class of an earlier version of this program is called so."""
        return name if name in self._images.classes else clean_label(name)

    def done(self) -> Dataset:
        """The data set with all entries."""
        found = self.dataset.after(self.entries)
        if found.version == self.dataset.version:
            return found
        self._hash_last(found.content_hash)
        return replace(found, entries=tuple(self.entries))

    def _holds(self, number: int) -> bool:
        if not 1 <= number <= len(self.entries) or not self.entries[number - 1].corrects:
            raise DatasetError(f"Data set {self.name!r} has no correction {number}.")
        return any(entry.number == number for entry in in_force(self.entries))

    def _add(self, by: str, why: str, at: str = "", *, newer: bool = False, **told: Any) -> None:
        """``at``: when it was made, if that was before now; then it is also told when it was applied. ``newer``:
        earlier versions of this program do not know what is ``told``."""
        if len(self.entries) > self.dataset.version:
            self._hash_last(self._images.content_hash())
        now = datetime.now(UTC).isoformat(timespec="seconds")
        told |= {"number": len(self.entries) + 1, "at": at or now, "applied": now if at else ""}
        added = told.get("added", {}).values()
        edition = FORMAT if any(one.columns for one in added) else 3 if added else 2 if newer or at else 1
        entry = Entry(format=edition, by=self.people.called(by), why=why, **told)
        self.entries.append(entry)
        if entry.corrects:
            self._images.lay(entry)
        else:
            self._images = Corrected(self._imported, self.entries)
        if not self._images.left:
            raise DatasetError(f"No image of {self.name!r} would be left. Delete the data set instead.")

    def _hash_last(self, content_hash: str) -> None:
        self.entries[-1] = self.entries[-1].model_copy(update={"content_hash": content_hash})

    def _refuse_changed(self, changes: Changes, seen: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        others = [
            image
            for image, fields in changes.items()
            if any(values[image][field] not in (seen[image][field], became) for field, became in fields.items())
        ]
        if others:
            raise DatasetError(
                f"Someone else has just changed {len(others):,} of these images of {self.name!r}. Look at them again."
            )


def check_values(fields: Mapping[str, str], now: Dataset | Draft) -> None:
    """Raises DatasetError for a field or value that no image can have."""
    for field, became in fields.items():
        if field not in FIELDS:
            raise DatasetError(f"There is nothing called {field!r} to correct; expected one of {', '.join(FIELDS)}.")
        if field in _ALLOWED:
            if became not in _ALLOWED[field]:
                allowed = ", ".join(value or "nothing" for value in _ALLOWED[field])
                raise DatasetError(f"There is no {_CALLED[field]} {became!r}; expected one of {allowed}.")
        elif became not in now.classes:
            name = clean_label(became)
            if became and not name:
                raise DatasetError(
                    f"A {_CALLED[field]} cannot be called {became!r}: nothing of it is seen. Type a name."
                )
            if problem := too_long(_CALLED[field], name):
                raise DatasetError(f"{problem} Choose a shorter name.")
