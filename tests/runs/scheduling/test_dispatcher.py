import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sealife_core.processes import identity
from sealife_core.runs.deletion import delete
from sealife_core.runs.files import replace_json
from sealife_core.runs.liveness import Process, State, process_of
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling import __main__ as process
from sealife_core.runs.scheduling import dispatcher as dispatching
from sealife_core.runs.scheduling.dispatcher import Dispatcher
from sealife_core.runs.scheduling.prewarmed_worker import PrewarmedWorker
from sealife_core.runs.scheduling.queue import ensure_dispatcher, has_work, launch, request_stop, resume
from sealife_core.runs.scheduling.queue_order import move_up
from sealife_core.runs.scheduling.run_process import worker_command
from sealife_core.runs.writer import RunWriter
from tests.runs.processes import dispatcher_pids, order, until

Make = Callable[..., Run]
Begin = Callable[..., Dispatcher]
GIGABYTE = 1024**3


def turn_until(dispatcher: Dispatcher, condition: Callable[[], bool]) -> None:
    def met() -> bool:
        dispatcher.turn()
        return condition()

    until(met)


def test_turn__starts_first_in_first_out_one_a_device(make: Make, begin: Begin, root: Path):
    runs = [make() for _ in range(3)]
    for run in reversed(runs):
        launch(run)
    dispatcher = begin()
    dispatcher.turn()
    assert [run.state() for run in runs] == ["queued", "queued", "running"]
    assert runs[0].shown().message == "waiting for its turn"
    turn_until(dispatcher, lambda: all(run.state() is State.FINISHED for run in runs))
    assert order(root) == [run.id for run in reversed(runs)]
    starts = [((run.process() or {})["started"], run.status()["ended"]) for run in reversed(runs)]
    assert all(ended <= started for (_, ended), (started, _) in itertools.pairwise(starts))
    until(lambda: not dispatcher.turn())


def test_turn__gives_every_gpu_one_run_and_says_which(make: Make, begin: Begin, root: Path):
    runs = [make(orders={"step_s": 0.2}) for _ in range(3)]
    slow = make(device="cpu", orders={"step_s": 0.2})
    for run in (*runs, slow):
        launch(run)
    dispatcher = begin(devices=["cpu", "cuda:0", "cuda:1"])
    dispatcher.turn()
    assert [run.state() for run in (*runs, slow)] == ["running", "running", "queued", "running"]
    turn_until(dispatcher, lambda: len(order(root)) == 4)
    told = dict(line.split() for line in (root / "order.txt").read_text().splitlines())
    assert (told[runs[0].id], told[runs[1].id], told[slow.id]) == ("'0'", "'1'", "''")


def test_turn__refuses_a_gpu_run_where_there_is_none(make: Make, begin: Begin, root: Path):
    run = make(device="cuda")
    launch(run)
    begin().turn()
    assert run.error() == {
        "what": "The run needs a GPU, but this machine has none.",
        "next": "Clone the run with device 'cpu' or 'auto'.",
    }
    assert order(root) == []


def test_turn__gives_a_run_the_devices_it_asks_for_and_says_which(make: Make, begin: Begin, root: Path):
    both, one = make(devices=2, orders={"step_s": 0.1}), make()
    launch(both)
    launch(one)
    dispatcher = begin(devices=["cpu", "cuda:0", "cuda:3"])
    dispatcher.turn()
    assert (both.process() or {})["device"] == "cuda:0,cuda:3"
    assert one.shown().message == "waiting for its turn"
    turn_until(dispatcher, lambda: one.state() is State.FINISHED)
    assert (root / "order.txt").read_text().splitlines() == [f"{both.id} '0,3'", f"{one.id} '0'"]


def test_turn__a_run_that_waits_for_two_devices_is_not_overtaken(make: Make, begin: Begin, root: Path):
    first, second = make(orders={"step_s": 60}), make(orders={"step_s": 60})
    both, late, on_cpu = make(devices=2), make(), make(device="cpu")
    for run in (first, second, both, late, on_cpu):
        launch(run)
    dispatcher = begin(devices=["cpu", "cuda:0", "cuda:1"], stop_grace_s=0)
    turn_until(dispatcher, lambda: len(first.metrics()) + len(second.metrics()) == 2 and len(order(root)) == 3)
    assert both.shown().message == "waiting for 2 devices: 0 free"
    request_stop(first)
    turn_until(dispatcher, lambda: first.id not in dispatcher.watched)
    dispatcher.turn()
    assert both.shown().message == "waiting for 2 devices: 1 free"
    assert late.shown().message == "waiting for its turn"  # though a device is free for it
    request_stop(second)
    turn_until(dispatcher, lambda: late.state() is State.FINISHED)
    assert order(root)[-2:] == [both.id, late.id]
    assert on_cpu.state() is State.FINISHED


