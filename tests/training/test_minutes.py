"""Runs sized in minutes: what is planned, that it is kept, and that it takes about as long."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import ConfigError
from sealife_core.runs.directory import Run, create_run
from sealife_core.runs.writer import RunWriter
from sealife_core.training import minutes
from sealife_core.training.minutes import FEWEST_EPOCHS, Costs, Plan, planned
from sealife_core.training.recipes import train
from tests.training.conftest import SMALL

Trained = Callable[..., Run]
COSTS = Costs(frozen_s=0.01, step_s=0.02, whole_s=0.02)
SIZES: dict[str, int] = {"n": 1000, "val": 100, "batch_size": 50}


def seconds(plan: Plan, costs: Costs = COSTS, *, n: int, val: int, batch_size: int) -> float:
    """What the plan takes, counted out."""
    views = plan.epochs * (plan.images_per_epoch + val)
    through_frozen = plan.copies * n + val if plan.copies else views
    return through_frozen * costs.frozen_s + plan.epochs * (plan.images_per_epoch + val / 3) * costs.step_s


@pytest.mark.parametrize("left_s", [120.0, 300.0, 1200.0])
@pytest.mark.parametrize("copies", [0, 4, 16])
def test_planned__fills_the_time_and_no_more(left_s: float, copies: int) -> None:
    plan = planned(left_s, COSTS, copies=copies, **SIZES)
    assert plan.copies <= min(copies, plan.epochs)
    assert plan.epochs >= FEWEST_EPOCHS
    took = seconds(plan, **SIZES)
    another = seconds(Plan(plan.epochs + 1, plan.images_per_epoch, plan.copies), **SIZES)
    assert took <= left_s < another


def test_planned__stores_copies_only_where_that_gives_more_steps() -> None:
    without, stored = (planned(600, COSTS, copies=copies, **SIZES) for copies in (0, 4))
    assert stored.copies == 4
    assert stored.epochs * stored.images_per_epoch > without.epochs * without.images_per_epoch
    assert planned(15, COSTS, copies=4, **SIZES).copies == 0, "no image would be looked at twice"


def test_planned__takes_parts_of_many_images_so_that_there_are_epochs_to_choose_from() -> None:
    plan = planned(300, COSTS, copies=4, n=1_000_000, val=100, batch_size=50)
    assert plan.epochs >= FEWEST_EPOCHS
    assert 50 <= plan.images_per_epoch < 1_000_000
    assert plan.copies == 0


def test_planned__makes_a_step_however_little_time_there_is() -> None:
    assert planned(-10, COSTS, copies=4, **SIZES) == Plan(1, 50, 0)
    assert planned(1, COSTS, copies=4, n=20, val=5, batch_size=50).images_per_epoch == 20


def test_run__of_minutes_takes_about_so_long_and_its_schedule_ends_with_it(trained: Trained) -> None:
    began = time.monotonic()
    run = trained(
        "finetune", weights="random", trained_stages=2, stored_copies=2, batch_size=16, minutes=0.1, schedule="cosine"
    )
    took_s = time.monotonic() - began
    plan = json.loads((run.path / "environment.json").read_text())["plan"]
    rows = [row for row in run.metrics() if "train/loss" in row]
    assert rows[-1]["epoch"] == plan["epochs"] > 2, "not the epochs of the setting"
    rates = [row["train/learning_rate"] for row in rows]
    assert rates[-1] < 0.05 * max(rates)
    assert took_s < 60, "6 s are asked for; reading, measuring and figures come with them"


def test_run__that_was_stopped_keeps_its_plan(tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    values: dict[str, Any] = SMALL | {"batch_size": 16, "minutes": 1.0, "trained_stages": 2}
    monkeypatch.setattr(minutes, "measure", lambda *_: (Costs(0.1, 0.2, 0.0), 0))
    config = preset("finetune", "Quick look", weights="random", **values)
    run = create_run(config, data_hash=tiny_reef.content_hash)
    (run.path / "stop").touch()
    assert train(config, RunWriter(run)) is False
    plan = run.environment()["plan"]

    (run.path / "stop").unlink()
    monkeypatch.setattr(minutes, "measure", lambda *_: pytest.fail("measured a second time"))
    assert train(config, RunWriter(run))
    assert run.environment()["plan"] == plan
    rows = [row for row in run.metrics() if "train/loss" in row]
    assert rows[-1]["epoch"] == pytest.approx(plan["epochs"])


def test_measure__leaves_the_module_and_the_random_state_as_they_were(tiny_reef: Dataset) -> None:
    import torch

    from sealife_core.datasets.pixels import open_pixels
    from sealife_core.training.hardware import Hardware
    from sealife_core.training.recipes import on_images
    from tests.training.shares import Small

    config = preset("finetune", "Quick look", weights="random", image_size_px=32, trained_stages=2, stored_copies=1)
    encoder, machine = Small().train_stages(2), Hardware("cpu", "fp32")
    rows = tiny_reef.rows("train")
    batches, module = on_images(config, tiny_reef, open_pixels(tiny_reef, 64), encoder, rows, machine)  # type: ignore[arg-type]
    run = create_run(config, data_hash=tiny_reef.content_hash)
    before, state = {k: v.clone() for k, v in module.state_dict().items()}, torch.get_rng_state()
    costs, image_bytes = minutes.measure(config, RunWriter(run), batches, module, machine)  # type: ignore[arg-type]
    assert min(costs.frozen_s, costs.step_s, costs.whole_s) > 0
    assert image_bytes == encoder.until("layer2", torch.zeros(1, 3, 32, 32)).numel() * 2
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert module.cut is None


def test_config__refuses_minutes_for_a_solver_that_ends_by_itself() -> None:
    with pytest.raises(ConfigError, match="Set minutes to 0"):
        preset("probe", minutes=5)
