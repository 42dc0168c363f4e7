"""A worker kept ready: importing PyTorch takes seconds, and who has just pressed Launch need not wait for them.

``python -m sealife_core.worker --ready`` imports what training needs and waits, on its standard input, for the run that
it is to carry out. The dispatcher keeps one while somebody seems about to train and nothing trains: beside a run, the
import would slow what was just launched, and the next run waits for that one's device anyway.

A run is handed over in three steps, so that whoever is killed between two of them leaves a run that is either queued
still or has a process that is known:

1. the order (run directory, log, environment) goes into the pipe; nothing comes of it yet;
2. process.json names the spare: from now on this is the run's process;
3. the pipe is closed, by the dispatcher or by its end.

The spare waits for that end. If process.json then names it, it is the run's worker; else it goes without a word.
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
from sealife_core.runs.run import LOG, Run
from sealife_core.runs.scheduling.spawning import PROJECT, spawn

READY, READY_LOG = ".ready", ".ready.log"
READY_FLAG = "--ready"
# A spare holds some 500 MB; what is left must do for the run and for everything else on the machine.
ENOUGH_BYTES, TOO_LITTLE_BYTES = 2 * 1024**3, 1024**3
AGAIN_S = 60.0  # after one that died unasked: what killed it may kill the next


def ready_minutes() -> float:
    """How long a spare is kept after the last sign of interest; 0: never."""
    return 0.0 if WORKER_COMMAND.value() else READY_MINUTES.value()


def prewarmed_command() -> list[str]:
    """What waits for a run."""
    return [sys.executable, "-m", "sealife_core.worker", READY_FLAG]


def show_interest(root: Path) -> None:
    """Say that somebody trains or is about to; a dispatcher that is at work looks at once what there is to do."""
    (root / READY).touch()


def interest_age_s(root: Path) -> float | None:
    """Seconds since the last sign of interest, or None if there never was one."""
    try:
        return time.time() - (root / READY).stat().st_mtime
    except OSError:
        return None


def wanted(root: Path) -> bool:
    """Whether a spare is worth its memory."""
    age_s = interest_age_s(root)
    return age_s is not None and age_s < 60 * ready_minutes()


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
            print(f"spare: ended unexpectedly, code {self.child.returncode}", flush=True)
            self.end()
            self._not_before = time.monotonic() + AGAIN_S
        if self.child is not None:
            if not wanted(self.root) or psutil.virtual_memory().available < TOO_LITTLE_BYTES:
                self.end()
        elif idle and time.monotonic() >= self._not_before and wanted(self.root) and self._may_start():
            self._start()

    def offer(self, run: Run, environment: Mapping[str, str]) -> subprocess.Popen[bytes] | None:
        """Give ``run`` to the spare, which it becomes the worker of once process.json names it and its pipe is closed.

        None where there is no spare, where it is gone, or where it holds code that has changed since.
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
        """Send it away: it has nothing to save. It goes by itself as well when this process does."""
        if self.child is None:
            return
        self.child.kill()
        self.child.wait()
        if self.child.stdin is not None:
            self.child.stdin.close()
        print(f"spare: ended, pid {self.child.pid}", flush=True)
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
            print(f"spare: could not be started: {error}", flush=True)
            self._not_before = time.monotonic() + AGAIN_S
        else:
            print(f"spare: started, pid {self.child.pid}", flush=True)


def await_order() -> Path | None:
    """The spare's side: wait for a run and take its log and environment as one's own. None: there is none to come."""
    given = sys.stdin.buffer.read()
    try:
        order = json.loads(given)
    except ValueError:  # nothing, or the half of an order that the dispatcher did not live to finish
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
    """Whether a source file is younger: a run is carried out by the code that is there when it is launched."""
    return any(file.stat().st_mtime > moment for file in (PROJECT / "sealife_core").rglob("*.py"))