def devices_of(*runs: Run) -> list[str]:
    """Where each run is at work: its device, marked * where it goes beside a training; "" where it waits."""
    records = [run.process() or {} if run.state() is not State.QUEUED else {} for run in runs]
    return [record.get("device", "") + ("*" if record.get("beside") else "") for record in records]


LONG = {"step_s": 60}
HERE, TWO_GPUS = ["cpu"], ["cpu", "cuda:0", "cuda:1"]
EMBED, PROBE, TRAIN = {"task": "embed"}, {"task": "probe", "weights": "imagenet"}, {"task": "simclr"}
VIEWS = PROBE | {"augmentation": "light", "optimiser": "adamw"}  # it looks at every image anew in every epoch
BOTH, ON_CPU, ON_GPU = {"devices": 2}, {"device": "cpu"}, {"device": "cuda"}


@pytest.mark.parametrize(
    ("there", "queued", "begin_on"),
    [
        (HERE, [TRAIN, EMBED], ["cpu", "cpu*"]),
        (HERE, [TRAIN, PROBE], ["cpu", "cpu*"]),
        (HERE, [TRAIN, VIEWS], ["cpu", ""]),
        (HERE, [TRAIN, TRAIN, EMBED], ["cpu", "", "cpu*"]),
        (HERE, [TRAIN, EMBED, PROBE], ["cpu", "cpu*", ""]),
        (HERE, [EMBED, PROBE, TRAIN], ["cpu", "", ""]),  # seconds are waited for
        (TWO_GPUS, [TRAIN, EMBED], ["cuda:0", "cuda:1"]),
        (TWO_GPUS, [TRAIN, TRAIN, EMBED], ["cuda:0", "cuda:1", "cpu*"]),
        (TWO_GPUS, [TRAIN, TRAIN, EMBED | ON_GPU], ["cuda:0", "cuda:1", ""]),
        (TWO_GPUS, [TRAIN, EMBED, PROBE], ["cuda:0", "cuda:1", ""]),
        (TWO_GPUS, [TRAIN | BOTH, EMBED, PROBE], ["cuda:0,cuda:1", "cpu*", ""]),
        (TWO_GPUS, [TRAIN | BOTH, PROBE, TRAIN | ON_CPU], ["cuda:0,cuda:1", "cpu*", "cpu"]),
        (TWO_GPUS, [TRAIN, TRAIN | BOTH, EMBED], ["cuda:0", "", ""]),  # what is free is kept for both
        (TWO_GPUS[:2], [TRAIN, TRAIN | ON_CPU, EMBED], ["cuda:0", "cpu", "cpu*"]),
    ],
    ids=str,
)
def test_turn__what_trains_no_encoder_goes_beside_a_training(
    make: Make, begin: Begin, there: list[str], queued: list[dict[str, str]], begin_on: list[str]
):
    runs = [make(orders=LONG, **asked) for asked in queued]
    for run in runs:
        launch(run)
    dispatcher = begin(devices=there)
    dispatcher.turn()
    dispatcher.turn()
    assert devices_of(*runs) == begin_on


