from pathlib import Path

import pytest

from sealife_core.config import preset
from sealife_core.environment import RESERVED_DEVICES
from sealife_core.runs.costs.devices import devices, impossible, needed, not_here, suitable, visible

RESERVED = RESERVED_DEVICES.name


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
    assert visible(["cpu"]) == ""
    assert visible(["cuda:3"]) == "3"
    assert visible(["cuda:MIG-abc", "cuda:0"]) == "MIG-abc,0"


def test_devices__leave_out_those_that_are_reserved(machine: Path):
    assert devices({RESERVED: "cuda:0"}, machine) == ["cpu", "cuda:1"]
    assert devices({RESERVED: " cuda:1, cuda:0 ,"}, machine) == ["cpu"]
    assert devices({RESERVED: "cuda:3", "CUDA_VISIBLE_DEVICES": "2,3"}, machine) == ["cpu", "cuda:2"]
    assert devices({RESERVED: "cpu"}, machine) == ["cpu", "cuda:0", "cuda:1"]


def test_not_here__names_what_is_reserved_in_vain(machine: Path):
    assert not_here({RESERVED: "cuda:1"}, machine) == ""
    assert (
        not_here({RESERVED: "cuda:1,gpu0"}, machine) == f"{RESERVED} names gpu0, but this machine has cuda:0, cuda:1."
    )
    assert "which every run needs" in not_here({RESERVED: "cpu", "CUDA_VISIBLE_DEVICES": ""}, machine)


@pytest.mark.parametrize(
    ("wish", "count", "there", "sentence"),
    [
        ("auto", 2, ["cpu", "cuda:0", "cuda:1"], ""),
        ("cpu", 8, ["cpu"], ""),
        ("auto", 1, ["cpu"], ""),
        ("cuda", 2, ["cpu"], "The run needs a GPU, but this machine has none."),
        ("auto", 2, ["cpu"], "The run needs 2 devices, but this machine has one."),
        ("cuda", 4, ["cpu", "cuda:0", "cuda:1"], "The run needs 4 devices, but this machine has 2."),
    ],
)
def test_impossible__is_a_run_that_asks_for_more_than_there_is(wish: str, count: int, there: list[str], sentence: str):
    never = impossible(preset("simclr", device=wish, devices=count), there)
    assert (never[0] if never else "") == sentence


def test_impossible__says_what_is_reserved(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(RESERVED, "cuda:1,cuda:2")
    what, _ = impossible(preset("simclr", devices=2), ["cpu", "cuda:0"]) or ("", "")
    assert what.endswith("this machine has one that is not reserved (reserved: cuda:1, cuda:2).")


def test_needed__is_one_for_the_processor_however_many_processes_share_it():
    assert needed(preset("simclr", device="cpu", devices=4)) == 1
    assert needed(preset("simclr", devices=4)) == 4
