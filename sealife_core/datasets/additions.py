"""Adding pictures to a data set: an entry of its log, so that old and new ones are trained on together.

New pictures go to training: the test split stays as it is, and runs before and after remain comparable. A picture that
is there already is not added again, but brings its file back where that was lost. What shows the same as a validation
or test picture, or is of its group, is left out, because no model may learn from it; so is what is of a place held out.
Groups are those of a table, or by the pattern that the images were last grouped by. Files lie in their place before the
entry is written: after a crash the data set is as before, or has them all.
"""

import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sealife_core.claims import claimed_folder
from sealife_core.datasets.checks import hashes_of, nearly_same
from sealife_core.datasets.corrections.draft import Draft
from sealife_core.datasets.corrections.editing import add_entries
from sealife_core.datasets.corrections.entries import AddedImage, Entry, in_force, pattern_of
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.duplicates import perceptual_hashes
from sealife_core.datasets.given_classes import ByHand, GivenClasses
from sealife_core.datasets.grouping import regrouping
from sealife_core.datasets.grouping.exif import written_in
from sealife_core.datasets.grouping.patterns import groups_of, parse_pattern
from sealife_core.datasets.holding_out import places_held, places_of
from sealife_core.datasets.imports.finding import ClassFolder, FoundFile, Skipped, clean_label
from sealife_core.datasets.imports.importing import nothing_imported, taken_in_order
from sealife_core.datasets.imports.sources import find_pictures
from sealife_core.datasets.lost_files import bring_back, lost_files
from sealife_core.durable import flush_folder, flush_tree
from sealife_core.errors import DatasetError, disk_errors
from sealife_core.progress import Progress
from sealife_core.wording import counted

IMAGES = "images"
HELD_OUT = ("val", "test")
_ADDING = ".adding-"
_HASHED_AT_ONCE = 256
_NAMED = 3


@dataclass(frozen=True)
class Addition:
    """What was added: the data set with it, how many pictures, and how many have got the class of a person.

    opinions: how many classes were kept as second opinions, of pictures that have a label. known: names of those that
    it had already; held_out: of those left out, because they belong with validation or test; skipped: of those that
    cannot be read, with the reason. restored: how many files were lost or damaged and are back. notes: how a folder or
    a table was read.
    """

    dataset: Dataset
    added: int
    labelled: int
    opinions: int
    known: list[str]
    held_out: list[str]
    skipped: Skipped
    restored: int = 0
    notes: Sequence[str] = ()

    @property
    def said(self) -> str:
        """In a few sentences."""
        told = f"{counted(self.added, 'picture')} added to {self.dataset.name!r}"
        told += f", {counted(self.labelled, 'label')} given." if self.labelled else "."
        if self.known:
            told += f" {counted(len(self.known), 'was', 'were')} there already."
        if self.restored:
            told += f" {counted(self.restored, 'lost file is', 'lost files are')} back."
        if self.held_out:
            told += (
                f" {len(self.held_out):,} left out, the same as validation or test pictures or of one group with them:"
                f" {_named(self.held_out)}."
            )
        if self.opinions:
            told += f" {counted(self.opinions, 'class', 'classes')} of labelled pictures kept as second opinions."
        if self.skipped:
            told += f" {len(self.skipped):,} could not be read: {_named([name for name, _ in self.skipped])}."
        return " ".join([told, *self.notes])


def add_from(
    dataset: Dataset,
    source: Path,
    *,
    class_folder: ClassFolder = "first",
    by: str = "",
    progress: Progress | None = None,
) -> Addition:
    """Add the pictures of a folder, a zip or a CSV, with the classes, groups and columns that an import gives them.

    Classes are those of ``by``, under the names that they have by now. A picture that is there already, with a label,
    keeps it. Raises DatasetError; then nothing is added.
    """
    with disk_errors(DatasetError, f"Nothing was added to {dataset.name!r}."):
        unpacked = claimed_folder(dataset.folder, _ADDING)
        try:
            found, skipped, notes = find_pictures(source, unpacked / "unpacked", progress, class_folder)
            if not found:
                raise DatasetError(nothing_imported(source, skipped))
            if any(item.split in HELD_OUT for item in found):
                notes.append("All are for training, whatever their folder or table says.")
            given = [ByHand(item.label) if item.label else None for item in found]
            added = add_pictures(
                dataset, found, given, by=by, why="file", version=0, opinions=False, progress=progress
            )  # fmt: skip
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)
    return replace(added, skipped=[*skipped, *added.skipped], notes=notes)


