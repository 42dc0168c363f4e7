"""``python -m sealife_core.runs.scheduling.dispatcher ROOT``: starts queued runs, first in, first out, one a device.

A run that was moved up goes first (``order.py``). A run that several devices train together waits until so many are
free; what is free meanwhile is kept for it, so that no shorter run overtakes it for ever. A run that trains no encoder
does not wait for trainings to end: one at a time goes beside them, on the processor, where memory allows
(``beside.py``).

One lives below a root at a time, under a lock. It is started by whoever queues a run, watches the processes, ends those
that do not stop when asked, and goes when there is nothing left to do. It may be killed at any moment: the runs go on,
and the next one takes them over, for all it has to know is on disk or can be asked of the operating system. While
somebody seems about to train it keeps a worker ready (``spare.py``). Runs that a cluster is to carry out take no device
here; a thread looks after them (``in_cluster.py``).
"""

import io
import os
import signal
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import psutil

from sealife_core.config import AnyConfig, cluster_address
from sealife_core.environment import HOME, STOP_GRACE_S, WORKER_COMMAND
from sealife_core.errors import SealifeError, disk_problem
from sealife_core.neutral import terminal_lines
from sealife_core.runs import liveness
from sealife_core.runs.cluster.cluster_runs import ClusterRuns
from sealife_core.runs.costs.devices import CPU, NONE, devices, impossible, needed, not_here, suitable, visible
from sealife_core.runs.directory import Run, list_runs
from sealife_core.runs.files import replace_json
from sealife_core.runs.liveness import Process, State, process_of
from sealife_core.runs.run import LOG, PROCESS, STATUS, STOP
from sealife_core.runs.scheduling.concurrency import (
    NO_ROOM,
    available_bytes,
    have_room,
    held_bytes,
    is_light,
    may_go_beside,
    peak_in_main_memory,
)
from sealife_core.runs.scheduling.locks import queue_lock, take_dispatcher_lock
from sealife_core.runs.scheduling.prewarmed_worker import (
    READY,
    PrewarmedWorker,
    prewarmed_command,
    show_interest,
    wanted,
)
from sealife_core.runs.scheduling.queue import has_work, waits_for_a_person, write_status
from sealife_core.runs.scheduling.queue_order import place_of
from sealife_core.runs.scheduling.spawning import reap, spawn
from sealife_core.runs.scheduling.waiting_reasons import refuse, say, source_awaited

TICK_S = 0.2  # between two looks at everything while a process is watched
QUIET_TICK_S = 2.0  # while none is: with hundreds of runs a look takes milliseconds
BELL_S = 0.04  # how soon a launch is seen; to look four times as often took a hundredth of a core
IDLE_S = 3.0  # time enough for a person's second launch; a later one starts a new dispatcher, in some 0.3 s
ROOM_S = 2.0  # between two looks at memory while a run waits for it
KILL_AFTER_S = 10.0  # from TERM to KILL


@dataclass
class StartedRun:
    """One living process. ``child`` is None where an earlier dispatcher started it."""

    run: Run
    record: dict[str, Any]
    child: subprocess.Popen[bytes] | None = None
    term_at: float | None = None
    killed: bool = False

    def ended(self) -> bool:
        """Whether it is gone; a child is reaped by asking."""
        if self.child is not None:
            return self.child.poll() is not None
        return process_of(self.record) is not Process.ALIVE

    def signal(self, number: signal.Signals) -> None:
        """Send to the whole process group, which a worker leads unless it was started by hand."""
        pid = self.record["pid"]
        try:
            if os.getpgid(pid) == pid:
                os.killpg(pid, number)
            else:
                os.kill(pid, number)
        except (ProcessLookupError, PermissionError) as error:
            print(f"{self.run.id}: {number.name} did not arrive: {error}", flush=True)


