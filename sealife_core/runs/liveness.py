"""Does a run's process live, and what does the screen say about the run?

processes.py says whether a process lives; here it is weighed against what the run last said of itself.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sealife_core.processes import lives

# Between two heartbeats lies a step or a stage; the longest seen is a ResNet50 batch at 224 px on two cores, some 20 s.
STALE_AFTER_S = 120.0


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
        """Whether :func:`sealife_core.runs.scheduling.queue.resume` takes it up again."""
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

    A heartbeat from the future (see is_fresh) is stale unless the process is known to live.
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


# A tuple: whatever a damaged file holds can be looked for in it, hashable or not.
_WRITTEN = (State.CREATED, State.QUEUED, State.RUNNING, *FINAL)


def is_fresh(status: dict[str, Any], now: float, *, another_clock: bool = False) -> bool:
    """Whether the last sign of life is young; a clock that was set back does not make it old.

    another_clock: nobody but the sign itself says that the process lives, and it may come from a host whose clock is
    ahead: until ours has caught up, a dead run would stay fresh. Of a sign from the future the time counts that the
    file system gave the file (``status["written"]``); where that is in the future too, or not known, it is not fresh.
    """
    beat = last_sign(status)
    if another_clock and beat is not None and beat > now + STALE_AFTER_S:
        written = status.get("written")
        return isinstance(written, int | float) and abs(now - written) <= STALE_AFTER_S
    return beat is not None and now - beat <= STALE_AFTER_S


def last_sign(status: dict[str, Any]) -> float | None:
    """When the run last said anything, unix seconds."""
    beats = [status.get(key) for key in ("heartbeat", "queued", "process_started")]
    return max((float(b) for b in beats if isinstance(b, int | float)), default=None)


def process_of(record: dict[str, Any] | None, attempt: int | None = None) -> Process:
    """Whether the process that ``record`` (process.json) identifies lives. Another ``attempt``'s counts as none."""
    if not record or (attempt is not None and record.get("attempt", attempt) != attempt):
        return Process.NONE
    if "exit_code" in record:
        return Process.DEAD
    if record.get("job"):
        return Process.IN_CLUSTER
    return {True: Process.ALIVE, False: Process.DEAD, None: Process.ELSEWHERE}[lives(record)]
