"""A worker kept ready: real processes, and every moment at which one of them may be killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from sealife_core.processes import identity
from sealife_core.runs.files import replace_json
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling import dispatcher as dispatching
from sealife_core.runs.scheduling import prewarmed_worker as keeping
from sealife_core.runs.scheduling.dispatcher import Dispatcher
from sealife_core.runs.scheduling.prewarmed_worker import READY, READY_LOG, PrewarmedWorker, wanted
from sealife_core.runs.scheduling.queue import ensure_dispatcher, launch, prewarm, request_stop
from tests.runs.processes import dispatcher_pids, order, until

pytestmark = pytest.mark.process

Make = Callable[..., Run]
FAKE_SPARE, FAKE_WORKER = (Path(__file__).parents[1] / f"fake_{name}.py" for name in ("spare", "worker"))


@pytest.fixture
def keeper(root: Path, begin: Callable[..., Dispatcher], monkeypatch: pytest.MonkeyPatch) -> Iterator[Dispatcher]:
    """A dispatcher whose spare is there and waits; it carries out runs as the fake worker does."""
    monkeypatch.delenv("SEALIFE_WORKER_COMMAND")
    monkeypatch.setenv("SEALIFE_READY_MINUTES", "5")
    for module in (keeping, dispatching):
        monkeypatch.setattr(module, "prewarmed_command", lambda: [sys.executable, str(FAKE_SPARE)])
    monkeypatch.setattr(dispatching, "worker_command", lambda: [sys.executable, str(FAKE_WORKER)])
    dispatcher = begin(devices=["cpu"])
    prewarm(root)
    keep_until_ready(dispatcher)
    yield dispatcher
    dispatcher.prewarmed.end()


def keep_until_ready(dispatcher: Dispatcher) -> int:
    """The pid of the spare, once it waits."""
    dispatcher.prewarmed.keep(idle=True)
    until(lambda: "ready" in (dispatcher.root / READY_LOG).read_text())
    assert dispatcher.prewarmed.child
    return dispatcher.prewarmed.child.pid


def turn_until(dispatcher: Dispatcher, condition: Callable[[], object]) -> None:
    def met() -> object:
        dispatcher.turn()
        dispatcher.prewarmed.keep(idle=not dispatcher.watched)
        return condition()

    until(met)


def pid_of(run: Run) -> int:
    return (run.process() or {})["pid"]


def test_offer__the_spare_carries_the_run_out_in_its_log_and_environment(keeper: Dispatcher, make: Make, root: Path):
    waiting = keep_until_ready(keeper)
    run = make()
    launch(run)
    keeper.turn()
    record = run.process() or {}
    assert record["pid"] == waiting
    assert record["start_ticks"] == (identity(waiting) or {})["start_ticks"]
    turn_until(keeper, lambda: run.state() is State.FINISHED)
    assert run.log_tail() == ["fake worker begins"]
    assert (root / "order.txt").read_text() == f"{run.id} ''\n"
    turn_until(keeper, lambda: "exit_code" in (run.process() or {}))
    assert (run.process() or {})["exit_code"] == 0


def test_keep__the_next_spare_waits_until_nothing_runs(keeper: Dispatcher, make: Make, root: Path):
    first, second = make(orders={"steps": 100_000}), make()
    launch(first)
    launch(second)
    turn_until(keeper, lambda: len(first.metrics()) > 3)
    assert keeper.prewarmed.child is None
    assert (first.state(), second.state()) == ("running", "queued")
    request_stop(first)
    turn_until(keeper, lambda: keeper.prewarmed.child is not None)
    assert (first.state(), second.state()) == ("stopped", "finished")
    assert order(root) == [first.id, second.id]
    assert keep_until_ready(keeper) not in (pid_of(first), pid_of(second))


def test_offer__a_spare_that_died_unnoticed_costs_the_run_nothing(keeper: Dispatcher, make: Make):
    waiting = keep_until_ready(keeper)
    os.kill(waiting, signal.SIGKILL)
    until(lambda: psutil.Process(waiting).status() == psutil.STATUS_ZOMBIE)  # dead, and nobody has asked
    run = make()
    launch(run)
    turn_until(keeper, lambda: run.state() is State.FINISHED)
    assert pid_of(run) != waiting


def test_keep__does_not_start_one_after_the_other_where_something_kills_them(keeper: Dispatcher):
    os.kill(keep_until_ready(keeper), signal.SIGKILL)
    until(lambda: keeper.prewarmed.keep(idle=True) or keeper.prewarmed.child is None)
    keeper.prewarmed.keep(idle=True)
    assert keeper.prewarmed.child is None


def test_offer__a_run_is_not_carried_out_by_code_that_has_changed(
    keeper: Dispatcher, make: Make, monkeypatch: pytest.MonkeyPatch
):
    waiting = keep_until_ready(keeper)
    monkeypatch.setattr(keeping, "_code_changed_since", lambda moment: True)
    run = make()
    launch(run)
    turn_until(keeper, lambda: run.state() is State.FINISHED)
    assert pid_of(run) != waiting
    assert identity(waiting) is None


def test_code_changed_since__sees_a_younger_file():
    assert keeping._code_changed_since(0)
    assert not keeping._code_changed_since(time.time() + 3600)


def test_turn__a_run_whose_process_cannot_be_noted_is_not_carried_out(
    keeper: Dispatcher, make: Make, root: Path, monkeypatch: pytest.MonkeyPatch
):
    waiting, run = keep_until_ready(keeper), make()
    launch(run)

    def full(path: Path, value: dict[str, object]) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dispatching, "replace_json", full)
    keeper.turn()
    until(lambda: identity(waiting) is None)
    assert run.state() is State.FAILED
    assert order(root) == []


@pytest.mark.parametrize("named", [False, True])
def test_await_order__a_dispatcher_killed_in_between_leaves_a_queued_run_or_a_known_process(
    make: Make, root: Path, named: bool
):
    run = make()
    (root / READY).touch()
    with subprocess.Popen([sys.executable, str(FAKE_SPARE)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as spare:
        assert spare.stdin
        ordered = {"run": str(run.path), "attempt": 0, "log": str(run.path / "log.txt")}
        spare.stdin.write(json.dumps(ordered | {"environment": {"CUDA_VISIBLE_DEVICES": "7"}}).encode())
        spare.stdin.flush()
        if named:
            replace_json(run.path / "process.json", (identity(spare.pid) or {}) | {"attempt": 0})
        time.sleep(0.2)
        assert order(root) == [], "nothing comes of an order before its pipe is closed"
    assert spare.returncode == 0
    assert order(root) == ([run.id] if named else [])
    assert run.state() is (State.FINISHED if named else State.CREATED)


@pytest.mark.parametrize("given", [b"", b'{"run": "/tmp/x", "att'])
def test_await_order__without_a_whole_order_the_spare_goes_silently(given: bytes):
    spare = subprocess.run([sys.executable, str(FAKE_SPARE)], input=given, capture_output=True, timeout=60)
    assert (spare.returncode, spare.stdout, spare.stderr) == (0, b"ready\n", b"")


def test_wanted__for_some_minutes_after_a_sign(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SEALIFE_READY_MINUTES", "5")
    keeping.show_interest(root)
    assert not wanted(root), "another command carries out the runs"
    monkeypatch.delenv("SEALIFE_WORKER_COMMAND")
    assert wanted(root)
    old = time.time() - 301
    os.utime(root / READY, (old, old))
    assert not wanted(root)
    keeping.show_interest(root)
    monkeypatch.setenv("SEALIFE_READY_MINUTES", "0")
    assert not wanted(root)


def test_keep__ends_what_is_no_longer_wanted(keeper: Dispatcher, root: Path):
    waiting = keep_until_ready(keeper)
    os.utime(root / READY, (0, 0))
    keeper.prewarmed.keep(idle=True)
    assert keeper.prewarmed.child is None
    assert identity(waiting) is None


def test_keep__needs_memory(keeper: Dispatcher, root: Path, monkeypatch: pytest.MonkeyPatch):
    class Memory:
        available = keeping.ENOUGH_BYTES - 1

    monkeypatch.setattr(psutil, "virtual_memory", lambda: Memory)
    other = PrewarmedWorker(root)
    other.keep(idle=True)
    assert other.child is None
    keeper.prewarmed.keep(idle=True)
    assert keeper.prewarmed.child is not None, "one that is there need not make room yet"
    Memory.available = keeping.TOO_LITTLE_BYTES - 1
    keeper.prewarmed.keep(idle=True)
    assert keeper.prewarmed.child is None


def test_make_ready__gives_no_sign_twice_in_a_moment(root: Path, monkeypatch: pytest.MonkeyPatch):
    started: list[Path] = []
    monkeypatch.setattr("sealife_core.runs.scheduling.queue._spawn_dispatcher", started.append)
    prewarm(root)
    assert (started, (root / READY).exists()) == ([], False), "where none is kept there is nothing to do"
    monkeypatch.delenv("SEALIFE_WORKER_COMMAND")
    monkeypatch.setenv("SEALIFE_READY_MINUTES", "5")
    prewarm(root)
    prewarm(root)
    assert started == [root]


def children_of(pid: int) -> list[psutil.Process]:
    return [child for child in psutil.Process(pid).children() if "--ready" in child.cmdline()]


@pytest.fixture
def broken_torch(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module that real workers import as ``torch``; their dispatcher keeps a spare."""
    path = root.parent / "modules" / "torch.py"
    path.parent.mkdir()
    path.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setenv("PYTHONPATH", str(path.parent))
    monkeypatch.delenv("SEALIFE_WORKER_COMMAND")
    monkeypatch.setenv("SEALIFE_READY_MINUTES", "5")
    return path


