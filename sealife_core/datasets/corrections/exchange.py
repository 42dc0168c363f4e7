"""Corrections as a CSV with the original paths of the images, and applied again to a fresh import of them.

A row a changed field of an image: entry, at, by, why, file, sha256, field, from, to; a renamed class has no file. Only
what is in force is written, in its order. An applied entry keeps who made it, why and when; the log also has when it
was applied.
"""

import csv
import io
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import pandas as pd

from sealife_core.datasets import holding_out
from sealife_core.datasets.corrections.draft import Draft, check_values
from sealife_core.datasets.corrections.editing import add_entries
from sealife_core.datasets.corrections.entries import MOST_BYTES, Said, hear, in_force, labels_by
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.grouping import regrouping
from sealife_core.datasets.grouping.patterns import parse_pattern
from sealife_core.datasets.imports.tables import DELIMITERS
from sealife_core.errors import DatasetError
from sealife_core.neutral import csv_of, csv_text
from sealife_core.opening import read_regular
from sealife_core.wording import counted

COLUMNS = ("entry", "at", "by", "why", "file", "sha256", "field", "from", "to")
CLASS = "class"


@dataclass(frozen=True)
class Applied:
    """What a file of corrections did: the data set with them, how many entries and images, what was left out.

    undone: numbers of entries here that the file holds too and somebody undid here.
    """

    dataset: Dataset
    entries: int
    images: int
    missing: list[str]
    undone: list[int]

    @property
    def said(self) -> str:
        """In a sentence."""
        to = f" to {counted(self.images, 'image')}" if self.images else ""
        done = f"{counted(self.entries, 'correction')} applied{to}."
        if self.undone:
            numbers = ", ".join(map(str, self.undone[:3])) + (", …" if len(self.undone) > 3 else "")
            done += f" Undone here and left so: {numbers}. 'data redo' or the history brings it back."
        if not self.missing:
            return done
        named = ", ".join(self.missing[:3]) + (", …" if len(self.missing) > 3 else "")
        return f"{done} {counted(len(self.missing), 'image is', 'images are')} not in this data set: {named}."


def corrections_csv(dataset: Dataset) -> str:
    """The corrections in force."""
    known = zip(dataset.imported["id"].tolist(), *_names(dataset), strict=True)
    about = {image: (file, sha256) for image, file, sha256 in known}
    rows: list[tuple[object, ...]] = []
    for entry in in_force(dataset.entries):
        head = (entry.number, entry.at, entry.by, entry.why)
        if entry.rename:
            rows.append((*head, "", "", CLASS, *entry.rename))
        for image, changes in entry.images.items():
            file = about.get(image, ("", ""))
            rows += [(*head, *file, field, was, became) for field, (was, became) in changes.items()]
    return csv_of(pd.DataFrame(rows, columns=list(COLUMNS)))


def apply_csv(dataset: Dataset, path: Path, *, by: str = "") -> Applied:
    """Apply the corrections in ``path`` to ``dataset``, an entry each; images are found by file name and content.

    Where no image has both, the only one with that content serves. ``by``: who applies those that name nobody. What
    changes nothing is left out, except a label that this person has not yet given: it is a second opinion. So is one
    that was given to an image without a label, which has one here. What the log holds already, by person and time, is
    not applied again, undone or not: it would take back what was corrected since. All are written at once: a file that
    holds no corrections, or one that the data set refuses, raises DatasetError and writes nothing.
    """
    applying = _Applying(dataset, _read(path, dataset), by)
    corrected = add_entries(dataset, applying.find)
    return Applied(corrected, len(applying.entries), len(applying.images), list(applying.missing), applying.undone)


