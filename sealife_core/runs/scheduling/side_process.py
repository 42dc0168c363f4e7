"""A process beside the runs, in a folder of its own: started, alive or not, and how far it says it is.

Its caller writes request.json (what is asked for) and process.json (pid, start, boot, host); the process writes
status.json (state, stage, done, total, heartbeat, error); log.txt is its output.
"""

import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from sealife_core.errors import SealifeError, disk_problem, is_out_of_memory
from sealife_core.processes import host, identity
from sealife_core.runs.contents import PROCESS_SHAPE
from sealife_core.runs.files import UnreadableFile, read_json, replace_json, tail, written_at
from sealife_core.runs.liveness import Process, is_fresh, process_of
from sealife_core.runs.scheduling.spawning import reap, spawn

REQUEST, PROCESS, STATUS, LOG = "request.json", "process.json", "status.json", "log.txt"
STATUS_EVERY_S = 0.3  # more often than this nobody can see it


def start(log: Path, module: str, *arguments: str) -> dict[str, Any]:
    """Start ``python -m module`` and return its identity, for process.json. Raises OSError."""
    child = spawn([sys.executable, "-m", module, *arguments], log)
    reap(child)
    return identity(child.pid) or {"pid": child.pid, "host": host()}


def start_anew(folder: Path, module: str, said: dict[str, Any], request: dict[str, Any] | None = None) -> None:
    """Start the process of ``folder``, in place of one that has ended, for a new ``request`` or the one that is there.

    said: what its status.json begins with. Raises OSError.
    """
    for name in (PROCESS, LOG):
        (folder / name).unlink(missing_ok=True)
    replace_json(folder / STATUS, said | {"state": "running", "heartbeat": time.time()})
    if request is not None:
        replace_json(folder / REQUEST, request)
    replace_json(folder / PROCESS, start(folder / LOG, module, str(folder.resolve())))


def lives(folder: Path, status: dict[str, Any]) -> bool:
    """Whether the process of ``folder`` is at work; ``status``: what its status.json says."""
    try:
        process = process_of(read_json(folder / PROCESS, PROCESS_SHAPE))
    except UnreadableFile:
        process = Process.NONE
    if process in (Process.ALIVE, Process.DEAD):
        return process is Process.ALIVE
    signs = status | {"written": written_at(folder / STATUS)}
    return is_fresh(signs, time.time(), another_clock=True)  # on another host, or between its start and its entry


def last_words(folder: Path) -> str:
    """The last line of the log, as a sentence to be added to another; "" if it is empty."""
    return "".join(f" Last line of the log: {line.strip()}" for line in tail(folder / LOG, 1))


def end_with(main: Callable[[Path], int]) -> NoReturn:
    """End this process with what ``main`` returns for the folder on the command line."""
    if len(sys.argv) != 2:
        raise SystemExit(f"usage: python {sys.argv[0]} FOLDER")
    sys.exit(main(Path(sys.argv[1])))


def carry_out(folder: Path, work: "Callable[[Path, StatusFile], None]", with_less: str) -> int:
    """Do ``work`` in ``folder``. Returns the exit status: 0; or 1, and status.json says what went wrong.

    with_less: what a person can do where memory runs out.
    """
    status = StatusFile(folder / STATUS)
    try:
        work(folder, status)
    except SealifeError as error:
        return status.fail(str(error))
    except Exception as error:  # noqa: BLE001 - the last handler: every error is reported
        if is_out_of_memory(error):
            return status.fail(f"The machine ran out of memory. {with_less}")
        why, step = f"{type(error).__name__}: {error}.", f"The log in {folder} has the full traceback"
        return status.fail("{} {}.".format(*(disk_problem(error) or (why, step))))
    return 0


class StatusFile:
    """status.json of such a process, which only it writes."""

    def __init__(self, path: Path) -> None:
        self._path, self._at = path, 0.0
        self._said: dict[str, Any] = {"state": "running"}

    def tell(self, stage: str, done: int, total: int) -> None:
        """Report progress; written a few times a second at most, a new stage at once."""
        if stage != self._said.get("stage") or time.monotonic() - self._at >= STATUS_EVERY_S:
            self.write(stage=stage, done=done, total=total)

    def write(self, **changes: Any) -> None:
        """Merge ``changes`` and a new heartbeat into the file."""
        self._said |= changes
        self._at = time.monotonic()
        replace_json(self._path, self._said | {"heartbeat": time.time()})

    def fail(self, sentence: str) -> int:
        """Say why the process ends, with the traceback of the error at hand in the log. Returns its exit status."""
        traceback.print_exc()
        try:
            self.write(state="failed", stage="", error=sentence)
        except OSError:  # the run was moved or the disk is full: only the log is left
            traceback.print_exc()
        return 1