def test_sigkilled_dispatcher__its_spare_goes_and_the_next_one_has_another(broken_torch: Path, root: Path):
    prewarm(root)
    (killed,) = until(lambda: dispatcher_pids(root))
    (waiting,) = until(lambda: children_of(killed))
    os.kill(killed, signal.SIGKILL)
    until(lambda: identity(waiting.pid) is None)
    assert ensure_dispatcher(root), "a spare is still wanted"
    until(lambda: children_of(until(lambda: dispatcher_pids(root)[1:])[0]))


def test_ready__a_crash_at_import_is_the_run_s_with_its_traceback(broken_torch: Path, make: Make, root: Path):
    broken_torch.write_text("raise ImportError('no module named starfish')\n")
    prewarm(root)
    (waiting,) = until(lambda: children_of(until(lambda: dispatcher_pids(root))[0]))
    run = make()
    launch(run)
    until(lambda: run.state() is State.FAILED)
    assert pid_of(run) == waiting.pid
    assert (run.error() or {})["what"] == "ImportError: no module named starfish"
    assert "Traceback (most recent call last):" in run.log_tail()


def test_ready__a_stop_reaches_a_spare_that_still_imports(
    broken_torch: Path, make: Make, root: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SEALIFE_STOP_GRACE_S", "0")
    prewarm(root)
    (waiting,) = until(lambda: children_of(until(lambda: dispatcher_pids(root))[0]))
    run = make()
    launch(run)
    until(lambda: run.status()["state"] == State.RUNNING)
    request_stop(run)
    until(lambda: "exit_code" in (run.process() or {}))
    assert pid_of(run) == waiting.pid
    assert run.state() is State.STOPPED
    assert (run.process() or {})["exit_code"] == 0
