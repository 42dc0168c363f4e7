"""Folders of data sets: names, whole-or-nothing writing, trash.

A data set is built in a hidden folder beside its final place and renamed into it: it is there whole or not at all.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil

from sealife_core.errors import DatasetError
from sealife_core.places import data_root

TRASH = ".trash"
_BUILDING = ".importing-"
_NAME = re.compile(r"[^\W_][\w .-]{0,79}")
_LONGEST_NEW_BYTES = 200  # a folder's name may have 255, and in the trash it gets 21 more


def check_name(name: str) -> str:
    """``name`` if a data set's folder can be called that. Raises DatasetError."""
    if not _NAME.fullmatch(name) or name.endswith((" ", ".")):
        raise DatasetError(
            f"A data set cannot be called {name[:100]!r}. Use up to 80 letters, digits, spaces, '-', '_' and '.',"
            " with a letter or digit first, and no space or '.' at the end."
        )
    return name


def check_new_name(name: str) -> str:
    """``name`` if a new data set can be called that. Raises DatasetError."""
    check_name(name)
    size_bytes = len(name.encode())
    if size_bytes > _LONGEST_NEW_BYTES:
        raise DatasetError(
            f"The name {name!r} takes {size_bytes} bytes on the disk, where {_LONGEST_NEW_BYTES} are allowed: letters"
            " outside of English take two to four. Choose a shorter name."
        )
    return name


@contextmanager
def building(name: str, root: Path | None = None) -> Iterator[Path]:
    """A hidden, empty folder that becomes ``root/name`` when the block ends, and vanishes if the block raises.

    What killed processes left behind is removed first. Raises DatasetError if the name is taken.
    """
    check_new_name(name)
    root = root or data_root()
    root.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(root)
    _refuse_taken(root / name)
    folder = root / f"{_BUILDING}{name}-{os.getpid()}"
    try:
        folder.mkdir()
    except FileExistsError:
        raise DatasetError(f"Data set {name!r} is being imported right now. Wait for that to end.") from None
    try:
        yield folder
        _refuse_taken(root / name)
        folder.replace(root / name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def delete_dataset(name: str, root: Path | None = None) -> int:
    """Move a data set to ``data/.trash/``; returns its size in bytes. ``restore_dataset`` undoes it."""
    check_name(name)
    root = root or data_root()
    folder = root / name
    if not folder.is_dir():
        raise DatasetError(f"There is no data set {name!r} to delete.")
    size_bytes = _size_bytes(folder)
    (root / TRASH).mkdir(exist_ok=True)
    # "~" is in no data set's name: what stands before it is always the name.
    folder.replace(root / TRASH / f"{name}~{datetime.now(UTC):%Y%m%d%H%M%S%f}")
    return size_bytes


def restore_dataset(name: str, root: Path | None = None) -> None:
    """Bring back the data set ``name`` that was deleted last. Raises DatasetError if there is none or a newer one."""
    check_name(name)
    root = root or data_root()
    trash = root / TRASH
    deleted = sorted(f for f in trash.iterdir() if f.name.rpartition("~")[0] == name) if trash.is_dir() else []
    if not deleted:
        raise DatasetError(f"There is no deleted data set {name!r} to bring back.")
    if (root / name).exists():
        raise DatasetError(f"There is a newer data set {name!r} in its place. Delete that one first.")
    deleted[-1].replace(root / name)


def trashed_datasets(root: Path | None = None) -> list[str]:
    """The names of the deleted data sets, the one deleted last first; a name may stand there twice."""
    trash = (root or data_root()) / TRASH
    deleted = [folder.name.rpartition("~") for folder in trash.iterdir()] if trash.is_dir() else []
    return [name for name, _, _ in sorted(deleted, key=lambda parts: parts[2], reverse=True)]


def empty_dataset_trash(root: Path | None = None) -> int:
    """Remove the deleted data sets for good; returns the bytes freed. What runs have learned from them stays."""
    trash = (root or data_root()) / TRASH
    if not trash.is_dir():
        return 0
    freed_bytes = _size_bytes(trash)
    shutil.rmtree(trash)
    return freed_bytes


def replace_file(path: Path, content: str | bytes) -> None:
    """Write a whole file so that a reader, or a crash, sees the old one or the new one and nothing between."""
    data = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _size_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _refuse_taken(place: Path) -> None:
    if place.exists():
        raise DatasetError(
            f"There is already a data set {place.name!r}. Choose another name, or delete that one first."
        )


def _remove_leftovers(root: Path) -> None:
    for folder in root.glob(f"{_BUILDING}*"):
        if not _is_being_built(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_being_built(folder: Path) -> bool:
    """Whether the process in the folder's name still lives, and is not a later one under the same number."""
    try:
        process = psutil.Process(int(folder.name.rpartition("-")[2]))
        # 2 s: clock and file system round differently.
        began_before = process.create_time() <= folder.stat().st_mtime + 2
        return process.status() != psutil.STATUS_ZOMBIE and began_before
    except (ValueError, OSError, psutil.Error):
        return False
