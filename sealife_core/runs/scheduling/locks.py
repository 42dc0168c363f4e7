"""Four locks below the root of all runs.

``.notes.lock`` is held for a moment to change the name, tags or notes of a run, ``.queue.lock`` to change the queue.
``.dispatcher.lock`` is held by the dispatcher for as long as it lives, and is taken, tried and released only while
``.queue.lock`` is held: so either the dispatcher sees a new run before it ends, or the process that queues the run sees
that the dispatcher has ended. ``.launch.lock`` is held to see whether a run is there already and to launch it if not:
two clicks, which Streamlit may answer at the same time, launch it once.
"""

from contextlib import AbstractContextManager
from pathlib import Path

from filelock import FileLock, Timeout

from sealife_core.durable import held
from sealife_core.errors import RunError

QUEUE_LOCK, DISPATCHER_LOCK, NOTES_LOCK = ".queue.lock", ".dispatcher.lock", ".notes.lock"
LAUNCH_LOCK = ".launch.lock"


def queue_lock(root: Path) -> AbstractContextManager[None]:
    """Hold the queue for a moment. Not re-entrant. Raises RunError."""
    return held(root / QUEUE_LOCK, f"The queue in '{root}'", RunError)


def notes_lock(root: Path) -> AbstractContextManager[None]:
    """Hold the notes of all runs for a moment. Not re-entrant. Raises RunError."""
    return held(root / NOTES_LOCK, f"The file of names and notes in '{root}'", RunError)


def launch_lock(root: Path) -> AbstractContextManager[None]:
    """Hold what is launched for a moment. Not re-entrant; take no other lock before it. Raises RunError."""
    root.mkdir(parents=True, exist_ok=True)
    return held(root / LAUNCH_LOCK, f"The runs in '{root}'", RunError)


def take_dispatcher_lock(root: Path) -> FileLock | None:
    """The dispatcher's lock, or None if another has it. Call it with the queue lock held."""
    lock = FileLock(root / DISPATCHER_LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return None
    return lock


def dispatcher_runs(root: Path) -> bool:
    """Whether a dispatcher is at work. Call it with the queue lock held."""
    lock = take_dispatcher_lock(root)
    if lock is not None:
        lock.release()
    return lock is None