def test_turn__a_run_goes_beside_a_training_only_where_memory_allows(
    make: Make, begin: Begin, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(dispatching, "available_bytes", lambda: 3 * GIGABYTE)
    monkeypatch.setattr(dispatching, "peak_in_main_memory", lambda config, assigned, root: 2 * GIGABYTE)
    monkeypatch.setattr(dispatching, "held_bytes", lambda pid: GIGABYTE)  # each will still take one more
    monkeypatch.setattr(dispatching, "ROOM_S", 0.0)
    first, embed, second = make(orders=LONG), make("embed", orders=LONG), make(orders=LONG)
    for run in (first, embed, second):
        launch(run)
    dispatcher = begin(devices=HERE, stop_grace_s=0)
    dispatcher.turn()
    assert devices_of(first, embed, second) == ["cpu", "", ""]
    assert embed.shown().message == "waiting for memory: other runs need it"
    shared = [GIGABYTE]  # the pre-warmed worker holds it, and so does what is forked from it
    monkeypatch.setattr(PrewarmedWorker, "shared_bytes", lambda self: shared[0])
    dispatcher.turn()
    assert devices_of(first, embed, second) == ["cpu", "cpu*", ""]
    request_stop(first)
    shared[0] = 0
    turn_until(dispatcher, lambda: first.id not in dispatcher.watched)
    dispatcher.turn()
    assert second.shown().message == "waiting for memory: other runs need it"
    request_stop(embed)
    turn_until(dispatcher, lambda: devices_of(second) == ["cpu"])


def test_adopt__a_run_beside_a_training_is_still_beside_it(make: Make, begin: Begin, root: Path):
    first, embed, probe, second = make(orders=LONG), make("embed", orders=LONG), make(**PROBE), make()
    for run in (first, embed, probe, second):
        launch(run)
    killed = begin(devices=HERE)
    killed.turn()
    dispatcher = begin(devices=HERE, stop_grace_s=0)
    dispatcher.adopt()
    dispatcher.turn()
    assert devices_of(first, embed, probe, second) == ["cpu", "cpu*", "", ""]
    request_stop(embed)
    turn_until(dispatcher, lambda: probe.state() is State.FINISHED)
    assert (probe.process() or {})["beside"] is True
    assert (first.state(), second.state()) == ("running", "queued")


def test_turn__a_resumed_run_goes_beside_again(make: Make, begin: Begin):
    training, embed = make(orders=LONG), make("embed", orders={"steps": 100_000})
    launch(training)
    launch(embed)
    dispatcher = begin(devices=HERE)
    turn_until(dispatcher, lambda: bool(embed.metrics()))
    request_stop(embed)
    turn_until(dispatcher, lambda: embed.id not in dispatcher.watched)
    assert embed.state() is State.STOPPED
    resume(embed)
    turn_until(dispatcher, lambda: devices_of(embed) == ["cpu*"])
    assert training.state() is State.RUNNING


def test_turn__a_run_that_was_moved_up_goes_first(make: Make, begin: Begin, root: Path):
    first, second, third, fourth = runs = [make() for _ in range(4)]
    for run in runs:
        launch(run)
    dispatcher = begin()
    dispatcher.turn()
    move_up(fourth, to_front=True)
    move_up(third)
    turn_until(dispatcher, lambda: all(run.state() is State.FINISHED for run in runs))
    assert order(root) == [first.id, fourth.id, third.id, second.id]


def test_turn__refuses_a_run_that_asks_for_more_devices_than_there_are(make: Make, begin: Begin, root: Path):
    run, other = make(devices=3), make()
    launch(run)
    launch(other)
    dispatcher = begin(devices=["cpu", "cuda:0", "cuda:1"])
    dispatcher.turn()
    assert run.error() == {
        "what": "The run needs 3 devices, but this machine has 2.",
        "next": "Clone the run with devices 2, or with device 'cpu', where 3 processes share the processor.",
    }
    turn_until(dispatcher, lambda: other.state() is State.FINISHED)


def test_turn__a_run_waits_for_the_run_its_weights_come_from(make: Make, begin: Begin, root: Path):
    source = make(orders={"step_s": 0.1})
    probe = make("probe", weights=f"run:{source.id}")
    launch(probe)
    launch(source)
    dispatcher = begin()
    dispatcher.turn()
    assert probe.shown().message == f"waiting for '{source.id}' to finish"
    turn_until(dispatcher, lambda: probe.state() is State.FINISHED)
    assert order(root) == [source.id, probe.id]


def test_turn__a_stopped_source_with_a_model_will_do(make: Make, begin: Begin, root: Path):
    source = make()
    RunWriter(source).status(state="stopped")
    (source.path / "model.safetensors").touch()
    probe = make("probe", weights=f"run:{source.id}")
    launch(probe)
    turn_until(begin(), lambda: probe.state() is State.FINISHED)


@pytest.mark.parametrize(
    ("fate", "sentence"),
    [
        ("failed", "is failed"),
        ("stopped", "has no model"),
        ("finished", "has no model"),
        ("created", "was never launched"),
        ("deleted", "was deleted"),
    ],
)
def test_turn__fails_a_run_whose_weights_will_never_come(
    make: Make, begin: Begin, root: Path, fate: str, sentence: str
):
    source = make()
    if fate == "deleted":
        delete(source)
    else:
        RunWriter(source).status(state=fate)
    probe = make("probe", weights=f"run:{source.id}")
    launch(probe)
    begin().turn()
    assert probe.state() is State.FAILED
    error = probe.error()
    assert error
    assert error["what"] == f"The weights come from run '{source.id}', but that run {sentence}."
    assert order(root) == []


def test_turn__a_run_waits_for_an_interrupted_source_without_keeping_the_dispatcher(
    make: Make, begin: Begin, root: Path
):
    source = make()
    probe = make("probe", weights=f"run:{source.id}")
    last = make("probe", weights=f"run:{probe.id}")
    for run in (source, probe, last):
        launch(run)
    replace_json(source.path / "status.json", {"state": "running", "heartbeat": 0, "attempt": 1})
    dispatcher = begin()
    assert dispatcher.turn() is False
    assert not has_work(root)
    assert (source.state(), probe.state(), last.state()) == ("interrupted", "queued", "queued")
    assert probe.shown().message == f"waiting for '{source.id}' (it was interrupted: resume it)"
    resume(source)
    assert has_work(root)
    turn_until(dispatcher, lambda: last.state() is State.FINISHED)
    assert order(root) == [source.id, probe.id, last.id]


def test_has_work__runs_that_wait_for_each_other_wait_for_a_person(make: Make, begin: Begin, root: Path):
    begin()
    for name, other in (("x", "y"), ("y", "x")):
        run = make("probe", weights=f"run:{other}")
        run.path.rename(root / name)
        launch(Run(root / name))
    assert not has_work(root)


def test_turn__a_source_that_fails_while_waited_for_fails_the_next(make: Make, begin: Begin, root: Path):
    source = make(orders={"fail": True})
    probe = make("probe", weights=f"run:{source.id}")
    launch(source)
    launch(probe)
    turn_until(begin(), lambda: probe.state() is State.FAILED)
    assert source.shown().message == "It went wrong. Try another."
    assert order(root) == [source.id]


def test_turn__a_crash_at_import_is_a_failure_with_its_last_line(make: Make, begin: Begin, root: Path):
    run = make(orders={"crash_at_once": True})
    launch(run)
    turn_until(begin(), lambda: "exit_code" in (run.process() or {}))
    assert run.state() is State.FAILED
    assert run.status()["state"] == "queued"  # the worker alone could have written more, and it never did
    assert (
        run.shown().message
        == "The process ended with code 1 before the run started: ImportError: no module named 'starfish'"
    )
    assert "Traceback (most recent call last):" in run.log_tail()
    resume(run)
    assert run.state() is State.QUEUED


def test_turn__a_command_that_cannot_start_fails_the_run_not_the_queue(
    make: Make, begin: Begin, root: Path, monkeypatch: pytest.MonkeyPatch
):
    good = os.environ["SEALIFE_WORKER_COMMAND"]
    monkeypatch.setenv("SEALIFE_WORKER_COMMAND", "/nowhere/python")
    first, second = make(), make()
    launch(first)
    dispatcher = begin()
    dispatcher.turn()
    assert first.state() is State.FAILED
    assert "A file or folder is missing" in first.shown().message
    monkeypatch.setenv("SEALIFE_WORKER_COMMAND", good)
    launch(second)
    turn_until(dispatcher, lambda: second.state() is State.FINISHED)


def test_turn__damaged_neighbours_do_not_hold_up_the_queue(make: Make, begin: Begin, root: Path):
    broken, half, run = make(), make(), make()
    for each in (broken, half, run):
        launch(each)
    (broken.path / "config.json").write_text("{")
    (half.path / "status.json").write_text('{"state": "que')
    (root / "empty").mkdir()
    turn_until(begin(), lambda: run.state() is State.FINISHED)
    assert order(root) == [run.id]


def test_turn__a_stubborn_run_gets_term_then_kill_and_counts_as_stopped(
    make: Make, begin: Begin, root: Path, capsys: pytest.CaptureFixture[str]
):
    run = make(orders={"stubborn": True, "steps": 100_000})
    launch(run)
    dispatcher = begin(stop_grace_s=0.3, kill_after_s=0.3)
    turn_until(dispatcher, lambda: bool(run.metrics()))
    request_stop(run)
    assert run.shown().stopping
    turn_until(dispatcher, lambda: not dispatcher.watched)
    assert (run.process() or {})["exit_code"] == -signal.SIGKILL
    assert run.state() is State.STOPPED
    assert "asked to stop" in run.shown().message


def test_turn__term_is_enough_for_most(make: Make, begin: Begin, root: Path):
    run = make(orders={"step_s": 60})
    launch(run)
    dispatcher = begin(stop_grace_s=0)
    turn_until(dispatcher, lambda: bool(run.metrics()))
    request_stop(run)
    turn_until(dispatcher, lambda: not dispatcher.watched)
    assert (run.process() or {})["exit_code"] == -signal.SIGTERM


def test_turn__does_not_start_a_resumed_run_beside_its_old_process(make: Make, begin: Begin, root: Path):
    run = make(orders={"step_s": 60})
    launch(run)
    dispatcher = begin()
    turn_until(dispatcher, lambda: bool(run.metrics()))
    RunWriter(run).status(state="stopped")  # said, while the process has not gone yet
    resume(run)
    dispatcher.turn()
    dispatcher.turn()
    assert run.state() is State.QUEUED
    assert order(root) == [run.id]
    os.kill((run.process() or {})["pid"], signal.SIGKILL)
    turn_until(dispatcher, lambda: len(order(root)) == 2)


def test_adopt__a_worker_started_but_not_yet_noted_is_found(make: Make, begin: Begin, root: Path):
    run = make(orders={"steps": 100_000})
    launch(run)
    worker = subprocess.Popen([*worker_command(), str(run.path)], start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        until(lambda: run.metrics())
        dispatcher = begin()
        dispatcher.adopt()
        dispatcher.turn()
        assert list(dispatcher.watched) == [run.id]
        assert (run.process() or {})["pid"] == worker.pid
        assert order(root) == [run.id]
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
    dispatcher.turn()
    assert dispatcher.watched == {}


@pytest.mark.process
def test_sigkilled_dispatcher__the_next_one_adopts_and_keeps_the_order(make: Make, root: Path):
    first, second = make(orders={"steps": 100_000}), make()
    launch(first)
    launch(second)
    until(lambda: first.metrics())
    (killed,) = dispatcher_pids(root)
    os.kill(killed, signal.SIGKILL)
    until(lambda: identity(killed) is None)
    assert process_of(first.process()) is Process.ALIVE
    steps = len(first.metrics())
    assert ensure_dispatcher(root) is True
    until(lambda: len(dispatcher_pids(root)) == 2)
    until(lambda: len(first.metrics()) > steps + 20)
    assert (first.state(), second.state()) == ("running", "queued")
    assert ensure_dispatcher(root) is False
    request_stop(first)
    until(lambda: second.state() is State.FINISHED)
    assert first.state() is State.STOPPED
    assert order(root) == [first.id, second.id]


@pytest.mark.process
def test_main__many_dispatchers_at_once_start_every_run_once(make: Make, root: Path):
    runs = [make() for _ in range(4)]
    command = [sys.executable, "-m", "sealife_core.runs.scheduling", str(root)]
    with (root / ".dispatcher.log").open("ab") as log:
        for run in runs:
            RunWriter(run).status(state="queued", queued=time.time(), attempt=1)
        racing = [subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True) for _ in range(4)]
    until(lambda: all(run.state() is State.FINISHED for run in runs))
    assert [child.wait(30) for child in racing] == [0] * 4
    assert sorted(order(root)) == sorted(run.id for run in runs)
    assert len(dispatcher_pids(root)) == 1


@pytest.mark.usefixtures("begin")
def test_main__sees_a_run_that_is_queued_while_it_is_about_to_go(
    make: Make, root: Path, monkeypatch: pytest.MonkeyPatch
):
    late, entered = make(), []
    real = process.queue_lock
    monkeypatch.setattr(process, "IDLE_S", 0.0)

    @contextmanager
    def somebody_was_faster(where: Path) -> Iterator[None]:
        entered.append(where)
        if len(entered) == 2:  # the first is the start, the second the look before it goes
            launch(late)
        with real(where):
            yield

    monkeypatch.setattr(process, "queue_lock", somebody_was_faster)
    assert process.main(root) == 0
    assert late.state() is State.FINISHED
    assert order(root) == [late.id]
