"""``python -m sealife_core.runs.scheduling ROOT``: the process of a dispatcher, from its lock to its end.

There is one below a root at a time, under a lock. It is started by whoever queues a run, and ends when there is nothing
left to do.
"""

import io
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from sealife_core.environment import STOP_GRACE_S
from sealife_core.runs.costs.devices import not_here
from sealife_core.runs.files import written_at
from sealife_core.runs.scheduling.dispatcher import Dispatcher
from sealife_core.runs.scheduling.locks import queue_lock, take_dispatcher_lock
from sealife_core.runs.scheduling.prewarmed_worker import READY, wanted
from sealife_core.runs.scheduling.queue import has_work

TICK_S = 0.2  # between two looks at everything while a process is watched, or PyTorch imported
QUIET_TICK_S = 2.0  # while none is: with hundreds of runs a look takes milliseconds
BELL_S = 0.04  # how soon a launch is seen; to look four times as often took a hundredth of a core
IDLE_S = 3.0  # time enough for a person's second launch; a later one starts a new dispatcher, in some 0.3 s


def main(root: Path) -> int:
    """Dispatch until nothing is left to do. Returns the exit status: 0, also if another dispatcher is at work."""
    with queue_lock(root):
        lock = take_dispatcher_lock(root)
        if lock is None:
            return 0
    dispatcher = Dispatcher(root, stop_grace_s=STOP_GRACE_S.value())
    print(f"dispatching, pid {os.getpid()}, devices {', '.join(dispatcher.devices)}", flush=True)
    if not_here():
        print(not_here(), flush=True)
    dispatcher.adopt()
    last_busy = time.monotonic()
    while True:
        rung = written_at(root / READY)  # changes when somebody launches a run, or is about to
        busy = dispatcher.step()
        if busy or wanted(root):
            last_busy = time.monotonic()
        elif time.monotonic() - last_busy >= IDLE_S:
            # Looking once more and giving up the lock are one step for everyone else.
            with queue_lock(root):
                if not (has_work(root) or wanted(root)):
                    lock.release()
                    return 0
        waits = dispatcher.watched or dispatcher.prewarmed.is_importing
        until = time.monotonic() + (TICK_S if waits else QUIET_TICK_S)
        while time.monotonic() < until and written_at(root / READY) == rung:
            time.sleep(BELL_S)


class _Log(io.StringIO):
    """Passes what is printed to ``file``; text that a full disk has no room for is lost, and nothing else."""

    def __init__(self, file: TextIO) -> None:
        super().__init__()
        self._file = file

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._file.write(text)
            self._file.flush()
        return len(text)


if __name__ == "__main__":
    sys.stdout = sys.stderr = _Log(sys.stdout)
    sys.exit(main(Path(sys.argv[1])))
