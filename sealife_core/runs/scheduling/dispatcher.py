"""The dispatcher: starts queued runs, first in, first out, one a device, and watches their processes.

A run that was moved up goes first (``queue_order.py``). A run on several devices waits until so many are free; free
ones are reserved for it meanwhile, so that shorter runs do not overtake it again and again. A run that trains no
encoder does not wait for trainings to end: one at a time runs beside them, on the processor, where memory allows
(``placement.py``).

It ends runs that do not stop when asked. It may be killed at any moment: the runs continue, and the next dispatcher
takes them over, because all that it needs is on disk or known to the operating system. While somebody seems about to
train it keeps a pre-warmed worker (``prewarmed_worker.py``). Runs for a cluster take no device here; a thread follows
them (``cluster_runs.py``). The process around it is in ``__main__.py``.
"""

import subprocess
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sealife_core.config import AnyConfig, cluster_address
from sealife_core.environment import STOP_GRACE_S
from sealife_core.errors import SealifeError, disk_problem
from sealife_core.neutral import terminal_lines
from sealife_core.processes import host, identity
from sealife_core.runs.cluster.cluster_runs import ClusterRuns
from sealife_core.runs.costs.devices import CPU, NONE, devices, impossible
from sealife_core.runs.directory import list_runs, source_of
from sealife_core.runs.files import LOG, replace_json
from sealife_core.runs.liveness import Process, State, process_of
from sealife_core.runs.run import PROCESS, Run
from sealife_core.runs.scheduling.fork_server import ForkedWorker
from sealife_core.runs.scheduling.locks import queue_lock
from sealife_core.runs.scheduling.placement import (
    KEPT_FREE_BYTES,
    NO_ROOM,
    available_bytes,
    demand_of,
    held_bytes,
    peak_in_main_memory,
)
from sealife_core.runs.scheduling.prewarmed_worker import PrewarmedWorker, prewarmed_command, show_interest
from sealife_core.runs.scheduling.queue import in_cluster, waits_for_a_person, write_status
from sealife_core.runs.scheduling.queue_order import queued_runs
from sealife_core.runs.scheduling.run_process import (
    RunProcess,
    living_process,
    worker_command,
    worker_environment,
    workers_by_directory,
)
from sealife_core.runs.scheduling.spawning import reap, spawn
from sealife_core.runs.scheduling.waiting_reasons import awaited, refuse, say

ROOM_S = 2.0  # between two looks at memory while a run waits for it
KILL_AFTER_S = 10.0  # from TERM to KILL


