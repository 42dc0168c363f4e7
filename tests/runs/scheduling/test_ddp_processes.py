"""The line between a worker and its DDP processes: either end learns when the other is gone, and the worker says so."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sealife_core.config import preset
from sealife_core.errors import TrainingError
from sealife_core.processes import identity
from sealife_core.runs.directory import create_run
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling import ddp_processes
from sealife_core.runs.scheduling.ddp_processes import DDPProcesses, ReadOnlyWriter
from sealife_core.runs.writer import RunWriter
from tests.finished.files import files_of
from tests.runs.processes import until

pytestmark = pytest.mark.process

WAITS = "import time; from sealife_core.runs.scheduling.ddp_processes import Leader; leader = Leader(); time.sleep(60)"
TELLS = (
    "import sys; from sealife_core.runs.scheduling.ddp_processes import Leader;"
    " Leader().tell('The memory ran out.', 'Take less.');"
    " sys.exit(1)"
)
# A worker that hangs in its own work, or in a conversation, and never looks.
HANGS = """
import sys, time
from pathlib import Path
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling import ddp_processes
from sealife_core.runs.writer import RunWriter
ddp_processes.ddp_command = lambda folder: [sys.executable, "-c", sys.argv[2]]
ddp_processes.NOTICED_S = 0.1
with ddp_processes.DDPProcesses(RunWriter(Run(Path(sys.argv[1]))), 1, {}) as started:
    print(*[child.pid for child in started._children], flush=True)
    time.sleep(60)
"""
FULL = """
def status(*_, **__):
    raise OSError(28, "No space left on device")
RunWriter.status = status
"""


@pytest.fixture
def run(tmp_path: Path) -> RunWriter:
    writer = RunWriter(create_run(preset("simclr"), root=tmp_path))
    writer.status(state="running")
    return writer


def play(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let DDP processes carry out ``code``."""
    monkeypatch.setattr(ddp_processes, "ddp_command", lambda folder: [sys.executable, "-c", code])


def hanging(run: RunWriter, code: str, worker: str = HANGS) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", worker, str(run.path), code], stdout=subprocess.PIPE)


def test_ddp_processes__are_told_which_they_are_and_leave_when_dismissed(
    run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = "import os; open(f'{os.environ[\"THERE\"]}/{os.environ[\"LOCAL_RANK\"]}.txt', 'w').close(); "
    play(monkeypatch, note + WAITS)
    with DDPProcesses(run, 2, {"THERE": str(tmp_path)}) as started:
        until(lambda: (tmp_path / "1.txt").exists() and (tmp_path / "2.txt").exists())
        assert {os.getpgid(child.pid) for child in started._children} == {os.getpgid(0)}
        began = time.monotonic()
    assert [child.returncode for child in started._children] == [0, 0]
    assert time.monotonic() - began < 5
    assert run.run.state() is State.RUNNING


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import os; os.kill(os.getpid(), 9)", "The process of device 2 of 2 was killed (SIGKILL"),
        ("import sys; sys.exit(3)", "The process of device 2 of 2 ended with code 3, and the others cannot continue"),
        (TELLS, "On device 2 of 2: The memory ran out. Take less."),
    ],
)
def test_ddp_processes__one_that_is_lost_is_a_failure_with_a_sentence(
    run: RunWriter, monkeypatch: pytest.MonkeyPatch, code: str, sentence: str
) -> None:
    play(monkeypatch, code)
    with pytest.raises(TrainingError) as caught, DDPProcesses(run, 1, {}):
        raise RuntimeError("[pair.cc:534] Connection closed by peer")
    assert str(caught.value).startswith(sentence)
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_ddp_processes__end_with_an_error_of_the_worker_which_stays_what_it_was(
    run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(monkeypatch, WAITS)
    began = time.monotonic()
    with pytest.raises(ValueError, match=r"^mine$"), DDPProcesses(run, 1, {}) as started:
        raise ValueError("mine")
    assert started._children[0].returncode == -signal.SIGKILL
    assert time.monotonic() - began < ddp_processes.HEARD_S


def test_ddp_processes__a_worker_that_hangs_fails_all_the_same(run: RunWriter) -> None:
    worker = hanging(run, TELLS)
    worker.communicate(timeout=60)
    assert worker.returncode == 1
    error = Run(run.path).error()
    assert error == {"what": "On device 2 of 2: The memory ran out. Take less.", "next": ""}


def test_ddp_processes__a_worker_that_hangs_ends_on_a_full_disk_too(run: RunWriter) -> None:
    worker = hanging(run, TELLS, HANGS.replace("with ddp", f"{FULL}with ddp"))
    worker.communicate(timeout=60)
    assert worker.returncode == 1


def test_ddp_processes__end_when_their_worker_is_killed(run: RunWriter) -> None:
    worker = hanging(run, WAITS)
    assert worker.stdout is not None
    child = int(worker.stdout.readline())
    assert identity(child)
    worker.kill()
    worker.communicate()
    until(lambda: identity(child) is None, seconds=5)


def test_onlooker__changes_nothing(run: RunWriter) -> None:
    before = {path: path.read_bytes() for path in files_of(run.run)}
    looks = ReadOnlyWriter(Run(run.path))
    looks.status(state="failed")
    looks.warn("odd")
    looks.metric(1, 0.1, loss=1.0)
    looks.resumed_from(3)
    looks.environment(threads=9)
    looks.results(val={})
    assert {path: path.read_bytes() for path in files_of(run.run)} == before
    assert looks.config() == run.config()
    assert not looks.stop_requested()
