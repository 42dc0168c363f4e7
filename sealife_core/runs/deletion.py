"""Deleted runs: into the trash, back from it, and gone for good."""

import time
from pathlib import Path

from sealife_core import trash
from sealife_core.durable import size_bytes
from sealife_core.errors import RunError
from sealife_core.runs.directory import dependents, list_runs, must_exist, parts_of, runs_root
from sealife_core.runs.liveness import Process, process_of
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.locks import queue_lock

ENDING_S = 15.0  # a worker takes under a second to unload PyTorch after its last status, or ten on a busy machine


def delete(run: Run) -> int:
    """Move a run to the trash and return its size in bytes. Raises RunError while it is active or needed.

    The process of a run that has just ended is waited for, for at most ENDING_S.
    """
    deadline = time.monotonic() + ENDING_S
    while not run.state().active and process_of(run.process()) is Process.ALIVE and time.monotonic() < deadline:
        time.sleep(0.05)
    with queue_lock(run.root):
        must_exist(run)
        if run.state().active:
            raise RunError(f"Run '{run.id}' is {run.state()}. Stop it first, then delete it.")
        if process_of(run.process()) is Process.ALIVE:
            raise RunError(f"The process of run '{run.id}' is still ending. Delete the run in a moment.")
        needed_by = dependents(run)
        if needed_by:
            names = ", ".join(f"'{other.id}'" for other in needed_by)
            first = "that run" if len(needed_by) == 1 else "those runs"
            raise RunError(f"The weights of run '{run.id}' are needed by {names}. Delete {first} first.")
        freed_bytes = size_bytes(run.path)
        trash.put(run.path)
    return freed_bytes


def delete_with_parts(study: Run) -> tuple[int, list[str]]:
    """Delete a study and the runs that it made: (bytes freed, ids of the runs that are kept because others need them).

    Raises RunError, and deletes nothing, while one of them is active.
    """
    parts = parts_of(study)
    active = [run for run in (study, *parts) if run.state().active]
    if active:
        raise RunError(f"Run '{active[0].id}' is {active[0].state()}. Stop the study first, then delete it.")
    freed_bytes, kept = 0, []
    for run in parts:  # newest first, so that none is needed by a part any more
        try:
            freed_bytes += delete(run)
        except RunError:
            kept.append(run.id)
    return freed_bytes + delete(study), kept


def restore(run_id: str, root: Path | None = None) -> Run:
    """Take a run out of the trash, the last deleted one of that id. Raises RunError."""
    root = runs_root(root)
    with queue_lock(root):
        there = ", ".join(trashed(root)[:5]) or "nothing"
        missing = RunError(f"Run {run_id!r} is not in the trash. The trash holds {there}.")
        taken = RunError(f"There is already another run '{run_id}'. Rename its folder, then restore this one.")
        return Run(trash.bring_back(root, run_id, missing, taken))


def restore_with_parts(run_id: str) -> Run:
    """:func:`restore`, of a study with those of its runs that are in the trash too."""
    back = restore(run_id)
    if back.launches_runs:
        for part in trashed_runs(back.root):
            if part.notes()["study"] == run_id:
                restore(part.id, back.root)
    return back


def trashed_runs(root: Path | None = None) -> list[Run]:
    """The runs in the trash, newest first."""
    return list_runs(runs_root(root) / trash.TRASH)


def trashed(root: Path | None = None) -> list[str]:
    """The ids of the runs in the trash, newest first."""
    return list(dict.fromkeys(run.id for run in trashed_runs(root)))


def empty_trash(root: Path | None = None) -> int:
    """Remove the runs in the trash for good; returns the bytes freed."""
    return trash.empty(runs_root(root), queue_lock)