@dataclass
class Dispatcher:
    """One look at everything, and the little that is remembered between two of them."""

    root: Path
    stop_grace_s: float = STOP_GRACE_S.default
    kill_after_s: float = KILL_AFTER_S
    devices: list[str] = field(default_factory=devices)
    watched: dict[str, RunProcess] = field(default_factory=dict)
    prewarmed: PrewarmedWorker = field(init=False)
    clusters: ClusterRuns = field(init=False)
    _no_room_until: dict[str, float] = field(default_factory=dict)
    _complaint: str = ""

    def __post_init__(self) -> None:
        """The one process that is kept for the next run, and the runs of clusters."""
        self.prewarmed = PrewarmedWorker(self.root)
        self.clusters = ClusterRuns(self.root, self.stop_grace_s, worker_command())

    def adopt(self) -> None:
        """Take over the living process of every run, whoever started it."""
        workers = workers_by_directory()
        for run in list_runs(self.root):
            if process_of(run.process()) is Process.IN_CLUSTER:
                if run.state().active:
                    self.clusters.follow(run)
            elif found := living_process(run, workers, self.devices):
                self.watched[run.id] = found
                print(f"{run.id}: taken over, pid {found.record['pid']}", flush=True)

    def step(self) -> bool:
        """A turn, and the processes beside it. Returns whether there is anything to wait for.

        What fails, for example because the disk is full, is tried again; ``Run.shown`` says why a run waits.
        """
        try:
            busy = self.turn()
            self.clusters.start()
            self.prewarmed.keep(idle=all(NONE in process.devices for process in self.watched.values()))
        except OSError as error:
            if str(error) != self._complaint:
                self._complaint = str(error)
                print(terminal_lines(traceback.format_exc()), flush=True)
            return True
        return busy

    def turn(self) -> bool:
        """Reap, stop, start. Returns whether there is anything to wait for."""
        for process in list(self.watched.values()):
            self._look_after(process)
        waiting = [run for run in queued_runs(self.root) if run.id not in self.watched]
        reserved: set[str] = set()
        for run in waiting:
            try:
                self._consider(run, reserved)
            except SealifeError as error:
                refuse(run, str(error), "Fix this, then resume the run.")
            except OSError as error:
                what, step = disk_problem(error) or (str(error), "Fix the cause")
                refuse(run, f"The process could not be started. {what}", f"{step}, then resume the run.")
                print(terminal_lines(traceback.format_exc()), flush=True)
        waits = not all(waits_for_a_person(run) for run in waiting)
        return bool(self.watched) or self.clusters.busy or waits

    def _look_after(self, process: RunProcess) -> None:
        if not process.ended():
            process.end_if_overdue(self.stop_grace_s, self.kill_after_s)
            return
        code = process.note_end()
        del self.watched[process.run.id]
        print(f"{process.run.id}: ended, {'adopted' if code is None else f'code {code}'}", flush=True)
        show_interest(self.root)  # a person who sees a run end may well launch the next

    def _consider(self, run: Run, reserved: set[str]) -> None:
        """Start the run if it can begin; refuse it if it never can; else say what it waits for.

        reserved: devices kept for runs ahead of this one; those that this one waits for are added. A study takes none,
        and neither does a run for a cluster.
        """
        if run.launches_runs:
            self._start(run, [NONE])
            return
        if in_cluster(run):
            self.clusters.follow(run)
            return
        config = run.config()
        for_cluster = cluster_address(config.where) is not None
        never = None if for_cluster else impossible(config, self.devices)
        if never:
            refuse(run, never[0], f"Clone the run with {never[1]}")
        elif source := awaited(source_of(run), self.root):
            say(run, source)
        elif for_cluster:
            self.clusters.follow(run)
        else:
            self._start_here(run, config, reserved)

    def _start_here(self, run: Run, config: AnyConfig, reserved: set[str]) -> None:
        """Start the run on this machine if there is a place for it, else say what it waits for."""
        in_place = [process for process in self.watched.values() if not process.beside]
        shared = len(in_place) < len(self.watched)  # a run shares the processor with the others already
        held = {device: process.trains_encoder for process in in_place for device in process.devices}
        demand = demand_of(config, self.devices)
        free, count = demand.free(held, reserved), demand.count
        waits_for = "waiting for its turn" if count == 1 else f"waiting for {count} devices: {len(free)} free"
        beside = demand.fits_beside(held)
        if len(free) >= count or (beside and not shared):
            # A run beside a training needs memory too; a training waits for that only while there is such a run.
            assigned = [CPU] if beside else free[:count]
            if (beside or shared) and not self._has_room(run, config, assigned):
                waits_for = NO_ROOM
            else:
                self.prewarmed.keep(idle=True)
                if not self.prewarmed.is_importing:
                    self._start(run, assigned, beside=beside)
                    return
                waits_for = "loading PyTorch"
        reserved.update(free)
        say(run, waits_for)

    def _has_room(self, run: Run, config: AnyConfig, assigned: list[str]) -> bool:
        """Whether main memory suffices for this run too. Asked again only after ROOM_S, because a turn is short."""
        if time.monotonic() < self._no_room_until.get(run.id, 0.0):
            return False
        own = peak_in_main_memory(config, assigned, self.root)
        to_come = sum(
            max(0, peak_in_main_memory(found, process.devices, self.root) - held_bytes(process.record["pid"]))
            for process in self.watched.values()
            if (found := process.run.config_or_none()) is not None
        )
        shared = self.prewarmed.shared_bytes()  # in what is no longer available, and in what the run needs
        enough = available_bytes() + shared - to_come - KEPT_FREE_BYTES >= own
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
            child, record["command"] = self._spawned(run, assigned)
            try:
                record |= identity(child.pid) or {"pid": child.pid, "host": host()}
                replace_json(run.path / PROCESS, record)
            except OSError:
                child.kill()  # nobody would know of it
                if isinstance(child, subprocess.Popen):
                    reap(child)
                raise
            finally:
                if child.stdin is not None:
                    child.stdin.close()
        self.watched[run.id] = RunProcess(run, record, child)
        print(f"{run.id}: started on {told}{' beside others' if beside else ''}, pid {child.pid}", flush=True)

    def _spawned(self, run: Run, assigned: list[str]) -> tuple[ForkedWorker | subprocess.Popen[bytes], list[str]]:
        """A process for the run, and its command: forked from the pre-warmed worker, or a new one."""
        environment = worker_environment(self.root, assigned)
        child = None if run.launches_runs else self.prewarmed.offer(run, environment)
        if child is not None:
            return child, prewarmed_command()
        command = [*worker_command(), str(run.path)]
        return spawn(command, run.path / LOG, environment), command
