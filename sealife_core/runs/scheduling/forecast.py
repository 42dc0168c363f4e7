"""When a run that waits will begin: after what is at work on its devices, and what stands before it in the queue."""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sealife_core.config import AnyConfig, cluster_address, source_run
from sealife_core.durable import is_full
from sealife_core.errors import SealifeError
from sealife_core.runs.costs.devices import devices, needed, suitable
from sealife_core.runs.costs.estimates import Images, count_images, estimate, labelled_only
from sealife_core.runs.directory import list_runs
from sealife_core.runs.liveness import Process, State, process_of
from sealife_core.runs.run import LAST, Run
from sealife_core.runs.scheduling.concurrency import NO_ROOM, is_light, may_go_beside
from sealife_core.runs.scheduling.queue import waits_for_a_person
from sealife_core.runs.scheduling.queue_order import waiting_runs
from sealife_core.wording import counted, duration

ASKED = ""  # stands for a run that is not launched yet, among the ids
RECENT_ROWS = 100  # the rate of now, which a resumed run does not share with its past
KNOWN_AFTER_STEPS, KNOWN_AFTER_S = 20, 5  # a rate from less would jump about

Rows = Sequence[dict[str, Any]]


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
    """A run that takes ``count`` of the devices it ``may_take``, once the run ``source`` has ended.

    takes_s: how long, in seconds, None if unknown; beside: it may go beside a training (``beside.py``).
    """

    id: str
    may_take: tuple[str, ...]
    takes_s: float | None
    count: int = 1
    beside: bool = False
    source: str | None = None


@dataclass(frozen=True)
class QueueForecast:
    """begins_in_s: seconds, None if unknown; behind: so many runs; takes_s; beside: it goes beside a training."""

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
    """id → when it begins, of the runs ``waiting``, in the order of the queue. Pure: the dispatcher's rules, played.

    What is unknown makes unknown what comes after it: an end that nobody can tell lies at infinity.
    """
    play = _Play([*at_work])
    queue = list(waiting)
    while queue and play.now < math.inf:
        awaited: set[str] = set()
        queue = [run for run in queue if not play.begins(run, awaited)]
        play.now = min((end for end in play.ends.values() if end > play.now), default=math.inf)
    return {run.id: _told(run, play, waiting[:place]) for place, run in enumerate(waiting)}


@dataclass
class _Play:
    """What is at work at the moment ``now``, seconds from the present."""

    at_work: list[AtWork]
    now: float = 0.0
    ends: dict[str, float] = field(default_factory=dict)
    begun: dict[str, tuple[float, bool]] = field(default_factory=dict)  # id → when, and whether beside a training

    def __post_init__(self) -> None:
        self.ends = {run.id: math.inf if run.left_s is None else run.left_s for run in self.at_work}
        self.first = list(self.at_work)

    def begins(self, run: Waits, awaited: set[str]) -> bool:
        """Whether ``run`` begins now; else the free devices that it waits for are added to ``awaited``."""
        if run.source is not None and self.ends.get(run.source, math.inf) > self.now:
            return False
        lively = [other for other in self.at_work if self.ends[other.id] > self.now]
        held = {device: other for other in lively if not other.beside for device in other.devices}
        free = [device for device in run.may_take if device not in held and device not in awaited]
        beside = (
            run.beside
            and not any(other.beside for other in lively)
            and all(device in held and held[device].trains for device in run.may_take)
        )
        if len(free) < run.count and not beside:
            awaited.update(free)
            return False
        self.begun[run.id] = self.now, beside
        self.ends[run.id] = math.inf if run.takes_s is None else self.now + run.takes_s
        taken = () if beside else tuple(free[: run.count])
        self.at_work = [*lively, AtWork(run.id, taken, run.takes_s, trains=not run.beside, beside=beside)]
        return True


def _told(run: Waits, play: _Play, before: Sequence[Waits]) -> QueueForecast:
    begins_s, beside = play.begun.get(run.id, (None, False))
    if begins_s == 0:
        return QueueForecast(0.0, 0, run.takes_s, beside)
    mine = set(run.may_take)
    behind = {other.id for other in play.first if not other.beside and mine & set(other.devices)}
    behind |= {
        other.id for other in before if mine & set(other.may_take) and not play.begun.get(other.id, (0, False))[1]
    }
    return QueueForecast(begins_s, len(behind | ({run.source} if run.source else set())), run.takes_s, beside)


