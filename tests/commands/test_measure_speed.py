"""``measure-speed`` from a shell."""

import json
from pathlib import Path

import pytest

from sealife_core.__main__ import build_parser, main
from sealife_core.config import preset
from sealife_core.runs.costs import machine_speed
from sealife_core.runs.costs.estimates import estimate
from sealife_core.runs.costs.machine_speed import SpeedMeasurement
from sealife_core.training import speed_measurement


@pytest.mark.slow
def test_measure_speed__lets_times_be_estimated(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psutil.cpu_percent", lambda interval: 5.0)
    monkeypatch.setattr(speed_measurement, "CPU_BATCH", 2)
    monkeypatch.setattr(speed_measurement, "ENOUGH_S", 0.0)
    assert main(["measure-speed", "--device", "cpu", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["images_per_s"] > 0
    assert estimate(preset("simclr", device="cpu"), 1000).seconds is not None
    assert machine_speed.find("cpu") == SpeedMeasurement(running=False, done=True)


def test_measure_speed__does_nothing_while_another_is_at_it(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine_speed, "claim", lambda device: False)
    monkeypatch.setattr(speed_measurement, "measure", lambda *_, **__: pytest.fail("it measured"))
    assert main(["measure-speed"]) == 0
    assert "already" in capsys.readouterr().out
    assert list((home / "checkpoints").iterdir()) == []


def test_measure_speed__says_in_a_sentence_what_is_missing(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert main(["measure-speed", "--device", "cuda"]) == 1
    assert "no usable GPU" in capsys.readouterr().err
    assert "no usable GPU" in machine_speed.find("cuda").problem


def test_measure_speed__has_its_earlier_name_as_an_alias() -> None:
    parser = build_parser()
    assert parser.parse_args(["calibrate", "--json"]).run is parser.parse_args(["measure-speed", "--json"]).run
