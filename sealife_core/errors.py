"""Every error that this package raises on purpose, and what to say about a disk that fails.

The text of each says what is wrong, what was got, what was expected, and the next step, in one or two sentences that
can be shown to a person unchanged.
"""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class SealifeError(Exception):
    """Base class: its text is meant for the person in front of the screen."""


class ConfigError(SealifeError):
    """A setting is unknown, out of range or contradicts another. ``problems`` holds one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class DatasetError(SealifeError):
    """A data set cannot be imported, opened or used for what was asked."""


class WeightsError(SealifeError):
    """Weights or a model file are missing, damaged or of another shape."""


class RunError(SealifeError):
    """A run cannot be found, launched, stopped, resumed or deleted."""


class TrainingError(SealifeError):
    """Training cannot continue, for example after a loss that is not finite."""


class BusyError(SealifeError):
    """This machine has too much to do at this moment: the same may succeed later."""


_FULL = ("The disk is full{where}.", "Delete runs or data sets that are no longer needed and empty the trash")
_QUOTA = ("Your disk quota is used up{where}.", _FULL[1])
_READ_ONLY = ("The disk is read-only{where}.", "Make it writable, or set SEALIFE_HOME to a folder on another disk")
_REFUSED = ("Access was refused{where}.", "Change the permissions, or set SEALIFE_HOME to a folder of your own")
_DISK_PROBLEMS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _QUOTA,
    errno.EFBIG: ("A file is larger than this system allows{where}.", "Raise the limit (ulimit -f) or free space"),
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _REFUSED,
    errno.EPERM: _REFUSED,
    errno.EIO: ("The disk cannot be read or written{where}.", "Check the disk and its connection"),
    errno.ESTALE: ("The shared disk was disconnected{where}.", "Connect it again"),
    errno.ENAMETOOLONG: ("A name is too long for this disk{where}.", "Choose a shorter one"),
    errno.EMFILE: ("Too many files are open.", "Raise the limit (ulimit -n)"),
    errno.ENFILE: ("Too many files are open on this machine.", "End other programs"),
    errno.ENOENT: ("A file or folder is missing{where}.", "Check whether it was moved or deleted"),
    errno.ENOTDIR: ("There is a file where a folder is expected{where}.", "Check the path"),
    errno.EISDIR: ("There is a folder where a file is expected{where}.", "Choose a file"),
}
# Libraries that write by themselves (safetensors, SQLite, PyTorch) raise their own errors, with these words in them.
_SAID_BY_LIBRARIES = {
    errno.ENOSPC: r"no space left on device|os error 28\b|disk is full|inline_container\.cc.*unexpected pos",
    errno.EDQUOT: r"disk quota exceeded|os error 122\b",
    errno.EFBIG: r"file too large|os error 27\b",
    errno.EROFS: r"read-only file system|os error 30\b|readonly database",
}


def disk_problem(error: BaseException) -> tuple[str, str] | None:
    """(What is wrong with the disk or a file, what to do) if ``error`` comes from there, else None.

    A full or read-only disk is also found among the causes of the error. A path is named up to its first hidden part:
    it is private whether there is a ``.netrc``.
    """
    for cause in _causes(error):
        number = cause.errno if isinstance(cause, OSError) else _said(str(cause))
        if number in _DISK_PROBLEMS and (cause is error or number in _SAID_BY_LIBRARIES):
            what, step = _DISK_PROBLEMS[number]
            return what.format(where=_where(cause)), step
    if isinstance(error, OSError) and error.strerror:
        return f"The system reports '{error.strerror}'{_where(error)}.", "Find the cause"
    return None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the machine or its GPU has run out of memory, which PyTorch only says in words."""
    text = str(error)
    return isinstance(error, MemoryError) or "out of memory" in text.lower() or "can't allocate memory" in text


@contextmanager
def disk_errors(kind: type[SealifeError], said: str, cause: str = "Find the cause") -> Iterator[None]:
    """Raises a ``kind`` for an OSError: what was not done (``said``), why, and the next step; ``cause`` where the disk
    is well."""
    try:
        yield
    except OSError as error:
        what, step = disk_problem(error) or (f"{error}.", cause)
        raise kind(f"{said} {what} {step}, then try again.") from error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__


def _said(text: str) -> int | None:
    return next((number for number, words in _SAID_BY_LIBRARIES.items() if re.search(words, text, re.I)), None)


def _where(error: BaseException) -> str:
    name = getattr(error, "filename", None)
    if not isinstance(name, str | os.PathLike):
        return ""
    parts = Path(name).parts
    hidden = next((at for at, part in enumerate(parts) if part.startswith(".") and part != ".."), len(parts))
    return f" ({Path(*parts[:hidden])})" if hidden else ""
