"""A worker kept ready: real processes, and every moment at which one of them may be killed."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from sealife_core.processes import identity
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling import dispatcher as dispatching
from sealife_core.runs.scheduling import fork_server
from sealife_core.runs.scheduling import prewarmed_worker as keeping
from sealife_core.runs.scheduling.dispatcher import Dispatcher
from sealife_core.runs.scheduling.prewarmed_worker import READY, READY_LOG, PrewarmedWorker, wanted
from sealife_core.runs.scheduling.queue import DISPATCHER_LOG, ensure_dispatcher, launch, prewarm, request_stop
from tests.runs.processes import dispatcher_pids, order, until

pytestmark = pytest.mark.process

Make = Callable[..., Run]
FAKE_SPARE, FAKE_WORKER = (Path(__file__).parents[1] / f"fake_{name}.py" for name in ("spare", "worker"))


@pytest.fixture
def keeper(request: pytest.FixtureRequest, root: Path, begin: Callable[..., Dispatcher]) -> Iterator[Dispatcher]:
    """A dispatcher whose spare is there and waits; it carries out runs as the fake worker does."""
    monkeypatch = request.getfixturevalue("monkeypatch")
    monkeypatch.delenv("SEALIFE_WORKER_COMMAND")
    monkeypatch.setenv("SEALIFE_READY_MINUTES", "5")
    command = [sys.executable, str(FAKE_SPARE), *getattr(request, "param", [])]
    for module in (keeping, dispatching):
        monkeypatch.setattr(module, "prewarmed_command", lambda: command)
    monkeypatch.setattr(dispatching, "worker_command", lambda: [sys.executable, str(FAKE_WORKER)])
    dispatcher = begin(devices=["cpu"])
    prewarm(root)
    keep_until_ready(dispatcher)
    yield dispatcher
    dispatcher.prewarmed.end()


alone = pytest.mark.parametrize("keeper", [[], ["alone"]], ids=["forks", "alone"], indirect=True)


def keep_until_ready(dispatcher: Dispatcher) -> int:
    """The pid of the spare, once it is ready."""
    dispatcher.prewarmed.keep(idle=True)
    until(lambda: not dispatcher.prewarmed.is_importing)
    assert dispatcher.prewarmed.server
    return dispatcher.prewarmed.server.process.pid


def turn_until(dispatcher: Dispatcher, condition: Callable[[], object]) -> None:
    def met() -> object:
        dispatcher.turn()
        dispatcher.prewarmed.keep(idle=not dispatcher.watched)
        return condition()

    until(met)


def pid_of(run: Run) -> int:
    return (run.process() or {})["pid"]


def carry_out(dispatcher: Dispatcher, *runs: Run) -> None:
    """Launch ``runs`` and wait until each has finished and its exit code is known."""
    for run in runs:
        launch(run)
    turn_until(dispatcher, lambda: all("exit_code" in (run.process() or {}) for run in runs))
    assert {run.state() for run in runs} == {State.FINISHED}


@alone
def test_offer__the_run_is_carried_out_in_its_log_and_environment(keeper: Dispatcher, make: Make, root: Path):
    run = make()
    carry_out(keeper, run)
    assert run.log_tail() == ["fake worker begins"]
    assert (root / "order.txt").read_text() == f"{run.id} ''\n"
    assert (run.process() or {})["exit_code"] == 0


def test_offer__one_spare_serves_all_runs_each_in_a_process_and_a_session_of_its_own(keeper: Dispatcher, make: Make):
    spare = keep_until_ready(keeper)
    slow = make(orders={"steps": 100_000})
    launch(slow)
    turn_until(keeper, lambda: len(slow.metrics()) > 3)
    assert psutil.Process(pid_of(slow)).ppid() == spare
    assert os.getsid(pid_of(slow)) == pid_of(slow), "who ends the run ends nothing else"
    request_stop(slow)
    turn_until(keeper, lambda: slow.state() is State.STOPPED)
    others = [make(), make()]
    carry_out(keeper, *others)
    assert len({spare, *map(pid_of, [slow, *others])}) == 4
    assert keep_until_ready(keeper) == spare


@pytest.mark.parametrize("keeper", [["alone"]], indirect=True)
def test_offer__where_it_cannot_fork_the_spare_carries_the_run_out_and_another_follows(keeper: Dispatcher, make: Make):
    spare, runs = keep_until_ready(keeper), [make(), make()]
    carry_out(keeper, *runs)
    assert pid_of(runs[0]) == spare
    assert pid_of(runs[1]) != spare
    assert keep_until_ready(keeper) not in map(pid_of, runs)


def test_server__tells_how_a_worker_ended(keeper: Dispatcher, make: Make):
    run = make(orders={"steps": 100_000})
    launch(run)
    turn_until(keeper, lambda: len(run.metrics()) > 3)
    os.kill(pid_of(run), signal.SIGKILL)
    turn_until(keeper, lambda: "exit_code" in (run.process() or {}))
    assert (run.process() or {})["exit_code"] == -signal.SIGKILL
    assert run.state() is State.INTERRUPTED


def test_server__killed_costs_its_runs_nothing_but_the_exit_code(keeper: Dispatcher, make: Make):
    run = make(orders={"steps": 100_000})
    launch(run)
    turn_until(keeper, lambda: len(run.metrics()) > 3)
    os.kill(keep_until_ready(keeper), signal.SIGKILL)
    turn_until(keeper, lambda: keeper.prewarmed.server is None)
    assert run.state() is State.RUNNING
    request_stop(run)
    turn_until(keeper, lambda: run.id not in keeper.watched)
    assert run.state() is State.STOPPED
    assert "exit_code" not in (run.process() or {})


def test_server__that_hangs_costs_its_runs_nothing_but_the_exit_code(
    keeper: Dispatcher, make: Make, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fork_server, "PATIENCE_S", 0.3)
    spare, run, next_one = keep_until_ready(keeper), make(), make()
    launch(run)
    keeper.turn()
    os.kill(spare, signal.SIGSTOP)
    turn_until(keeper, lambda: run.id not in keeper.watched)
    assert run.state() is State.FINISHED
    assert "exit_code" not in (run.process() or {})
    carry_out(keeper, next_one)
    assert identity(spare) is None


@pytest.mark.parametrize("keeper", [["full"]], indirect=True)
def test_offer__where_no_process_can_be_forked_each_run_has_one_of_its_own(keeper: Dispatcher, make: Make, root: Path):
    runs = [make(), make()]
    carry_out(keeper, *runs)
    assert keeper.prewarmed.server is None, "the next would not fork either"
    assert "no worker could be forked" in (root / READY_LOG).read_text()


def test_keep__does_not_wait_for_ever(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SEALIFE_WORKER_COMMAND")
    monkeypatch.setenv("SEALIFE_READY_MINUTES", "5")
    monkeypatch.setattr(keeping, "prewarmed_command", lambda: [sys.executable, str(FAKE_SPARE), "hangs"])
    monkeypatch.setattr(keeping, "IMPORT_S", 0.2)
    keeping.show_interest(root)
    worker = PrewarmedWorker(root)
    worker.keep(idle=True)
    assert worker.is_importing
    until(lambda: worker.keep(idle=True) or worker.server is None)
    worker.keep(idle=True)
    assert worker.server is None


def test_server__stays_for_the_exit_codes_of_its_runs(
    keeper: Dispatcher, make: Make, root: Path, monkeypatch: pytest.MonkeyPatch
):
    """Also where nobody wants to train any more; and where the code has changed, it goes with the last of them."""
    spare, runs = keep_until_ready(keeper), [make(orders={"steps": 100_000}), make()]
    launch(runs[0])
    turn_until(keeper, lambda: len(runs[0].metrics()) > 3)
    os.utime(root / READY, (0, 0))
    keeper.prewarmed.keep(idle=False)
    assert keeper.prewarmed.server is not None
    monkeypatch.setattr(keeping, "_code_changed_since", lambda moment: True)
    assert keeper.prewarmed.offer(runs[1], {}) is None
    assert keeper.prewarmed.server is None
    assert identity(spare) is not None
    request_stop(runs[0])
    turn_until(keeper, lambda: "exit_code" in (runs[0].process() or {}))
    assert (runs[0].process() or {})["exit_code"] == 0
    until(lambda: identity(spare) is None)


def test_offer__a_spare_that_died_unnoticed_costs_the_run_nothing(keeper: Dispatcher, make: Make):
    waiting = keep_until_ready(keeper)
    os.kill(waiting, signal.SIGKILL)
    until(lambda: psutil.Process(waiting).status() == psutil.STATUS_ZOMBIE)  # dead, and nobody has asked
    run = make()
    carry_out(keeper, run)
    assert pid_of(run) != waiting


def test_keep__does_not_start_one_after_the_other_where_something_kills_them(keeper: Dispatcher):
    os.kill(keep_until_ready(keeper), signal.SIGKILL)
    until(lambda: keeper.prewarmed.keep(idle=True) or keeper.prewarmed.server is None)
    keeper.prewarmed.keep(idle=True)
    assert keeper.prewarmed.server is None


def test_offer__a_run_is_not_carried_out_by_code_that_has_changed(
    keeper: Dispatcher, make: Make, monkeypatch: pytest.MonkeyPatch
):
    waiting = keep_until_ready(keeper)
    monkeypatch.setattr(keeping, "_code_changed_since", lambda moment: True)
    run = make()
    launch(run)
    keeper.turn()
    assert psutil.Process(pid_of(run)).ppid() == os.getpid(), "a process of its own"
    assert identity(waiting) is None
    turn_until(keeper, lambda: run.state() is State.FINISHED)


def test_code_changed_since__sees_a_younger_file():
    assert keeping._code_changed_since(0)
    assert not keeping._code_changed_since(time.time() + 3600)


@alone
def test_turn__a_run_whose_process_cannot_be_noted_is_not_carried_out(
    keeper: Dispatcher, make: Make, root: Path, monkeypatch: pytest.MonkeyPatch
):
    spare, run = keep_until_ready(keeper), make()
    launch(run)
    noted: list[int] = []

    def full(path: Path, value: dict[str, int]) -> None:
        noted.append(value["pid"])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dispatching, "replace_json", full)
    keeper.turn()
    (worker,) = noted
    until(lambda: identity(worker) is None)
    assert run.state() is State.FAILED
    assert order(root) == []
    assert (worker == spare) == (identity(spare) is None)
    if server := keeper.prewarmed.server:
        until(lambda: server.listen() or not server.is_at_work)


def test_wanted__for_some_minutes_after_a_sign(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SEALIFE_READY_MINUTES", "5")
    keeping.show_interest(root)
    assert not wanted(root), "another command carries out the runs"
    monkeypatch.delenv("SEALIFE_WORKER_COMMAND")
    assert wanted(root)
    old = time.time() - 301
    os.utime(root / READY, (old, old))
    assert not wanted(root)
    ahead = time.time() + 86_400  # the clock was set back since
    os.utime(root / READY, (ahead, ahead))
    assert not wanted(root)
    keeping.show_interest(root)
    monkeypatch.setenv("SEALIFE_READY_MINUTES", "0")
    assert not wanted(root)


def test_keep__ends_what_is_no_longer_wanted(keeper: Dispatcher, root: Path):
    waiting = keep_until_ready(keeper)
    os.utime(root / READY, (0, 0))
    keeper.prewarmed.keep(idle=True)
    assert keeper.prewarmed.server is None
    assert identity(waiting) is None


def test_keep__needs_memory(keeper: Dispatcher, root: Path, monkeypatch: pytest.MonkeyPatch):
    class Memory:
        available = keeping.ENOUGH_BYTES - 1

    monkeypatch.setattr(psutil, "virtual_memory", lambda: Memory)
    other = PrewarmedWorker(root)
    other.keep(idle=True)
    assert other.server is None
    keeper.prewarmed.keep(idle=True)
    assert keeper.prewarmed.server is not None, "one that is there need not make room yet"
    Memory.available = keeping.TOO_LITTLE_BYTES - 1
    keeper.prewarmed.keep(idle=True)
    assert keeper.prewarmed.server is None


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
    path.write_text("import time\ntime.sleep(2)\n")
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
    run = make()
    launch(run)
    until(lambda: run.state() is State.FAILED)
    assert "pre-warmed worker: ended unexpectedly, code 1" in (root / DISPATCHER_LOG).read_text()
    assert (run.error() or {})["what"] == "ImportError: no module named starfish"
    assert "Traceback (most recent call last):" in run.log_tail()


def test_turn__a_run_waits_for_a_spare_that_still_imports_and_can_be_stopped_meanwhile(
    broken_torch: Path, make: Make, root: Path
):
    run = make()
    launch(run)
    until(lambda: run.status()["message"] == "loading PyTorch")
    assert len(children_of(dispatcher_pids(root)[0])) == 1
    request_stop(run)
    assert run.state() is State.STOPPED
    assert run.process() is None
