"""The pre-warmed worker: importing PyTorch takes seconds, which a launch need not wait for.

``python -m sealife_core.worker --ready`` imports what training needs and waits, on its standard input, for a run. The
dispatcher keeps one while somebody seems about to train and nothing trains: beside a run, the import would slow down
what was just launched, and the next run waits for its device anyway.

A run is handed over in three steps. If a process is killed between two of them, the run is either still queued or has a
known process:

1. the order (run directory, log, environment) is written into the pipe, without effect so far;
2. process.json names the pre-warmed worker: from now on it is the process of the run;
3. the pipe is closed, by the dispatcher or by its end.

The worker waits for that. If process.json then names it, it carries out the run; else it ends silently.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from sealife_core.environment import READY_MINUTES, WORKER_COMMAND
from sealife_core.runs.costs import machine_speed
from sealife_core.runs.files import written_at
from sealife_core.runs.run import LOG, Run
from sealife_core.runs.scheduling.spawning import PROJECT, spawn

READY, READY_LOG = ".ready", ".ready.log"
READY_FLAG = "--ready"
# It holds some 500 MB; the rest must suffice for the run and for everything else on the machine.
ENOUGH_BYTES, TOO_LITTLE_BYTES = 2 * 1024**3, 1024**3
AGAIN_S = 60.0  # after one that ended unexpectedly: what killed it may kill the next


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
    """Seconds since the last sign of interest; since 1970 if there never was one."""
    return time.time() - (written_at(root / READY) or 0.0)


def wanted(root: Path) -> bool:
    """Whether a pre-warmed worker is worth its memory."""
    return interest_age_s(root) < 60 * ready_minutes()


class PrewarmedWorker:
    """The dispatcher's side: at most one process that waits for a run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.child: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._not_before = 0.0

    def keep(self, *, idle: bool) -> None:
        """Start one if it is wanted and the machine is ``idle``; end the one there is when it no longer is."""
        if self.child is not None and self.child.poll() is not None:
            print(f"pre-warmed worker: ended unexpectedly, code {self.child.returncode}", flush=True)
            self.end()
            self._not_before = time.monotonic() + AGAIN_S
        if self.child is not None:
            if not wanted(self.root) or psutil.virtual_memory().available < TOO_LITTLE_BYTES:
                self.end()
        elif idle and time.monotonic() >= self._not_before and wanted(self.root) and self._may_start():
            self._start()

    def offer(self, run: Run, environment: Mapping[str, str]) -> subprocess.Popen[bytes] | None:
        """Hand ``run`` over; the process carries it out once process.json names it and its pipe is closed.

        None if there is no process, if it has died, or if the code has changed since it started.
        """
        if self.child is None or self.child.stdin is None:
            return None
        order = {"run": str(run.path), "attempt": run.attempt(), "log": str(run.path / LOG)}
        try:
            self.child.stdin.write(json.dumps(order | {"environment": dict(environment)}).encode())
        except OSError:  # it died a moment ago
            self.child.wait()
        if self.child.poll() is not None or _code_changed_since(self._started):
            self.end()
        given, self.child = self.child, None
        return given

    def end(self) -> None:
        """Kill it: it has nothing to save. It also ends by itself when this process does."""
        if self.child is None:
            return
        self.child.kill()
        self.child.wait()
        if self.child.stdin is not None:
            self.child.stdin.close()
        print(f"pre-warmed worker: ended, pid {self.child.pid}", flush=True)
        self.child = None

    def _may_start(self) -> bool:
        enough = psutil.virtual_memory().available >= ENOUGH_BYTES
        return enough and not machine_speed.is_running(self.root)  # a measurement has the machine to itself

    def _start(self) -> None:
        self._started = time.time()
        (self.root / READY_LOG).unlink(missing_ok=True)
        try:
            self.child = spawn(prewarmed_command(), self.root / READY_LOG, stdin=subprocess.PIPE)
        except OSError as error:
            print(f"pre-warmed worker: could not be started: {error}", flush=True)
            self._not_before = time.monotonic() + AGAIN_S
        else:
            print(f"pre-warmed worker: started, pid {self.child.pid}", flush=True)


def await_order() -> Path | None:
    """The worker's side: wait for a run and take over its log and environment. None if no run will come."""
    given = sys.stdin.buffer.read()
    try:
        order = json.loads(given)
    except ValueError:  # nothing, or half an order of a dispatcher that was killed
        return None
    run = Run(Path(order["run"]))
    record = run.process() or {}
    if (record.get("pid"), record.get("attempt")) != (os.getpid(), order["attempt"]):
        return None
    with Path(order["log"]).open("ab") as log, Path(os.devnull).open("rb") as nothing:
        for number, file in enumerate((nothing, log, log)):
            os.dup2(file.fileno(), number)
    os.environ.update(order["environment"])
    return run.path


def _code_changed_since(moment: float) -> bool:
    """Whether a source file is newer: a run uses the code that is there when it is launched."""
    return any(file.stat().st_mtime > moment for file in (PROJECT / "sealife_core").rglob("*.py"))