def add_pictures(
    dataset: Dataset,
    files: Sequence[FoundFile],
    given: Sequence[ByHand | None],
    *,
    by: str = "",
    why: str = "hand",
    version: int | None = None,
    opinions: bool = True,
    progress: Progress | None = None,
) -> Addition:
    """Add ``files`` to the training images, unlabelled but for the classes that people gave: ``given``, one a file.

    Each of those is an entry of who gave it, and when; of those who told no name, ``by``, who adds the pictures. A
    picture that is there already gets its class only if it has none; else the class is kept as a second opinion, which
    changes nothing, if it is known whose it is and ``opinions`` are wanted. version: the one whose class names
    ``given`` has, for classes that were renamed since. Raises DatasetError; then nothing is added.
    """
    with disk_errors(DatasetError, f"Nothing was added to {dataset.name!r}."):
        staged = claimed_folder(dataset.folder, _ADDING)
        try:
            adding = _Adding(dataset, files, given, staged / IMAGES, by, why, version, opinions)
            adding.read(progress)
            flush_tree(staged, progress)
            corrected = add_entries(dataset, adding.find, adding.place)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    counts = (adding.added, adding.labelled, adding.opinions)
    return Addition(corrected, *counts, adding.known, adding.held_out, adding.skipped, len(adding.lost))


