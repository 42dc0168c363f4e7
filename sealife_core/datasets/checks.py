"""What is wrong with a data set: uneven classes, tiny images, lost files, duplicates, leaks."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.reading import read_rgb
from sealife_core.datasets.duplicates import coarse_colours, near_pictures, perceptual_hash, places_of_equal
from sealife_core.datasets.grouping.regrouping import scattered
from sealife_core.datasets.grouping.series import look_alike_series, note_on, suggested
from sealife_core.datasets.imports.splits import notes_on
from sealife_core.durable import replace_file
from sealife_core.errors import DatasetError
from sealife_core.opening import json_in
from sealife_core.progress import Progress, on_threads
from sealife_core.wording import counted

T = TypeVar("T")

CACHE = "checks.json"
_EDITION = 3  # raised when duplicates are found in another way, so that older caches are not read
_HASHED_AT_PX = 128  # as an import decodes them, at least
_NAMED = 3  # lost files in a sentence
_SMALL_PX = 32  # below it, even a small-image network sees only enlarged pixels
UNEVEN = 10  # largest to smallest class: from here on accuracy says little, and macro-F1 is the score to read


@dataclass(frozen=True)
class DuplicateGroup:
    """Rows of one picture. ``straddles``: in more than one split; ``labels_differ``: labelled in two ways."""

    rows: tuple[int, ...]
    straddles: bool
    labels_differ: bool


@dataclass(frozen=True)
class Checks:
    """What ``check`` found.

    ``near`` has no group that is in ``exact`` already. ``missing``: rows whose file is gone. ``notes``: sentences for
    people, the most important first. ``scattered``: groups of images that are in more than one split; ``series``:
    look-alikes without a group that are (see ``grouping.series``), and ``suggestion`` the pattern that would group
    them, "" if none would.
    """

    exact: list[DuplicateGroup]
    near: list[DuplicateGroup]
    missing: list[int]
    notes: list[str]
    scattered: list[DuplicateGroup] = field(default_factory=list)
    series: list[DuplicateGroup] = field(default_factory=list)
    suggestion: str = ""

    @property
    def leaks(self) -> list[DuplicateGroup]:
        """The groups of copies that straddle splits: a test image is trained on."""
        return [group for group in (*self.exact, *self.near) if group.straddles]


def check(dataset: Dataset, progress: Progress | None = None) -> Checks:
    """Check a data set. Duplicates among the images of its import are stored in checks.json, whatever is corrected."""
    imported = dataset.original
    lost = [place for place, path in enumerate(_paths(imported)) if not path.is_file()]
    key = _key(imported, lost)
    found = _read_cache(imported, key)
    if found is None:
        exact, hashes = places_of_equal(imported.manifest["sha256"].tolist()), hashes_of(imported, progress)
        same = {tuple(group) for group in exact}
        near = [g for g in nearly_same(_paths(imported), hashes, progress) if tuple(g) not in same]
        found = {"exact": exact, "near": near, "series": look_alike_series(imported.file_names, hashes)}
        with suppress(OSError):  # on a full or read-only disk the result is not stored, and found again the next time
            replace_file(dataset.folder / CACHE, json.dumps({"key": key, **found}))
    splits, labels = dataset.manifest["split"].tolist(), dataset.manifest["label"].tolist()
    row_of = {place: row for row, place in enumerate(dataset.places.tolist())}
    grouped = dataset.manifest["group"].tolist()
    groups: dict[str, list[DuplicateGroup]] = {}
    for kind, copies in found.items():
        there = ([row_of[place] for place in group if place in row_of] for group in copies)
        if kind == "series":
            there = ([row for row in rows if not grouped[row]] for rows in there)
        groups[kind] = [_group(rows, splits, labels) for rows in there if len(rows) > 1]
    series = [group for group in groups["series"] if group.straddles]
    by_chance = len(series) < max(3, len(dataset) // 1000)  # of so many images, a few may look alike
    groups["series"] = [] if by_chance else series
    suggestion = suggested(dataset.file_names, labels, [g.rows for g in groups["series"]]) if groups["series"] else None
    checks = Checks(
        **groups,
        missing=[row_of[place] for place in lost if place in row_of],
        notes=[],
        scattered=[_group(rows, splits, labels) for rows in scattered(grouped, splits)],
        suggestion=str(suggestion[0]) if suggestion else "",
    )
    checks.notes.extend(_notes(dataset, checks))
    if checks.series:
        checks.notes.append(note_on(len(checks.series), suggestion))
    return checks


def _group(rows: list[int], splits: list[str], labels: list[str]) -> DuplicateGroup:
    """``rows`` as a group; splits, labels: of every image."""
    straddles = len({splits[row] for row in rows}) > 1
    return DuplicateGroup(tuple(rows), straddles, labels_differ=len({labels[row] for row in rows} - {""}) > 1)


def _notes(dataset: Dataset, checks: Checks) -> list[str]:
    notes = []
    if checks.missing:
        named = [repr(dataset.file_names[row]) for row in checks.missing[:_NAMED]]
        more = ["…"] if len(checks.missing) > _NAMED else []
        are = counted(len(checks.missing), "image file is", "image files are")
        notes.append(f"{are} missing: {', '.join(named + more)}. Add these pictures again.")
    if checks.leaks:
        are = counted(len(checks.leaks), "group of duplicates is", "groups of duplicates are")
        notes.append(f"{are} in more than one split: this makes test scores too good. Put each group into one split.")
    if checks.scattered:
        are = counted(len(checks.scattered), "group of images is", "groups of images are")
        notes.append(f"{are} in more than one split: test scores may be too good. Put each group into one split.")
    differing = sum(group.labels_differ for group in (*checks.exact, *checks.near))
    if differing:
        have = counted(differing, "group of duplicates has", "groups of duplicates have")
        notes.append(f"{have} two labels: at most one of them is right.")
    counts = np.bincount(dataset.labels[dataset.labels >= 0], minlength=len(dataset.classes))
    totals = dict(zip(dataset.classes, counts.tolist(), strict=True))
    if uneven(totals):
        notes.append(evenness(totals))
    small = int((dataset.manifest[["width", "height"]].min(axis=1) < _SMALL_PX).sum())
    if small:
        notes.append(f"{counted(small, 'image is', 'images are')} smaller than {_SMALL_PX} px.")
    labels, splits = dataset.manifest["label"].tolist(), dataset.manifest["split"].tolist()
    return notes + notes_on(labels, splits)


def uneven(totals: Mapping[str, int]) -> bool:
    """Whether the largest class of ``totals`` (class → images) has UNEVEN times the images of the smallest."""
    return bool(totals) and max(totals.values()) >= UNEVEN * min(totals.values())


def evenness(totals: Mapping[str, int]) -> str:
    """How evenly images are spread over classes, and which score to read. ``totals``: class → images."""
    most, least = max(totals, key=totals.__getitem__), min(totals, key=totals.__getitem__)
    if totals[most] == totals[least]:
        return f"Every class has {counted(totals[most], 'image')}: accuracy counts all classes the same."
    ratio = f" ({totals[most] / totals[least]:.1f} : 1)" if totals[least] else ""
    said = f"{totals[most]:,} images of {most!r}, {totals[least]:,} of {least!r}{ratio}"
    if uneven(totals):
        return (
            f"Classes are uneven: {said}. Use macro-F1 instead of accuracy, because it counts every class the same."
            " Focal loss or class weights can help."
        )
    return f"Classes are even enough for accuracy: {said}. Macro-F1 shows whether small classes score lower."


def hashes_of(dataset: Dataset, progress: Progress | None = None) -> list[str]:
    """The perceptual hash of every picture, as the import made it."""
    if "phash" in dataset.manifest:
        return dataset.manifest["phash"].tolist()
    return _of_images(_paths(dataset), perceptual_hash, "", progress, at_least_px=_HASHED_AT_PX)


def _paths(dataset: Dataset) -> list[Path]:
    return [dataset.image_path(row) for row in range(len(dataset))]


def nearly_same(paths: Sequence[Path], hashes: Sequence[str], progress: Progress | None = None) -> list[list[int]]:
    """Groups of places in ``paths`` of nearly the same picture; hashes: of each. Only candidates are decoded."""
    unread = np.zeros(coarse_colours(Image.new("RGB", (1, 1))).shape, dtype=np.float32)

    def colours(places: list[int]) -> np.ndarray:
        asked = [paths[place] for place in places]
        return np.stack(_of_images(asked, coarse_colours, unread, progress, at_least_px=_SMALL_PX))

    return near_pictures(hashes, colours)


def _of_images(
    paths: Sequence[Path],
    compute: Callable[[Image.Image], T],
    unread: T,
    progress: Progress | None,
    at_least_px: int | None = None,
) -> list[T]:
    """``compute`` of every picture, on several threads; ``unread`` where it is lost or damaged (see ``missing``)."""

    def one(path: Path) -> T:
        try:
            return compute(read_rgb(path, at_least_px))
        except DatasetError:
            return unread

    return on_threads(one, paths, "Comparing pictures", progress)


def _key(dataset: Dataset, lost: list[int]) -> str:
    """Changes with the images, with those that are ``lost`` and were not looked at, and with how they are compared."""
    images = dataset.manifest[["id", "sha256"]].to_numpy().tolist()
    return hashlib.sha256(json.dumps([_EDITION, images, *(lost and [lost])]).encode()).hexdigest()


def _read_cache(dataset: Dataset, key: str) -> dict[str, list[list[int]]] | None:
    """The groups of checks.json, or None if it is missing, damaged or of other images."""
    try:
        found = json_in(dataset.folder / CACHE)
        groups = {kind: found[kind] for kind in ("exact", "near", "series")}
        return groups if found["key"] == key and isinstance(groups["near"], list) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
