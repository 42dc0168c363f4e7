import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sealife_core.config import preset
from sealife_core.errors import DatasetError
from sealife_core.processes import identity
from sealife_core.runs.costs.estimates import STARTUP_S
from sealife_core.runs.costs.measured_rates import record_rate
from sealife_core.runs.costs.time_left import seconds_left, stage_seconds_left
from sealife_core.runs.directory import list_runs
from sealife_core.runs.files import replace_json
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.forecast import ASKED, AtWork, QueueForecast, Waits, forecast, queue_forecast
from sealife_core.runs.scheduling.placement import NO_ROOM, Demand
from sealife_core.runs.scheduling.queue import launch, write_status
from sealife_core.runs.scheduling.spawning import reap
from sealife_core.runs.writer import RunWriter

Make = Callable[..., Run]
CPU, GPUS = ("cpu",), ("cuda:0", "cuda:1")
HOUR = 3600.0


def work(run_id: str, left_s: float | None, *held: str, **more: Any) -> AtWork:
    return AtWork(run_id, held or CPU, left_s, **more)


def waits(run_id: str, takes_s: float | None, may_take: tuple[str, ...] = CPU, **more: Any) -> Waits:
    source = more.pop("source", None)
    return Waits(run_id, Demand(may_take, **more), takes_s, source)


@pytest.mark.parametrize(
    ("at_work", "waiting", "begins"),  # begins: (seconds from now, behind so many) of each that waits
    [
        ([], [waits("a", 27)], [(0, 0)]),
        ([work("x", 2 * HOUR)], [waits("a", 27)], [(2 * HOUR, 1)]),
        ([work("x", 2 * HOUR)], [waits("a", 300), waits("b", 60), waits("c", 1)], [(7200, 1), (7500, 2), (7560, 3)]),
        ([work("x", None)], [waits("a", 27), waits("b", 1)], [(None, 1), (None, 2)]),
        ([work("x", 10)], [waits("a", None), waits("b", 1)], [(10, 1), (None, 2)]),
        # Two devices: each run takes the one that is free first.
        ([work("x", 10, "cuda:0"), work("y", 50, "cuda:1")], [waits("a", 100, GPUS), waits("b", 1, GPUS)],
         [(10, 2), (50, 3)]),
        ([work("x", None, "cuda:0"), work("y", 50, "cuda:1")], [waits("a", 5, GPUS), waits("b", 1, GPUS)],
         [(50, 2), (55, 3)]),
        # A run for both is not overtaken; one that takes the processor waits for none of them.
        ([work("x", 10, "cuda:0")], [waits("a", 9, GPUS, count=2), waits("b", 1, GPUS), waits("c", 1)],
         [(10, 1), (19, 2), (0, 0)]),
        # Weights that are awaited hold up their run, and nobody else.
        ([work("x", 10)], [waits("a", 20), waits("b", 5, source="a"), waits("c", 7)], [(10, 1), (30, 2), (35, 3)]),
        ([], [waits("b", 5, source="elsewhere"), waits("c", 7)], [(None, 1), (0, 0)]),
        # What trains no encoder goes beside a training, one at a time, and holds up no training.
        ([work("x", HOUR)], [waits("t", 60), waits("e", 27, beside=True)], [(HOUR, 1), (0, 0)]),
        ([work("x", HOUR)], [waits("e", 27, beside=True), waits("f", 9, beside=True)], [(0, 0), (27, 1)]),
        ([work("x", HOUR), work("e", 20, beside=True, trains=False)], [waits("f", 9, beside=True), waits("t", 1)],
         [(20, 1), (HOUR, 1)]),
        ([work("e", 20, trains=False)], [waits("f", 9, beside=True)], [(20, 1)]),
    ],
)  # fmt: skip
def test_forecast__plays_the_rules_of_the_queue(
    at_work: list[AtWork], waiting: list[Waits], begins: list[tuple[float | None, int]]
):
    found = forecast(at_work, waiting)
    assert [(found[run.id].begins_in_s, found[run.id].behind) for run in waiting] == begins


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (QueueForecast(7500, 3, 27), "begins in about 2 h 5 min (behind 3 runs), takes about 27 s"),
        (QueueForecast(7500, 1, None), "begins in about 2 h 5 min (behind 1 run)"),
        (QueueForecast(None, 3, 27), "begins after 3 runs (how long they take is not known yet), takes about 27 s"),
        (QueueForecast(None, 1, None), "begins after 1 run (how long it takes is not known yet)"),
        (QueueForecast(0, 0, 27), "begins at once, takes about 27 s"),
        (QueueForecast(0, 0, 27, beside=True), "begins at once, beside the training, takes about 27 s"),
    ],
)
def test_forecast__in_words(found: QueueForecast, says: str):
    assert found.says == says


def test_forecast__of_hundreds_takes_no_time():
    waiting = [waits(str(place), 1.0, GPUS, count=1 + place % 2) for place in range(200)]
    began = time.process_time()
    found = forecast([work("x", HOUR, "cuda:0")], waiting)
    assert time.process_time() - began < 0.5
    assert found["199"].behind == 200


class Pictures:
    """A data set of 1,250 images, 1,000 of them to train on."""

    classes = ("crab", "ray")

    def __len__(self) -> int:
        return 1250

    def rows(self, split: str, labelled_only: bool = False) -> range:
        return range(1000)


