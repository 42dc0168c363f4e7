"""The Train page before any run has told how fast this machine is."""

import os

from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.costs import machine_speed
from sealife_core.runs.costs.machine_speed import Ending
from sealife_core.runs.costs.measured_rates import record_rate
from sealife_core.runs.directory import create_run
from sealife_core.runs.liveness import State
from sealife_core.runs.scheduling.queue import write_status
from tests.dashboard.test_frame import open_page, text


def figures(app) -> str:
    return " ".join(element.body for element in app.get("html"))


def test_train__has_the_machine_measured_once_and_says_so(tiny_reef: Dataset, measured: list[str], monkeypatch) -> None:
    monkeypatch.setattr(machine_speed, "request", lambda device: measured.append(device) or machine_speed.claim(device))
    app = open_page("train")
    assert not app.exception
    assert "measuring…" in figures(app)
    assert "about 15 s" in text(app)
    app.run()
    assert measured == ["auto"]


def test_train__shows_the_time_once_it_is_measured(tiny_reef: Dataset, measured: list[str]) -> None:
    rate = {"kind": "simclr", "encoder": "resnet18", "stem": "imagenet", "image_size_px": 64, "precision": "fp32"}
    for device in ("cpu", "cuda"):
        record_rate(None, **rate, device=device, trained_stages=5, images_per_s=40)
    app = open_page("train")
    assert "about " in figures(app)
    assert "measured 40 images/s" in text(app)
    assert measured == []


def test_train__says_in_a_sentence_why_it_could_not_be_measured(tiny_reef: Dataset, measured: list[str]) -> None:
    assert machine_speed.claim("auto")
    machine_speed.end(Ending.FAILED, "Out of memory at batch size 32.")
    app = open_page("train")
    assert not app.exception
    assert "not known yet" in figures(app)
    assert "Out of memory at batch size 32." in text(app)
    assert measured == []
    next(button for button in app.button if button.label == "Measure this machine").click().run()
    assert measured == ["auto"]


def test_train__measures_nothing_beside_a_run(tiny_reef: Dataset) -> None:
    write_status(create_run(preset("simclr")), state=State.RUNNING, heartbeat=2e9, pid=os.getpid())
    app = open_page("train")
    assert "after the first epoch" in text(app)
