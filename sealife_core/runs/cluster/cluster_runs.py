"""Runs on a Ray cluster. The contract is still the run directory, on storage that all machines share.

Each attempt of a run is one job, with an id made of both; ``process.json`` names it *before* it is submitted. So a
dispatcher may be killed at any moment: the next one asks the cluster for that id, and submits it if it never arrived.
The worker writes the same files wherever it runs; what only Ray knows, that a machine is gone or a job has ended, is
noted in ``process.json``.

Ray gives up a job that has waited for a quarter of an hour (RAY_JOB_START_TIMEOUT_SECONDS), and keeps no order among
waiting jobs. So the queue stays here (``queue_order.py``), and no more than AHEAD jobs of a kind wait there.
"""

import math
import threading
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from sealife_core.config import cluster_address
from sealife_core.errors import SealifeError
from sealife_core.neutral import terminal_lines
from sealife_core.runs.cluster.job_command import job_command, missing_there
from sealife_core.runs.cluster.ray_http import ClusterError
from sealife_core.runs.cluster.ray_jobs import JobState, Node, RayCluster, RayJob
from sealife_core.runs.files import replace_json, written_at
from sealife_core.runs.liveness import FINAL, STALE_AFTER_S, Process, State, is_fresh, process_of
from sealife_core.runs.run import PROCESS, STATUS, Run
from sealife_core.runs.scheduling.capacity import needs, nodes_of
from sealife_core.runs.scheduling.locks import queue_lock
from sealife_core.runs.scheduling.queue import write_status
from sealife_core.runs.scheduling.queue_order import place_of
from sealife_core.runs.scheduling.waiting_reasons import refuse, say, stop_before_it_began
from sealife_core.wording import counted

TICK_S = 1.0  # Ray itself looks after its jobs once a second
AHEAD = 2  # one that starts as soon as there is room, and one after it
TRIES = 3  # for a run whose machine was lost before the run began
FOREIGN_TRIES = 60  # a minute: a wrong answer may come from a proxy in front of a cluster that is being restarted

_NEEDED = ("attempt", "job", "try", "cluster", "cores", "gpus")  # keys of process.json, to follow a job

JobKind = tuple[str, int, int]  # jobs that wait for the same: cluster, cores, GPUs


