import pytest

from sealife_core.config import preset
from sealife_core.runs.scheduling.placement import Demand, demand_of

GPUS = ("cuda:0", "cuda:1")


@pytest.mark.parametrize(
    ("held", "reserved", "free"),
    [
        ({}, set(), ["cuda:0", "cuda:1"]),
        ({"cuda:0": True}, set(), ["cuda:1"]),
        ({"cuda:0": False}, {"cuda:1"}, []),
        ({"cpu": True}, {"cpu"}, ["cuda:0", "cuda:1"]),
    ],
)
def test_free__is_neither_held_nor_reserved(held: dict[str, bool], reserved: set[str], free: list[str]):
    assert Demand(GPUS).free(held, reserved) == free


@pytest.mark.parametrize(
    ("held", "fits"),
    [
        ({}, False),
        ({"cuda:0": True}, False),
        ({"cuda:0": True, "cuda:1": True}, True),
        ({"cuda:0": True, "cuda:1": False}, False),
    ],
)
def test_fits_beside__only_where_trainings_hold_every_device(held: dict[str, bool], fits: bool):
    assert Demand(GPUS, beside=True).fits_beside(held) is fits
    assert not Demand(GPUS).fits_beside(held)


def test_demand_of__a_probe_may_run_beside_a_training_and_simclr_may_not():
    here = ["cpu", *GPUS]
    assert demand_of(preset("probe", weights="imagenet"), here) == Demand(GPUS, 1, beside=True)  # type: ignore[arg-type]
    assert demand_of(preset("simclr", devices=2), here) == Demand(GPUS, 2)  # type: ignore[arg-type]
    assert demand_of(preset("simclr", device="cpu"), here) == Demand(("cpu",))  # type: ignore[arg-type]
