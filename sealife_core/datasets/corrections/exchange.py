"""Corrections as a CSV with the original paths of the images, and applied again to a fresh import of them.

A row a changed field of an image: entry, at, by, why, file, sha256, field, from, to; a renamed class has no file. Only
what is in force is written, in its order.
"""

import csv
import io
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pandas as pd

from sealife_core.datasets.corrections.editing import check_values, correct, rename_class, values_of
from sealife_core.datasets.corrections.log import MOST_BYTES, in_force
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import DatasetError
from sealife_core.neutral import csv_of, csv_text
from sealife_core.opening import read_regular
from sealife_core.wording import counted

COLUMNS = ("entry", "at", "by", "why", "file", "sha256", "field", "from", "to")
CLASS = "class"


@dataclass(frozen=True)
class Applied:
    """What a file of corrections did: the data set with them, how many entries and image fields, what was left out."""

    dataset: Dataset
    entries: int
    changes: int
    missing: list[str]

    @property
    def said(self) -> str:
        """In a sentence."""
        done = f"{counted(self.entries, 'correction')} applied to {counted(self.changes, 'image')}."
        if not self.missing:
            return done
        named = ", ".join(self.missing[:3]) + (", …" if len(self.missing) > 3 else "")
        return f"{done} {counted(len(self.missing), 'image is', 'images are')} not in this data set: {named}."


def corrections_csv(dataset: Dataset) -> str:
    """The corrections in force."""
    known = zip(dataset.imported["id"], *_names(dataset), strict=True)
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
    changes nothing is left out. Raises DatasetError for a file that holds no corrections; then nothing is written.
    """
    missing, entries, changed = [], 0, 0
    rows = _read(path, dataset)
    by_name, by_content = _places(dataset)
    for _, group in groupby(rows, key=lambda row: row["entry"]):
        lines = list(group)
        who, why = lines[0]["by"] or by, lines[0]["why"] or "file"
        changes: dict[str, dict[str, str]] = {}
        for line in lines:
            if line["field"] == CLASS:
                if line["from"] not in dataset.classes:
                    missing.append(f"class {line['from']!r}")
                    continue
                dataset, entries = rename_class(dataset, line["from"], line["to"], by=who, why=why), entries + 1
            elif image := by_name.get((line["file"], line["sha256"])) or by_content.get(line["sha256"]):
                changes.setdefault(image, {})[line["field"]] = line["to"]
            else:
                missing.append(line["file"])
        values = values_of(dataset)
        changes = {i: c for i, c in changes.items() if any(values[i][field] != to for field, to in c.items())}
        if changes:
            dataset = correct(dataset, changes, by=who, why=why)
            entries, changed = entries + 1, changed + len(changes)
    return Applied(dataset, entries, changed, list(dict.fromkeys(missing)))


def _read(path: Path, dataset: Dataset) -> list[dict[str, str]]:
    try:
        text = read_regular(path, MOST_BYTES).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
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
            check_values({"label" if row["field"] == CLASS else row["field"]: row["to"]}, dataset)
        except DatasetError as error:
            raise DatasetError(f"Line {number} of '{path.name}': {error}") from None
    if not rows:
        raise DatasetError(f"'{path.name}' holds no corrections.")
    return rows


def _names(dataset: Dataset) -> tuple[list[str], list[str]]:
    """File name at the import and sha256 of every image of the import."""
    return dataset.original.file_names, dataset.imported["sha256"].tolist()


def _places(dataset: Dataset) -> tuple[dict[tuple[str, str], str], dict[str, str]]:
    """(File, sha256) → image id; and sha256 → the image with that content, if it is the only one."""
    ids, (files, contents) = dataset.imported["id"].tolist(), _names(dataset)
    once = {content for content, times in Counter(contents).items() if times == 1}
    by_name = {(file, content): i for i, file, content in zip(ids, files, contents, strict=True)}
    return by_name, {content: i for i, content in zip(ids, contents, strict=True) if content in once}
