"""The state of a run, from what it last wrote and whether its process lives (processes.py)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sealife_core.processes import lives

# Between two heartbeats is a step or a stage; the longest seen is a ResNet50 batch at 224 px on two cores, some 20 s.
STALE_AFTER_S = 120.0


class State(StrEnum):
    """What the screen says about a run. Six are written; the last three are always derived."""

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
        """Whether the run waits or works."""
        return self in (State.QUEUED, State.RUNNING, State.NOT_RESPONDING)

    @property
    def resumable(self) -> bool:
        """Whether :func:`sealife_core.runs.scheduling.queue.resume` accepts the run."""
        return self in (State.INTERRUPTED, State.STOPPED, State.FAILED)


FINAL = (State.FINISHED, State.STOPPED, State.FAILED)  # a tuple: a damaged file may hold a value that is not hashable


class Process(StrEnum):
    """What is known about the process of the present attempt of a run."""

    NONE = "none"  # no process.json yet, or one of an earlier attempt
    ALIVE = "alive"
    DEAD = "dead"
    ELSEWHERE = "elsewhere"  # on another host: only its heartbeat can tell
    IN_CLUSTER = "in a cluster"  # a job of a cluster, which the dispatcher follows until its end


@dataclass(frozen=True)
class Shown:
    """What the screen says: state, one sentence, whether a stop was asked for, age of the last sign of life."""

    state: State
    message: str
    stopping: bool = False
    age_s: float | None = None


def shown_state(status: dict[str, Any], process: Process, now: float, *, stop_requested: bool = False) -> State:
    """The one place that makes a state of status file, process and clock. Pure: same arguments, same answer.

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

    A heartbeat from the future (see is_fresh) is stale unless the process is known to live.
    ¹ else failed; before the first heartbeat, the time at which the run was queued or started counts instead.
    ² stopped, if a stop was asked for.
    'no process' with a fresh heartbeat is a worker that was started by hand.
    """
    written = status.get("state")
    if written not in (State.CREATED, State.QUEUED, State.RUNNING, *FINAL):
        return State.DAMAGED
    said = State(written)
    if said in FINAL:
        return said
    here = process in (Process.ALIVE, Process.IN_CLUSTER)
    fresh = is_fresh(status, now, another_clock=not here)
    if said in (State.CREATED, State.QUEUED):
        if process is Process.NONE:
            return said
        if process is Process.IN_CLUSTER:
            return State.QUEUED
        if process is Process.ALIVE or (process is Process.ELSEWHERE and fresh):
            return State.RUNNING
        return State.FAILED
    if here:
        return State.RUNNING if fresh else State.NOT_RESPONDING
    if process is not Process.DEAD and fresh:
        return State.RUNNING
    return State.STOPPED if stop_requested else State.INTERRUPTED


def is_fresh(status: dict[str, Any], now: float, *, another_clock: bool = False) -> bool:
    """Whether the last sign of life is recent; a clock that was set back does not make it old.

    another_clock: nothing else says that the process lives, and the sign may come from a host whose clock is ahead:
    until ours has caught up, a dead run would stay fresh. For a sign from the future, the time of the file counts
    instead (``status["written"]``); if that is in the future too, or not known, the sign is not fresh.
    """
    beat = last_sign(status)
    if another_clock and beat is not None and beat > now + STALE_AFTER_S:
        written = status.get("written")
        return isinstance(written, int | float) and abs(now - written) <= STALE_AFTER_S
    return beat is not None and now - beat <= STALE_AFTER_S


def last_sign(status: dict[str, Any]) -> float | None:
    """When the run last gave a sign of life, unix seconds."""
    beats = [status.get(key) for key in ("heartbeat", "queued", "process_started")]
    return max((float(b) for b in beats if isinstance(b, int | float)), default=None)


def process_of(record: dict[str, Any] | None, attempt: int | None = None) -> Process:
    """Whether the process in ``record`` (process.json) lives. The process of another ``attempt`` counts as none."""
    if not record or (attempt is not None and record.get("attempt", attempt) != attempt):
        return Process.NONE
    if "exit_code" in record:
        return Process.DEAD
    if record.get("job"):
        return Process.IN_CLUSTER
    return {True: Process.ALIVE, False: Process.DEAD, None: Process.ELSEWHERE}[lives(record)]