@pytest.fixture
def machine(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root whose machine trains 100 images a second, and where no dispatcher comes to work."""
    monkeypatch.setattr("sealife_core.runs.scheduling.queue._spawn_dispatcher", lambda root: None)
    record_rate(
        root, kind="simclr", encoder="resnet18", stem="imagenet", image_size_px=64, precision="fp32", device="cpu",
        trained_stages=5, images_per_s=100.0,
    )  # fmt: skip
    return root


def begin(run: Run, **status: Any) -> Run:
    """``run`` as one that is at work: its process sleeps, and ends with the test."""
    launch(run)
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)
    reap(child)
    replace_json(run.path / "process.json", (identity(child.pid) or {}) | {"attempt": 1, "device": "cpu"})
    RunWriter(run).status(state="running", **status)
    return run


SETTINGS: dict[str, Any] = {"epochs": 10, "image_size_px": 64, "monitor_every": 0}
TAKES_S = STARTUP_S + 100 + 1125 / 100 / 6  # 10 epochs of 1,000 images, and one look at the end


def foreseen(root: Path, **more: Any) -> dict[str, QueueForecast]:
    return queue_forecast(root, lambda name: Pictures(), **more)


def test_queue_forecast__adds_what_is_left_of_the_run_at_work(make: Make, machine: Path):
    begin(make(**SETTINGS), step=25, steps=100)
    second, third = make(**SETTINGS), make(**SETTINGS)
    for run in (second, third):
        launch(run)
    found = foreseen(machine, asked=preset("simclr", **SETTINGS))
    assert list(found) == [second.id, third.id, ASKED]
    assert found[second.id].begins_in_s == pytest.approx(0.75 * TAKES_S)
    assert found[third.id].begins_in_s == pytest.approx(1.75 * TAKES_S)
    assert (found[ASKED].behind, found[ASKED].takes_s) == (3, pytest.approx(TAKES_S))


def test_queue_forecast__believes_the_rate_of_a_run_more_than_its_estimate(make: Make, machine: Path):
    first = begin(make(**SETTINGS), step=50, steps=100)
    now = time.time()
    rows = [{"step": step, "time": now + 3 * step} for step in range(20, 51)]
    assert seconds_left(first.status(), rows) == 150
    second = make(**SETTINGS)
    launch(second)
    assert foreseen(machine, rows=lambda run: rows)[second.id].begins_in_s == 150


def test_queue_forecast__says_what_goes_beside_and_what_has_no_room(make: Make, machine: Path):
    begin(make(**SETTINGS), step=50, steps=100)
    embed = make("embed")
    launch(embed)
    assert foreseen(machine)[embed.id].says.startswith("begins at once, beside the training, takes about")
    write_status(embed, message=NO_ROOM)
    assert foreseen(machine)[embed.id].begins_in_s == pytest.approx(0.5 * TAKES_S)


def test_queue_forecast__of_a_resumed_run_counts_what_is_left(make: Make, machine: Path):
    run = make(**SETTINGS)
    launch(run)
    write_status(run, step=75, steps=100)
    assert foreseen(machine)[run.id].takes_s == pytest.approx(TAKES_S)
    (run.path / "last.ckpt").touch()
    assert foreseen(machine)[run.id].takes_s == pytest.approx(TAKES_S / 4)


def test_queue_forecast__without_a_measurement_or_a_data_set_counts_runs(make: Make, machine: Path):
    def gone(name: str) -> Pictures:
        raise DatasetError("There is no data set 'reef'.")

    begin(make(**SETTINGS), step=50, steps=100)
    run = make(**SETTINGS)
    launch(run)
    says = "begins after 1 run (how long it takes is not known yet)"
    assert queue_forecast(machine, gone)[run.id].says == says
    (machine / ".rates.jsonl").unlink()
    assert foreseen(machine)[run.id].says == says


def test_queue_forecast__leaves_out_what_waits_elsewhere_or_for_a_person(make: Make, machine: Path):
    source = make(**SETTINGS)
    launch(source)
    for run in (make(where="ray:head"), make("finetune", weights=f"run:{source.id}")):
        launch(run)
    replace_json(source.path / "status.json", {"state": "running", "heartbeat": 0, "attempt": 1})
    assert foreseen(machine) == {}


def test_queue_forecast__where_nothing_waits_opens_no_data_set(make: Make, machine: Path):
    begin(make(**SETTINGS))

    def never(name: str) -> Pictures:
        raise AssertionError(name)

    assert queue_forecast(machine, never) == {}


@pytest.mark.parametrize("nonsense", ["soon", [1], {}, True, float("nan"), 10**400, -1])
def test_queue_forecast__bears_whatever_a_status_and_the_metrics_hold(make: Make, machine: Path, nonsense: Any):
    begin(make(**SETTINGS))
    waiting = make(**SETTINGS)
    launch(waiting)
    (waiting.path / "last.ckpt").touch()
    with (waiting.path / "metrics.jsonl").open("w") as file:
        file.writelines(
            json.dumps(row) + "\n" for row in ({"step": nonsense, "time": nonsense}, {"step": 1, "time": 1})
        )
    assert list(foreseen(machine)) == [waiting.id]
    for run in list_runs(machine):
        told = run.status() | dict.fromkeys(("step", "steps", "started", "place"), nonsense)
        (run.path / "status.json").write_text(json.dumps(told))
    assert set(foreseen(machine)) <= {waiting.id}  # a status with a wrong type is that of a damaged run


@pytest.mark.parametrize(
    ("changes", "left_s"),
    [({}, 30.0)]
    + [(changes, None) for changes in ({"done": 40}, {"done": 0}, {"heartbeat": 1004.0}, {"stage_began": None})],
)
def test_stage_seconds_left__is_known_after_some_seconds_until_all_images_are_done(
    changes: dict[str, Any], left_s: float | None
):
    status = {"done": 10, "total": 40, "stage_began": 1000.0, "heartbeat": 1010.0}
    assert stage_seconds_left(status | changes) == left_s
