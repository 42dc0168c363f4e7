"""Processes of runs on this machine: how they are started, found again, signalled and seen to end."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from sealife_core.environment import CUDA_VISIBLE_DEVICES, HOME, WORKER_COMMAND
from sealife_core.processes import identity
from sealife_core.runs.costs.devices import NONE, needed, visible
from sealife_core.runs.costs.estimates import is_light
from sealife_core.runs.files import replace_json
from sealife_core.runs.liveness import Process, process_of
from sealife_core.runs.run import PROCESS, Run
from sealife_core.runs.scheduling.fork_server import ForkedWorker
from sealife_core.runs.scheduling.placement import may_go_beside


@dataclass
class RunProcess:
    """The living process of a run. ``child`` is None where nobody will tell its exit code: another started it."""

    run: Run
    record: dict[str, Any]
    child: ForkedWorker | subprocess.Popen[bytes] | None = None
    asked_at: float | None = None  # as term_at by a clock that nobody sets
    term_at: float | None = None
    killed: bool = False

    @property
    def devices(self) -> list[str]:
        """The devices that the run was given."""
        return str(self.record.get("device") or "").split(",")

    @property
    def beside(self) -> bool:
        """Whether the run shares the processor with a training."""
        return bool(self.record.get("beside"))

    @property
    def trains_encoder(self) -> bool:
        """Whether the run is one that others may run beside."""
        config = self.run.config_or_none()
        return config is not None and not is_light(config)

    def ended(self) -> bool:
        """Whether it is gone; a child is reaped by this call."""
        if isinstance(self.child, ForkedWorker) and self.child.is_orphan:
            self.child = None
        if self.child is not None:
            return self.child.poll() is not None
        return process_of(self.record) is not Process.ALIVE

    def note_end(self) -> int | None:
        """Write the exit code of an ended child into process.json; returns it, None for a process of another parent."""
        code = self.child.returncode if self.child else None
        if code is not None and self.run.path.is_dir():
            replace_json(self.run.path / PROCESS, self.record | {"exit_code": code, "ended": time.time()})
        return code

    def end_if_overdue(self, stop_grace_s: float, kill_after_s: float) -> None:
        """TERM to a run that has not stopped ``stop_grace_s`` after it was asked to; KILL ``kill_after_s`` later."""
        now, asked_at = time.monotonic(), self.run.stop_asked_at()
        if asked_at is None:
            return
        if self.asked_at is None:  # perhaps before this dispatcher began; not in the future, where a clock was set back
            self.asked_at = now - max(0.0, time.time() - asked_at)
        if self.term_at is None and now - self.asked_at >= stop_grace_s:
            self.term_at = now
            self.signal(signal.SIGTERM)
        elif self.term_at is not None and not self.killed and now - self.term_at >= kill_after_s:
            self.killed = True
            self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Send to the whole process group, which a worker leads unless it was started by hand."""
        pid = self.record["pid"]
        try:
            if os.getpgid(pid) == pid:
                os.killpg(pid, number)
            else:
                os.kill(pid, number)
        except (ProcessLookupError, PermissionError) as error:
            print(f"{self.run.id}: {number.name} did not arrive: {error}", flush=True)


def living_process(run: Run, workers: dict[str, int], devices: list[str]) -> RunProcess | None:
    """The process of ``run`` if it lives on this machine, whoever started it.

    A dispatcher that was killed between starting a process and noting it leaves one without a process.json: it is found
    among the ``workers`` (:func:`workers_by_directory`) and noted. Its devices are not known; the last of ``devices``
    are assumed, because they are given out last.
    """
    record = run.process()
    if record and process_of(record) is Process.ALIVE:
        return RunProcess(run, record)
    pid = workers.get(str(run.path))
    found = identity(pid) if pid else None
    if found is None:
        return None
    config = run.config_or_none()
    assigned = NONE if run.launches_runs else ",".join(devices[-(needed(config) if config else 1) :])
    record = found | {"attempt": run.attempt(), "device": assigned, "started": time.time()}
    if config is not None and may_go_beside(config):
        record["beside"] = True  # if it does not, no training waits for it either
    replace_json(run.path / PROCESS, record)
    return RunProcess(run, record)


def workers_by_directory() -> dict[str, int]:
    """Run directory → pid, of every process here that was started as a worker."""
    command = worker_command()
    found = {}
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if len(line) == len(command) + 1 and line[:-1] == command:
            found[line[-1]] = process.pid
    return found


def worker_command() -> list[str]:
    """What carries out a run; its directory is appended."""
    return list(WORKER_COMMAND.value()) or [sys.executable, "-m", "sealife_core.worker"]


def worker_environment(root: Path, assigned: list[str]) -> dict[str, str]:
    """The variables of a worker for a run below ``root`` on the devices that it was ``assigned``."""
    told = {CUDA_VISIBLE_DEVICES.name: visible(assigned)}
    if root.name == "checkpoints":  # data sets are beside the runs, whatever this process inherited
        told[HOME.name] = str(root.parent)
    return told
