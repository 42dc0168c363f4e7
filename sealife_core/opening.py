"""Opening files of others: regular files only, a bounded number of bytes, and without waiting; and their JSON."""

import errno
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

from pydantic_core import from_json

MOST_JSON_BYTES = 1 << 28  # of one file: the index of a million embeddings takes a tenth of it
_KINDS = {
    stat.S_IFDIR: "it is a folder",
    stat.S_IFIFO: "it is a named pipe, not a file",
    stat.S_IFSOCK: "it is a socket, not a file",
    stat.S_IFCHR: "it is a device, not a file",
    stat.S_IFBLK: "it is a device, not a file",
}


def open_regular(path: Path) -> BinaryIO:
    """``path``, opened for reading. A pipe or a device, or a link to one, is refused at once instead of waited for.

    Raises OSError if it is missing, may not be read, or is no regular file; its ``strerror`` says which.
    """
    try:
        found = path.stat()
    except ValueError:  # a NUL or half a character: no file can have that name
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), repr(path)) from None
    _refuse_special(found, path)  # opening a device can have an effect by itself
    # O_NONBLOCK: it may have become a pipe since; and some regular files of the kernel make a reader wait.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
    file = os.fdopen(os.open(path, flags), "rb")
    try:
        _refuse_special(os.fstat(file.fileno()), path)
    except OSError:
        file.close()
        raise
    return file


def read_regular(path: Path, most_bytes: int) -> bytes:
    """The content of ``path``. Raises OSError as ``open_regular`` does, and if there are more than ``most_bytes``."""
    with open_regular(path) as file:
        data = file.read(most_bytes + 1) or b""
    if len(data) > most_bytes:
        raise OSError(errno.EFBIG, f"it is larger than {most_bytes / 2**20:,.0f} MiB", str(path))
    return data


def json_in(path: Path, most_bytes: int = MOST_JSON_BYTES) -> Any:
    """The JSON value in ``path``. Raises OSError as :func:`read_regular`, ValueError where it is none.

    NaN, infinities, lone surrogates and nesting beyond some 200 levels are none: Python's own reader takes the first
    three, and over the last it raises RecursionError.
    """
    return from_json(read_regular(path, most_bytes), allow_inf_nan=False)


def is_folder(path: Path) -> bool:
    """Whether there is a folder; False for what can be no path, for which ``Path.is_dir`` raises OSError."""
    return os.path.isdir(path)  # noqa: PTH112


def _refuse_special(found: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "it is not a regular file")
        raise OSError(errno.EISDIR if stat.S_ISDIR(found.st_mode) else errno.EINVAL, kind, str(path))
