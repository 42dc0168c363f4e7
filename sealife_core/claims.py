"""Hidden folders in which something is built, each claimed by its process, so that those of dead processes can go."""

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from sealife_core.durable import rename, unique
from sealife_core.opening import json_in
from sealife_core.processes import identity, lives

_CLAIM = ".claim.json"
# A folder claimed on another host is kept until nothing has been written into it for a day: an import writes something
# for every picture, and the largest file that it takes is unpacked within minutes.
_ABANDONED_S = 24 * 3600.0


def claimed_folder(parent: Path, prefix: str, **about: str) -> Path:
    """A new folder ``parent/prefix…`` that belongs to this process until it ends; ``about`` says what it is for.

    Folders of the same prefix whose processes have ended are removed. Raises OSError.
    """
    folder = parent / unique(prefix)
    folder.mkdir(parents=True)
    try:
        # Not flushed: a claim means nothing after a power cut, and one that is half written counts as none.
        (folder / _CLAIM).write_text(json.dumps((identity(os.getpid()) or {}) | about))
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    now = folder.stat().st_mtime  # by the clock of the disk, as are the times of the other folders
    for other in parent.glob(f"{prefix}*"):
        if not _is_claimed(other, now):
            shutil.rmtree(other, ignore_errors=True)
    return folder


def move_into_place(folder: Path, target: Path) -> None:
    """Rename a claimed folder that is complete and flushed to ``target``, which must be free. Raises OSError."""
    (folder / _CLAIM).unlink(missing_ok=True)
    rename(folder, target)


def claim_of(folder: Path) -> dict[str, Any]:
    """The process that ``folder`` belongs to and what it is for; {} where that cannot be read."""
    try:
        found = json_in(folder / _CLAIM)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_claimed(folder: Path, now: float) -> bool:
    """Whether a process still works in ``folder``: it lives, or this host cannot tell and the folder is not old."""
    claim = claim_of(folder)
    alive = lives(claim) if claim else None
    if alive is not None:
        return alive
    with suppress(FileNotFoundError):
        return now - max(path.stat().st_mtime for path in (folder, *folder.iterdir())) < _ABANDONED_S
    return True  # it is being renamed or removed at this moment
