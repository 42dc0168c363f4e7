"""A few real steps tell the rate from which times are estimated."""

import json
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from sealife_core.config import SimclrConfig, preset
from sealife_core.errors import TrainingError
from sealife_core.runs.costs.estimates import STARTUP_S, estimate
from sealife_core.runs.costs.measured_rates import RATES
from sealife_core.training import speed_measurement
from sealife_core.training.callbacks import WARM_UP_STEPS
from sealife_core.training.simclr import SimclrModule

pytestmark = pytest.mark.slow


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Two images a step and no clock; holds the size of the batch of every step that was made."""
    made: list[int] = []
    step = SimclrModule.training_step

    def counted(self: SimclrModule, batch: dict, index: int):
        made.append(len(batch["images"]))
        return step(self, batch, index)

    monkeypatch.setattr(SimclrModule, "training_step", counted)
    monkeypatch.setattr("psutil.cpu_percent", lambda interval: 5.0)
    monkeypatch.setattr(speed_measurement, "CPU_BATCH", 2)
    monkeypatch.setattr(speed_measurement, "ENOUGH_S", 0.0)
    return made


def test_measure__keeps_a_rate_from_which_times_are_estimated(home: Path, steps: list[int]) -> None:
    config = preset("simclr")
    assert estimate(config, 1000).seconds is None
    rate = speed_measurement.measure("cpu")
    assert rate is not None
    assert steps == [2] * (WARM_UP_STEPS + speed_measurement.COUNTED_STEPS)
    found = estimate(config, 1000)
    assert found.seconds is not None
    assert isinstance(config, SimclrConfig)
    assert found.seconds > STARTUP_S + config.epochs * 1000 / rate
    assert "measured" in found.basis


def test_measure__leaves_the_steps_that_warm_up_out(
    home: Path, steps: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock by which each of the first steps takes a thousand seconds and every other half a second."""

    def now() -> float:
        return sum(1000.0 if step < WARM_UP_STEPS else 0.5 for step in range(len(steps)))

    clock = SimpleNamespace(perf_counter=now, monotonic=time.monotonic)
    monkeypatch.setattr("sealife_core.training.callbacks.time", clock)
    assert speed_measurement.measure("cpu") == pytest.approx(2 / 0.5)


def test_measure__gives_way_and_keeps_nothing(home: Path, steps: list[int]) -> None:
    assert speed_measurement.measure("cpu", give_way=lambda: True) is None
    assert steps == [2]
    assert not (home / "checkpoints" / RATES).exists()


def test_measure__keeps_no_rate_of_a_machine_that_is_busy(
    home: Path, steps: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psutil.cpu_percent", lambda interval: 97.0)
    with pytest.raises(TrainingError, match="97 % of the processor"):
        speed_measurement.measure("cpu")
    assert steps == []
    assert not (home / "checkpoints" / RATES).exists()


def test_measure__says_what_was_measured(home: Path, steps: list[int]) -> None:
    speed_measurement.measure("cpu")
    row = json.loads((home / "checkpoints" / RATES).read_text())
    config = preset("simclr")
    assert (row["kind"], row["device"], row["trained_stages"]) == ("simclr", "cpu", 5)
    assert (row["encoder"], row["image_size_px"]) == (config.encoder, config.image_size_px)