def queue_forecast(
    root: Path,
    images: Callable[[str], Images],
    rows: Callable[[Run], Rows] = Run.metrics,
    asked: AnyConfig | None = None,
) -> dict[str, QueueForecast]:
    """id → when it begins, of the runs that wait for a place on this machine, and of ``asked`` as ASKED.

    images: opens a data set by its name; rows: the metrics of a run. Where no run waits, next to nothing is read.
    """
    waiting = waiting_runs(root)
    if (not waiting and asked is None) or is_full(root):  # no run begins on a full disk
        return {}
    here, taking = devices(), _Taking(root, images)
    configs = [(run.id, run.config(), taking.left_s(run, ())) for run in waiting if not waits_for_a_person(run)]
    if asked is not None:
        configs.append((ASKED, asked, taking.seconds(asked)))
    no_room = {run.id for run in waiting if run.status().get("message") == NO_ROOM}
    queue = [
        Waits(
            run_id, tuple(suitable(config, here)), takes_s, needed(config),
            may_go_beside(config) and run_id not in no_room, _awaited(root, config),
        )
        for run_id, config, takes_s in configs
        if cluster_address(config.where) is None
    ]  # fmt: skip
    return forecast(_at_work(root, taking, rows), queue)


def seconds_left(status: Mapping[str, Any], rows: Rows) -> float | None:
    """Time left at the rate of the last metric ``rows``, in seconds; None until enough steps are done to know it."""
    step, steps = status.get("step") or 0, status.get("steps") or 0
    told = [(row.get("step"), row.get("time")) for row in rows[-RECENT_ROWS:]]
    known = [(at, when) for at, when in told if at is not None and when is not None]
    if not known or step >= steps:
        return None
    done, took_s = (last - first for first, last in zip(known[0], known[-1], strict=True))
    if done < KNOWN_AFTER_STEPS or took_s < KNOWN_AFTER_S:
        return None
    return took_s / done * (steps - step)


def stage_seconds_left(status: Mapping[str, Any]) -> float | None:
    """Time left of the present stage where it counts images, in seconds; None until enough are done to know it."""
    done, total = status.get("done") or 0, status.get("total") or 0
    took_s = (status.get("heartbeat") or 0) - (status.get("stage_began") or math.inf)
    return took_s / done * (total - done) if 0 < done < total and took_s >= KNOWN_AFTER_S else None


class _Taking:
    """How long runs take, by their estimates. Each data set is opened and counted once."""

    def __init__(self, root: Path, images: Callable[[str], Images]) -> None:
        self.root, self._open = root, images
        self._counts: dict[tuple[str, bool], tuple[int, int, int]] = {}

    def seconds(self, config: AnyConfig) -> float | None:
        """The whole run; None where nothing comparable was measured, or its data set is gone."""
        key = config.data, labelled_only(config)
        try:
            if key not in self._counts:
                self._counts[key] = count_images(config, self._open(config.data))
            n_images, n_stored, classes = self._counts[key]
            return estimate(config, n_images, self.root, n_stored, classes).seconds
        except SealifeError:
            return None

    def left_s(self, run: Run, rows: Rows) -> float | None:
        """What is left of a run, or of one that waits to go on: by its own rate, else by the estimate."""
        status = run.status()
        measured = seconds_left(status, rows)
        whole = self.seconds(run.config()) if measured is None else None
        if whole is None:
            return measured
        step, steps = status.get("step") or 0, status.get("steps") or 0
        share_left = min(1.0, max(0.0, 1 - step / steps)) if steps > 0 else None
        if status.get("state") == State.QUEUED:
            return whole * share_left if share_left is not None and (run.path / LAST).exists() else whole
        if share_left is not None:
            return whole * share_left
        started = status.get("started")
        left_s = whole if started is None else whole - (time.time() - started)
        return left_s if left_s > 0 else None


def _at_work(root: Path, taking: _Taking, rows: Callable[[Run], Rows]) -> list[AtWork]:
    """The runs that hold devices of this machine."""
    found = []
    for run in list_runs(root):
        if run.status().get("state") not in (State.QUEUED, State.RUNNING):  # nothing else is asked: there are hundreds
            continue
        record = run.process() or {}
        if run.launches_runs or process_of(record) is not Process.ALIVE or not run.state().active:
            continue
        held = tuple(str(record.get("device") or "").split(","))
        left_s = taking.left_s(run, rows(run))
        found.append(AtWork(run.id, held, left_s, not is_light(run.config()), bool(record.get("beside"))))
    return found


def _awaited(root: Path, config: AnyConfig) -> str | None:
    """The run that the weights come from, while it has not ended."""
    source_id = source_run(config.weights)
    return source_id if source_id is not None and Run(root / source_id).state().active else None