@dataclass
class Dispatcher:
    """The loop, and the little it remembers between two turns."""

    root: Path
    stop_grace_s: float = STOP_GRACE_S.default
    kill_after_s: float = KILL_AFTER_S
    devices: list[str] = field(default_factory=devices)
    watched: dict[str, StartedRun] = field(default_factory=dict)
    spare: PrewarmedWorker = field(init=False)
    clusters: ClusterRuns = field(init=False)
    _glances: dict[str, tuple[int, bool]] = field(default_factory=dict)
    _no_room_until: dict[str, float] = field(default_factory=dict)
    _complaint: str = ""

    def __post_init__(self) -> None:
        """The one process it keeps for a run to come, and whoever looks after the runs of clusters."""
        self.spare = PrewarmedWorker(self.root)
        self.clusters = ClusterRuns(self.root, self.stop_grace_s, worker_command())

    def adopt(self) -> None:
        """Take over every process of a run that lives, whoever started it."""
        orphans = _workers_by_directory()
        for run in list_runs(self.root):
            record = run.process()
            process = process_of(record)
            if process is Process.IN_CLUSTER:
                if run.state().active:
                    self.clusters.follow(run)
                continue
            if process is not Process.ALIVE:
                # A dispatcher killed between starting a process and noting it leaves one without a process.json.
                pid = orphans.get(str(run.path))
                found = liveness.identity(pid) if pid else None
                if found is None:
                    continue
                # On which devices nobody noted; the last ones are those that are given last.
                assigned = NONE if run.launches_runs else ",".join(self.devices[-_needed(run) :])
                record = found | {"attempt": run.attempt(), "device": assigned, "started": time.time()}
                config = _config(run)
                if config is not None and may_go_beside(config):
                    record["beside"] = True  # perhaps it is not; but it holds up no training
                replace_json(run.path / PROCESS, record)
            if record:
                self.watched[run.id] = StartedRun(run, record)
                print(f"{run.id}: taken over, pid {record['pid']}", flush=True)

    @property
    def trains(self) -> bool:
        """Whether a run lives that takes a device."""
        return any(watched.record.get("device") != NONE for watched in self.watched.values())

    def went_on(self) -> bool:
        """A turn, and the processes beside it. Returns whether there is anything to wait for.

        What a full disk, for example, forbids is tried again: a run that waits for that says so (``Run.shown``).
        """
        try:
            busy = self.turn()
            self.clusters.go_on()
            self.spare.keep(idle=not self.trains)
        except OSError as error:
            if str(error) != self._complaint:
                self._complaint = str(error)
                print(terminal_lines(traceback.format_exc()), flush=True)
            return True
        return busy

    def turn(self) -> bool:
        """Reap, stop, start. Returns whether there is anything to wait for."""
        for watched in list(self.watched.values()):
            self._look_after(watched)
        waiting = self._queued()
        awaited: set[str] = set()
        for run in waiting:
            try:
                self._consider(run, awaited)
            except SealifeError as error:
                refuse(run, str(error), "Fix this, then resume the run.")
            except OSError as error:
                what, step = disk_problem(error) or (str(error), "Fix the cause")
                refuse(run, f"The process could not be started. {what}", f"{step}, then resume the run.")
                print(terminal_lines(traceback.format_exc()), flush=True)
        waits = not all(waits_for_a_person(run) for run in waiting)
        return bool(self.watched) or self.clusters.busy or waits

    def _look_after(self, watched: StartedRun) -> None:
        run = watched.run
        if watched.ended():
            code = watched.child.returncode if watched.child else None
            if code is not None and run.path.is_dir():
                replace_json(run.path / PROCESS, watched.record | {"exit_code": code, "ended": time.time()})
            del self.watched[run.id]
            print(f"{run.id}: ended, {'adopted' if code is None else f'code {code}'}", flush=True)
            show_interest(self.root)  # who looks at what has just ended may well launch the next
            return
        try:
            asked_at = (run.path / STOP).stat().st_mtime
        except OSError:
            return
        now = time.time()
        if watched.term_at is None and now - asked_at >= self.stop_grace_s:
            watched.term_at = now
            watched.signal(signal.SIGTERM)
        elif watched.term_at is not None and not watched.killed and now - watched.term_at >= self.kill_after_s:
            watched.killed = True
            watched.signal(signal.SIGKILL)

    def _queued(self) -> list[Run]:
        """Queued runs, the one that has waited longest first."""
        found = [
            run
            for run in list_runs(self.root)
            if run.id not in self.watched and self._says_queued(run) and run.state() is State.QUEUED
        ]
        return sorted(found, key=place_of)

    def _says_queued(self, run: Run) -> bool:
        """Whether status.json does; it is read again only where it may have changed, for there may be hundreds."""
        try:
            changed = (run.path / STATUS).stat().st_mtime_ns
        except OSError:
            return False
        known, queued = self._glances.get(run.id, (0, False))
        # Two changes within one tick of the file system's clock look like one: a young file is always read.
        if known != changed or time.time_ns() - changed < 1e9:
            queued = run.status().get("state") == State.QUEUED
            self._glances[run.id] = (changed, queued)
        return queued

    def _consider(self, run: Run, awaited: set[str]) -> None:
        """Start the run if nothing stands in its way; refuse it if something always will.

        awaited: the devices that are kept for runs before it; those that are to be kept for this one are added. A study
        takes none of them, and neither does a run that a cluster carries out.
        """
        if run.launches_runs:
            self._start(run, [NONE])
            return
        if process_of(run.process(), run.attempt()) is Process.IN_CLUSTER:
            self.clusters.follow(run)
            return
        config = run.config()
        in_cluster = cluster_address(config.where) is not None
        never = None if in_cluster else impossible(config, self.devices)
        if never:
            refuse(run, never[0], f"Clone the run with {never[1]}")
            return
        source = source_awaited(run)
        if source:
            say(run, source)
            return
        if in_cluster:
            self.clusters.follow(run)
            return
        self._start_here(run, config, awaited)

    def _start_here(self, run: Run, config: AnyConfig, awaited: set[str]) -> None:
        """Start the run on this machine if there is a place for it, else say what it waits for."""
        holders = {device: watched for watched in self._in_a_place() for device in _assigned(watched.record)}
        may_take, count = suitable(config, self.devices), needed(config)
        free = [device for device in may_take if device not in holders and device not in awaited]
        waits_for = "waiting for its turn" if count == 1 else f"waiting for {count} devices: {len(free)} free"
        goes_beside = may_go_beside(config) and all(_trains(holders.get(device)) for device in may_take)
        if len(free) >= count or (goes_beside and not self._beside()):
            # What goes beside a training needs memory too; a training waits for that only while there is such a run.
            assigned = [CPU] if goes_beside else free[:count]
            if not (goes_beside or self._beside()) or self._has_room(run, config, assigned):
                self._start(run, assigned, beside=goes_beside)
                return
            waits_for = NO_ROOM
        awaited.update(free)
        say(run, waits_for)

    def _in_a_place(self) -> list[StartedRun]:
        """The runs at work that hold a device."""
        return [watched for watched in self.watched.values() if not watched.record.get("beside")]

    def _beside(self) -> bool:
        """Whether a run goes beside the others."""
        return len(self._in_a_place()) < len(self.watched)

    def _has_room(self, run: Run, config: AnyConfig, assigned: list[str]) -> bool:
        """Whether main memory does for this run too. Asked anew only after ROOM_S, for a turn is short."""
        if time.monotonic() < self._no_room_until.get(run.id, 0.0):
            return False
        own = peak_in_main_memory(config, assigned, self.root)
        others = [
            (peak_in_main_memory(found, _assigned(watched.record), self.root), held_bytes(watched.record["pid"]))
            for watched in self.watched.values()
            if (found := _config(watched.run)) is not None
        ]
        enough = have_room(own, others, available_bytes())
        if not enough:
            self._no_room_until[run.id] = time.monotonic() + ROOM_S
        return enough

    def _start(self, run: Run, assigned: list[str], *, beside: bool = False) -> None:
        with queue_lock(self.root):
            if run.state() is not State.QUEUED:  # stopped or deleted since we looked
                return
            told = ",".join(assigned)
            record: dict[str, Any] = {"attempt": run.attempt(), "device": told, "started": time.time()}
            record |= {"beside": True} if beside else {}
            write_status(run, stage="starting", message="starting")
            environment = _environment(self.root, assigned)
            child = None if run.launches_runs else self.spare.offer(run, environment)
            record["command"] = [*worker_command(), str(run.path)] if child is None else prewarmed_command()
            child = child or spawn(record["command"], run.path / LOG, environment)
            try:
                record |= liveness.identity(child.pid) or {"pid": child.pid, "host": liveness.host()}
                replace_json(run.path / PROCESS, record)
            except OSError:
                child.kill()  # nobody would know of it
                reap(child)
                raise
            finally:
                if child.stdin is not None:
                    child.stdin.close()
        self.watched[run.id] = StartedRun(run, record, child)
        print(f"{run.id}: started on {told}{' beside others' if beside else ''}, pid {child.pid}", flush=True)


