"""Folders of data sets: names, whole-or-nothing writing, trash.

A data set is built in a hidden folder beside its final place, flushed and renamed into it: it is there whole or not at
all. Whatever is checked and then changed in the folder of all data sets is done under one lock, held for a moment.
"""

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sealife_core.durable import flush_tree, held, remove_set_aside, rename, set_aside, size_bytes
from sealife_core.errors import DatasetError
from sealife_core.places import data_root
from sealife_core.processes import identity, lives
from sealife_core.progress import Progress

TRASH, LOCK = ".trash", ".lock"
_BUILDING, _CLAIM = ".importing-", ".claim.json"
_NAME = re.compile(r"[^\W_][\w .-]{0,79}")
_LONGEST_NEW_BYTES = 200  # a folder's name may have 255, and in the trash it gets 21 more
# A folder claimed on another host is its builder's until nothing has been written into it for a day: every picture
# writes something, and the largest file that is taken is unpacked in minutes.
_ABANDONED_S = 24 * 3600.0


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
    """A hidden, empty folder that becomes ``root/name`` when the block ends, and vanishes if the block raises.

    What killed processes left behind is removed first. ``progress`` is told (stage, done, total) of the last step, in
    which all files are flushed to the disk. Raises DatasetError if the name is taken, or is being built.
    """
    check_new_name(name)
    root = root or data_root()
    root.mkdir(parents=True, exist_ok=True)
    with changing(root):
        _refuse_taken(root / name)
        folder = claimed_folder(root, _BUILDING, name=name)
    try:
        if sum(_claim(other).get("name") == name for other in root.glob(f"{_BUILDING}*")) > 1:
            raise DatasetError(f"Data set {name!r} is being imported right now. Wait until the import ends.")
        yield folder
        flush_tree(folder, progress)
        with changing(root):
            _refuse_taken(root / name)
            (folder / _CLAIM).unlink(missing_ok=True)
            rename(folder, root / name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def claimed_folder(parent: Path, prefix: str, **about: str) -> Path:
    """A new folder ``parent/prefix…`` that is this process's until it ends, and ``about`` what it is for.

    Its fellows whose processes are gone are removed.
    """
    folder = parent / f"{prefix}{secrets.token_hex(8)}"
    folder.mkdir(parents=True)
    try:
        (folder / _CLAIM).write_text(json.dumps((identity(os.getpid()) or {}) | about))
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    now = folder.stat().st_mtime  # by the clock that the other folders' times are of: on shared storage a server's
    for other in parent.glob(f"{prefix}*"):
        if not _is_claimed(other, now):
            shutil.rmtree(other, ignore_errors=True)
    return folder


def _is_claimed(folder: Path, now: float) -> bool:
    """Whether somebody still works in ``folder``: its process lives, or nobody here can tell and it is not old."""
    claim = _claim(folder)
    alive = lives(claim) if claim else None
    if alive is not None:
        return alive
    with suppress(FileNotFoundError):
        return now - max(path.stat().st_mtime for path in (folder, *folder.iterdir())) < _ABANDONED_S
    return True  # its last step is under way


def _claim(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / _CLAIM).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def delete_dataset(name: str, root: Path | None = None) -> int:
    """Move a data set to ``data/.trash/``; returns its size in bytes. ``restore_dataset`` undoes it."""
    check_name(name)
    root = root or data_root()
    folder = root / name
    if not folder.is_dir():
        raise DatasetError(f"There is no data set {name!r} to delete.")
    freed_bytes = size_bytes(folder)
    with changing(root):
        (root / TRASH).mkdir(exist_ok=True)
        # "~" is in no data set's name: what stands before it is always the name.
        try:
            rename(folder, root / TRASH / f"{name}~{datetime.now(UTC):%Y%m%d%H%M%S%f}")
        except FileNotFoundError:
            raise DatasetError(f"Someone else has just deleted data set {name!r}.") from None
    return freed_bytes


def restore_dataset(name: str, root: Path | None = None) -> None:
    """Bring back the data set ``name`` that was deleted last. Raises DatasetError if there is none or a newer one."""
    check_name(name)
    root = root or data_root()
    trash = root / TRASH
    if not trash.is_dir():
        raise _not_in_trash(name)
    with changing(root):
        deleted = sorted(f for f in trash.glob("*~*") if f.name.rpartition("~")[0] == name)
        if not deleted:
            raise _not_in_trash(name)
        if (root / name).exists():
            raise DatasetError(f"There is a newer data set {name!r} in its place. Delete that one first.")
        rename(deleted[-1], root / name)


def trashed_datasets(root: Path | None = None) -> list[str]:
    """The names of the deleted data sets, the one deleted last first; a name may stand there twice."""
    deleted = [folder.name.rpartition("~") for folder in ((root or data_root()) / TRASH).glob("*~*")]
    return [name for name, _, _ in sorted(deleted, key=lambda parts: parts[2], reverse=True)]


def empty_dataset_trash(root: Path | None = None) -> int:
    """Remove the deleted data sets for good; returns the bytes freed. What runs have learned from them stays.

    One that is restored meanwhile is either back whole or gone.
    """
    root = root or data_root()
    if not root.is_dir():
        return 0
    with changing(root):
        set_aside(root / TRASH)
    return remove_set_aside(root)


def _not_in_trash(name: str) -> DatasetError:
    return DatasetError(f"There is no deleted data set {name!r} to restore.")


def _refuse_taken(place: Path) -> None:
    if place.exists():
        raise DatasetError(
            f"There is already a data set {place.name!r}. Choose another name, or delete that one first."
        )
