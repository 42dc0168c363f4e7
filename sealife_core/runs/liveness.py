"""Does a run's process live, and what does the screen say about the run?

A process is identified by its pid *and* its start *and* the boot, for a pid alone is soon given to someone else.
A zombie is dead: it waits for its parent only.
"""

import socket
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import psutil

# Between two heartbeats lies a step or a stage; the longest seen is a ResNet50 batch at 224 px on two cores, some 20 s.
STALE_AFTER_S = 120.0
# psutil derives a start from the boot time, which it rounds; only where no exact tick is known.
START_TOLERANCE_S = 2.0


class State(StrEnum):
    """What the screen says about a run. Six are written; the last three are only ever derived."""

    CREATED = "created"
    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    NOT_RESPONDING = "not responding"
    DAMAGED = "damaged"

    @property
    def active(self) -> bool:
        """Something is still to be expected of the run."""
        return self in ACTIVE

    @property
    def resumable(self) -> bool:
        """Whether :func:`sealife_core.runs.queue.resume` takes it up again."""
        return self in (State.INTERRUPTED, State.STOPPED, State.FAILED)


ACTIVE = frozenset({State.QUEUED, State.RUNNING, State.NOT_RESPONDING})
FINAL = frozenset({State.FINISHED, State.STOPPED, State.FAILED})


class Process(StrEnum):
    """What is known about the process of a run's present attempt."""

    NONE = "none"  # no process.json yet, or one of an earlier attempt
    ALIVE = "alive"
    DEAD = "dead"
    ELSEWHERE = "elsewhere"  # on another host: only its heartbeat can tell
    IN_CLUSTER = "in a cluster"  # a job of a cluster, which the dispatcher asks how it goes and notes its end


@dataclass(frozen=True)
class Shown:
    """What the screen says: a state, one sentence, whether a stop is under way, how old the last sign of life is."""

    state: State
    message: str
    stopping: bool = False
    age_s: float | None = None


def shown_state(status: dict[str, Any] | None, process: Process, now: float, *, stop_requested: bool = False) -> State:
    """The one place where status file, process and clock become a state. Pure: same arguments, same answer.

    ========================  ==============  ==============  =======================  =================  ==============
    status.json says          no process      process alive   process dead             on another host    in a cluster
    ========================  ==============  ==============  =======================  =================  ==============
    nothing readable          damaged         damaged         damaged                  damaged            damaged
    created                   created         running         failed                   running if fresh¹  queued
    queued                    queued          running         failed (never started)   running if fresh¹  queued
    running, fresh heartbeat  running         running         interrupted²             running            running
    running, stale            interrupted²    not responding  interrupted²             interrupted²       not responding
    finished stopped failed   as written      as written      as written               as written         as written
    ========================  ==============  ==============  =======================  =================  ==============

    ¹ else failed; before the first heartbeat the time it was queued or started stands for it.
    ² stopped, if a stop was asked for.
    'no process' with a fresh heartbeat is a worker started by hand.
    """
    written = (status or {}).get("state")
    if status is None or written not in _WRITTEN:
        return State.DAMAGED
    said = State(written)
    if said in FINAL:
        return said
    fresh = is_fresh(status, now)
    if said in (State.CREATED, State.QUEUED):
        if process is Process.NONE:
            return said
        if process is Process.IN_CLUSTER:
            return State.QUEUED
        if process is Process.ALIVE or (process is Process.ELSEWHERE and fresh):
            return State.RUNNING
        return State.FAILED
    if process in (Process.ALIVE, Process.IN_CLUSTER):
        return State.RUNNING if fresh else State.NOT_RESPONDING
    if process is not Process.DEAD and fresh:
        return State.RUNNING
    return State.STOPPED if stop_requested else State.INTERRUPTED


# A tuple: whatever a damaged file holds can be looked for in it, hashable or not.
_WRITTEN = (State.CREATED, State.QUEUED, State.RUNNING, *FINAL)


def is_fresh(status: dict[str, Any], now: float) -> bool:
    """Whether the last sign of life is young; a clock that was set back does not make it old."""
    beat = last_sign(status)
    return beat is not None and now - beat <= STALE_AFTER_S


def last_sign(status: dict[str, Any]) -> float | None:
    """When the run last said anything, unix seconds."""
    beats = [status.get(key) for key in ("heartbeat", "queued", "process_started")]
    return max((float(b) for b in beats if isinstance(b, int | float)), default=None)


def identity(pid: int) -> dict[str, Any] | None:
    """pid, start and boot of the living process ``pid`` of this host, or None if it does not live."""
    try:
        process = psutil.Process(pid)
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return None
        start_time = process.create_time()
    except (psutil.NoSuchProcess, ValueError):
        return None
    except psutil.AccessDenied:
        return None  # a process of someone else: none of ours
    return {"pid": pid, "start_time": start_time, "start_ticks": _start_ticks(pid), "boot": boot_id(), "host": host()}


def process_of(record: dict[str, Any] | None, attempt: int | None = None) -> Process:
    """Whether the process that ``record`` (process.json) identifies lives. Another ``attempt``'s counts as none."""
    if not record or (attempt is not None and record.get("attempt", attempt) != attempt):
        return Process.NONE
    if "exit_code" in record:
        return Process.DEAD
    if record.get("job"):
        return Process.IN_CLUSTER
    if record.get("host") != host():
        return Process.ELSEWHERE
    pid = record.get("pid")
    if record.get("boot") != boot_id() or not isinstance(pid, int):
        return Process.DEAD
    living = identity(pid)
    return Process.ALIVE if living is not None and _same_start(record, living) else Process.DEAD


def _same_start(record: dict[str, Any], living: dict[str, Any]) -> bool:
    if record.get("start_ticks") is not None and living["start_ticks"] is not None:
        return record["start_ticks"] == living["start_ticks"]
    recorded = record.get("start_time")
    return isinstance(recorded, int | float) and abs(recorded - living["start_time"]) <= START_TOLERANCE_S


def _start_ticks(pid: int) -> int | None:
    """Start of the process in clock ticks since boot (Linux): setting the clock does not change it."""
    try:
        # The name, in brackets, may hold spaces and brackets; field 22 is the 20th after it (man 5 proc).
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return None


@cache
def boot_id() -> str:
    """What tells one start of this machine from another."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return str(round(psutil.boot_time()))


@cache
def host() -> str:
    """The name of this machine."""
    return socket.gethostname()
