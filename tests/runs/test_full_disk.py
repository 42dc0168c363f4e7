"""A disk that fills up while runs wait: they say so, and go on once there is room."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sealife_core.runs import state_sentences
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling import dispatcher as dispatching
from sealife_core.runs.scheduling import run_process, waiting_reasons
from sealife_core.runs.scheduling.dispatcher import Dispatcher
from sealife_core.runs.scheduling.forecast import queue_forecast
from sealife_core.runs.scheduling.queue import launch
from sealife_core.runs.scheduling.spawning import spawn
from sealife_core.runs.writer import RunWriter
from tests.runs.processes import until

pytestmark = pytest.mark.process

Make = Callable[..., Run]
Begin = Callable[..., Dispatcher]


def full(*given: object, **more: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def small_disk(root: Path) -> Iterator[Path]:
    """``root`` on a disk of its own of 4 MB; a file that fills it."""
    try:
        command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(root)]
        subprocess.run(command, check=True, capture_output=True, timeout=30)
    except (subprocess.CalledProcessError, OSError) as error:
        pytest.skip(f"no file system can be mounted here: {error}")
    yield root / "filler"
    subprocess.run(["umount", "-l", str(root)], check=True, timeout=30)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        while file.write(b"0" * 4096):
            pass


def test_dispatcher__on_a_full_disk_says_so_and_starts_the_run_once_there_is_room(
    small_disk: Path, make: Make, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sealife_core.runs.scheduling.queue._spawn_dispatcher", lambda root: None)
    run, log = make(), tmp_path / "log.txt"
    launch(run)
    assert run.shown().message == "waiting for its turn"
    with pytest.raises(OSError, match="No space left"):
        fill(small_disk)
    dispatcher = spawn([sys.executable, "-m", "sealife_core.runs.scheduling", str(root)], log)
    try:
        until(lambda: "No space left" in log.read_text())
        said = run.shown()
        assert said.state is State.QUEUED
        assert said.message.startswith(f"waiting: The disk is full ({root}). Delete runs")
        assert queue_forecast(root, full) == {}
        small_disk.unlink()
        until(lambda: run.state() is State.FINISHED)
        assert dispatcher.poll() is None
    finally:
        dispatcher.kill()
        dispatcher.wait()


def test_turn__that_the_disk_forbids_is_taken_again_and_nothing_is_started_twice(
    make: Make, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, dispatcher = make(), begin()
    launch(run)
    with monkeypatch.context() as patch:
        patch.setattr(dispatching, "replace_json", full)
        patch.setattr(waiting_reasons, "write_status", full)
        assert dispatcher.step()
        assert dispatcher.step()
        assert dispatcher.watched == {}
        assert run.state() is State.QUEUED
        patch.setattr(state_sentences, "is_full", lambda folder: True)
        assert run.shown().message.endswith("empty the trash.")
    dispatcher.step()
    until(lambda: dispatcher.step() and run.state() is State.FINISHED)
    assert run.attempt() == 1


def test_turn__the_end_of_a_process_is_noted_once_there_is_room(
    make: Make, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, dispatcher = make(), begin()
    launch(run)
    dispatcher.turn()
    until(lambda: RunWriter(run).run.state() is State.FINISHED and dispatcher.watched[run.id].ended())
    with monkeypatch.context() as patch:
        patch.setattr(run_process, "replace_json", full)
        assert dispatcher.step()
    dispatcher.turn()
    assert (run.process() or {})["exit_code"] == 0


def test_turn__a_run_that_the_disk_refuses_is_told_why(
    make: Make, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, dispatcher = make(), begin()
    launch(run)
    monkeypatch.setattr(dispatching, "replace_json", full)
    dispatcher.turn()
    error = run.error() or {}
    assert error["what"] == "The process could not be started. The disk is full."
    assert error["next"].endswith("empty the trash, then resume the run.")
