"""The predictions of many pictures as columns: 20,000 of them are filtered and ordered in a few milliseconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sealife_core.evaluation.batch_inference.inference_rows import UNKNOWN, Row, sure_of
from sealife_core.wording import percent

FOUND = {
    "all": "All",
    "named": "Named",
    "unknown": "Unknown",
    "unlike": "Unlike training",
    "corrected": "Corrected",
    "unread": "Not read",
}
ORDERS = {"listed": "As listed", "uncertain": "Least confident", "certain": "Most confident", "novel": "Most unlike"}


@dataclass(frozen=True, eq=False)
class InferenceColumns:
    """The rows of a job; each array has one value a row. label: "" where a file could not be read, and sure is NaN."""

    rows: Sequence[Row]
    label: np.ndarray
    sure: np.ndarray
    novelty: np.ndarray
    unlike: np.ndarray
    lower: np.ndarray  # names of files in lower case

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def read(self) -> np.ndarray:
        """Which rows are of pictures that could be read."""
        return self.label != ""

    @property
    def calibrated(self) -> bool:
        """Whether the confidences are."""
        first = next((row for row in self.rows if "problem" not in row), None)
        return bool(first) and first["calibrated"] is not None


@dataclass(frozen=True)
class Wanted:
    """What to show: a key of FOUND, a class ("": any), a part of a file name, a key of ORDERS."""

    found: str = "all"
    label: str = ""
    name: str = ""
    order: str = "listed"


def columns_of(rows: Sequence[Row]) -> InferenceColumns:
    """``rows`` as columns."""
    read = ["problem" not in row for row in rows]
    sure = [sure_of(row) if is_read else None for row, is_read in zip(rows, read, strict=True)]
    return InferenceColumns(
        rows=rows,
        label=np.array([row["prediction"] if is_read else "" for row, is_read in zip(rows, read, strict=True)], object),
        sure=np.array(sure, np.float64),  # None is NaN
        novelty=np.array([row.get("novelty") for row in rows], np.float64),
        unlike=np.array([row.get("unlike") is True for row in rows], bool),
        lower=np.array([row["file"].lower() for row in rows], object),
    )


def is_named(found: InferenceColumns, threshold: float | None) -> np.ndarray:
    """Which rows the model gives a class at this threshold; None: all that could be read."""
    return found.read if threshold is None else found.sure >= threshold


def places_of(
    found: InferenceColumns, wanted: Wanted, threshold: float | None, corrected: Mapping[int, str]
) -> np.ndarray:
    """The rows to show, in their order. A corrected picture is of the class that a person gave."""
    named, by_hand = is_named(found, threshold), np.zeros(len(found), bool)
    by_hand[[place for place in corrected if place < len(found)]] = True
    kept = {
        "named": named | by_hand,
        "unknown": found.read & ~named & ~by_hand,
        "unlike": found.unlike,
        "corrected": by_hand,
        "unread": ~found.read,
    }.get(wanted.found, np.ones(len(found), bool))
    if wanted.label:
        label = found.label.copy()
        for place, given in corrected.items():
            label[place : place + 1] = given
        kept = kept & (label == wanted.label)
    if wanted.name:
        kept = kept & np.array([wanted.name.lower() in name for name in found.lower], bool)
    places = np.flatnonzero(kept)
    keys = {"uncertain": found.sure, "certain": -found.sure, "novel": -found.novelty}
    by = keys.get(wanted.order)
    return places if by is None else places[np.argsort(by[places], kind="stable")]  # NaN comes last


def lines_of(
    found: InferenceColumns, places: Sequence[int], threshold: float | None, corrected: Mapping[int, str] | None = None
) -> dict[str, list[Any]]:
    """Column → values of a page of the table; without ``corrected`` nothing of what people corrected."""
    named = is_named(found, threshold)
    rows = [found.rows[place] for place in places]
    return {
        "File": [row["file"] for row in rows],
        "Class": [class_said(row, named=bool(named[place])) for place, row in zip(places, rows, strict=True)],
        "Confidence": [None if np.isnan(found.sure[place]) else 100 * found.sure[place] for place in places],
        **({"Corrected": [corrected.get(place, "") for place in places]} if corrected is not None else {}),
        "Next most likely": [row.get("problem") or _others(row) for row in rows],
        "Nearest training picture": [_nearest(row) for row in rows],
        "Unlike training": ["yes" if found.unlike[place] else "" for place in places],
    }


def class_said(row: Row, *, named: bool) -> str:
    """The class of a row; below the threshold "unknown" and, in brackets, what it might be."""
    if "problem" in row:
        return "not read"
    return row["prediction"] if named else f"{UNKNOWN} ({row['prediction']}?)"


def _others(row: Row) -> str:
    return ", ".join(f"{one['label']} {percent(one.get('calibrated', one['probability']))}" for one in row["top"][1:])


def _nearest(row: Row) -> str:
    near = row.get("nearest")
    return f"{near['label'] or 'unlabelled'} · {row['similarity']:.2f} · {near['file']}" if near else ""