class ClusterRuns:
    """The runs below a root that clusters carry out, from the queue to their end.

    It has its own thread, so that a cluster that answers slowly delays nothing here.
    """

    def __init__(self, root: Path, stop_grace_s: float, worker: list[str]) -> None:
        self.root, self.stop_grace_s, self.worker = root, stop_grace_s, worker
        self._followed: dict[str, Run] = {}
        self._heard: dict[str, float] = {}  # when each cluster last answered
        self._foreign: Counter[str] = Counter()  # run id → how often in a row its server answered as no cluster does
        self._printed: dict[str, str] = {}  # the last traceback of each run, which is not printed at every tick
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether there is anything to wait for."""
        return bool(self._followed)

    def follow(self, run: Run) -> None:
        """Follow ``run`` from now on; the run that its weights come from has finished."""
        self._followed.setdefault(run.id, run)

    def start(self) -> None:
        """Start the thread, once there is a run to follow."""
        if self.busy and self._thread is None:
            self._thread = threading.Thread(target=self._turns, name="sealife-clusters", daemon=True)
            self._thread.start()

    def _turns(self) -> None:
        while True:
            self.turn()
            time.sleep(TICK_S)

    def turn(self) -> None:
        """Check every run once: those that are jobs already, then those that wait to become one."""
        waiting: list[Run] = []
        jobs: Counter[JobKind] = Counter()
        runs = sorted(self._followed.values(), key=place_of)
        for run in runs:
            record = run.process()
            if record and process_of(record, run.attempt()) is Process.IN_CLUSTER:
                self._guarded(run, record, jobs)
            elif run.state() is State.QUEUED:
                waiting.append(run)
            else:
                self._followed.pop(run.id, None)
        for run in waiting:
            self._guarded(run, None, jobs)

    def _guarded(self, run: Run, record: dict[str, Any] | None, jobs: Counter[JobKind]) -> None:
        """Check one run; whatever goes wrong with it, the others are checked too."""
        try:
            self._look_at(run, record, jobs)
        except Exception:  # noqa: BLE001 - the thread must live on; the log has the traceback
            if self._printed.get(run.id) != (said := traceback.format_exc()):
                self._printed[run.id] = said
                print(terminal_lines(said), flush=True)

    def _look_at(self, run: Run, record: dict[str, Any] | None, jobs: Counter[JobKind]) -> None:
        try:
            if record is None:
                self._wait(run, jobs)
            else:
                self._look_after(run, record, jobs)
            self._foreign.pop(run.id, None)
        except ClusterError as error:
            self._unanswered(run, record, error)
        except SealifeError as error:
            refuse(run, str(error), "Fix this, then resume the run.")

    def _wait(self, run: Run, jobs: Counter[JobKind]) -> None:
        """Submit the run if the cluster has room for it, now or soon."""
        config = run.config()
        address = str(cluster_address(config.where))  # runs on this machine are not followed here
        nodes = nodes_of(address)
        cores, gpus = needs(config, nodes)
        if not any(node.fits(cores, gpus) for node in nodes):
            say(run, f"waiting for a machine with {_said(cores, gpus)}: {_machines(nodes)}")
            return
        kind = address, cores, gpus
        if jobs[kind] >= AHEAD:
            say(run, "waiting for its turn in the cluster")
            return
        jobs[kind] += 1
        record = {
            "attempt": run.attempt(), "device": f"{gpus} × GPU" if gpus else "cpu", "cluster": address,
            "cores": cores, "gpus": gpus, "started": time.time(),
        }  # fmt: skip
        self._submit(run, record, number=1)

    def _submit(self, run: Run, record: dict[str, Any], number: int) -> None:
        """Note the job, then submit it; ``number`` counts the tries of one attempt."""
        record = record | {"job": f"{run.id}-{record['attempt']}.{number}", "try": number}
        with queue_lock(self.root):
            if run.state() is not State.QUEUED:  # stopped or deleted since we looked
                return
            write_status(run, message="waiting in the cluster")
            replace_json(run.path / PROCESS, record)
        self._send(run, record)
        print(f"{run.id}: submitted to {record['cluster']} as {record['job']}", flush=True)

    def _send(self, run: Run, record: dict[str, Any]) -> None:
        cores, gpus = int(record["cores"]), int(record["gpus"])
        command = job_command(run, self.worker, record["attempt"], cores, gpus)
        try:
            RayCluster(record["cluster"]).submit(record["job"], command, cores=cores, gpus=gpus)
        except ClusterError as error:
            if not error.refused:
                raise
            refuse(run, str(error), "Fix the cause, then resume the run.")
            self._end(run, record)

    def _look_after(self, run: Run, record: dict[str, Any], jobs: Counter[JobKind]) -> None:
        """Ask how a job goes; its end also ends the run."""
        if any(record.get(key) is None for key in _NEEDED):
            self._end(run, record, lost=f"{PROCESS} does not say which job it is")
            return
        cluster = RayCluster(record["cluster"])
        job = cluster.find(record["job"])
        self._heard[record["cluster"]] = time.monotonic()
        said, stop = run.status().get("state"), run.stop_requested()
        if job is None and said == State.QUEUED and not stop:
            self._send(run, record)  # the dispatcher that noted it was killed before it could submit it
        elif job is None:
            self._ended(run, record, RayJob(JobState.STOPPED, "", None, ""), "its cluster was restarted")
        elif job.state.ended:
            node = job.node or record.get("host")
            self._ended(run, record, job, f"its machine {node} left the cluster" if node else "its machine was lost")
        else:
            if job.node and job.node != record.get("host"):
                replace_json(run.path / PROCESS, record | {"host": job.node})
            pending = job.state is JobState.PENDING
            if stop and (said == State.QUEUED or time.time() - (run.stop_asked_at() or math.inf) >= self.stop_grace_s):
                cluster.stop(record["job"])  # a pending one still starts, finds the request to stop, and ends
            if stop and pending:
                stop_before_it_began(run)
                self._end(run, record)
            elif pending:
                jobs[record["cluster"], int(record["cores"]), int(record["gpus"])] += 1

    def _ended(self, run: Run, record: dict[str, Any], job: RayJob, lost: str) -> None:
        """The job has ended; ``lost`` says why if its process left no exit code."""
        why = lost if job.exit_code is None and not run.stop_requested() else ""
        if run.status().get("state") == State.QUEUED:  # its worker never began
            if run.stop_requested():
                stop_before_it_began(run)
            elif job.exit_code is None and record["try"] < TRIES:
                print(f"{run.id}: {job.message or why}; once more", flush=True)
                self._submit(run, record, record["try"] + 1)
                return
            elif job.exit_code is None:
                refuse(
                    run, f"The cluster could not start the run: {job.message or why}", "Fix this, then resume the run."
                )
            elif missing := missing_there(run, self.worker, job):
                refuse(run, *missing)
        self._end(run, record, job.exit_code, why)

    def _end(self, run: Run, record: dict[str, Any], code: int | None = None, lost: str = "") -> None:
        """Note that the process has ended, and follow the run no longer."""
        if run.path.is_dir():
            replace_json(run.path / PROCESS, record | {"exit_code": code, "ended": time.time(), "lost": lost})
        self._followed.pop(run.id, None)
        print(f"{run.id}: ended in the cluster, {f'code {code}' if code is not None else lost}", flush=True)

    def _unanswered(self, run: Run, record: dict[str, Any] | None, error: ClusterError) -> None:
        """The cluster does not answer. A run that is silent for as long is lost; one that waits keeps waiting."""
        self._foreign[run.id] += error.foreign
        if error.foreign and self._foreign[run.id] >= FOREIGN_TRIES:
            refuse(run, str(error), "Clone the run and give it another address.")
            if record is not None:
                self._end(run, record, lost="the server at its address is not a Ray cluster")
            return
        if record is None:
            say(run, f"waiting: {error}")
            return
        status = run.status() | {"written": written_at(run.path / STATUS)}
        heard = self._heard.setdefault(record["cluster"], time.monotonic())
        if status.get("state") == State.QUEUED and run.stop_requested():
            stop_before_it_began(run)  # if it begins nevertheless, it finds the request to stop
            self._end(run, record)
        elif status.get("state") in FINAL:
            self._end(run, record)
        elif not is_fresh(status, time.time(), another_clock=True) and time.monotonic() - heard >= STALE_AFTER_S:
            self._end(run, record, lost="its cluster no longer answers")


def _said(cores: int, gpus: int) -> str:
    told = counted(cores, "core")
    return f"{told} and {counted(gpus, 'GPU')}" if gpus else told


def _machines(nodes: list[Node]) -> str:
    if not nodes:
        return "the cluster has no machine"
    best = max(nodes, key=lambda node: (node.gpus, node.cores))
    return f"the largest of {counted(len(nodes), 'machine')} has {_said(int(best.cores), int(best.gpus))}"
