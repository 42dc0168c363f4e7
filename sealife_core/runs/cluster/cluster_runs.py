"""Runs that a Ray cluster carries out. The run directory, on storage that all machines share, stays the contract.

Each attempt of a run is one job, by an id that tells both; ``process.json`` names it *before* it is submitted. So a
dispatcher may be killed at any moment: the next one asks the cluster for that id, and submits it if it never arrived.
The worker writes what it always does, wherever it is; what Ray knows better, that a machine is gone or a job has ended,
is noted in ``process.json``.

Ray gives up a job that has waited for a quarter of an hour (RAY_JOB_START_TIMEOUT_SECONDS), and keeps no order among
those that wait. So the queue stays here (``order.py``), and no more than AHEAD jobs of a kind wait there.
"""

import os
import shlex
import threading
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from sealife_core.config import AnyConfig, cluster_address
from sealife_core.environment import ATTEMPT, HOME
from sealife_core.errors import SealifeError
from sealife_core.neutral import terminal_lines
from sealife_core.runs.cluster.ray_jobs import ClusterError, JobState, Node, RayCluster, RayJob
from sealife_core.runs.files import replace_json, written_at
from sealife_core.runs.liveness import FINAL, STALE_AFTER_S, Process, State, is_fresh, process_of
from sealife_core.runs.run import LOG, PROCESS, STATUS, STOP, Run
from sealife_core.runs.scheduling.capacity import needs, nodes_of
from sealife_core.runs.scheduling.locks import queue_lock
from sealife_core.runs.scheduling.queue import write_status
from sealife_core.runs.scheduling.queue_order import place_of
from sealife_core.runs.scheduling.spawning import PROJECT
from sealife_core.runs.scheduling.waiting_reasons import refuse, say, stop_before_it_began
from sealife_core.wording import counted

TICK_S = 1.0  # Ray itself looks after its jobs once a second
AHEAD = 2  # one that starts as soon as there is room, and one behind it
TRIES = 3  # of a run whose machine was lost before it began
FOREIGN_TRIES = 60  # a minute: what answers as no cluster does may be a proxy before one that is being restarted
NOT_SHARED, NOT_EXECUTABLE, NOT_THERE = 65, 126, 127  # exit codes: ours (EX_DATAERR), and the shell's own
CARRIED = ("TORCH_HOME",)  # of the environment here, what a run anywhere is to find

_NEEDED = ("attempt", "job", "try", "cluster", "cores", "gpus")  # of process.json, to look after a job

Kind = tuple[str, int, int]  # jobs that wait for the same: cluster, cores, GPUs


