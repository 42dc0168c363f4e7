"""A run on two devices as real processes: its end, and what becomes of it when one is killed."""

import os
import signal
from typing import Any

import psutil
import pytest

from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.processes import identity
from sealife_core.runs.directory import create_run
from sealife_core.runs.liveness import State
from sealife_core.runs.run import LAST, Run
from sealife_core.runs.scheduling.queue import launch, resume
from tests.finished.models import NETWORK
from tests.runs.processes import until

pytestmark = pytest.mark.process

SIZE: dict[str, Any] = {
    "encoder": NETWORK, "image_size_px": 32, "batch_size": 21, "epochs": 40, "monitor_every": 20, "device": "cpu",
    "precision": "fp32", "devices": 2,
}  # fmt: skip
PATIENCE_S = 240  # two processes that import PyTorch, on a machine that may have other work


@pytest.fixture
def run(tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Launched, in its first attempt."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    made = create_run(preset("simclr", "Quick look", **SIZE), data_hash=tiny_reef.content_hash)
    launch(made)
    return made


def processes_of(run: Run) -> list[int]:
    """The worker of ``run`` and the process of its second device, as many as live."""
    pid = (run.process() or {}).get("pid")
    if pid is None or not identity(pid):
        return []
    return [pid, *(child.pid for child in psutil.Process(pid).children())]


def trains(run: Run) -> list[int]:
    """Wait until an attempt has made a step, as two processes in one group; their pids."""
    before = len(run.metrics())
    until(lambda: run.state() is State.RUNNING and len(run.metrics()) > before, PATIENCE_S)
    found = processes_of(run)
    assert len(found) == 2
    assert {os.getpgid(pid) for pid in found} == {found[0]}
    return found


def test_run__whose_second_process_is_killed_fails_and_says_so(run: Run) -> None:
    worker, other = trains(run)
    os.kill(other, signal.SIGKILL)
    until(lambda: run.state() is State.FAILED and not identity(worker), PATIENCE_S)
    error = run.error() or {}
    assert error["what"].startswith("The process of device 2 of 2 was killed (SIGKILL; often because memory ran out)")


def test_run__that_is_told_to_end_at_once_ends_with_all_its_processes(run: Run) -> None:
    pids = trains(run)
    os.killpg(pids[0], signal.SIGTERM)
    until(lambda: run.state() is State.STOPPED and not any(map(identity, pids)), PATIENCE_S)
    assert run.shown().message == "ended at once; the run can be resumed from its last resume point"


def test_run__whose_worker_is_killed_goes_on_and_ends_as_a_run_on_one_device_does(run: Run) -> None:
    worker, other = trains(run)
    until((run.path / LAST).exists, PATIENCE_S)
    os.kill(worker, signal.SIGKILL)
    until(lambda: run.state() is State.INTERRUPTED and not identity(other), PATIENCE_S)

    resume(run)
    until(lambda: run.state() is State.FINISHED, PATIENCE_S)
    steps = [row["step"] for row in run.metrics() if "train/loss" in row]
    assert steps == list(range(1, len(steps) + 1)), "each step counts once, whoever made it"
    assert len(steps) == 80, "forty epochs of two, none of which an interruption has cut short"
    assert run.environment()["devices"] == 2
    assert run.environment()["batch_size"] == 20
    assert run.status()["warnings"] == ["The batch size was reduced from 21 to 20: 2 devices take equal shares."]
    until(lambda: not (run.path / LAST).exists(), PATIENCE_S)  # deleted after the last word
    assert {path.name for path in run.path.iterdir()} == {
        "config.json", "notes.json", "status.json", "process.json", "environment.json", "metrics.jsonl", "log.txt",
        "results.json", "model.safetensors", "model.json", "figures", "embeddings.npy",
        "embeddings_z.npy", "embeddings.json", "snapshots",
    }  # fmt: skip
