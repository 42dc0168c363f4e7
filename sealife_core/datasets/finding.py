"""Which pictures a folder or a zip holds, and what their folders say about class and split."""

import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sealife_core.datasets.reading import READABLE, SUFFIXES

SPLIT_NAMES = {
    "train": "train", "training": "train",
    "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "test": "test", "testing": "test",
}  # fmt: skip
_UNLABELLED = frozenset(("unlabelled", "unlabeled"))
_JUNK = frozenset(("__macosx", "thumbs.db", "desktop.ini"))

Skipped = list[tuple[str, str]]
"""File and reason."""


@dataclass(frozen=True)
class Found:
    """A picture to import. ``source`` is what it is called where it comes from; "" is no label, split or group."""

    source: str
    path: Path
    label: str = ""
    split: str = ""
    group: str = ""


def find_in_folder(folder: Path) -> tuple[list[tuple[PurePosixPath, Path]], Skipped]:
    """Every file below ``folder`` that may be a picture, by its relative path; hidden folders are not entered."""
    files: list[tuple[PurePosixPath, Path]] = []
    skipped: Skipped = []

    def refuse(error: OSError) -> None:
        place = Path(error.filename).relative_to(folder).as_posix()
        skipped.append((printable(place), f"The folder cannot be opened ({error.strerror})."))

    for current, folders, names in os.walk(folder, onerror=refuse):
        here = PurePosixPath(Path(current).relative_to(folder).as_posix())
        for name in list(folders):
            linked = (Path(current) / name).is_symlink()  # os.walk does not follow it: it could lead round in a circle
            reason = "A link to another folder." if linked else reason_to_skip(here / name / "x.jpg")
            if reason:
                folders.remove(name)
                skipped.append((printable(f"{here / name}/"), reason))
        for name in names:
            reason = reason_to_skip(here / name)
            if reason:
                skipped.append((printable(str(here / name)), reason))
            else:
                files.append((here / name, Path(current) / name))
    return sorted(files), sorted(skipped)


def reason_to_skip(place: PurePosixPath) -> str | None:
    """Why a file of this relative path is not looked at, or None."""
    if any(part.startswith(".") or part.casefold() in _JUNK for part in place.parts):
        return "Hidden, or made by the operating system."
    if place.suffix.lower() not in SUFFIXES:
        return f"Not a picture by its name: expected {READABLE}."
    return None


def arrange(files: list[tuple[PurePosixPath, Path]]) -> tuple[list[Found], Skipped, list[str]]:
    """Class and split of every file from its folders; what has to be left out; notes on how the folders were read.

    The first folder is the class; below ready-made train, val and test folders, the second. A single folder around
    everything is looked through. Loose files, and those in "unlabelled", have no label.
    """
    notes: list[str] = []
    depth = _wrapping_folders([place for place, _ in files])
    if depth:
        around = printable(str(PurePosixPath(*files[0][0].parts[:depth])))
        notes.append(f"The single folder {around!r} was looked through: classes are the folders inside it.")
    tops = {place.parts[depth] for place, _ in files if len(place.parts) > depth + 1}
    ready_made = {top: SPLIT_NAMES[top.casefold()] for top in tops if top.casefold() in SPLIT_NAMES}
    if not _are_splits(tops, set(ready_made.values())):
        ready_made = {}

    found: list[Found] = []
    skipped: Skipped = []
    for place, path in files:
        folders = list(place.parts[depth:-1])
        source = printable(str(place))
        if not folders or folders[0].casefold() in _UNLABELLED:
            found.append(Found(source, path))
        elif not ready_made:
            found.append(Found(source, path, _label(folders[0])))
        elif folders[0] not in ready_made:
            skipped.append((source, f"Outside of the folders {', '.join(map(repr, sorted(ready_made)))}."))
        elif len(folders) > 1:
            found.append(Found(source, path, _label(folders[1]), ready_made[folders[0]]))
        elif ready_made[folders[0]] == "train":
            found.append(Found(source, path))
        else:
            skipped.append((source, NO_TEST_WITHOUT_LABEL.format(split=ready_made[folders[0]])))
    return found, skipped, notes


NO_TEST_WITHOUT_LABEL = "Has no label and is in {split!r}: it can neither be tested on nor, being held out, trained on."


def clean_label(text: str) -> str:
    """A label as it is compared and shown: composed (NFC), on one line, without blanks around it."""
    text = unicodedata.normalize("NFC", printable(text))
    return "".join(" " if unicodedata.category(c) == "Cc" else c for c in text).strip()


def printable(text: str) -> str:
    """``text`` with bytes of a file name that are no UTF-8 written out, so that it can be stored and shown."""
    return text.encode("utf-8", "backslashreplace").decode()


def _label(folder: str) -> str:
    return clean_label(folder) or "(blank)"


def _wrapping_folders(places: list[PurePosixPath]) -> int:
    """How many folders hold everything else and are not themselves the only class."""
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
    """Whether the top folders are splits: "train" and another, and not a class that happens to be called "test"."""
    if "train" not in named:
        return False
    return len(named) > 1 or all(top.casefold() in SPLIT_NAMES or top.casefold() in _UNLABELLED for top in tops)