class _Applying:
    """Finds the entries that ``lines`` of a file make, which there are and what they miss: of the last try."""

    def __init__(self, dataset: Dataset, lines: list[dict[str, str]], by: str) -> None:
        self._by_name, self._by_content = _places(dataset)
        self._lines, self._by = lines, by

    def find(self, draft: Draft) -> None:
        """Add the entries to ``draft``, from the first line on."""
        self._people = draft.people
        self.entries: set[str] = set()
        self.images: set[str] = set()
        self.missing: dict[str, None] = {}  # in their order
        self._said: dict[tuple[str, Said], dict[str, dict[str, str]]] = {}  # why, field → who → image → label
        for _, group in groupby(self._new(draft), key=lambda line: line["entry"]):
            entry = list(group)
            for line in entry:
                if line["field"] == CLASS:
                    self._renamed(draft, line)
            self._corrected(draft, [line for line in entry if line["field"] != CLASS])

    def _new(self, draft: Draft) -> list[dict[str, str]]:
        """The lines after the last one, of each image and field, that the log holds."""
        known = {(entry.by, entry.why, entry.at): entry for entry in draft.entries if entry.corrects}
        held: dict[tuple[str, ...], int] = {}
        numbers: set[int] = set()
        for at, line in enumerate(self._lines):
            by, why, told_at = self._told(line)
            # Where it was made, nobody may have been named.
            if entry := known.get((by, why, told_at)) or known.get((draft.people.called(line["by"]), why, told_at)):
                held[_of(line)] = at
                numbers.add(entry.number)
        done = {entry.number for entry in in_force(draft.entries)}
        self.undone = sorted(numbers - done)
        return [line for at, line in enumerate(self._lines) if at > held.get(_of(line), -1)]

    def _renamed(self, draft: Draft, line: dict[str, str]) -> None:
        if line["from"] not in draft.classes:
            self.missing[f"class {line['from']!r}"] = None
            return
        by, why, at = self._told(line)
        draft.rename(line["from"], line["to"], by=by, why=why, at=at)
        self._added(draft, line)

    def _corrected(self, draft: Draft, lines: list[dict[str, str]]) -> None:
        changes: dict[str, dict[str, str]] = {}
        first: set[str] = set()  # images that had no label when they got this one
        for line in lines:
            if image := self._by_name.get((line["file"], line["sha256"])) or self._by_content.get(line["sha256"]):
                changes.setdefault(image, {})[line["field"]] = line["to"]
                if line["field"] == "label" and line["to"] and not line["from"]:
                    first.add(image)
            else:
                self.missing[line["file"]] = None
        if not changes:
            return
        by, why, at = self._told(lines[0])
        reason, _, pattern = why.partition(":")
        places = reason == holding_out.WHY
        if places:
            held = holding_out.held_here(draft, changes, pattern)
            changes = {image: {**fields} for image, fields in held.items()}
        values = {image: draft.values(image) for image in changes}
        for image, fields in changes.items():
            if not places and not fields.get("label", values[image]["label"]):
                fields.pop("split", None)  # of a label that was taken back: an image without one is in "train"

        def says(image: str, field: str, to: str) -> bool:
            if field == "opinion" or (field == "label" and to == values[image]["label"]):
                return self._labels_by(draft, by, why, field).get(image, "") != to
            return to != values[image][field]

        new = {image: fields for image, fields in changes.items() if any(says(image, *one) for one in fields.items())}
        if new:
            new = changes if places else new
            for image in first & new.keys() if by else ():
                if values[image]["label"]:  # it was given on another copy of the data set, without seeing this label
                    new[image]["opinion"] = new[image]["label"]
            draft.correct(new, by=by, why=why, at=at)
            self.images.update(new)
            self._added(draft, lines[0])

    def _told(self, line: dict[str, str]) -> tuple[str, str, str]:
        """By whom, why and when."""
        return self._people.called(line["by"] or self._by), line["why"] or "file", line["at"]

    def _labels_by(self, draft: Draft, by: str, why: str, field: Said) -> dict[str, str]:
        """Image → the label that this person gave it for this reason."""
        if (why, field) not in self._said:
            same = [entry for entry in in_force(draft.entries) if entry.rename or entry.why == why]
            self._said[why, field] = labels_by(same, field)
        return self._said[why, field].get(by, {})

    def _added(self, draft: Draft, line: dict[str, str]) -> None:
        self.entries.add(line["entry"])
        last = draft.entries[-1]
        for (why, field), said in self._said.items():
            if last.rename or last.why == why:
                hear(said, last, field)


def _of(line: dict[str, str]) -> tuple[str, ...]:
    """Which field of which image, or which class."""
    return line["file"], line["sha256"], line["field"], line["from"] if line["field"] == CLASS else ""


def _read(path: Path, dataset: Dataset) -> list[dict[str, str]]:
    try:
        text = read_regular(path, MOST_BYTES).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True))
    except OSError as error:
        raise DatasetError(f"'{path.name}' cannot be read ({error.strerror}).") from None
    except (ValueError, csv.Error):
        raise DatasetError(
            f"'{path.name}' is not a CSV in UTF-8. Expected a file that 'data history --csv' wrote."
        ) from None
    for number, row in enumerate(rows, start=2):
        if not set(COLUMNS) <= {name for name, cell in row.items() if cell is not None}:
            raise DatasetError(
                f"Line {number} of '{path.name}' is no correction: expected the columns {', '.join(COLUMNS)}."
            )
        row |= {name: csv_text(row[name]) for name in COLUMNS}
        try:
            row["at"] = utc_time(row["at"])
            reason, _, pattern = row["why"].partition(":")
            if pattern and reason in (regrouping.WHY, holding_out.WHY):
                parse_pattern(pattern)
            check_values({"label" if row["field"] == CLASS else row["field"]: row["to"]}, dataset)
        except DatasetError as error:
            raise DatasetError(f"Line {number} of '{path.name}': {error}") from None
    if not rows:
        raise DatasetError(f"'{path.name}' holds no corrections.")
    return rows


def _delimiter(text: str) -> str:
    """What stands between the columns: a spreadsheet may have saved the file again."""
    head = text.partition("\n")[0]
    return max(DELIMITERS, key=lambda sign: len({*COLUMNS} & {name.strip('\r"') for name in head.split(sign)}))


def utc_time(text: str) -> str:
    """The same time in UTC; "" for none. Raises DatasetError."""
    if not text:
        return ""
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        raise DatasetError(
            f"{text[:40]!r} is no time; expected one such as 2026-11-29T14:05:00+00:00, or nothing."
        ) from None


def _names(dataset: Dataset) -> tuple[list[str], list[str]]:
    """File name at the import and sha256 of every image of the import."""
    return dataset.original.file_names, dataset.imported["sha256"].tolist()


def _places(dataset: Dataset) -> tuple[dict[tuple[str, str], str], dict[str, str]]:
    """(File, sha256) → image id; and sha256 → the image with that content, if it is the only one."""
    ids, (files, contents) = dataset.imported["id"].tolist(), _names(dataset)
    once = {content for content, times in Counter(contents).items() if times == 1}
    by_name = {(file, content): i for i, file, content in zip(ids, files, contents, strict=True)}
    return by_name, {content: i for i, content in zip(ids, contents, strict=True) if content in once}
