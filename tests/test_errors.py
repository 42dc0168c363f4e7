"""What is said of a disk that fails, whichever library ran into it."""

import errno
import sqlite3

import pytest
from safetensors import SafetensorError

from sealife_core.errors import disk_problem

# As each of them said it on a full disk.
FULL = [
    OSError(errno.ENOSPC, "No space left on device", "/lab/x"),
    SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
    RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 576 vs 534"),
    sqlite3.OperationalError("database or disk is full"),
]


@pytest.mark.parametrize("error", FULL, ids=lambda error: type(error).__name__)
def test_disk_problem__knows_a_full_disk_in_the_words_of_each_library(error: Exception) -> None:
    what, step = disk_problem(error) or ("", "")
    assert what.startswith("The disk is full")
    assert "Delete runs" in step


def test_disk_problem__finds_a_full_disk_that_led_to_another_error() -> None:
    error = KeyError("x")
    error.__context__ = OSError(errno.ENOSPC, "No space left on device")
    assert disk_problem(error) == disk_problem(OSError(errno.ENOSPC, ""))


def test_disk_problem__leaves_a_fault_of_the_program_to_its_traceback() -> None:
    error = KeyError("x")
    error.__context__ = FileNotFoundError(errno.ENOENT, "No such file or directory")
    assert disk_problem(error) is None


def test_disk_problem__names_the_place_but_nothing_hidden() -> None:
    assert "(/lab/data/reef)" in (disk_problem(OSError(errno.EROFS, "", "/lab/data/reef")) or "")[0]
    assert "(/home/me)" in (disk_problem(PermissionError(errno.EACCES, "", "/home/me/.netrc")) or "")[0]


@pytest.mark.parametrize("number", [errno.ENOMEM, errno.ENOTEMPTY, errno.ECONNRESET])
def test_disk_problem__says_of_other_errors_what_the_system_says(number: int) -> None:
    what, step = disk_problem(OSError(number, "The system's words", "/lab")) or ("", "")
    assert "The system's words" in what
    assert step
