"""Runs sized in minutes: what is planned from what was measured, and that it is kept."""

import time
from dataclasses import dataclass, replace
from typing import Literal

import pytest
import torch

from sealife_core.config import FineTuneConfig, preset
from sealife_core.datasets.batches import ImageBatches
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.pixels import open_pixels
from sealife_core.errors import ConfigError
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from sealife_core.training.classifier import ClassifierModule
from sealife_core.training.fine_tuning import minutes
from sealife_core.training.fine_tuning.activation_batches import ActivationBatches
from sealife_core.training.fine_tuning.minutes import FEWEST_EPOCHS, Costs, MinutesPlan, as_planned, planned
from sealife_core.training.hardware import Hardware
from sealife_core.training.train import learn, on_images
from tests.training.shares import Small

CPU = Hardware("cpu", "fp32")
COSTS = Costs(frozen_s=0.01, step_s=0.02, whole_s=0.02)
SIZES: dict[str, int] = {"n": 1000, "val": 100, "batch_size": 50}


def seconds(plan: MinutesPlan, costs: Costs = COSTS, *, n: int, val: int, batch_size: int) -> float:
    """What the plan takes, counted out."""
    views = plan.epochs * (plan.images_per_epoch + val)
    through_frozen = plan.copies * n + val if plan.copies else views
    return through_frozen * costs.frozen_s + plan.epochs * (plan.images_per_epoch + val / 3) * costs.step_s


def test_planned__of_two_gpus_has_twice_the_epochs() -> None:
    one, two = (planned(600, COSTS, copies=0, gpus=gpus, **SIZES) for gpus in (1, 2))
    assert two.images_per_epoch == one.images_per_epoch
    assert 2 * one.epochs <= two.epochs <= 2 * one.epochs + 1


@pytest.mark.parametrize("left_s", [120.0, 300.0, 1200.0])
@pytest.mark.parametrize("copies", [0, 4, 16])
def test_planned__fills_the_time_and_no_more(left_s: float, copies: int) -> None:
    plan = planned(left_s, COSTS, copies=copies, **SIZES)
    assert plan.copies <= min(copies, plan.epochs)
    assert plan.epochs >= FEWEST_EPOCHS
    took = seconds(plan, **SIZES)
    another = seconds(MinutesPlan(plan.epochs + 1, plan.images_per_epoch, plan.copies), **SIZES)
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
    assert planned(-10, COSTS, copies=4, **SIZES) == MinutesPlan(1, 50, 0)
    assert planned(1, COSTS, copies=4, n=20, val=5, batch_size=50).images_per_epoch == 20


@dataclass(frozen=True)
class Begun:
    """A fine-tune of the last two of Small's stages that has not trained yet."""

    config: FineTuneConfig
    run: Run
    dataset: Dataset

    def parts(self) -> tuple[ImageBatches, ClassifierModule]:
        torch.manual_seed(0)
        rows, encoder = self.dataset.rows("train"), Small().train_stages(2)
        return on_images(self.config, self.dataset, open_pixels(self.dataset, 64), encoder, rows, CPU)

    def as_planned(self) -> tuple[FineTuneConfig, ImageBatches, ClassifierModule]:
        batches, module = self.parts()
        began = time.monotonic()
        return *as_planned(self.config, RunWriter(self.run), self.dataset, batches, module, CPU, began), module


@pytest.fixture
def begun(tiny_reef: Dataset) -> Begun:
    config = preset(
        "finetune", "Quick look", data=tiny_reef.name, weights="random", image_size_px=32, device="cpu", threads=1,
        trained_stages=2, stored_copies=2, batch_size=16, minutes=1, schedule="cosine", patience=0,
    )  # fmt: skip
    assert isinstance(config, FineTuneConfig)
    return Begun(config, create_run(config, data_hash=tiny_reef.content_hash), tiny_reef)


@pytest.mark.slow
def test_run__of_minutes_makes_the_planned_epochs_and_its_schedule_ends_with_them(
    begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(minutes, "measure", lambda *_: (Costs(0.02, 0.05, 0.0), 4_000))
    config, batches, module = begun.as_planned()
    plan = begun.run.environment()["plan"]
    assert (plan["epochs"], plan["copies"]) == (config.epochs, 2)
    assert config.epochs not in (1, begun.config.epochs), "not those of the setting"
    assert isinstance(batches, ActivationBatches)
    assert module.cut == "layer2"
    finished, best_epoch, _ = learn(config, RunWriter(begun.run), CPU, batches, module, note=lambda rate: None)
    assert finished
    assert best_epoch in range(1, config.epochs + 1)
    rows = [row for row in begun.run.metrics() if "train/loss" in row]
    assert rows[-1]["epoch"] == config.epochs
    rates = [row["train/learning_rate"] for row in rows]
    assert rates[-1] < 0.02 * max(rates)


def test_run__taken_up_again_keeps_its_plan_however_slow_the_machine_is_by_then(
    begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(minutes, "measure", lambda *_: (Costs(0.02, 0.05, 0.0), 4_000))
    first, stored, _ = begun.as_planned()
    monkeypatch.setattr(minutes, "measure", lambda *_: pytest.fail("measured a second time"))
    again, batches, _ = begun.as_planned()
    assert (again.epochs, batches.an_epoch) == (first.epochs, stored.an_epoch)


def test_run__without_minutes_or_copies_is_not_measured(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minutes, "measure", lambda *_: pytest.fail("measured"))
    plain = replace(begun, config=begun.config.model_copy(update={"minutes": 0, "stored_copies": 0}))
    config, batches, module = plain.as_planned()
    assert config.epochs == begun.config.epochs
    assert not isinstance(batches, ActivationBatches)
    assert module.cut is None


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_seconds__counts_neither_the_first_steps_nor_what_other_programs_add(
    monkeypatch: pytest.MonkeyPatch, device: Literal["cpu", "cuda"]
) -> None:
    taken = iter([9.0, 9.0, 0.5, 1.5, 1.5, 0.5, 1.5, 1.5, 0.5, 1.5])
    clock = [0.0]
    monkeypatch.setattr(minutes.time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(minutes, "LOOK_S", 1000.0)

    def takes() -> None:
        clock[0] += next(taken)

    monkeypatch.setattr(torch.cuda, "synchronize", takes)  # a GPU has only been told when the call returns
    act = takes if device == "cpu" else lambda: None
    assert minutes._seconds(act, Hardware(device, "fp32")) == 0.5


def test_measure__leaves_the_module_and_the_random_state_as_they_were(begun: Begun) -> None:
    batches, module = begun.parts()
    before, state = {k: v.clone() for k, v in module.state_dict().items()}, torch.get_rng_state()
    costs, image_bytes = minutes.measure(begun.config, RunWriter(begun.run), batches, module, CPU)
    assert min(costs.frozen_s, costs.step_s) > 0
    assert costs.whole_s < costs.frozen_s + costs.step_s
    assert isinstance(module.encoder, Small)
    assert image_bytes == module.encoder.eval().until("layer2", torch.zeros(1, 3, 32, 32)).numel() * 2
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert module.cut is None


@pytest.mark.parametrize(("name", "value"), [("minutes", 5), ("ema_decay", 0.9)])
def test_config__refuses_what_has_no_meaning_for_a_solver_that_ends_by_itself(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"got {name} {value:g}, expected 0"):
        preset("probe", **{name: value})
