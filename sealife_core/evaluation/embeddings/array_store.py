"""Arrays that were computed once and are kept beside a data set. Imports no torch.

    NAME/rows.npy     memory-mapped by readers
    NAME/about.json   a description; written last and removed first: without it the rows do not count

Their total size is limited in bytes and as a share of the disk; the least recently used are deleted first. A reader
that has deleted rows open can go on reading them.
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from jaxtyping import Shaped

from sealife_core.durable import (
    remove_leftovers,
    remove_set_aside,
    replace_file,
    replacing,
    replacing_described,
    set_aside,
    size_bytes,
)
from sealife_core.runs.files import readable_json

ROWS, ABOUT = "rows.npy", "about.json"
WAITS_S = 5.0  # between two signs of life of who waits for another process: a run without one counts as not responding


class ArrayStore:
    """The arrays in ``folder``. ``most_of_free``: share of the disk space that would be free without them."""

    def __init__(self, folder: Path, most_bytes: int, most_of_free: float) -> None:
        self.folder = folder
        self._most_bytes, self._most_of_free = most_bytes, most_of_free

    def names(self) -> list[str]:
        """The complete ones, the most recently used first."""
        found = {}
        for about in self.folder.glob(f"[!.]*/{ABOUT}"):
            with suppress(OSError):
                found[about.parent.name] = about.stat().st_mtime
        return sorted(found, key=lambda name: -found[name])

    def about(self, name: str) -> dict[str, Any]:
        """The description of the rows; empty if it is missing or damaged."""
        return readable_json(self.folder / name / ABOUT)

    def rows(self, name: str) -> Shaped[np.ndarray, "rows ..."] | None:
        """The rows, memory-mapped; None if they are missing or cut short. Marks them as used now."""
        rows = read_array(self.folder / name / ROWS, mapped=True)
        if rows is not None:
            with suppress(OSError):
                now = time.time_ns()  # finer than the clock of the file system
                os.utime(self.folder / name / ABOUT, ns=(now, now))
        return rows

    @contextmanager
    def computing(self, name: str, waits: Callable[[], object] = lambda: None) -> Iterator[None]:
        """A lock: one process computes ``name``, others wait for it. Without a writable folder, no lock is held.

        ``waits`` is called every few seconds meanwhile; what it raises ends the wait.
        """
        lock = FileLock(self.folder / f".{name}.lock")
        with ExitStack() as held:
            while not lock.is_locked:
                try:
                    self.folder.mkdir(parents=True, exist_ok=True)
                    held.enter_context(lock.acquire(timeout=WAITS_S))
                except Timeout:
                    waits()
                except OSError:
                    break
            yield

    def write(
        self, name: str, about: dict[str, Any], parts: Iterable[Shaped[np.ndarray, "n ..."]], shape: tuple[int, ...],
        dtype: str,
    ) -> None:  # fmt: skip
        """Write the rows, given in consecutive ``parts``, completely or not at all. Raises OSError.

        ``shape`` is that of all rows, ``dtype`` as in "<f4". To be called inside :meth:`computing`.
        """
        place = self.folder / name
        remove_leftovers(self.folder)
        self._make_room(name, int(np.prod(shape)) * np.dtype(dtype).itemsize)
        place.mkdir(parents=True, exist_ok=True)
        with replacing_described(place / ROWS, place / ABOUT) as file:
            np.lib.format.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})
            for part in parts:
                file.write(np.ascontiguousarray(part).data)
        replace_file(place / ABOUT, json.dumps(about))

    def most_bytes(self) -> int:
        """How many bytes all of them may take now."""
        held = sum(size_bytes(self.folder / name) for name in self.names())
        return min(self._most_bytes, int(self._most_of_free * (_free_bytes(self.folder) + held)))

    def clear(self) -> None:
        """Delete all, except one that is being written."""
        self._drop_unfinished()
        for name in self.names():
            set_aside(self.folder / name)
        remove_set_aside(self.folder)

    def _drop_unfinished(self) -> None:
        """Delete rows without a description whose writer was killed: they are no name, and would take space forever."""
        for place in (rows.parent for rows in self.folder.glob(f"[!.]*/{ROWS}")):
            if not (place / ABOUT).exists():
                with suppress(Timeout, OSError), FileLock(self.folder / f".{place.name}.lock", timeout=0):
                    set_aside(place)

    def _make_room(self, name: str, needed_bytes: int) -> None:
        self._drop_unfinished()
        most, others = self.most_bytes(), [other for other in self.names() if other != name]
        if needed_bytes > most:
            raise OSError(f"{needed_bytes} bytes are more than the {most} that may be kept in {self.folder}")
        sizes = {other: size_bytes(self.folder / other) for other in others}
        while others and sum(sizes[other] for other in others) + needed_bytes > most:
            set_aside(self.folder / others.pop())
        remove_set_aside(self.folder)


def write_array(path: Path, values: Shaped[np.ndarray, "..."]) -> None:
    """Write a .npy, whole or not at all. Raises OSError."""
    with replacing(path) as file:
        np.save(file, values, allow_pickle=False)


def read_array(path: Path, *, mapped: bool = False) -> Shaped[np.ndarray, "..."] | None:
    """The array in a .npy, memory-mapped if ``mapped``; None where it is missing, damaged or cut short."""
    try:
        return np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None


def _free_bytes(folder: Path) -> int:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(there).free
