"""Two locks below the root of all runs.

``.queue.lock`` is held for a moment by whoever changes the queue. ``.dispatcher.lock`` is held by the dispatcher for as
long as it lives, and is taken, tried and given back only while ``.queue.lock`` is held: so a run is either seen by the
dispatcher before it goes, or queued by someone who sees that it has gone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from sealife_core.errors import RunError

QUEUE_LOCK, DISPATCHER_LOCK = ".queue.lock", ".dispatcher.lock"
PATIENCE_S = 30.0  # the lock is held for milliseconds; whoever holds it longer is stopped in a debugger


@contextmanager
def queue_lock(root: Path) -> Iterator[None]:
    """Hold the queue for a moment. Not re-entrant. Raises RunError."""
    lock = FileLock(root / QUEUE_LOCK, timeout=PATIENCE_S)
    try:
        lock.acquire()
    except Timeout:
        raise RunError(f"The queue in '{root}' has been locked for {PATIENCE_S:.0f} s. Try again.") from None
    except OSError as error:
        raise RunError(f"The queue in '{root}' cannot be locked ({error.strerror}). Make it writable.") from None
    try:
        yield
    finally:
        lock.release()


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