class ClusterRuns:
    """The runs below a root that are carried out in clusters, from the queue to their end.

    It has a thread of its own, so that a cluster that answers slowly keeps nobody here waiting.
    """

    def __init__(self, root: Path, stop_grace_s: float, worker: list[str]) -> None:
        self.root, self.stop_grace_s, self.worker = root, stop_grace_s, worker
        self._followed: dict[str, Run] = {}
        self._heard: dict[str, float] = {}  # when each cluster last answered
        self._foreign: Counter[str] = Counter()  # how often what is no cluster answered, one time after another, a run
        self._printed: dict[str, str] = {}  # the last traceback of each run: one is not printed at every tick
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether there is anything to wait for."""
        return bool(self._followed)

    def follow(self, run: Run) -> None:
        """Look after ``run`` from now on; what its weights come from is there."""
        self._followed.setdefault(run.id, run)

    def go_on(self) -> None:
        """Take turns in a thread of its own, once there is something to look after."""
        if self.busy and self._thread is None:
            self._thread = threading.Thread(target=self._go_on, name="sealife-clusters", daemon=True)
            self._thread.start()

    def _go_on(self) -> None:
        while True:
            self.turn()
            time.sleep(TICK_S)

    def turn(self) -> None:
        """One look at every run: those that are jobs already, then those that wait to become one."""
        waiting: list[Run] = []
        jobs: Counter[Kind] = Counter()
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

    def _guarded(self, run: Run, record: dict[str, Any] | None, jobs: Counter[Kind]) -> None:
        """One look at one run; whatever goes wrong with it, the others are looked at too."""
        try:
            self._look_at(run, record, jobs)
        except Exception:  # noqa: BLE001 - the thread must live on; the log has the traceback
            if self._printed.get(run.id) != (said := traceback.format_exc()):
                self._printed[run.id] = said
                print(terminal_lines(said), flush=True)

    def _look_at(self, run: Run, record: dict[str, Any] | None, jobs: Counter[Kind]) -> None:
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

    def _wait(self, run: Run, jobs: Counter[Kind]) -> None:
        """Submit the run if the cluster has room for it, now or soon."""
        config = run.config()
        address = _address(config)
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
        """Note the job, then submit it; ``number`` tells the tries of one attempt apart."""
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
        command = self._command(run, record["attempt"], cores, gpus)
        try:
            RayCluster(record["cluster"]).submit(record["job"], command, cores=cores, gpus=gpus)
        except ClusterError as error:
            if not error.refused:
                raise
            refuse(run, str(error), "Fix the cause, then resume the run.")
            self._end(run, record, None, "")

    def _command(self, run: Run, attempt: int, cores: int, gpus: int) -> str:
        """What a machine of the cluster does, in its shell: the worker, in the run's own log."""
        told = {"PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": str(cores), ATTEMPT.name: str(attempt)}
        told |= {name: os.environ[name] for name in CARRIED if name in os.environ}
        if self.root.name == "checkpoints":
            told[HOME.name] = str(self.root.resolve().parent)
        if not gpus:
            told["CUDA_VISIBLE_DEVICES"] = ""  # else Ray says which
        folder = str(run.path.resolve())
        assigned = [f"{name}={value}" for name, value in told.items()]
        carried_out = shlex.join(["exec", "env", *assigned, *self.worker, folder])
        where, log = shlex.quote(folder), shlex.quote(str(Path(folder) / LOG))
        begin = f"cd {where} || exit {NOT_SHARED}; [ ! -e {STOP} ] || exit 0; cd {shlex.quote(str(PROJECT))}"
        return f"{begin}; {carried_out} >> {log} 2>&1"

    def _look_after(self, run: Run, record: dict[str, Any], jobs: Counter[Kind]) -> None:
        """How a job goes; what its end means for the run."""
        if any(record.get(key) is None for key in _NEEDED):
            self._end(run, record, None, f"{PROCESS} does not say which job it is")
            return
        cluster = RayCluster(record["cluster"])
        job = cluster.find(record["job"])
        self._heard[record["cluster"]] = time.monotonic()
        said, stop = run.status().get("state"), run.stop_requested()
        if job is None and said == State.QUEUED and not stop:
            self._send(run, record)  # whoever noted it did not live to submit it
        elif job is None:
            self._ended(run, record, RayJob(JobState.STOPPED, "", None, ""), "its cluster was restarted")
        elif job.state.ended:
            node = job.node or record.get("host")
            self._ended(run, record, job, f"its machine {node} left the cluster" if node else "its machine was lost")
        else:
            if job.node and job.node != record.get("host"):
                replace_json(run.path / PROCESS, record | {"host": job.node})
            pending = job.state is JobState.PENDING
            if stop and (said == State.QUEUED or time.time() - _asked_at(run) >= self.stop_grace_s):
                cluster.stop(record["job"])  # one that is pending begins still, finds that it is to stop, and ends
            if stop and pending:
                stop_before_it_began(run)
                self._end(run, record, None, "")
            elif pending:
                jobs[record["cluster"], int(record["cores"]), int(record["gpus"])] += 1

    def _ended(self, run: Run, record: dict[str, Any], job: RayJob, lost: str) -> None:
        """The job is over; ``lost`` is why, where its process left no exit code."""
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
            elif job.exit_code in (NOT_SHARED, NOT_EXECUTABLE, NOT_THERE):
                refuse(run, *self._misses(run, job))
        self._end(run, record, job.exit_code, why)

    def _misses(self, run: Run, job: RayJob) -> tuple[str, str]:
        """What a machine of the cluster lacks, and what to do."""
        lacking = run.path.resolve() if job.exit_code == NOT_SHARED else self.worker[0]
        if job.exit_code == NOT_SHARED:
            then = "Put data/ and checkpoints/ on storage that all machines have at the same path, then resume the run."
        else:
            then = "Install this program at the same path on every machine, or on shared storage, then resume the run."
        return f"The machine {job.node} of the cluster cannot find '{lacking}'.", then

    def _end(self, run: Run, record: dict[str, Any], code: int | None, lost: str) -> None:
        """Note that there is no process any more, and look after the run no longer."""
        if run.path.is_dir():
            replace_json(run.path / PROCESS, record | {"exit_code": code, "ended": time.time(), "lost": lost})
        self._followed.pop(run.id, None)
        print(f"{run.id}: ended in the cluster, {f'code {code}' if code is not None else lost}", flush=True)

    def _unanswered(self, run: Run, record: dict[str, Any] | None, error: ClusterError) -> None:
        """The cluster does not answer. A run that is silent as long is lost with it; one that waits goes on waiting."""
        self._foreign[run.id] += error.foreign
        if error.foreign and self._foreign[run.id] >= FOREIGN_TRIES:
            refuse(run, str(error), "Clone the run and give it another address.")
            if record is not None:
                self._end(run, record, None, "the server at its address is not a Ray cluster")
            return
        if record is None:
            say(run, f"waiting: {error}")
            return
        status = run.status() | {"written": written_at(run.path / STATUS)}
        heard = self._heard.setdefault(record["cluster"], time.monotonic())
        if status.get("state") == State.QUEUED and run.stop_requested():
            stop_before_it_began(run)  # should it begin after all, it finds that it was asked to stop
            self._end(run, record, None, "")
        elif status.get("state") in FINAL:
            self._end(run, record, None, "")
        elif not is_fresh(status, time.time(), another_clock=True) and time.monotonic() - heard >= STALE_AFTER_S:
            self._end(run, record, None, "its cluster no longer answers")


def _address(config: AnyConfig) -> str:
    address = cluster_address(config.where)
    assert address is not None  # runs of this machine are not followed here
    return address


def _asked_at(run: Run) -> float:
    try:
        return (run.path / STOP).stat().st_mtime
    except OSError:
        return time.time()


def _said(cores: int, gpus: int) -> str:
    told = counted(cores, "core")
    return f"{told} and {counted(gpus, 'GPU')}" if gpus else told


def _machines(nodes: list[Node]) -> str:
    if not nodes:
        return "the cluster has no machine"
    best = max(nodes, key=lambda node: (node.gpus, node.cores))
    return f"the largest of {counted(len(nodes), 'machine')} has {_said(int(best.cores), int(best.gpus))}"
