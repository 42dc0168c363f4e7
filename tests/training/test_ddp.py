"""One run on several devices equals the run that one device makes: real processes, gloo, fp32."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from sealife_core.datasets.dataset import Dataset
from sealife_core.models.checkpoint import load_model
from sealife_core.models.distributed import rank_and_world_size
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import LAST, Run
from sealife_core.runs.writer import RunWriter
from sealife_core.training.train import train
from tests.training.shares import CASES, STEPS, three_epochs

# What came with PyTorch is frozen before four processes share it: each that searched it for garbage would copy it.
SHARES = """
import sys
from sealife_core.worker import import_training

import_training()
from tests.training import shares

shares.main(*sys.argv[1:])
"""
# fp32 keeps seven digits. Another order of summation costs the last one, and each step multiplies what it cost: on two
# and four devices no loss was further off than 1e-6 of itself, and nothing else than 1e-5 of the largest in its tensor.
LOSS, TENSOR = 1e-5, 5e-5


@pytest.fixture(scope="module")
def reef_home(drawn_reef: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of the tests of this file, with the reef."""
    home = tmp_path_factory.mktemp("together")
    shutil.copytree(drawn_reef, home / "data" / "reef")
    return home


@pytest.fixture(scope="module")
def alone(reef_home: Path) -> dict[str, dict[str, Any]]:
    """What one device saw of every case."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEALIFE_HOME", str(reef_home))
        return {case: three_epochs(case, 1) for case in CASES}


@pytest.fixture(scope="module")
def shared(reef_home: Path, alone: object, processes: None) -> Path:
    """What four devices, and then two of them, saw of every case: ``CASE-DEVICES.pt``. One has made the cache."""
    ports = [str(port) for port in free_ports(2)]
    told = os.environ | {"SEALIFE_HOME": str(reef_home), "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-c", SHARES, str(reef_home), *ports]
    subprocess.run(command, env=told, check=True, timeout=500)
    return reef_home


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.mark.parametrize("devices", [2, 4])
@pytest.mark.parametrize("case", CASES)
def test_shares__of_a_batch_train_what_the_whole_batch_does(
    shared: Path, alone: dict[str, dict[str, Any]], case: str, devices: int
) -> None:
    one, several = alone[case], torch.load(shared / f"{case}-{devices}.pt")
    assert several["losses"] == pytest.approx(one["losses"], rel=LOSS)
    assert len(one["losses"]) == STEPS
    assert one["losses"][-1] != one["losses"][0]
    for what in ("gradient", "state"):
        assert list(several[what]) == list(one[what])
        for name, value in one[what].items():
            largest = float(value.abs().max())
            torch.testing.assert_close(several[what][name], value, rtol=0, atol=TENSOR * largest, msg=name)
    # Metrics are counted once, over all images, and not once a device; shares of images agree to the last one.
    assert several["metrics"] == pytest.approx(one["metrics"], rel=LOSS)
    assert several["kinds"] == one["kinds"], "layers are what they were before"


@pytest.mark.process
def test_train__a_classifier_on_two_devices_is_evaluated_once_and_leaves_nothing_behind(
    trained: Callable[..., Run], tiny_reef: Dataset
) -> None:
    """Stopped after its first step, when its model is that of its resume point, and resumed: what both devices had
    counted of the epoch counts."""
    size: dict[str, Any] = {"batch_size": 20, "epochs": 1, "stem": "imagenet", "trained_stages": 2}
    one = trained("scratch", **size)
    threads, before = torch.get_num_threads(), psutil.Process().children()
    config = one.config().model_copy(update={"devices": 2})
    run = create_run(config, data_hash=tiny_reef.content_hash)
    (run.path / "stop").touch()
    assert train(config, RunWriter(run)) is False
    assert [row["step"] for row in run.metrics()] == [1]
    assert psutil.Process().children() == before
    kept = torch.load(run.path / LAST, map_location="cpu", weights_only=True)["state_dict"]
    encoder, _, _ = load_model(run.path)
    for name, value in encoder.state_dict().items():
        assert torch.equal(kept[f"encoder.{name}"], value), name
    (run.path / "stop").unlink()
    assert train(config, RunWriter(run))
    ends = [row["train/accuracy"] for each in (one, run) for row in each.metrics() if "train/accuracy" in row]
    assert ends == pytest.approx(ends[:1] * 2)
    results = run.results()
    assert results is not None
    assert results["test"]["n"] == len(tiny_reef.rows("test"))
    assert [row["step"] for row in run.metrics() if "train/loss" in row] == [1, 2]
    assert sum("val/macro_f1" in row for row in run.metrics()) == 1
    assert (rank_and_world_size(), torch.get_num_threads()) == ((0, 1), threads)
    assert psutil.Process().children() == before
