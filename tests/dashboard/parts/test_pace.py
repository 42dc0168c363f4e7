import time
from pathlib import Path

import pytest

from dashboard.parts.runs.run_progress import POLL_S, SLOWEST_S, pace_s
from dashboard.parts.runs.strip import beside
from sealife_core.config import preset
from sealife_core.runs.directory import create_run
from sealife_core.runs.scheduling.queue import request_stop
from sealife_core.runs.writer import RunWriter


@pytest.mark.parametrize(("age_s", "pace"), [(0, POLL_S), (29, POLL_S), (60, 5.0), (121, SLOWEST_S), (1e6, SLOWEST_S)])
def test_pace_s__slows_as_the_run_ages(home: Path, age_s: float, pace: float) -> None:
    run = create_run(preset("simclr"))
    RunWriter(run).status(state="running", started=time.time() - age_s)
    assert pace_s(run) == pace


@pytest.mark.parametrize(("step", "pace"), [(500, SLOWEST_S), (900, 5.0), (980, POLL_S), (1000, POLL_S)])
def test_pace_s__quickens_towards_the_end(home: Path, step: int, pace: float) -> None:
    run = create_run(preset("simclr"))
    RunWriter(run).status(state="running", started=time.time() - 1000, step=step, steps=1000)
    assert pace_s(run) == pace


def test_pace_s__is_quick_for_a_run_that_waits_and_none_for_one_that_has_ended(home: Path) -> None:
    run = create_run(preset("simclr"))
    writer = RunWriter(run)
    writer.status(state="queued", started=None)
    assert pace_s(run) == POLL_S
    writer.status(state="finished", started=time.time())
    assert pace_s(run) is None


def test_pace_s__is_quick_for_a_run_that_is_stopping(home: Path) -> None:
    run = create_run(preset("simclr"))
    RunWriter(run).status(state="running", started=time.time() - 1000)
    request_stop(run)
    assert pace_s(run) == POLL_S


def test_pace_s__of_several_runs_is_that_of_the_one_which_changes_most(home: Path) -> None:
    started = {"old": time.time() - 1000, "young": time.time()}
    runs = {name: create_run(preset("simclr"), name=name) for name in (*started, "ended")}
    for name, run in runs.items():
        RunWriter(run).status(state="finished" if name == "ended" else "running", started=started.get(name))
    assert pace_s(*runs.values()) == POLL_S
    assert pace_s(runs["ended"], runs["old"]) == SLOWEST_S
    assert pace_s(runs["ended"]) is None


def test_beside__counts_what_runs_apart_from_what_waits(home: Path) -> None:
    runs = [create_run(preset("simclr")) for _ in range(3)]
    for run, state in zip(runs, ("running", "queued", "queued"), strict=True):
        RunWriter(run).status(state=state, started=time.time())
    assert beside(runs) == " · 1 more running · 2 waiting"
    assert beside(runs[:1]) == " · 1 more running"
    assert beside([]) == ""
