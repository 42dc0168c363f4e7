"""Which pictures a folder or a zip holds, and which class and split follow from their folders."""

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Literal

from sealife_core.datasets.decoding.reading import READABLE, SUFFIXES
from sealife_core.neutral import printable
from sealife_core.wording import listed

SPLIT_NAMES = {
    "train": "train", "training": "train",
    "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "test": "test", "testing": "test",
}  # fmt: skip
LONGEST_NAME = 255  # characters of a class or group: as many as a folder's name may have
# What nobody sees: soft hyphens, spaces of no width, marks that turn the direction of text. Joiners stay, because
# Persian and Indian words and emoji are written with them.
_UNSEEN = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_BLANKS = frozenset(("Cc", "Zs", "Zl", "Zp"))
_UNLABELLED = frozenset(("unlabelled", "unlabeled"))
_JUNK = frozenset(("__macosx", "thumbs.db", "desktop.ini"))

_PACKED = frozenset((".zip", ".tar", ".gz", ".tgz", ".rar", ".7z"))
TABLES = frozenset((".csv", ".tsv"))

Files = list[tuple[PurePosixPath, Path]]
"""Relative path of each file in its source, and its path on the disk."""

Skipped = list[tuple[str, str]]
"""File and reason."""

ClassFolder = Literal["first", "last"]
"""Which of the folders around a picture is its class: crab/dive 3/1.jpg, or site A/crab/1.jpg."""


@dataclass(frozen=True)
class FoundFile:
    """A picture to import. ``source``: its name in the source; "" is no label, split or group.

    ``columns``: what the further columns of its table say of it.
    """

    source: str
    path: Path
    label: str = ""
    split: str = ""
    group: str = ""
    columns: Mapping[str, str] = field(default_factory=dict, hash=False)


def columns_of(found: Sequence[FoundFile]) -> dict[str, list[str]]:
    """Further column of the table → what it says of each picture, in the order of ``found``; all are of one table."""
    names = found[0].columns if found else ()
    return {name: [item.columns[name] for item in found] for name in names}


def note_on_columns(columns: Iterable[str], grouped_by: str = "") -> list[str]:
    """A sentence on the further columns of a table but the one that images are ``grouped_by``; none without any."""
    names = [repr(name) for name in columns if name != grouped_by]
    if not names:
        return []
    are = "column {} of the table is" if len(names) == 1 else "columns {} of the table are"
    return [
        f"The {are.format(listed(names))} kept, but not used. Group by one to keep its images together, or to hold a"
        " site, a dive or a camera out whole."
    ]


def find_in_folder(folder: Path) -> tuple[Files, Skipped]:
    """Every file below ``folder`` that may be a picture or a table of labels; hidden folders are not entered."""
    files: Files = []
    skipped: Skipped = []

    def refuse(error: OSError) -> None:
        place = Path(error.filename).relative_to(folder).as_posix()
        skipped.append((printable(place), f"The folder cannot be opened ({error.strerror})."))

    for current, folders, names in os.walk(folder, onerror=refuse):
        here = PurePosixPath(Path(current).relative_to(folder).as_posix())
        for name in list(folders):
            linked = (Path(current) / name).is_symlink()  # not followed: it could lead back to its own parent
            reason = "A link to another folder." if linked else reason_to_skip(here / name / "x.jpg")
            if reason:
                folders.remove(name)
                skipped.append((printable(f"{here / name}/"), reason))
        for name in names:
            if reason := reason_to_skip(here / name):
                skipped.append((printable(str(here / name)), reason))
            else:
                files.append((here / name, Path(current) / name))
    return sorted(files), sorted(skipped)


def reason_to_skip(place: PurePosixPath) -> str | None:
    """Why a file with this relative path is skipped, or None; a table of labels may be among the pictures."""
    if any(part.startswith(".") or part.casefold() in _JUNK for part in place.parts):
        return "Hidden, or made by the operating system."
    ending = place.suffix.lower()
    if ending in _PACKED:
        return "An archive within: unpack it, and import the folder."
    if ending not in SUFFIXES | TABLES:
        return f"Not a picture by its name: expected {READABLE}."
    return None


