"""The queue: launch, stop, resume. It is not a separate list, but the runs whose status says ``queued``.

Every call returns at once; the dispatcher, started from here, does the rest and needs no screen.
"""

import shutil
import time
from pathlib import Path

from sealife_core.durable import remove_leftovers
from sealife_core.errors import RunError
from sealife_core.runs.directory import list_runs, must_exist, runs_root, source_chain, source_of
from sealife_core.runs.files import replace_json
from sealife_core.runs.liveness import Process, State, process_of
from sealife_core.runs.resume_check import BEGIN_ANEW, DamagedResumePoint, damage
from sealife_core.runs.run import BEST, ENVIRONMENT, LAST, METRICS, RESULTS, SNAPSHOTS, STATUS, STOP, Run
from sealife_core.runs.scheduling.locks import dispatcher_runs, queue_lock
from sealife_core.runs.scheduling.prewarmed_worker import interest_age_s, ready_minutes, show_interest, wanted
from sealife_core.runs.scheduling.side_process import start

DISPATCHER_LOG = ".dispatcher.log"
INTEREST_EVERY_S = 5.0  # a page is drawn again at every click; a younger sign need not be renewed


def launch(run: Run) -> None:
    """Queue a run that was never launched; any other stays as it is. Returns at once. Raises RunError."""
    with queue_lock(run.root):
        must_exist(run)
        state = run.state()
        if state is State.DAMAGED:
            raise RunError(f"Run '{run.id}' cannot be launched: {run.shown().message}")
        if state is State.CREATED:
            _enqueue(run, "waiting for its turn")
    ensure_dispatcher(run.root)


def request_stop(run: Run) -> str:
    """Stop a run: a queued one at once, a running one after its batch. One that has ended stays as it is.

    Returns what happens, to be said after its name: "was stopped before it began". Raises RunError.
    """
    with queue_lock(run.root):
        must_exist(run)
        state = run.state()
        if state not in (State.CREATED, State.QUEUED, State.RUNNING, State.NOT_RESPONDING):
            return f"is not running: it is {state}"
        if state in (State.CREATED, State.QUEUED) and not in_cluster(run):  # there it may begin at any moment
            write_status(run, state=State.STOPPED, ended=time.time(), stage="", message="stopped before it began")
            return "was stopped before it began"
        (run.path / STOP).touch()
    ensure_dispatcher(run.root)  # it counts the seconds of grace
    if run.launches_runs:
        return "is stopping, and so are its runs: each saves what it has learned"
    return "stops after the current batch and saves what it has learned"


def resume(run: Run, *, anew: bool = False) -> None:
    """Queue a run again that was stopped or interrupted or has failed. Returns at once. Raises RunError.

    It continues from ``last.ckpt``; without one it starts from the beginning, with an empty curve. anew: it starts from
    the beginning in any case.
    """
    with queue_lock(run.root):
        must_exist(run)
        state = run.state()
        if not state.resumable:
            ways = {
                State.FINISHED: "Clone it to train longer.",
                State.CREATED: "Launch it.",
                State.DAMAGED: run.shown().message,
            }
            raise RunError(
                f"Run '{run.id}' is {state}; only a stopped, interrupted or failed run can be resumed."
                f" {ways.get(state, 'Stop it first.')}"
            )
        if anew and run.launches_runs:
            raise RunError(
                f"'{run.id}' is a study or a search and cannot start from the beginning. Resume it, or launch another."
            )
        if not anew and (damaged := damage(run)):
            raise DamagedResumePoint(f"{damaged} {BEGIN_ANEW}")
        goes_on = (run.path / LAST).exists() and not anew
        if not goes_on:
            for name in (LAST, BEST, METRICS, RESULTS):
                (run.path / name).unlink(missing_ok=True)
            if (learned := run.path / SNAPSHOTS).is_dir():  # else readers show the last attempt beside this one
                shutil.rmtree(learned)
            if "plan" in (told := run.environment()):  # of minutes, measured on the machine as it was then
                replace_json(run.path / ENVIRONMENT, {name: value for name, value in told.items() if name != "plan"})
        remove_leftovers(run.path)
        _enqueue(run, "waiting to continue" if goes_on else "waiting to start from the beginning")
    ensure_dispatcher(run.root)


def resume_or_begin_anew(run: Run) -> None:
    """:func:`resume` without a person who chooses: with a damaged resume point the run starts from the beginning."""
    resume(run, anew=bool(damage(run)))


def write_status(run: Run, **changes: object) -> None:
    """Merge into status.json, which belongs to the queue until this attempt has a process. Hold the queue lock."""
    replace_json(run.path / STATUS, run.status() | changes)


def _enqueue(run: Run, message: str) -> None:
    (run.path / STOP).unlink(missing_ok=True)
    cleared = dict.fromkeys(("started", "ended", "heartbeat", "error", "place"))
    attempt = run.attempt() + 1
    write_status(
        run, **cleared, state=State.QUEUED, queued=time.time(), attempt=attempt, stage="", message=message, warnings=[]
    )
    show_interest(run.root)


def prewarm(root: Path | None = None) -> None:
    """Somebody seems about to launch a run: have a worker ready. Returns at once; may be called often.

    If that is not possible nothing happens: the launch will say why.
    """
    root = runs_root(root)
    if not ready_minutes() or interest_age_s(root) < INTEREST_EVERY_S:
        return
    try:
        root.mkdir(parents=True, exist_ok=True)
        show_interest(root)
        ensure_dispatcher(root)
    except (OSError, RunError):
        return


def ensure_dispatcher(root: Path | None = None) -> bool:
    """Start a dispatcher for the runs below ``root`` unless there is one, or nothing to do. True if it was started.

    Cheap enough to be called by every poll: this is how a queue continues after its dispatcher was killed.
    """
    root = runs_root(root)
    if not root.is_dir():
        return False
    with queue_lock(root):
        if dispatcher_runs(root) or not (wanted(root) or has_work(root)):
            return False
        _spawn_dispatcher(root)
    return True


def has_work(root: Path) -> bool:
    """Whether there is anything to start or to watch for a dispatcher."""
    return any(_needs_dispatcher(run) for run in list_runs(root))


def in_cluster(run: Run) -> bool:
    """Whether its present attempt is a job of a cluster."""
    return process_of(run.process(), run.attempt()) is Process.IN_CLUSTER


def _needs_dispatcher(run: Run) -> bool:
    state = run.state()
    if state is State.QUEUED:
        return not waits_for_a_person(run)
    return state.active and process_of(run.process()) in (Process.ALIVE, Process.IN_CLUSTER)


def waits_for_a_person(run: Run) -> bool:
    """Whether the weights of the run come, perhaps through others that wait, from one that a person must resume."""
    last = run
    for last in source_chain(source_of(run), run.root):
        if (state := last.state()) is not State.QUEUED:
            return state is State.INTERRUPTED
    return source_of(last) is not None  # a circle, in which each run waits for another


def _spawn_dispatcher(root: Path) -> None:
    start(root / DISPATCHER_LOG, "sealife_core.runs.scheduling", str(root.resolve()))
