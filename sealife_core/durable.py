"""Files and folders that survive a crash, a power cut and a second writer.

A file is written beside its place under a unique name, flushed, renamed, and the folder is flushed: a reader sees the
old file or the new one, and what was reported as saved is on the disk. Without the first flush a power cut leaves a
renamed file of 0 bytes; without the last one the name itself may be gone.
"""

import errno
import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO

from filelock import FileLock, Timeout

from sealife_core.errors import SealifeError
from sealife_core.progress import Progress, on_threads

PATIENCE_S = 30.0  # our locks are held for moments; a process that holds one longer is stopped in a debugger
LONGEST_NAME_BYTES = 255  # of a file or folder, on every file system in use
_TEMPORARY, _ASIDE = ".tmp", ".removing-"
_SETTLED_S = 2.0  # between the creation of a temporary file and its lock lie microseconds
_ROOM_BYTES = 1 << 20  # some disks keep the last blocks for themselves
_TAIL_BYTES = 1 << 16  # read at a time from the end of a log
_FLUSHERS = 8  # the disk commits several flushes at once: 3,450 files take 0.5 s, and 8 s one by one
# Answers of file systems that cannot flush a folder (some network and FUSE ones): the rename is all they offer.
_CANNOT_FLUSH = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES})


def replace_file(path: Path, content: str | bytes | memoryview) -> None:
    """Write ``path`` whole or not at all: a reader sees the old content or the new one. Raises OSError."""
    data = content.encode() if isinstance(content, str) else content
    with replacing(path) as file:
        file.write(data)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """As :func:`replace_file`, with what the block writes into the file: for content too large to be in memory twice.

    If the block raises, nothing is left of it.
    """
    # Cut, because a name may be as long as the disk allows; unique, because two may write the same file at once.
    beside = path.with_name(f"{unique(f'.{path.name[:40]}.')}{_TEMPORARY}")
    try:
        with beside.open("xb") as file:
            with suppress(OSError):  # no locks here: nothing will remove it as a leftover either
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield file
            file.flush()
            os.fsync(file.fileno())
            beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def replace_by_path(path: Path, write: Callable[[Path], object]) -> None:
    """As :func:`replacing`, for libraries that want a path: ``write`` gets that of an empty file to fill."""
    with replacing(path) as file:
        beside = Path(file.name)
        write(beside)
        with beside.open("rb") as written:  # the library may have replaced our file by its own
            os.fsync(written.fileno())


@contextmanager
def replacing_described(path: Path, about: Path) -> Iterator[BinaryIO]:
    """As :func:`replacing`, for a file that counts only with its description: whoever calls writes ``about`` next."""
    with replacing(path) as file:
        yield file
        # No description in between: it must never belong to other content.
        about.unlink(missing_ok=True)


def append_lines(path: Path, lines: bytes, *, flush: bool = True) -> None:
    """Append whole ``lines`` to a log in one write, and flush them. Raises OSError; then none of them is there.

    What a crash has left of a half-written line is removed first. For one writer at a time, or under a lock.
    """
    with path.open("ab+") as file:
        _cut_half_line(file)
        end = file.seek(0, os.SEEK_END)
        try:
            if os.write(file.fileno(), lines) < len(lines):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            if flush:  # some disks find only now that they are full
                os.fsync(file.fileno())
                flush_folder(path.parent)
        except OSError:
            file.truncate(end)
            raise


def _cut_half_line(file: IO[bytes]) -> None:
    """Cut the file behind its last newline."""
    end = at = file.seek(0, os.SEEK_END)
    while at:
        begin = max(0, at - (_TAIL_BYTES if at < end else 1))  # as a rule the newline is the last byte
        file.seek(begin)
        if (newline := file.read(at - begin).rfind(b"\n")) >= 0:
            at = begin + newline + 1
            break
        at = begin
    if at < end:
        file.truncate(at)


def rename(source: Path, target: Path) -> None:
    """Rename a file or folder within one disk and flush both parents. Raises OSError, also if ``target`` has files;
    then it is where it was."""
    source.rename(target)
    try:
        flush_folder(target.parent)
        if source.parent != target.parent:
            flush_folder(source.parent)
    except OSError:
        with suppress(OSError):
            target.rename(source)
        raise


def unique(prefix: str) -> str:
    """A name that no other process or host gives: ``prefix`` and 16 random hex digits."""
    return f"{prefix}{secrets.token_hex(8)}"


def flush_folder(folder: Path) -> None:
    """Flush the names in ``folder``, where the file system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # a folder that may be written but not listed
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _CANNOT_FLUSH:
            raise
    finally:
        os.close(handle)


def flush_tree(folder: Path, progress: Progress | None = None) -> None:
    """Flush ``folder`` and every file and folder below it: before it is renamed to where readers trust it."""
    folders = [Path(where) for where, _, _ in os.walk(folder)]
    files = [entry.path for where in folders for entry in os.scandir(where) if entry.is_file(follow_symlinks=False)]
    on_threads(_flush_file, files, "Saving", progress, _FLUSHERS)
    for where in reversed(folders):
        flush_folder(where)


def _flush_file(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def set_aside(folder: Path) -> None:
    """Rename ``folder``, if it exists, so that no reader finds it: the first half of removing it for good.

    To be called under the lock of those who take things out; the second half, :func:`remove_set_aside`, may take
    minutes.
    """
    with suppress(FileNotFoundError):
        rename(folder, folder.with_name(unique(_ASIDE)))


def remove_set_aside(root: Path) -> int:
    """Delete what was set aside in ``root``, now or by a process that was killed; returns the bytes freed."""
    freed_bytes = 0
    for folder in root.glob(f"{_ASIDE}*"):
        freed_bytes += size_bytes(folder)
        while folder.exists():
            with suppress(FileNotFoundError):  # another process deletes the same: go on with what is left
                shutil.rmtree(folder)
    return freed_bytes


def is_temporary(name: str) -> bool:
    """Whether a file of that name is being written, or was being written when its process was killed."""
    return name.startswith(".") and name.endswith(_TEMPORARY)


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files below ``folder`` whose writers are gone; files being written stay."""
    for where, _, names in os.walk(folder):
        for name in filter(is_temporary, names):
            path = Path(where) / name
            with suppress(OSError), path.open("rb") as file:
                if time.time() - os.fstat(file.fileno()).st_mtime > _SETTLED_S:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises while its writer lives
                    path.unlink()


def size_bytes(folder: Path) -> int:
    """Bytes of the files below ``folder``, without temporary ones; a file that disappears meanwhile counts 0."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            if not is_temporary(name):
                with suppress(OSError):
                    total += (Path(where) / name).lstat().st_size
    return total


def is_full(folder: Path) -> bool:
    """Whether the disk of ``folder`` has no room left for a small file; False where that cannot be found out."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return False
    return disk.f_blocks > 0 and disk.f_bavail * disk.f_frsize < _ROOM_BYTES


@contextmanager
def held(lock: Path, what: str, error: type[SealifeError]) -> Iterator[None]:
    """Hold ``lock`` (a file, made if absent) for a moment, against threads, processes and hosts. Not re-entrant.

    Raises ``error`` with a sentence on ``what`` ("The queue in …") if the lock cannot be taken.
    """
    taken = FileLock(lock, timeout=PATIENCE_S)
    try:
        taken.acquire()
    except Timeout:
        raise error(f"{what} has been locked for {PATIENCE_S:.0f} s. Try again.") from None
    except OSError as problem:
        raise error(f"{what} cannot be locked ({problem.strerror}). Make it writable.") from None
    try:
        yield
    finally:
        taken.release()
