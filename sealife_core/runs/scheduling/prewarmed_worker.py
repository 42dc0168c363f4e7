"""The pre-warmed worker: importing PyTorch takes seconds, which a launch need not wait for.

``python -m sealife_core.worker --ready`` imports what training needs, and then forks a process for each run that it is
given (``fork_server.py``). The dispatcher starts it once somebody seems about to train, at the latest for the first
run, and keeps it for the next ones.
"""

import subprocess
import sys
import sysconfig
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from sealife_core.environment import READY_MINUTES, WORKER_COMMAND
from sealife_core.runs.costs import machine_speed
from sealife_core.runs.files import written_at
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.fork_server import ForkedWorker, ForkServer, order
from sealife_core.runs.scheduling.placement import available_bytes
from sealife_core.runs.scheduling.spawning import PROJECT

READY, READY_LOG = ".ready", ".ready.log"
READY_FLAG = "--ready"
# It holds some 500 MB; the rest must suffice for the run and for everything else on the machine.
ENOUGH_BYTES, TOO_LITTLE_BYTES = 2 * 1024**3, 1024**3
AGAIN_S = 60.0  # after one that ended unexpectedly: what killed it may kill the next
IMPORT_S = 120.0  # one that takes longer hangs: runs no longer wait for it, and import PyTorch themselves


def ready_minutes() -> float:
    """How long a pre-warmed worker is kept after the last sign of interest; 0: there is none."""
    return 0.0 if WORKER_COMMAND.value() else READY_MINUTES.value()


def prewarmed_command() -> list[str]:
    """The command of a process that waits for a run."""
    return [sys.executable, "-m", "sealife_core.worker", READY_FLAG]


def show_interest(root: Path) -> None:
    """Note that somebody trains or is about to; a dispatcher that is at work checks the queue at once."""
    (root / READY).touch()


def interest_age_s(root: Path) -> float:
    """Seconds since the last sign of interest; since 1970 if there never was one.

    A sign from the future, after a clock was set back, is as old as it is far ahead: else it would last until then.
    """
    return abs(time.time() - (written_at(root / READY) or 0.0))


def wanted(root: Path) -> bool:
    """Whether a pre-warmed worker is worth its memory."""
    return interest_age_s(root) < 60 * ready_minutes()


class PrewarmedWorker:
    """The dispatcher's side: at most one process that imports PyTorch and forks workers."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.server: ForkServer | None = None
        self._started = 0.0
        self._not_before = 0.0

    def keep(self, *, idle: bool) -> None:
        """Start one if it is wanted and the machine is ``idle``; end the one there is when it no longer is."""
        if self.server is None:
            asked = idle and time.monotonic() >= self._not_before and wanted(self.root)
            # A measurement of this machine has it to itself.
            if asked and available_bytes() >= ENOUGH_BYTES and not machine_speed.is_running(self.root):
                self._start()
        elif (code := self.server.process.poll()) is not None:
            print(f"pre-warmed worker: ended unexpectedly, code {code}", flush=True)
            self._give_up()
        elif self.is_importing and time.time() - self._started > IMPORT_S:
            print(f"pre-warmed worker: not ready after {IMPORT_S:.0f} s", flush=True)
            self._give_up()
        elif not self.server.is_at_work and not (wanted(self.root) and available_bytes() >= TOO_LITTLE_BYTES):
            self.end()

    @property
    def is_importing(self) -> bool:
        """Whether there is one that is not ready yet."""
        if self.server is None:
            return False
        self.server.listen()
        return not self.server.is_ready

    def offer(self, run: Run, environment: Mapping[str, str]) -> ForkedWorker | subprocess.Popen[bytes] | None:
        """A worker with the order to carry out ``run``, once process.json names it and its pipe is closed.

        None if there is none, if it has died, or if the code has changed since it started.
        """
        if self.server is None:
            return None
        if _code_changed_since(self._started):
            self.end()
            return None
        worker = self.server.fork()
        if worker is None:
            print("pre-warmed worker: did not fork", flush=True)
            self._give_up()
        elif worker is self.server.process:
            self.server = None
        if worker is None or worker.stdin is None:
            return None
        try:
            worker.stdin.write(order(run, environment))
        except OSError:  # it died a moment ago
            return None
        return worker

    def end(self) -> None:
        """Let it go: it has nothing to save. It also ends by itself when this process does."""
        if self.server is None:
            return
        self.server.end()
        print(f"pre-warmed worker: ended, pid {self.server.process.pid}", flush=True)
        self.server = None

    def shared_bytes(self) -> int:
        """Memory that it holds and that a worker which it forks shares."""
        if self.server is None:
            return 0
        with suppress(psutil.Error):
            held = psutil.Process(self.server.process.pid).memory_info()
            return held.rss - getattr(held, "shared", 0)
        return 0

    def _give_up(self) -> None:
        self.end()
        self._not_before = time.monotonic() + AGAIN_S

    def _start(self) -> None:
        self._started = time.time()
        try:
            (self.root / READY_LOG).unlink(missing_ok=True)
            self.server = ForkServer(prewarmed_command(), self.root / READY_LOG)
        except OSError as error:
            print(f"pre-warmed worker: could not be started: {error}", flush=True)
            self._not_before = time.monotonic() + AGAIN_S
        else:
            print(f"pre-warmed worker: started, pid {self.server.process.pid}", flush=True)


def _code_changed_since(moment: float) -> bool:
    """Whether a source file is newer, or a package came or went: a run uses what is there when it is launched."""
    packages = Path(sysconfig.get_path("purelib"))
    return any(file.stat().st_mtime > moment for file in (packages, *(PROJECT / "sealife_core").rglob("*.py")))
