"""A search as a process with real runs: what it stops does stop, and it survives what happens to itself and to them."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sealife_core.config import Axis, SearchConfig
from sealife_core.errors import RunError
from sealife_core.processes import identity
from sealife_core.runs.deletion import delete_with_parts
from sealife_core.runs.directory import list_runs, parts_of
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.queue import request_stop, resume
from sealife_core.studies.search_results import trials_of
from tests.runs.processes import dispatcher_pids, until
from tests.studies.searches import RATE, asked

Start = Callable[[SearchConfig], Run]


@pytest.fixture(autouse=True)
def worker(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that score by their settings, epoch by epoch."""
    monkeypatch.setenv("SEALIFE_WORKER_COMMAND", f"{sys.executable} {Path(__file__).with_name('search_worker.py')}")


def finished(run: Run) -> bool:
    return run.state() is State.FINISHED


def running(search: Run, other_than: Run | None = None) -> Run:
    def found() -> Run | None:
        going = [run for run in parts_of(search) if run.status().get("state") == "running" and run != other_than]
        return next(iter(going), None)

    return until(found)


def test_search__really_stops_a_hopeless_run(start: Start, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SEALIFE_TEST_EPOCH_S", "0.2")
    wide = Axis(path="learning_rate", choices=(1e-3, 1.1e-3, 1.2e-3, 1.3e-3, 1.4e-3, 1e-6, 1.1e-6))
    search = start(asked(wide, trials=12, epochs=6))
    until(lambda: any(trial.state == "pruned" for trial in trials_of(search)), 60)
    trial = next(trial for trial in trials_of(search) if trial.state == "pruned")
    run = Run(search.root / trial.run_id)
    until(lambda: run.state() is State.STOPPED)
    assert len(run.metrics()) < 6
    assert "pruned" in run.notes()["tags"]
    until(lambda: "1 stopped early" in search.status()["message"])
    assert (search.process() or {})["device"] == "none"
    assert search.status()["steps"] == 12
    request_stop(search)
    until(lambda: not search.state().active)


def test_search__survives_its_own_end_and_that_of_a_run(start: Start, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SEALIFE_TEST_EPOCH_S", "0.2")
    search = start(asked(trials=2))
    first = running(search)
    os.kill((first.process() or {})["pid"], signal.SIGKILL)
    until(lambda: first.attempt() == 2)
    os.kill((search.process() or {})["pid"], signal.SIGKILL)
    until(lambda: search.state() is State.INTERRUPTED)
    resume(search)
    until(lambda: finished(first))
    second = running(search, other_than=first)
    request_stop(second)
    until(lambda: finished(search))
    assert [trial.state for trial in trials_of(search)] == ["finished", "failed"]
    assert trials_of(search)[1].why == "it was stopped by hand."
    assert len(parts_of(search)) == 2


def test_stop__stops_the_runs_and_resume_goes_on_with_them(start: Start, root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SEALIFE_TEST_EPOCH_S", "60")
    search = start(asked(RATE, trials=2))
    begun = running(search)
    with pytest.raises(RunError, match="Stop the study first"):
        delete_with_parts(search)
    request_stop(search)
    until(lambda: search.state() is State.STOPPED)
    until(lambda: begun.state() is State.STOPPED)
    until(lambda: not any(identity(pid) for pid in dispatcher_pids(root)))
    monkeypatch.setenv("SEALIFE_TEST_EPOCH_S", "0")
    resume(search)
    until(lambda: finished(search))
    assert trials_of(search)[0].run_id == begun.id
    assert all(trial.state == "finished" for trial in trials_of(search))
    delete_with_parts(search)
    assert list_runs(root) == []