def arrange(files: Files, class_folder: ClassFolder = "first") -> tuple[list[FoundFile], Skipped, list[str]]:
    """Class and split of every file from its folders; what has to be left out; notes on how the folders were read.

    The class is the first folder or the last, below ready-made train, val and test folders and below a single folder
    around everything. Loose files, and those in a folder "unlabelled" anywhere, have no label.
    """
    notes: list[str] = []
    depth = _wrapping_folders([place for place, _ in files])
    if depth:
        around = printable(str(PurePosixPath(*files[0][0].parts[:depth])))
        if class_folder == "first":
            notes.append(f"There is only the folder {around!r}, so the folders inside it are the classes.")
    tops = {place.parts[depth] for place, _ in files if len(place.parts) > depth + 1}
    called_so = {top: SPLIT_NAMES[top.casefold()] for top in tops if top.casefold() in SPLIT_NAMES}
    ready_made = called_so if _are_splits(tops, set(called_so.values())) else {}
    if called_so and not ready_made and tops > called_so.keys():
        notes.append(
            f"{_named(called_so)} was read as a class, like the folders beside it. If it is a split, put all classes"
            " into the folders 'train' and 'test'."
        )

    found: list[FoundFile] = []
    skipped: Skipped = []
    beside: set[str] = set()
    nested: list[tuple[str, str]] = []  # the first and the last folder of each picture that has several
    for place, path in files:
        folders = list(place.parts[depth:-1])
        source = printable(str(place))
        split = ready_made.get(folders[0]) if folders else None
        labels = folders if not ready_made else folders[1:]
        if not folders or any(part.casefold() in _UNLABELLED for part in place.parts[:-1]):
            labels = []
        elif ready_made and split is None:
            beside.add(folders[0])
            skipped.append((source, f"Outside the folders {', '.join(map(repr, sorted(ready_made)))}."))
            continue
        if labels:
            label = labels[0] if class_folder == "first" else labels[-1]
            nested += [(labels[0], labels[-1])] if len(labels) > 1 else []
            called = clean_label(label) or "(blank)"
            if reason := too_long("class", called):
                skipped.append((source, f"{reason} Rename its folder."))
            else:
                found.append(FoundFile(source, path, called, split or ""))
        elif split in (None, "train"):
            found.append(FoundFile(source, path))
        else:
            skipped.append((source, NO_TEST_WITHOUT_LABEL.format(split=split)))
    if beside:
        notes.append(
            f"{_named(ready_made)} were read as splits. The pictures beside them in {_named(beside)} were left out. If"
            " all these folders are classes, rename the splits; otherwise move all classes into them."
        )
    if class_folder == "first" and 2 * len(nested) > len(found):
        notes += _classes_within(nested)
    return found, skipped, notes


def _classes_within(nested: list[tuple[str, str]]) -> list[str]:
    """A note where folders of the same names are inside several others: they may be the classes."""
    homes: dict[str, set[str]] = defaultdict(set)
    for first, last in nested:
        homes[last].add(first)
    again = {last for last, tops in homes.items() if len(tops) > 1}
    if 2 * len(again) <= len(homes):
        return []
    return [
        f"Most folders inside {_named({first for first, _ in nested}, 3)} have the same names: {_named(again, 3)}. If"
        " those are the classes, import again with the innermost folders as the classes."
    ]


def notes_on_classes(labels: Iterable[str]) -> list[str]:
    """A sentence for each group of classes that look like one: case, blanks, invisible characters."""
    alike: dict[str, set[str]] = defaultdict(set)
    for label in set(labels) - {""}:
        alike[looks_like(label)].add(label)
    return [
        f"{_named(group)} are different classes, but look the same: they differ in upper and lower case, spaces or"
        " invisible characters. If they are one class, give them one name and import again."
        for _, group in sorted(alike.items())
        if len(group) > 1
    ]


@lru_cache(4096)
def looks_like(label: str) -> str:
    """``label`` reduced to what a reader sees."""
    seen = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", label).casefold())
    visible = "".join(c for c in seen if unicodedata.category(c) not in ("Cf", "Mn") or unicodedata.combining(c))
    return " ".join(visible.split())


def _named(names: Iterable[str], most: int = 5) -> str:
    """Some of ``names`` in a sentence; their invisible characters are written out."""
    told = [repr(printable(name)[:100]) for name in sorted(names)]
    return listed([*told[:most], f"{len(told) - most} more"] if len(told) > most else told)


NO_TEST_WITHOUT_LABEL = "Has no label but is in {split!r}: it cannot be used for testing or for training."


def clean_label(text: str) -> str:
    """A label as it is compared and shown: composed (NFC), on one line, without blanks around it or what is unseen."""
    text = composed(_UNSEEN.sub("", printable(text)))
    return "".join(" " if unicodedata.category(c) in _BLANKS else c for c in text).strip()


def composed(name: str) -> str:
    """The name of a file as it is compared: a Mac stores its accents apart from the letters, others do not (NFC)."""
    return unicodedata.normalize("NFC", name)


def too_long(what: str, name: str) -> str:
    """The sentence on the name of a "class" or "group" that is too long; "" for one that is not."""
    if len(name) <= LONGEST_NAME:
        return ""
    return f"The {what} {name[:40] + '…'!r} has {len(name):,} characters; expected {LONGEST_NAME} at most."


def _wrapping_folders(places: list[PurePosixPath]) -> int:
    """How many folders only wrap everything else, and are not the only class themselves."""
    depth = 0
    while (
        places
        and min(len(place.parts) for place in places) > depth + 1
        and len({place.parts[depth] for place in places}) == 1
        and max(len(place.parts) for place in places) > depth + 2
    ):
        depth += 1
    return depth


def _are_splits(tops: set[str], named: set[str]) -> bool:
    """Whether the top folders are splits: "train" and another, and not just a class that is called "test"."""
    if "train" not in named:
        return False
    return len(named) > 1 or all(top.casefold() in SPLIT_NAMES or top.casefold() in _UNLABELLED for top in tops)
