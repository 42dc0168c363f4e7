import os
import signal
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sealife_core.errors import RunError
from sealife_core.evaluation.embeddings.stored_embeddings import (
    pair_epochs,
    snapshot_epochs,
    write_pairs,
    write_snapshot,
)
from sealife_core.processes import identity
from sealife_core.runs.directory import create_run
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.locks import dispatcher_runs, queue_lock
from sealife_core.runs.scheduling.queue import ensure_dispatcher, launch, request_stop, resume, resume_or_begin_anew
from sealife_core.runs.writer import RunWriter
from sealife_core.studies.grid import build_grid
from tests.finished.files import files_of
from tests.runs.processes import dispatcher_pids, end, order, until

Make = Callable[..., Run]


def whole_point(run: Run) -> None:
    with zipfile.ZipFile(run.path / "last.ckpt", "w") as point:
        point.writestr("data", "weights")


@pytest.mark.usefixtures("nobody")
def test_launch__twice_queues_once(make: Make):
    run = make()
    launch(run)
    first = run.status()
    launch(run)
    assert run.status() == first
    assert (first["state"], first["attempt"]) == ("queued", 1)
    launch(end(run))
    assert run.state() is State.FINISHED


@pytest.mark.usefixtures("nobody")
def test_launch__of_a_damaged_run_says_so(make: Make):
    run = make()
    (run.path / "config.json").write_text("{")
    with pytest.raises(RunError, match=r"cannot be launched: .*config\.json cannot be read"):
        launch(Run(run.path))


@pytest.mark.usefixtures("nobody")
def test_request_stop__ends_a_queued_run_at_once(make: Make):
    run = make()
    launch(run)
    request_stop(run)
    assert run.state() is State.STOPPED
    assert not run.stop_requested()


@pytest.mark.usefixtures("nobody")
def test_request_stop__leaves_an_ended_run_as_it_is(make: Make):
    run = end(make())
    request_stop(run)
    assert run.state() is State.FINISHED
    assert not run.stop_requested()


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("state", ["stopped", "failed"])
def test_resume__queues_again_and_forgets_the_stop_and_the_error(make: Make, state: str):
    run = make()
    launch(run)
    RunWriter(run).metric(1, 0.1)
    RunWriter(run).status(state=state, error={"what": "a", "next": "b"}, step=7)
    (run.path / "stop").touch()
    whole_point(run)
    resume(run)
    status = run.status()
    assert (status["state"], status["attempt"], status["error"], status["step"]) == ("queued", 2, None, 7)
    assert run.state() is State.QUEUED
    assert not run.stop_requested()
    assert len(run.metrics()) == 1


@pytest.mark.usefixtures("nobody")
def test_resume__refuses_a_damaged_resume_point_and_begins_anew_where_asked(make: Make):
    run = end(make(), "stopped")
    RunWriter(run).metric(1, 0.1)
    RunWriter(run).results(val={"accuracy": 0.5})
    RunWriter(run).environment(device="cpu", plan={"epochs": 3, "images_per_epoch": 10, "copies": 0})
    (run.path / "last.ckpt").touch()
    with pytest.raises(
        RunError,
        match=r"last.ckpt\) is damaged: it is empty. Start the run from the beginning .*runs resume RUN --anew",
    ):
        resume(run)
    assert run.state() is State.STOPPED
    assert run.metrics()
    resume(run, anew=True)
    assert run.state() is State.QUEUED
    assert run.status()["message"] == "waiting to start from the beginning"
    assert run.metrics() == []
    assert (run.results(), run.environment()) == (None, {"device": "cpu"})
    assert not (run.path / "last.ckpt").exists()


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize(("whole", "kept"), [(True, 1), (False, 0)])
def test_resume__without_anybody_to_ask_begins_anew_only_where_it_must(make: Make, whole: bool, kept: int):
    run = end(make(), "stopped")
    RunWriter(run).metric(1, 0.1)
    whole_point(run)
    if not whole:
        os.truncate(run.path / "last.ckpt", 60)
    resume_or_begin_anew(run)
    assert run.state() is State.QUEUED
    assert len(run.metrics()) == kept


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize(("anew", "kept"), [(True, ()), (False, (0, 50))])
def test_resume__anew_forgets_what_the_last_attempt_stored_while_it_learned(
    make: Make, anew: bool, kept: tuple[int, ...]
):
    run = end(make(), "stopped")
    whole_point(run)
    for epoch in (0, 50):
        write_snapshot(run.path, ("a", "b"), epoch, np.eye(2))
        write_pairs(run.path, epoch, np.ones((2, 2, 2)))
    resume(run, anew=anew)
    assert snapshot_epochs(run.path) == pair_epochs(run.path) == kept


