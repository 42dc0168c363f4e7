"""What a waiting run says: what it waits for, or why it will never be started."""

import time
from pathlib import Path

from sealife_core.errors import RunError
from sealife_core.runs.directory import noted_run
from sealife_core.runs.liveness import State
from sealife_core.runs.run import MODEL, Run
from sealife_core.runs.scheduling.locks import queue_lock
from sealife_core.runs.scheduling.queue import write_status


def awaited(source_id: str | None, root: Path) -> str:
    """What a run with weights of the run ``source_id`` waits for, or "". Raises RunError if they will never exist."""
    if source_id is None:
        return ""
    source = noted_run(source_id, root)
    if not source.path.is_dir():
        raise RunError(f"The weights come from run '{source_id}', but that run was deleted.")
    state = source.state()
    if state.active:
        return f"waiting for '{source.notes()['name']}' to finish"
    if state is State.INTERRUPTED:
        return f"waiting for '{source.notes()['name']}' (it was interrupted: resume it)"
    if state in (State.FINISHED, State.STOPPED) and (source.path / MODEL).exists():
        return ""
    if state is State.CREATED:
        left = "was never launched"
    else:
        left = "has no model" if state in (State.FINISHED, State.STOPPED) else f"is {state}"
    raise RunError(f"The weights come from run '{source_id}', but that run {left}.")


def refuse(run: Run, what: str, then: str) -> None:
    """End a run that was not started; the queue writes its status, because it has no process."""
    error = {"what": what, "next": then}
    _write(run, state=State.FAILED, ended=time.time(), stage="", message=what, error=error)


def stop_before_it_began(run: Run) -> None:
    """End a run that was stopped before its process began."""
    _write(run, state=State.STOPPED, ended=time.time(), stage="", message="stopped before it began")


def say(run: Run, message: str) -> None:
    """Write what the run waits for, unless its status says it already."""
    if run.status().get("message") != message:
        _write(run, message=message)


def _write(run: Run, **changes: object) -> None:
    """Change the status of a run that still waits."""
    with queue_lock(run.root):
        if run.path.is_dir() and run.state() is State.QUEUED:
            write_status(run, **changes)