def worker_command() -> list[str]:
    """What carries out a run; its directory is appended."""
    return list(WORKER_COMMAND.value()) or [sys.executable, "-m", "sealife_core.worker"]


def _environment(root: Path, assigned: list[str]) -> dict[str, str]:
    told = {"CUDA_VISIBLE_DEVICES": visible(assigned)}
    if root.name == "checkpoints":  # data sets lie beside the runs, whoever's environment this process inherited
        told[HOME.name] = str(root.parent)
    return told


def _assigned(record: dict[str, Any]) -> list[str]:
    return str(record.get("device") or "").split(",")


def _needed(run: Run) -> int:
    config = _config(run)
    return 1 if config is None else needed(config)


def _config(run: Run) -> AnyConfig | None:
    """What a run that trains or embeds is asked; None of a study, and where that cannot be read."""
    try:
        return run.config()
    except SealifeError:
        return None


def _trains(watched: StartedRun | None) -> bool:
    """Whether there is a run, and one that takes its time."""
    config = None if watched is None else _config(watched.run)
    return config is not None and not is_light(config)


def _workers_by_directory() -> dict[str, int]:
    """Run directory → pid, of every process here that was started as a worker."""
    command = worker_command()
    found = {}
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if len(line) == len(command) + 1 and line[:-1] == command:
            found[line[-1]] = process.pid
    return found


