import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import dispatcher_pids, order, until

from sealife_core.errors import RunError
from sealife_core.processes import identity
from sealife_core.runs.deletion import delete, empty_trash, restore, trashed
from sealife_core.runs.directory import create_run, list_runs
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.locks import dispatcher_runs, queue_lock
from sealife_core.runs.scheduling.queue import ensure_dispatcher, launch, request_stop, resume, resume_or_begin_anew
from sealife_core.runs.writer import RunWriter
from sealife_core.studies.grid import build_grid

Make = Callable[..., Run]


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No dispatcher is started: the queue alone."""
    monkeypatch.setattr("sealife_core.runs.scheduling.queue._spawn_dispatcher", lambda root: None)


def whole_point(run: Run) -> None:
    with zipfile.ZipFile(run.path / "last.ckpt", "w") as point:
        point.writestr("data", "weights")


def end(run: Run, state: str = "finished") -> Run:
    RunWriter(run).status(state=state)
    return run


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
def test_resume__anew_is_not_for_a_study(root: Path):
    grid = build_grid("probe", {"seed": [1]}, data="reef", values={"weights": "imagenet"})
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
def test_delete__can_be_undone_and_names_the_bytes(make: Make, root: Path):
    run = end(make())
    (run.path / "model.safetensors").write_bytes(b"x" * 1000)
    size = run.size_bytes
    assert delete(run) == size > 1000
    assert list_runs(root) == []
    assert trashed(root) == [run.id]
    assert restore(run.id, root) == run
    assert (run.state(), run.size_bytes) == ("finished", size)
    with pytest.raises(RunError, match=r"is not in the trash\. The trash holds nothing"):
        restore(run.id, root)


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("state", ["queued", "running"])
def test_delete__is_refused_while_active(make: Make, state: str):
    run = end(make(), state)
    with pytest.raises(RunError, match=f"is {state}. Stop it first"):
        delete(run)
    assert run.path.is_dir()


@pytest.mark.usefixtures("nobody")
def test_delete__is_refused_while_others_depend_on_it_and_names_them(make: Make, root: Path):
    source = end(make())
    probe, tuned = (end(make(task, weights=f"run:{source.id}")) for task in ("probe", "finetune"))
    with pytest.raises(RunError, match=f"are needed by '{tuned.id}', '{probe.id}'"):
        delete(source)
    delete(probe)
    delete(tuned)
    assert delete(source) > 0
    assert trashed(root) == [tuned.id, probe.id, source.id]


@pytest.mark.usefixtures("nobody")
def test_delete__takes_a_damaged_run_and_not_one_that_is_gone(make: Make):
    run = make()
    (run.path / "config.json").unlink()
    delete(Run(run.path))
    with pytest.raises(RunError, match="no longer exists"):
        delete(run)


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("run_id", ["..", "../x", "", "."])
def test_restore__refuses_what_is_no_id(make: Make, root: Path, run_id: str):
    delete(end(make()))
    with pytest.raises(RunError, match="not in the trash"):
        restore(run_id, root)


@pytest.mark.usefixtures("nobody")
def test_empty_trash__frees_the_bytes_for_good(make: Make, root: Path):
    assert empty_trash(root) == 0
    run = end(make())
    size = delete(run)
    assert empty_trash(root) == size
    assert trashed(root) == []


@pytest.mark.usefixtures("nobody")
def test_empty_trash__holds_the_queue_for_a_moment_only_and_destroys_no_run_that_is_restored(
    make: Make, root: Path, monkeypatch: pytest.MonkeyPatch
):
    run, remove = end(make()), shutil.rmtree
    delete(run)
    deleting, go_on = threading.Event(), threading.Event()

    def slowly(folder: Path, **how: object) -> None:
        deleting.set()
        go_on.wait(30)
        remove(folder, **how)

    monkeypatch.setattr(shutil, "rmtree", slowly)
    emptying = threading.Thread(target=empty_trash, args=(root,))
    emptying.start()
    assert deleting.wait(30)
    launch(make())  # the queue is free
    with pytest.raises(RunError, match="is not in the trash"):
        restore(run.id, root)
    go_on.set()
    emptying.join()
    assert not run.path.exists()
    assert not list(root.glob(".removing-*"))


@pytest.mark.usefixtures("nobody")
def test_delete__meets_its_own_name_in_the_trash_and_both_come_back(make: Make, root: Path):
    run = end(make())
    copy = root / "copy"
    shutil.copytree(run.path, copy)
    for notes in ("first", "second", "third"):
        if not run.path.exists():
            shutil.copytree(copy, run.path)
        run.write_notes(notes=notes)
        delete(run)
    shutil.rmtree(copy)
    assert trashed(root) == [run.id]
    for notes in ("third", "second", "first"):
        assert restore(run.id, root).notes()["notes"] == notes
        run.path.rename(root / f".{notes}")
    assert trashed(root) == []


@pytest.mark.usefixtures("nobody")
def test_resume__removes_what_a_killed_worker_was_writing(make: Make):
    run = end(make(), "stopped")
    leftover = run.path / "embeddings" / ".embeddings.npy.123.tmp"
    leftover.parent.mkdir()
    size = run.size_bytes
    leftover.write_bytes(b"x" * 1000)
    os.utime(leftover, (0, 0))
    assert run.size_bytes == size
    assert leftover not in run.files
    resume(run)
    assert not leftover.exists()


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


def test_request_stop__of_a_running_run_ends_it_after_its_batch(make: Make):
    run = make(orders={"steps": 10_000})
    launch(run)
    until(lambda: run.metrics())
    request_stop(run)
    until(lambda: run.state() is State.STOPPED)
    assert run.status()["message"] == "stopped when asked"


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
