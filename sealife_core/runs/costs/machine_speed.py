"""Measuring how fast this machine trains, before any run has: which process measures, and how that ended.

One file below the root of all runs holds it. A measurement has the machine to itself: one at a time, and never beside a
run, because both would be slower and the rate would be wrong. The steps are in ``training.speed_measurement``.
"""

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sealife_core.errors import RunError
from sealife_core.folders import checkpoints_root
from sealife_core.processes import identity
from sealife_core.runs.contents import PROCESS_SHAPE
from sealife_core.runs.directory import list_runs
from sealife_core.runs.files import last_line, readable_json, replace_json
from sealife_core.runs.liveness import Process, process_of
from sealife_core.runs.scheduling.locks import queue_lock
from sealife_core.runs.scheduling.side_process import start

RECORD, LOG = ".calibration.json", ".calibration.log"


class Ending(StrEnum):
    """How a measurement ended."""

    MEASURED = "measured"
    GAVE_WAY = "gave way"  # to a run that was launched meanwhile, which measures as it trains
    FAILED = "failed"


@dataclass(frozen=True)
class SpeedMeasurement:
    """What a page shows: whether this machine is being measured, was measured, or why that failed ("": it did not)."""

    running: bool
    done: bool = False
    problem: str = ""


def find(device: str) -> SpeedMeasurement:
    """The measurement of ``device`` (auto, cpu or cuda) that is running, or how the last one ended."""
    root = checkpoints_root()
    record = _record(root)
    if _under_way(record):
        return SpeedMeasurement(running=True)
    if record.get("device") != device or record.get("ending") == Ending.GAVE_WAY:
        return SpeedMeasurement(running=False)
    if record.get("ending") == Ending.MEASURED:
        return SpeedMeasurement(running=False, done=True)
    said = record.get("problem") or f"The process that measures ended early ({last_line(root / LOG)})."
    return SpeedMeasurement(running=False, problem=str(said))


def request(device: str) -> bool:
    """Start measuring in its own process; True if it was started, False if one is running or a run is active.

    Returns at once. Raises RunError if no process can be started.
    """
    root = checkpoints_root()
    root.mkdir(parents=True, exist_ok=True)
    with queue_lock(root):
        if is_running(root) or runs_active():
            return False
        try:
            (root / LOG).unlink(missing_ok=True)
            process = start(root / LOG, "sealife_core", "measure-speed", "--device", device)
        except OSError as error:
            raise RunError(
                f"This machine could not be measured ({error.strerror}). The first run will measure it."
            ) from None
        replace_json(root / RECORD, process | {"device": device})
    return True


def claim(device: str) -> bool:
    """Have this process measure; False if another one does. Raises RunError while a run is active."""
    root = checkpoints_root()
    root.mkdir(parents=True, exist_ok=True)
    with queue_lock(root):
        record = _record(root)
        if record.get("pid") != os.getpid() and _under_way(record):
            return False
        mine = (identity(os.getpid()) or {}) | {"device": device}
        if runs_active():
            replace_json(root / RECORD, mine | {"ending": Ending.GAVE_WAY})
            raise RunError("This machine was not measured, because a run is active. Try again when no run is active.")
        replace_json(root / RECORD, mine)
    return True


def end(ending: Ending, problem: str = "") -> None:
    """Note how the measurement that this process claimed has ended."""
    root = checkpoints_root()
    with queue_lock(root):
        replace_json(root / RECORD, _record(root) | {"ending": ending, "problem": problem})


def is_running(root: Path) -> bool:
    """Whether a measurement is running, of any device."""
    return _under_way(_record(root))


def runs_active() -> bool:
    """Whether a run trains or waits."""
    return any(run.state().active for run in list_runs())


def _under_way(record: dict[str, Any]) -> bool:
    return "ending" not in record and process_of(record) is Process.ALIVE


def _record(root: Path) -> dict[str, Any]:
    return readable_json(root / RECORD, PROCESS_SHAPE)
