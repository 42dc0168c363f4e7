import itertools
import os
import subprocess
import sys
from typing import Any

import psutil
import pytest

from sealife_core.processes import identity
from sealife_core.runs.liveness import STALE_AFTER_S, Process, State, process_of, shown_state

NOW = 1_000_000.0

# written, fresh heartbeat, stop asked for │ said with process: none, alive, dead, elsewhere, in a cluster
TRUTH = """
nothing  fresh -    │ damaged      damaged         damaged      damaged      damaged
nothing  fresh stop │ damaged      damaged         damaged      damaged      damaged
nothing  stale -    │ damaged      damaged         damaged      damaged      damaged
nothing  stale stop │ damaged      damaged         damaged      damaged      damaged
garbage  fresh -    │ damaged      damaged         damaged      damaged      damaged
garbage  fresh stop │ damaged      damaged         damaged      damaged      damaged
garbage  stale -    │ damaged      damaged         damaged      damaged      damaged
garbage  stale stop │ damaged      damaged         damaged      damaged      damaged
created  fresh -    │ created      running         failed       running      queued
created  fresh stop │ created      running         failed       running      queued
created  stale -    │ created      running         failed       failed       queued
created  stale stop │ created      running         failed       failed       queued
queued   fresh -    │ queued       running         failed       running      queued
queued   fresh stop │ queued       running         failed       running      queued
queued   stale -    │ queued       running         failed       failed       queued
queued   stale stop │ queued       running         failed       failed       queued
running  fresh -    │ running      running         interrupted  running      running
running  fresh stop │ running      running         stopped      running      running
running  stale -    │ interrupted  not_responding  interrupted  interrupted  not_responding
running  stale stop │ stopped      not_responding  stopped      stopped      not_responding
finished fresh -    │ finished     finished        finished     finished     finished
finished fresh stop │ finished     finished        finished     finished     finished
finished stale -    │ finished     finished        finished     finished     finished
finished stale stop │ finished     finished        finished     finished     finished
stopped  fresh -    │ stopped      stopped         stopped      stopped      stopped
stopped  fresh stop │ stopped      stopped         stopped      stopped      stopped
stopped  stale -    │ stopped      stopped         stopped      stopped      stopped
stopped  stale stop │ stopped      stopped         stopped      stopped      stopped
failed   fresh -    │ failed       failed          failed       failed       failed
failed   fresh stop │ failed       failed          failed       failed       failed
failed   stale -    │ failed       failed          failed       failed       failed
failed   stale stop │ failed       failed          failed       failed       failed
"""
PROCESSES = (Process.NONE, Process.ALIVE, Process.DEAD, Process.ELSEWHERE, Process.IN_CLUSTER)


def rows() -> list[tuple[str, str, str, Process, str]]:
    found = []
    for line in TRUTH.strip().splitlines():
        left, right = line.split("│")
        found += [(*left.split(), process, said) for process, said in zip(PROCESSES, right.split(), strict=True)]
    return found


def test_truth_table__covers_every_combination():
    written = ("nothing", "garbage", "created", "queued", "running", "finished", "stopped", "failed")
    every = set(itertools.product(written, ("fresh", "stale"), ("-", "stop"), PROCESSES))
    assert {row[:4] for row in rows()} == every
    assert len(rows()) == len(every)


@pytest.mark.parametrize(("written", "beat", "stop", "process", "said"), rows())
def test_shown_state__follows_the_truth_table(written: str, beat: str, stop: str, process: Process, said: str):
    heartbeat = NOW - (STALE_AFTER_S - 1 if beat == "fresh" else STALE_AFTER_S + 1)
    status = {} if written == "nothing" else {"state": written, "heartbeat": heartbeat}
    assert shown_state(status, process, NOW, stop_requested=stop == "stop") == said.replace("_", " ")


