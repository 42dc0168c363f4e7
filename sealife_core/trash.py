"""The trash of a folder: ``.trash`` inside it holds what was deleted, as ``name~time``, until it is restored."""

import os
import re
import secrets
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from sealife_core.durable import LONGEST_NAME_BYTES, flush_folder, remove_set_aside, rename, set_aside

TRASH = ".trash"
_ENTRY = re.compile(r"(.+)~(\d+)", re.DOTALL)


def free_name(folder: Path, what: str = "") -> str:
    """A name for something new in ``folder``, from the time of day: not taken, nor that of something in the trash."""
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{what}{secrets.token_hex(2)}"
    return free_name(folder, what) if (folder / name).exists() or find(folder, name) else name


def put(path: Path) -> None:
    """Move a file or folder into the trash of its folder. Hold the lock of that folder. Raises OSError."""
    now, newest = f"{datetime.now(UTC):%Y%m%d%H%M%S%f}", max(map(_deleted, entries(path.parent)), default="")
    entry = f"{path.name}~{now if now > newest else int(newest) + 1}"  # after all others, also with a clock set back
    (path.parent / TRASH).mkdir(exist_ok=True)
    rename(path, path.parent / TRASH / (entry if len(os.fsencode(entry)) <= LONGEST_NAME_BYTES else path.name))


def entries(folder: Path) -> list[Path]:
    """What the trash of ``folder`` holds, the last deleted first; entries without a time, of older versions, last."""
    return sorted((folder / TRASH).glob("[!.]*"), key=_deleted, reverse=True)


def find(folder: Path, name: str) -> Path | None:
    """The entry of that name in the trash of ``folder``, the last deleted one of several; None if there is none."""
    return next((entry for entry in entries(folder) if name_of(entry) == name), None)


def name_of(entry: Path) -> str:
    """The name that ``entry`` of a trash had before it was deleted; of a path elsewhere, its own name."""
    found = _ENTRY.fullmatch(entry.name) if entry.parent.name == TRASH else None
    return found[1] if found else entry.name


def take_out(entry: Path) -> Path:
    """Move an entry back to where it was deleted from; returns the path. Raises FileExistsError if that is taken."""
    back = entry.parent.parent / name_of(entry)
    if entry.is_file():  # a rename would replace a file that somebody saves at this moment
        back.hardlink_to(entry)
        entry.unlink()
        flush_folder(back.parent)
    elif os.path.lexists(back):
        raise FileExistsError(back)
    else:
        rename(entry, back)
    return back


def bring_back(folder: Path, name: str, missing: Exception, taken: Exception) -> Path:
    """Move the last deleted entry of that name back. Raises ``missing`` if there is none, ``taken`` if its place is."""
    if (entry := find(folder, name)) is None:
        raise missing
    try:
        return take_out(entry)
    except FileExistsError:
        raise taken from None


def empty(folder: Path, lock: Callable[[Path], AbstractContextManager[None]]) -> int:
    """Remove what the trash of ``folder`` holds for good; returns the bytes freed.

    ``lock`` is held for one rename only, because the removal may take minutes. What is restored at the same time is
    either back whole or gone. Raises OSError.
    """
    if not folder.is_dir():
        return 0
    with lock(folder):
        set_aside(folder / TRASH)
    return remove_set_aside(folder)


def _deleted(entry: Path) -> str:
    found = _ENTRY.fullmatch(entry.name)
    return found[2] if found else ""
