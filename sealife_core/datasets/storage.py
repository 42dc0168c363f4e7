"""Folders of data sets: names, building and the trash.

A data set is built in a hidden folder beside its final place, flushed and renamed into it: it is there whole or not at
all. Whatever is checked and then changed in the folder of all data sets happens under one lock, held for a moment.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sealife_core import trash
from sealife_core.claims import claim_of, claimed_folder, move_into_place
from sealife_core.durable import flush_tree, held, size_bytes
from sealife_core.errors import DatasetError, disk_errors
from sealife_core.folders import data_root
from sealife_core.progress import Progress

LOCK = ".lock"
_BUILDING = ".importing-"
_NAME = re.compile(r"[^\W_][\w .-]{0,79}")  # never with "~", which divides name and time in the trash
_LONGEST_NEW_BYTES = 200  # the name of a folder may have 255, and the trash adds 21


def check_name(name: str) -> str:
    """``name`` if the folder of a data set can have it. Raises DatasetError."""
    if not _NAME.fullmatch(name) or name.endswith((" ", ".")):
        raise DatasetError(
            f"A data set cannot be called {name[:100]!r}. Use up to 80 letters, digits, spaces, '-', '_' and '.',"
            " with a letter or digit first, and no space or '.' at the end."
        )
    return name


def proposed_name(text: str) -> str:
    """``text``, what a folder or file is called, as a data set can be: "photos (2)" → "photos 2"; as it is if nothing
    would be left."""
    words = " ".join(re.sub(r"[^\w .-]+", " ", text).split())
    return words.lstrip("_ .-")[:80].rstrip(" .") or text


def check_new_name(name: str) -> str:
    """``name`` if a new data set can have it. Raises DatasetError."""
    check_name(name)
    name_bytes = len(name.encode())
    if name_bytes > _LONGEST_NEW_BYTES:
        raise DatasetError(
            f"The name {name!r} takes {name_bytes} bytes on the disk; expected {_LONGEST_NEW_BYTES} at most. A letter"
            " that is not English takes two to four bytes. Choose a shorter name."
        )
    return name


def changing(root: Path) -> AbstractContextManager[None]:
    """Hold the folder of all data sets for a moment, to look and then change something. Raises DatasetError."""
    return held(root / LOCK, f"The folder of the data sets, '{root}',", DatasetError)


@contextmanager
def building(name: str, root: Path | None = None, progress: Progress | None = None) -> Iterator[Path]:
    """A hidden, empty folder that becomes ``root/name`` when the block ends, and is removed if the block raises.

    What killed processes left is removed first. ``progress`` hears of the last step, in which all files are flushed.
    Raises DatasetError if the name is taken, or a data set of that name is being built.
    """
    check_new_name(name)
    root = root or data_root()
    root.mkdir(parents=True, exist_ok=True)
    with changing(root):
        _refuse_taken(root / name)
        folder = claimed_folder(root, _BUILDING, name=name)
    try:
        if sum(claim_of(other).get("name") == name for other in root.glob(f"{_BUILDING}*")) > 1:
            raise DatasetError(f"Data set {name!r} is being imported right now. Wait until the import ends.")
        yield folder
        flush_tree(folder, progress)
        with changing(root):
            _refuse_taken(root / name)
            move_into_place(folder, root / name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def delete_dataset(name: str, root: Path | None = None) -> int:
    """Move a data set to the trash; returns its size in bytes. Raises DatasetError if there is none of that name."""
    check_name(name)
    root = root or data_root()
    folder = root / name
    if not folder.is_dir():
        raise DatasetError(f"There is no data set {name!r} to delete.")
    freed_bytes = size_bytes(folder)
    with disk_errors(DatasetError, f"Data set {name!r} was not deleted."), changing(root):
        try:
            trash.put(folder)
        except FileNotFoundError:
            raise DatasetError(f"Someone else has just deleted data set {name!r}.") from None
    return freed_bytes


def restore_dataset(name: str, root: Path | None = None) -> None:
    """Bring back the data set ``name`` that was deleted last. Raises DatasetError if there is none or a newer one."""
    check_name(name)
    root = root or data_root()
    missing = DatasetError(f"There is no deleted data set {name!r} to restore.")
    if not (root / trash.TRASH).is_dir():
        raise missing
    with disk_errors(DatasetError, f"Data set {name!r} was not restored."), changing(root):
        taken = DatasetError(f"There is a newer data set {name!r} in its place. Delete that one first.")
        trash.bring_back(root, name, missing, taken)


def trashed_datasets(root: Path | None = None) -> list[str]:
    """The names of the deleted data sets, the one deleted last first; a name may be there twice."""
    return [trash.name_of(entry) for entry in trash.entries(root or data_root())]


def empty_dataset_trash() -> int:
    """Remove the deleted data sets for good; returns the bytes freed. Runs keep what they have learned from them."""
    return trash.empty(data_root(), changing)


def _refuse_taken(place: Path) -> None:
    if place.exists():
        raise DatasetError(
            f"There is already a data set {place.name!r}. Choose another name, or delete that one first."
        )