class _Log(io.StringIO):
    """What is printed goes to ``file``; what a full disk has no room for is lost, and nothing else with it."""

    def __init__(self, file: TextIO) -> None:
        super().__init__()
        self._file = file

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._file.write(text)
            self._file.flush()
        return len(text)


def main(root: Path) -> int:
    """Dispatch until nothing is left to do. Returns the exit status: 0, also if another is at work already."""
    with queue_lock(root):
        lock = take_dispatcher_lock(root)
        if lock is None:
            return 0
    dispatcher = Dispatcher(root, stop_grace_s=STOP_GRACE_S.value())
    print(f"dispatching, pid {os.getpid()}, devices {', '.join(dispatcher.devices)}", flush=True)
    if not_here():
        print(not_here(), flush=True)
    dispatcher.adopt()
    last_busy = time.monotonic()
    while True:
        rung = _bell(root)
        busy = dispatcher.went_on()
        if busy or wanted(root):
            last_busy = time.monotonic()
        elif time.monotonic() - last_busy >= IDLE_S:
            # Looking once more and giving up the lock are one step for everyone else.
            with queue_lock(root):
                if not (has_work(root) or wanted(root)):
                    lock.release()
                    return 0
        until = time.monotonic() + (TICK_S if dispatcher.watched else QUIET_TICK_S)
        while time.monotonic() < until and _bell(root) == rung:
            time.sleep(BELL_S)


def _bell(root: Path) -> int:
    """What changes when somebody launches a run, or is about to."""
    try:
        return (root / READY).stat().st_mtime_ns
    except OSError:
        return 0


if __name__ == "__main__":
    sys.stdout = sys.stderr = _Log(sys.stdout)
    sys.exit(main(Path(sys.argv[1])))
