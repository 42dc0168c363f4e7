import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from sealife_core.errors import RunError
from sealife_core.processes import identity
from sealife_core.runs.files import replace_json
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.queue import ensure_dispatcher, launch, request_stop, resume, write_status
from sealife_core.runs.scheduling.queue_order import ahead_of, move_up, waiting_runs
from sealife_core.runs.writer import RunWriter
from tests.runs.processes import dispatcher_pids, order, until

Make = Callable[..., Run]


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No dispatcher is started: the queue alone."""
    monkeypatch.setattr("sealife_core.runs.scheduling.queue._spawn_dispatcher", lambda root: None)


def queued(make: Make, count: int, **settings: str) -> list[Run]:
    runs = [make(**settings) for _ in range(count)]
    for run in runs:
        launch(run)
    return runs


@pytest.mark.usefixtures("nobody")
def test_move_up__one_place_and_to_the_front(make: Make, root: Path):
    a, b, c, d = queued(make, 4)
    move_up(c)
    assert waiting_runs(root) == [a, c, b, d]
    move_up(d, to_front=True)
    assert waiting_runs(root) == [d, a, c, b]
    move_up(b)
    assert waiting_runs(root) == [d, a, b, c]
    (late,) = queued(make, 1)
    assert waiting_runs(root)[-1] == late
    assert ahead_of(b) == [d, a]


@pytest.mark.usefixtures("nobody")
def test_move_up__goes_on_where_two_share_a_place(make: Make, root: Path):
    first, second = sorted(queued(make, 2), key=lambda run: run.id)
    for run in (first, second):  # as a process leaves them that is killed between the two changes of a move
        write_status(run, place=5.0)
    move_up(second)
    assert waiting_runs(root) == [second, first]


@pytest.mark.usefixtures("nobody")
def test_move_up__a_run_that_is_queued_anew_is_the_last_again(make: Make, root: Path):
    a, b = queued(make, 2)
    move_up(b)
    request_stop(b)
    resume(b)
    assert waiting_runs(root) == [a, b]


@pytest.mark.usefixtures("nobody")
def test_move_up__passes_only_those_that_wait_for_the_same(make: Make, root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    gpu, cpu, elsewhere = make(), make(device="cpu"), make(where="ray:head")
    for run in (gpu, cpu, elsewhere):
        launch(run)
    last = queued(make, 1, device="cpu")[0]
    move_up(last)
    assert waiting_runs(root) == [gpu, last, elsewhere, cpu]
    with pytest.raises(RunError, match="is already the next to begin"):
        move_up(elsewhere)


@pytest.mark.usefixtures("nobody")
def test_move_up__not_before_the_run_its_weights_come_from(make: Make, root: Path):
    source, other = queued(make, 2)
    source.write_notes(name="Encoder")
    probe = make("finetune", weights=f"run:{source.id}")
    last = make("finetune", weights=f"run:{probe.id}")
    for run in (probe, last):
        launch(run)
    probe.write_notes(name="Classifier")
    move_up(probe)
    with pytest.raises(RunError, match=r"'Classifier' needs the weights of 'Encoder', which is ahead of it\. Move"):
        move_up(probe)
    with pytest.raises(RunError, match="needs the weights of 'Encoder'"):
        move_up(last, to_front=True)
    assert waiting_runs(root) == [source, probe, other, last]
    move_up(other, to_front=True)
    assert waiting_runs(root) == [other, source, probe, last]


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("state", ["created", "finished", "running"])
def test_move_up__refuses_what_does_not_wait(make: Make, state: str):
    run = make()
    if state != "created":
        RunWriter(run).status(state=state)
    with pytest.raises(RunError, match=f"is not waiting: it is {state}"):
        move_up(run)


@pytest.mark.usefixtures("nobody")
def test_move_up__of_a_run_that_was_deleted_says_so(make: Make):
    run = make()
    shutil.rmtree(run.path)
    with pytest.raises(RunError, match=r"no longer exists\. Look in the trash"):
        move_up(run)


@pytest.mark.usefixtures("nobody")
def test_move_up__refuses_a_job_of_a_cluster(make: Make):
    (run,) = queued(make, 1, where="ray:head")
    replace_json(run.path / "process.json", {"job": "x", "attempt": 1})
    with pytest.raises(RunError, match="is already waiting in its cluster"):
        move_up(run)


@pytest.mark.usefixtures("nobody")
def test_waiting_runs__one_with_a_damaged_place_holds_up_no_other(make: Make, root: Path):
    a, b = queued(make, 2)
    write_status(b, place="first")
    assert waiting_runs(root) == [a]
    assert "'place'" in b.shown().message


@pytest.mark.process
def test_killed_dispatchers__start_every_run_once_in_its_order(make: Make, root: Path):
    """Trainings and runs that go beside them, moved up meanwhile; each dispatcher is killed as soon as it works."""
    first = make(orders={"steps": 100_000})
    launch(first)
    until(lambda: first.metrics())
    trainings = queued(make, 3)
    probes = queued(make, 3, task="probe", weights="imagenet")
    move_up(trainings[2], to_front=True)
    for _ in range(4):
        pid = dispatcher_pids(root)[-1]
        os.kill(pid, signal.SIGKILL)
        until(lambda pid=pid: identity(pid) is None)
        ensure_dispatcher(root)
        until(lambda pid=pid: dispatcher_pids(root)[-1] != pid)
    until(lambda: all(run.state() is State.FINISHED for run in probes))
    assert [run.state() for run in trainings] == ["queued"] * 3
    request_stop(first)
    until(lambda: all(run.state() is State.FINISHED for run in trainings))
    begun = order(root)
    assert sorted(begun) == sorted(run.id for run in (first, *trainings, *probes))
    assert [run_id for run_id in begun if "simclr" in run_id] == [
        run.id for run in (first, trainings[2], trainings[0], trainings[1])
    ]
    assert [run_id for run_id in begun if "probe" in run_id] == [run.id for run in probes]
