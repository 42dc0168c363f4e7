"""The sentence that goes with the state of a run: what it waits for, what went wrong, how its process ended."""

from collections.abc import Callable
from errno import ENOSPC
from pathlib import Path
from typing import Any

from sealife_core.durable import is_full
from sealife_core.errors import disk_problem
from sealife_core.runs.files import LOG, last_line
from sealife_core.runs.liveness import State

# What to do about a run in a state in which something is wrong.
ADVICE = {
    State.FAILED: "Read the log, fix the cause, then resume the run.",
    State.INTERRUPTED: "Resume the run.",
    State.DAMAGED: "Delete the run, or restore the file from a copy.",
}


def sentence(
    state: State, status: dict[str, Any], record: dict[str, Any], folder: Path, problems: Callable[[], list[str]]
) -> str:
    """What the screen says of the run in ``folder``, which is in that ``state``.

    status: status.json; record: process.json of the present attempt, {} where there is none; problems: what is missing
    or damaged.
    """
    said, written = status.get("message") or "", status.get("state")
    how = _ending(record)
    if state is State.DAMAGED:
        return " ".join(problems()) or "status.json contains no known state."
    if state is State.CREATED:
        return "Not launched yet."
    if state is State.QUEUED and is_full(folder.parent):  # the dispatcher cannot write that down
        return f"waiting: {' '.join(disk_problem(OSError(ENOSPC, '', str(folder.parent))) or ())}."
    if state is State.RUNNING and written != State.RUNNING:
        return "starting"
    if state is State.INTERRUPTED:
        return f"The process {how or 'is gone'}; what it saved is kept. Resume the run to continue."
    if state is State.STOPPED and written != State.STOPPED:
        return f"The run was asked to stop. Its process {how or 'is gone'}; what it saved is kept."
    if state is State.FAILED and written != State.FAILED:
        return f"The process {how or 'ended'} before the run started: {last_line(folder / LOG)}"
    if state is State.FAILED and (error := status.get("error")):
        return f"{error.get('what') or ''} {error.get('next') or ''}".strip() or said
    return said


def exit_said(code: int) -> str:
    """How a process ended, from its exit code: "was killed (…)", "ended with code 1"."""
    if code == -9:
        return "was killed (SIGKILL; often because memory ran out)"
    return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"


def _ending(record: dict[str, Any]) -> str:
    """How the process of process.json ended; "" where that is not known."""
    if record.get("exit_code") is None:
        return f"is gone: {record['lost']}" if record.get("lost") else ""
    return exit_said(record["exit_code"])