@pytest.mark.usefixtures("nobody")
def test_resume__anew_is_not_for_a_study(root: Path):
    grid = build_grid("probe", {"label_fraction": [5]}, data="reef", values={"weights": "imagenet"})
    study = create_run(grid, root=root)
    with pytest.raises(RunError, match="cannot start from the beginning"):
        resume(end(study, "stopped"), anew=True)


@pytest.mark.usefixtures("nobody")
def test_resume__without_a_checkpoint_begins_anew(make: Make):
    run = make()
    RunWriter(run).metric(1, 0.1)
    resume(end(run, "failed"))
    assert run.state() is State.QUEUED
    assert run.metrics() == []


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize(
    ("state", "way"),
    [("finished", "Clone it"), ("created", "Launch it"), ("queued", "Stop it"), ("running", "Stop it")],
)
def test_resume__refuses_other_states_and_names_the_way(make: Make, state: str, way: str):
    with pytest.raises(RunError, match=f"is {state}; only .* can be resumed. {way}"):
        resume(end(make(), state))


@pytest.mark.usefixtures("nobody")
def test_resume__removes_what_a_killed_worker_was_writing(make: Make):
    run = end(make(), "stopped")
    leftover = run.path / "embeddings" / ".embeddings.npy.123.tmp"
    leftover.parent.mkdir()
    size = run.size_bytes
    leftover.write_bytes(b"x" * 1000)
    os.utime(leftover, (0, 0))
    assert run.size_bytes == size
    assert leftover not in files_of(run)
    resume(run)
    assert not leftover.exists()


@pytest.mark.process
def test_launch__starts_a_dispatcher_that_runs_it_and_goes(make: Make, root: Path):
    run = make()
    launch(run)
    until(lambda: run.state() is State.FINISHED)
    assert [row["step"] for row in run.metrics()] == [1, 2, 3]
    (pid,) = dispatcher_pids(root)
    until(lambda: identity(pid) is None)
    assert ensure_dispatcher(root) is False  # nothing is left to do
    with queue_lock(root):
        assert not dispatcher_runs(root)
    record = run.process()
    assert record
    assert (record["exit_code"], record["device"], record["attempt"]) == (0, "cpu", 1)
    assert record["command"][-1] == str(run.path)


@pytest.mark.process
def test_launch__survives_the_end_and_the_ctrl_c_of_who_launched(make: Make, root: Path):
    first, second = make(orders={"steps": 40}), make()
    launcher = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent("""
            import signal, sys, time
            from pathlib import Path
            from sealife_core.runs.run import Run
            from sealife_core.runs.scheduling.queue import launch
            signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
            for path in sys.argv[1:]:
                launch(Run(Path(path)))
            print("launched", flush=True)
            time.sleep(60)
        """), str(first.path), str(second.path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    with launcher:
        assert launcher.stdout
        assert launcher.stdout.readline() == b"launched\n"
        until(lambda: first.metrics())
        os.killpg(launcher.pid, signal.SIGINT)  # what a terminal sends
        assert launcher.wait(30) != 0
    until(lambda: first.state() is second.state() is State.FINISHED)
    assert len(dispatcher_pids(root)) == 1


@pytest.mark.process
def test_request_stop__of_a_running_run_ends_it_after_its_batch(make: Make):
    run = make(orders={"steps": 10_000})
    launch(run)
    until(lambda: run.metrics())
    request_stop(run)
    until(lambda: run.state() is State.STOPPED)
    assert run.status()["message"] == "stopped when asked"


@pytest.mark.process
def test_sigkill__shows_interrupted_and_resume_goes_on(make: Make, root: Path):
    run = make(orders={"steps": 300})
    launch(run)
    until(lambda: len(run.metrics()) > 3)
    record = run.process()
    assert record
    os.kill(record["pid"], signal.SIGKILL)
    until(lambda: "exit_code" in (run.process() or {}))
    assert run.state() is State.INTERRUPTED
    assert "was killed (SIGKILL" in run.shown().message
    whole_point(run)
    resume(run)
    until(lambda: run.attempt() == 2 and run.state() is State.RUNNING and run.status()["state"] == "running")
    request_stop(run)
    until(lambda: run.state() is State.STOPPED)
    assert order(root) == [run.id, run.id]
