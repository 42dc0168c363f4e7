"""A fork server that no dispatcher keeps: what comes of an order, whichever process is killed meanwhile."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sealife_core.processes import identity
from sealife_core.runs.files import replace_json
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.fork_server import ForkServer
from sealife_core.runs.scheduling.fork_server import order as order_of
from sealife_core.runs.scheduling.prewarmed_worker import READY_LOG
from tests.runs.processes import order, until

pytestmark = pytest.mark.process

Make = Callable[..., Run]
FAKE_SPARE = Path(__file__).parents[1] / "fake_spare.py"


@pytest.fixture
def server(root: Path, make: Make) -> Iterator[ForkServer]:
    """One that no dispatcher keeps."""
    made = ForkServer([sys.executable, str(FAKE_SPARE)], root / READY_LOG)
    yield made
    made.end()


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("killed", [False, True])
def test_await_order__a_dispatcher_killed_in_between_leaves_a_queued_run_or_a_known_process(
    server: ForkServer, make: Make, root: Path, named: bool, killed: bool
):
    run, worker = make(), server.fork()
    assert worker
    assert worker.stdin
    worker.stdin.write(order_of(run, {"CUDA_VISIBLE_DEVICES": "7"}))
    if named:
        replace_json(run.path / "process.json", (identity(worker.pid) or {}) | {"attempt": 0})
    time.sleep(0.2)
    assert order(root) == [], "nothing comes of an order before its pipe is closed"
    if killed:
        server.process.kill()
        server.process.wait()
    worker.stdin.close()
    until(lambda: identity(worker.pid) is None)
    if not killed:
        assert until(lambda: worker.poll() is not None) is True
        assert worker.returncode == 0
    assert order(root) == ([run.id] if named else [])
    assert run.state() is (State.FINISHED if named else State.CREATED)


@pytest.mark.parametrize("given", [b"", b'{"run": "/tmp/x", "att'])
def test_await_order__without_a_whole_order_the_worker_goes_silently(server: ForkServer, root: Path, given: bytes):
    worker = server.fork()
    assert worker
    assert worker.stdin
    worker.stdin.write(given)
    worker.stdin.close()
    until(lambda: worker.poll() is not None)
    assert worker.returncode == 0
    assert (root / READY_LOG).read_text() == f"ready, pid {server.process.pid}\n"
