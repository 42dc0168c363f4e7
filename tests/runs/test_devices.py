from pathlib import Path

import pytest

from sealife_core.config import preset
from sealife_core.runs.devices import devices, suitable, visible


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A system with two GPUs' nodes, the second and fourth of the host."""
    (tmp_path / "dev").mkdir()
    (tmp_path / "proc/driver/nvidia/gpus/0000:01:00.0").mkdir(parents=True)
    for name in ("nvidia1", "nvidia3", "nvidiactl", "nvidia-uvm", "null"):
        (tmp_path / "dev" / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, ["cpu", "cuda:0", "cuda:1"]),
        ({"CUDA_VISIBLE_DEVICES": ""}, ["cpu"]),
        ({"CUDA_VISIBLE_DEVICES": "-1"}, ["cpu"]),
        ({"CUDA_VISIBLE_DEVICES": "1"}, ["cpu", "cuda:1"]),
        ({"CUDA_VISIBLE_DEVICES": "0, MIG-abc"}, ["cpu", "cuda:0", "cuda:MIG-abc"]),
    ],
)
def test_devices__are_told_without_torch(machine: Path, environ: dict[str, str], expected: list[str]):
    assert devices(environ, machine) == expected


def test_devices__without_a_driver_are_the_processor(tmp_path: Path):
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "nvidia0").touch()  # a node left behind
    assert devices({}, tmp_path) == ["cpu"]


@pytest.mark.parametrize(
    ("wish", "there", "expected"),
    [
        ("auto", ["cpu"], ["cpu"]),
        ("auto", ["cpu", "cuda:0", "cuda:1"], ["cuda:0", "cuda:1"]),
        ("cpu", ["cpu", "cuda:0"], ["cpu"]),
        ("cuda", ["cpu", "cuda:0"], ["cuda:0"]),
        ("cuda", ["cpu"], []),
    ],
)
def test_suitable__follows_the_config(wish: str, there: list[str], expected: list[str]):
    assert suitable(preset("simclr", device=wish), there) == expected


def test_visible__hides_every_gpu_from_a_run_on_the_processor():
    assert visible("cpu") == ""
    assert visible("cuda:3") == "3"
    assert visible("cuda:MIG-abc") == "MIG-abc"