@pytest.mark.parametrize("status", [{}, {"state": None}, {"state": 3}, {"state": "interrupted"}, {"state": ["x"]}])
def test_shown_state__calls_an_unknown_state_damaged(status: dict[str, Any]):
    assert shown_state(status, Process.ALIVE, NOW) is State.DAMAGED


@pytest.mark.parametrize("heartbeat", [None, "soon", True])
def test_shown_state__without_a_heartbeat_relies_on_the_process(heartbeat: Any):
    status = {"state": "running", "heartbeat": heartbeat}
    assert shown_state(status, Process.ALIVE, NOW) is State.NOT_RESPONDING
    assert shown_state(status, Process.DEAD, NOW) is State.INTERRUPTED


def test_shown_state__a_clock_set_back_does_not_make_a_run_stale():
    assert shown_state({"state": "running", "heartbeat": NOW + 3600}, Process.ALIVE, NOW) is State.RUNNING


def test_state__is_the_word_the_screen_shows():
    assert State.NOT_RESPONDING == "not responding"
    assert f"{State.RUNNING}" == "running"


def test_identity__of_this_process_is_alive():
    assert process_of(identity(os.getpid())) is Process.ALIVE


@pytest.mark.process
def test_process_of__a_zombie_is_dead():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    record = identity(child.pid)
    assert process_of(record) is Process.ALIVE
    assert child.stdin
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and nobody has reaped it
    assert psutil.pid_exists(child.pid)
    assert process_of(record) is Process.DEAD
    assert identity(child.pid) is None
    child.wait()
    assert process_of(record) is Process.DEAD


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"start_ticks": 1}, Process.DEAD),
        ({"start_ticks": None, "start_time": 1.0}, Process.DEAD),
        ({"start_ticks": None}, Process.ALIVE),
        ({"start_ticks": None, "start_time": "yesterday"}, Process.DEAD),
        ({"boot": "another"}, Process.DEAD),
        ({"pid": None}, Process.DEAD),
        ({"pid": "1"}, Process.DEAD),
        ({"pid": -5}, Process.DEAD),
        ({"exit_code": 0}, Process.DEAD),
        ({"host": "another"}, Process.ELSEWHERE),
        ({"attempt": 1}, Process.NONE),
    ],
)
def test_process_of__a_pid_alone_proves_nothing(change: dict[str, Any], expected: Process):
    record = {**(identity(os.getpid()) or {}), "attempt": 2, **change}
    assert process_of(record, attempt=2) is expected


def test_process_of__no_record_is_no_process():
    assert process_of(None) is Process.NONE
    assert process_of({}) is Process.NONE


@pytest.mark.parametrize("process", [Process.ELSEWHERE, Process.NONE])
def test_shown_state__a_heartbeat_from_a_clock_that_is_ahead_keeps_no_dead_run_running(process: Process):
    status = {"state": "running", "heartbeat": NOW + 30 * 86400.0}
    assert shown_state(status | {"written": NOW - 3600}, process, NOW) is State.INTERRUPTED
    assert shown_state(status, process, NOW) is State.INTERRUPTED
    assert shown_state(status | {"written": NOW + 30 * 86400.0}, process, NOW) is State.INTERRUPTED


def test_shown_state__a_run_that_goes_on_under_a_clock_that_is_ahead_is_running():
    status = {"state": "running", "heartbeat": NOW + 3600, "written": NOW - 1}
    assert shown_state(status, Process.ELSEWHERE, NOW) is State.RUNNING
    assert (
        shown_state({"state": "queued", "queued": NOW + 3600, "written": NOW}, Process.ELSEWHERE, NOW) is State.RUNNING
    )


def test_process_of__a_pid_of_another_container_is_not_ours():
    record = identity(os.getpid()) or {}
    assert record["pids"].startswith("pid:[")
    assert process_of(record | {"pids": "pid:[1]"}) is Process.ELSEWHERE
    assert process_of({key: value for key, value in record.items() if key != "pids"}) is Process.ALIVE
