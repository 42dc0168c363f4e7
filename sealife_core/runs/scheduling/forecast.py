"""When a waiting run will begin: after the runs on its devices, and those before it in the queue."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sealife_core.config import AnyConfig, cluster_address, source_run
from sealife_core.durable import is_full
from sealife_core.runs.costs.devices import devices
from sealife_core.runs.costs.estimates import Images, is_light
from sealife_core.runs.costs.time_left import Rows, RunTimes
from sealife_core.runs.directory import list_runs, noted_run
from sealife_core.runs.liveness import Process, State, process_of
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.placement import NO_ROOM, Demand, demand_of
from sealife_core.runs.scheduling.queue import waits_for_a_person
from sealife_core.runs.scheduling.queue_order import waiting_runs
from sealife_core.wording import counted, duration

ASKED = ""  # the id of a run that is not launched yet


@dataclass(frozen=True)
class AtWork:
    """A run that holds ``devices``. left_s: seconds until it ends, None if unknown; trains: it trains an encoder."""

    id: str
    devices: tuple[str, ...]
    left_s: float | None
    trains: bool = True
    beside: bool = False


@dataclass(frozen=True)
class Waits:
    """A queued run that begins once the run ``source``, if any, has ended. takes_s: seconds, None if unknown."""

    id: str
    demand: Demand
    takes_s: float | None
    source: str | None = None


@dataclass(frozen=True)
class QueueForecast:
    """begins_in_s, takes_s: seconds, None if unknown; behind: how many runs; beside: it runs beside a training."""

    begins_in_s: float | None
    behind: int
    takes_s: float | None
    beside: bool = False

    @property
    def begins(self) -> str:
        """For example "begins in about 2 h 5 min (behind 3 runs)"."""
        runs = counted(self.behind, "run")
        if self.begins_in_s is None:
            how_long = "how long it takes" if self.behind == 1 else "how long they take"
            return f"begins after {runs} ({how_long} is not known yet)"
        if self.begins_in_s > 0:
            return f"begins in about {duration(self.begins_in_s)} (behind {runs})"
        return "begins at once, beside the training" if self.beside else "begins at once"

    @property
    def in_short(self) -> str:
        """For a cell of a table: "in about 2 h 5 min", "behind 3 runs"."""
        if self.begins_in_s is None:
            return f"behind {counted(self.behind, 'run')}"
        return f"in about {duration(self.begins_in_s)}" if self.begins_in_s > 0 else "begins at once"

    @property
    def says(self) -> str:
        """For example "begins in about 2 h 5 min (behind 3 runs), takes about 27 s"."""
        return self.begins + ("" if self.takes_s is None else f", takes about {duration(self.takes_s)}")


def forecast(at_work: Iterable[AtWork], waiting: Sequence[Waits]) -> dict[str, QueueForecast]:
    """id → when it begins, of the runs ``waiting``, in the order of the queue. Pure: simulates the dispatcher's rules.

    A run whose end is unknown ends at infinity, so that what comes after it is unknown too.
    """
    play = _Play(at_work)
    queue = list(waiting)
    while queue and play.now < math.inf:
        reserved: set[str] = set()
        queue = [run for run in queue if not play.begins(run, reserved)]
        play.now = min((end for end in play.ends.values() if end > play.now), default=math.inf)
    return {run.id: _told(run, play, waiting[:place]) for place, run in enumerate(waiting)}


class _Play:
    """The runs at work at the moment ``now``, seconds from the present."""

    def __init__(self, at_work: Iterable[AtWork]) -> None:
        self.at_work = self.first = list(at_work)
        self.now = 0.0
        self.ends = {run.id: math.inf if run.left_s is None else run.left_s for run in self.at_work}
        self.begun: dict[str, tuple[float, bool]] = {}  # id → when, and whether beside a training

    def begins(self, run: Waits, reserved: set[str]) -> bool:
        """Whether ``run`` begins now; else the free devices that it waits for are added to ``reserved``."""
        if run.source is not None and self.ends.get(run.source, math.inf) > self.now:
            return False
        lively = [other for other in self.at_work if self.ends[other.id] > self.now]
        held = {device: other.trains for other in lively if not other.beside for device in other.devices}
        free = run.demand.free(held, reserved)
        beside = run.demand.fits_beside(held) and not any(other.beside for other in lively)
        if len(free) < run.demand.count and not beside:
            reserved.update(free)
            return False
        self.begun[run.id] = self.now, beside
        self.ends[run.id] = math.inf if run.takes_s is None else self.now + run.takes_s
        taken = () if beside else tuple(free[: run.demand.count])
        self.at_work = [*lively, AtWork(run.id, taken, run.takes_s, trains=not run.demand.beside, beside=beside)]
        return True


def _told(run: Waits, play: _Play, before: Sequence[Waits]) -> QueueForecast:
    begins_s, beside = play.begun.get(run.id, (None, False))
    if begins_s == 0:
        return QueueForecast(0.0, 0, run.takes_s, beside)
    mine = set(run.demand.may_take)
    behind = {other.id for other in play.first if not other.beside and mine & set(other.devices)}
    behind |= {
        other.id
        for other in before
        if mine & set(other.demand.may_take) and not play.begun.get(other.id, (0, False))[1]
    }
    return QueueForecast(begins_s, len(behind | ({run.source} if run.source else set())), run.takes_s, beside)


def queue_forecast(
    root: Path,
    images: Callable[[str], Images],
    rows: Callable[[Run], Rows] = Run.metrics,
    asked: AnyConfig | None = None,
) -> dict[str, QueueForecast]:
    """id → when it begins, of the runs that wait for a place on this machine, and of ``asked`` as ASKED.

    images: opens a data set by its name; rows: the metrics of a run. If no run waits, almost nothing is read.
    """
    waiting = waiting_runs(root)
    if (not waiting and asked is None) or is_full(root):  # no run begins on a full disk
        return {}
    here, times = devices(), RunTimes(root, images)
    configs = [(run.id, run.config(), times.left_s(run, ())) for run in waiting if not waits_for_a_person(run)]
    if asked is not None:
        configs.append((ASKED, asked, times.seconds(asked)))
    no_room = {run.id for run in waiting if run.status().get("message") == NO_ROOM}
    queue = [
        Waits(run_id, demand_of(config, here, has_room=run_id not in no_room), takes_s, _awaited(root, config))
        for run_id, config, takes_s in configs
        if cluster_address(config.where) is None
    ]
    return forecast(_at_work(root, times, rows), queue)


def _at_work(root: Path, times: RunTimes, rows: Callable[[Run], Rows]) -> list[AtWork]:
    """The runs that hold devices of this machine."""
    found = []
    for run in list_runs(root):
        if run.status().get("state") not in (State.QUEUED, State.RUNNING):  # nothing else is read: there are hundreds
            continue
        record = run.process() or {}
        if run.launches_runs or process_of(record) is not Process.ALIVE or not run.state().active:
            continue
        held = tuple(str(record.get("device") or "").split(","))
        left_s = times.left_s(run, rows(run))
        found.append(AtWork(run.id, held, left_s, not is_light(run.config()), bool(record.get("beside"))))
    return found


def _awaited(root: Path, config: AnyConfig) -> str | None:
    """The run that the weights come from, while it has not ended."""
    source_id = source_run(config.weights)
    return source_id if source_id is not None and noted_run(source_id, root).state().active else None
