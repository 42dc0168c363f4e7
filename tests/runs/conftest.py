"""Runs of real processes, whose worker trains nothing."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sealife_core.config import preset
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling import capacity
from sealife_core.runs.scheduling.dispatcher import Dispatcher
from tests.runs.fake_ray import Elsewhere, FakeRay

FAKE_WORKER = Path(__file__).with_name("fake_worker.py")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty ``checkpoints/`` whose runs are carried out by the fake worker, on a machine without a GPU."""
    monkeypatch.setenv("SEALIFE_WORKER_COMMAND", f"{sys.executable} {FAKE_WORKER}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    below = tmp_path / "checkpoints"
    below.mkdir()
    return below


@pytest.fixture
def cluster(processes: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRay]:
    """A cluster that is asked anew each time what it has."""
    monkeypatch.setattr(capacity, "_known", {})
    monkeypatch.setattr(capacity, "KNOWN_FOR_S", 0.0)
    made = FakeRay()
    yield made
    made.end()


@pytest.fixture
def serve() -> Iterator[Elsewhere]:
    """Begins web servers that are no cluster."""
    begun = Elsewhere()
    yield begun
    begun.end()


@pytest.fixture
def make(root: Path) -> Callable[..., Run]:
    """Makes a run: ``make("simclr", weights=…, orders={"steps": 5})``."""

    def made(task: str = "simclr", orders: dict[str, Any] | None = None, **settings: Any) -> Run:
        return create_run(preset(task, **settings), root=root, notes=json.dumps(orders or {}))

    return made


@pytest.fixture
def begin(root: Path, processes: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Dispatcher]]:
    """Makes a dispatcher that the test turns by itself; launching starts no other. Its children end with the test."""
    monkeypatch.setattr("sealife_core.runs.scheduling.queue._spawn_dispatcher", lambda root: None)
    begun: list[Dispatcher] = []

    def make_one(**settings: Any) -> Dispatcher:
        begun.append(Dispatcher(root, **settings))
        return begun[-1]

    yield make_one
    for child in [watched.child for dispatcher in begun for watched in dispatcher.watched.values()]:
        if child:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No dispatcher is started: the queue alone."""
    monkeypatch.setattr("sealife_core.runs.scheduling.queue._spawn_dispatcher", lambda root: None)
