"""One measurement at a time, none beside a run, and its end is told."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sealife_core.config import preset
from sealife_core.errors import RunError
from sealife_core.processes import identity
from sealife_core.runs.costs import machine_speed
from sealife_core.runs.costs.machine_speed import LOG, RECORD, Ending, SpeedMeasurement
from sealife_core.runs.directory import create_run
from sealife_core.runs.files import replace_json
from sealife_core.runs.liveness import State
from sealife_core.runs.scheduling.queue import write_status


@pytest.fixture
def other(processes: None) -> Iterator[int]:
    """The pid of another living process."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process.pid
    process.communicate(b"\n")


@pytest.fixture
def spawned(monkeypatch: pytest.MonkeyPatch, other: int) -> list[str]:
    """Devices that a process was started for; ``other`` stands for the process."""
    asked: list[str] = []

    def started(log: Path, module: str, *arguments: str) -> dict[str, Any]:
        asked.append(arguments[-1])
        return identity(other) or {}

    monkeypatch.setattr(machine_speed, "start", started)
    return asked


def queued_run() -> None:
    write_status(create_run(preset("simclr")), state=State.QUEUED)


def test_request__starts_one_process_however_often_it_is_asked(home: Path, spawned: list[str]) -> None:
    assert machine_speed.request("auto")
    assert not machine_speed.request("auto")
    assert not machine_speed.request("cpu"), "two measurements at once would slow each other"
    assert spawned == ["auto"]
    assert machine_speed.find("auto") == machine_speed.find("cpu") == SpeedMeasurement(running=True)


def test_request__waits_while_a_run_is_active(home: Path, spawned: list[str]) -> None:
    queued_run()
    assert not machine_speed.request("auto")
    assert spawned == []
    assert machine_speed.find("auto") == SpeedMeasurement(running=False)


def test_claim__does_nothing_while_another_process_is_at_it(home: Path, spawned: list[str]) -> None:
    machine_speed.request("auto")
    before = (home / "checkpoints" / RECORD).read_text()
    assert not machine_speed.claim("auto")
    assert (home / "checkpoints" / RECORD).read_text() == before


def test_claim__takes_over_what_was_started_for_this_process(home: Path) -> None:
    replace_json(home / "checkpoints" / RECORD, (identity(os.getpid()) or {}) | {"device": "auto"})
    assert machine_speed.claim("auto")
    machine_speed.end(Ending.MEASURED)
    assert machine_speed.find("auto") == SpeedMeasurement(running=False, done=True)
    assert machine_speed.find("cuda") == SpeedMeasurement(running=False), "nothing is known of another device"


def test_claim__gives_way_to_a_run(home: Path) -> None:
    queued_run()
    with pytest.raises(RunError, match="a run is active"):
        machine_speed.claim("auto")
    assert machine_speed.find("auto") == SpeedMeasurement(running=False), "it may be asked for again"


def test_find__tells_why_it_failed(home: Path) -> None:
    assert machine_speed.find("auto") == SpeedMeasurement(running=False)
    assert machine_speed.claim("auto")
    machine_speed.end(Ending.FAILED, "No usable GPU.")
    assert machine_speed.find("auto").problem == "No usable GPU."


def test_find__tells_of_a_process_that_was_killed(home: Path, other: int) -> None:
    dead = (identity(other) or {}) | {"device": "auto", "start_ticks": 1, "start_time": 1.0}
    replace_json(home / "checkpoints" / RECORD, dead)
    (home / "checkpoints" / LOG).write_text("Traceback\nMemoryError\n")
    found = machine_speed.find("auto")
    assert not found.running
    assert "ended early (MemoryError)" in found.problem
    (home / "checkpoints" / RECORD).write_text("{half")
    assert machine_speed.find("auto") == SpeedMeasurement(running=False)
