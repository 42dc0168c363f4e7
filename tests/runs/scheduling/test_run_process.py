import os
import signal
import sys
import time
from pathlib import Path

import pytest

from sealife_core.config import preset
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import STOP
from sealife_core.runs.scheduling.run_process import RunProcess, worker_command, worker_environment


def test_worker_environment__puts_data_beside_the_runs(root: Path):
    told = worker_environment(root, ["cuda:1"])
    assert (told["SEALIFE_HOME"], told["CUDA_VISIBLE_DEVICES"]) == (str(root.parent), "1")
    assert "SEALIFE_HOME" not in worker_environment(root / "sweep", "cpu"), "as this process has it"


def test_worker_command__is_the_worker_unless_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SEALIFE_WORKER_COMMAND", raising=False)
    assert worker_command() == [sys.executable, "-m", "sealife_core.worker"]


def test_end_if_overdue__counts_the_seconds_of_grace_whatever_the_clock_is_set_to(
    root: Path, monkeypatch: pytest.MonkeyPatch
):
    run = create_run(preset("simclr"), root=root)
    process, sent, passed = RunProcess(run, {"pid": 1}), [], [0.0]
    monkeypatch.setattr(RunProcess, "signal", lambda self, number: sent.append(number))
    monkeypatch.setattr(time, "monotonic", lambda: passed[0])
    (run.path / STOP).touch()
    hour = time.time() + 3600
    os.utime(run.path / STOP, (hour, hour))  # the clock was set back an hour after somebody asked
    for passed[0], expected in ((0, 0), (9, 0), (10, 1), (14, 1), (15, 2), (99, 2)):
        process.end_if_overdue(stop_grace_s=10, kill_after_s=5)
        assert len(sent) == expected, f"after {passed[0]} s"
    assert sent == [signal.SIGTERM, signal.SIGKILL]

    process, sent[:] = RunProcess(run, {"pid": 1}), []
    before = time.time() - 60
    os.utime(run.path / STOP, (before, before))
    process.end_if_overdue(stop_grace_s=10, kill_after_s=5)
    assert sent == [signal.SIGTERM], "a dispatcher that took over counts from the request"