@dataclass
class _Adding:
    """Reads pictures once, and finds the entries for them as often as somebody else is faster."""

    dataset: Dataset
    files: Sequence[FoundFile]
    given: Sequence[ByHand | None]
    staged: Path
    by: str
    why: str
    version: int | None
    with_opinions: bool

    def read(self, progress: Progress | None) -> None:
        """Copy and look at every picture."""
        self.rows: list[tuple[dict[str, Any], ByHand | None]] = []
        self.skipped: Skipped = []
        pixels: list[bytes] = []
        with closing(taken_in_order(self.files, self.staged, None, progress)) as all_taken:
            for (item, taken), by_hand in zip(all_taken, self.given, strict=True):
                if isinstance(taken, str):
                    self.skipped.append((item.source, taken))
                else:
                    self.rows.append((taken.row | {"columns": item.columns}, by_hand))
                    pixels.append(taken.hashed_pixels)
        starts = range(0, len(pixels), _HASHED_AT_ONCE)
        hashes = [phash for at in starts for phash in perceptual_hashes(pixels[at : at + _HASHED_AT_ONCE])]
        for (row, _), phash in zip(self.rows, hashes, strict=True):
            row["phash"] = phash
        self.copies = [self.staged.parent / row["file"] for row, _ in self.rows]
        self._compare(self.dataset, progress)

    def _by(self, pattern: str) -> list[str]:
        """What a pattern makes of each picture; "" by none, and by a column that it came without."""
        if not pattern:
            return [""] * len(self.rows)
        by, names = parse_pattern(pattern), [row["source"] for row, _ in self.rows]
        columns = {by.column: [row["columns"].get(by.column, "") for row, _ in self.rows]}
        return groups_of(by, names, lambda: written_in(self.copies), columns)

    def _compare(self, dataset: Dataset, progress: Progress | None = None) -> None:
        """Find the sha256 of those that show nearly the same as a validation or test picture of ``dataset``."""
        held_out = _held_out(dataset)
        self.compared = set(dataset.manifest["sha256"].iloc[held_out].tolist())
        self.near: set[str] = set()
        if not held_out:
            return
        known = hashes_of(dataset, progress)
        paths = [*(dataset.image_path(row) for row in held_out), *self.copies]
        hashes = [known[row] for row in held_out] + [row["phash"] for row, _ in self.rows]
        sha256s = dataset.manifest["sha256"].iloc[held_out].tolist() + [row["sha256"] for row, _ in self.rows]
        alike = [group for group in nearly_same(paths, hashes, progress) if group[0] < len(held_out)]
        self.near = {sha256s[place] for group in alike for place in group}

    def find(self, draft: Draft) -> None:
        """The entries: one for all that are new, then one for each time that a person gave classes."""
        self.known: list[str] = []
        self.held_out: list[str] = []
        there, undone = _there(draft.dataset)
        copies = {row["sha256"]: copy for (row, _), copy in zip(self.rows, self.copies, strict=True)}
        self.lost = lost_files(draft.dataset, copies)
        if not self.compared.issuperset(draft.dataset.manifest["sha256"].iloc[_held_out(draft.dataset)]):
            self._compare(draft.dataset)  # somebody has held more out meanwhile
        # Groups of an earlier version of this program may not be composed (NFC).
        called = {clean_label(group): group for group in set(draft.dataset.every["group"].tolist())}
        apart = {clean_label(group) for group in draft.dataset.manifest["group"].iloc[_held_out(draft.dataset)]} - {""}
        held_by, _, tested = places_held(draft.dataset)
        grouped = self._by(pattern_of(draft.entries, regrouping.WHY) or draft.dataset.info.get("group_by", ""))
        new: dict[str, AddedImage] = {}
        groups: dict[str, str] = {}
        back: list[str] = []
        own = _own(draft.dataset, held_by) if undone else {}
        said = GivenClasses(draft, self.version, self.by)
        for (row, by_hand), by_pattern, place in zip(self.rows, grouped, self._by(held_by), strict=True):
            group = row["group"] or by_pattern
            image, split, label = there.get(row["sha256"], ("", "", ""))
            same = image == row["id"]  # the same file under the same name
            new_here = not image or image in undone
            if image in undone:
                group, place = own[image]
            if (split in HELD_OUT and not same) or (
                new_here and (row["sha256"] in self.near or group in apart or place in tested)
            ):
                self.held_out.append(row["source"])
            elif image in undone:
                back.append(image)
            elif image:
                self.known.append(row["source"])
            else:
                image = row["id"]
                new[image] = AddedImage(**{field: row[field] for field in AddedImage.model_fields})
                groups |= {image: called.get(group, group)} if group else {}
            if image:
                given = said.take(image, label, by_hand) if by_hand and (self.with_opinions or not label) else ""
                there[row["sha256"]] = (image, split or "train", label or given)
                undone.discard(image)
        if new:
            draft.add(new, groups, by=self.by, why=self.why)
        if back:
            draft.correct({image: {"excluded": ""} for image in back}, by=self.by, why=self.why)
        for (at, by), changes in sorted(said.changes.items()):
            draft.correct(changes, by=by, why=self.why, at=at)
        self.added, self.labelled, self.opinions = len(new) + len(back), said.count("label"), said.count("opinion")

    def place(self, entries: Sequence[Entry]) -> None:
        """Move the files that the entries name to where they say, and copies to those that were lost; those of other
        tries stay behind."""
        target = self.dataset.folder / IMAGES
        target.mkdir(exist_ok=True)
        bring_back(self.lost)
        for image in (image for entry in entries for image in entry.added.values()):
            (self.staged.parent / image.file).replace(self.dataset.folder / image.file)
        flush_folder(target)


def _there(dataset: Dataset) -> tuple[dict[str, tuple[str, str, str]], set[str]]:
    """Content → image, its split and label; and the images that somebody's undoing has taken out again.

    Of several with one content, one that is held out goes first, then one that is not left out. One that a person has
    left out has the split "".
    """
    columns = (dataset.every[name].tolist() for name in ("sha256", "id", "split", "label", "excluded"))
    rows = list(zip(*columns, strict=True))
    rows.sort(key=lambda row: (not row[4], row[2] in HELD_OUT))
    there = {sha256: (image, "" if out else split, label) for sha256, image, split, label, out in rows}
    holds = {image for entry in in_force(dataset.entries) for image in entry.added}
    out = {image for _, image, _, _, excluded in rows if excluded}
    return there, {image for entry in dataset.entries for image in entry.added if image in out} - holds


def _own(dataset: Dataset, held_by: str) -> dict[str, tuple[str, str]]:
    """Image → its group, and its place by a pattern, of those left out too."""
    every = dataset.whole.manifest
    places = places_of(dataset.whole, held_by) if held_by else [""] * len(every)
    groups = map(clean_label, every["group"].tolist())
    return dict(zip(every["id"].tolist(), zip(groups, places, strict=True), strict=True))


def _held_out(dataset: Dataset) -> list[int]:
    return [row for split in HELD_OUT for row in dataset.rows(split).tolist()]


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
