"""A run that validation may cut short, or send back to where it began."""

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import TrainingError
from sealife_core.models.checkpoint import load_model
from sealife_core.models.weights import starting_encoder
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from sealife_core.training.callbacks import BestModel, FiniteLoss, Speed
from sealife_core.training.representation_monitor import Representation
from sealife_core.training.train import train
from tests.training.attempts import attempt, begun
from tests.training.conftest import SMALL

pytestmark = pytest.mark.slow

FROM_IMAGENET = SMALL | {"encoder": "tf_efficientnet_lite0", "batch_size": 16}
ABSURD = FROM_IMAGENET | {"epochs": 6, "patience": 2, "learning_rate": 30.0}


def start() -> dict[str, Tensor]:
    return starting_encoder("imagenet", "tf_efficientnet_lite0", "auto", 32)[0].state_dict()


def assert_is_the_start(run: Run) -> None:
    found = load_model(run.path)[0].state_dict()
    assert all(torch.equal(found[name], value) for name, value in start().items())
    results = run.results()
    assert results is not None
    assert results["kept_epoch"] == 0
    assert results["gain"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert results["val"]["knn_accuracy"] == pytest.approx(results["start"]["knn_accuracy"])


def test_continue__with_an_absurd_rate_keeps_the_start_bit_for_bit_also_when_stopped_and_resumed(
    tiny_reef: Dataset,
) -> None:
    config = preset("continue", "Quick look", **ABSURD)
    run = create_run(config, data_hash=tiny_reef.content_hash)
    (run.path / "stop").touch()
    assert train(config, RunWriter(run)) is False
    assert_is_the_start(run)
    (run.path / "stop").unlink()
    assert train(config, RunWriter(run))
    assert_is_the_start(run)
    measured = [(row["epoch"], row["val/knn_accuracy"]) for row in run.metrics() if "val/knn_accuracy" in row]
    assert [epoch for epoch, _ in measured] == [0, 1, 2], "the start, and two epochs in vain"
    assert max(accuracy for _, accuracy in measured) <= measured[0][1] + 1e-6


def test_continue__keeps_what_it_learned_where_that_is_better(
    trained: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = iter([4, 6, 5, 6])

    def measure(self: Representation, module: object, embedded: object = None) -> dict[str, float]:
        self._right = np.arange(10) < next(right)
        return {"knn_accuracy": float(self._right.mean())}

    monkeypatch.setattr(Representation, "measure", measure)
    run = trained("continue", **FROM_IMAGENET, trained_stages=1)
    before, after = start(), load_model(run.path)[0].state_dict()
    moved = {name for name, value in before.items() if not torch.equal(after[name], value)}
    results = run.results()
    assert results is not None
    assert (results["kept_epoch"], results["start"]["knn_accuracy"]) == (1, 0.4)
    assert results["gain"]["value"] == pytest.approx(0.2)
    assert moved
    assert all("conv_head" in name or "bn2" in name or "blocks.5" in name or "blocks.6" in name for name in moved)


@pytest.mark.parametrize(
    ("device", "step", "last", "looks"),
    [("cpu", 3, False, True), ("cuda", 10, False, True), ("cuda", 3, True, True), ("cuda", 3, False, False)],
)
def test_finite_loss__is_looked_at_before_a_model_is_measured(device: str, step: int, last: bool, looks: bool) -> None:
    rates = [SimpleNamespace(param_groups=[{"lr": 0.5}])]
    trainer: Any = SimpleNamespace(global_step=step, is_last_batch=last, optimizers=rates)
    module: Any = SimpleNamespace(device=torch.device(device))
    with pytest.raises(TrainingError, match=f"became nan at step {step}") if looks else nullcontext():
        FiniteLoss().on_train_batch_end(trainer, module, {"loss": torch.tensor(math.nan)})


@pytest.mark.parametrize(("device", "waits"), [("cpu", 0), ("cuda", 6)])
def test_speed__is_that_of_the_device_also_where_a_step_returns_before_it_is_done(
    monkeypatch: pytest.MonkeyPatch, device: str, waits: int
) -> None:
    """A step takes 2 s: of the processor, or of a GPU, which does it only when it is waited for. Loading takes 9 s."""
    clock, told, waited, rates, noted = [0.0], [0.0], [], [], []

    def synchronize(_: object) -> None:
        waited.append(told[0])
        clock[0], told[0] = clock[0] + told[0], 0.0

    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(torch.cuda, "synchronize", synchronize)
    speed: Any = Speed("rate", images_per_step=10, note=noted.append)
    module = SimpleNamespace(device=torch.device(device), log=lambda name, value: rates.append((name, value)))
    optimizers = [SimpleNamespace(param_groups=[{"lr": 0.5}])]
    trainer = SimpleNamespace(optimizers=optimizers, current_epoch=0, should_stop=False, max_epochs=1)
    for _ in range(25):
        synchronize(None)  # a batch goes to the device behind what this was told before
        clock[0] += 9.0
        speed.on_train_batch_start(trainer, module)
        (clock if device == "cpu" else told)[0] += 2.0
        speed.on_train_batch_end(trainer, module)
    speed.on_train_epoch_end(trainer, module)
    assert len(waited) - 25 == waits, "before and after every tenth step"
    assert {value for name, value in rates if name == "rate"} == {5.0}
    assert noted == [5.0]


class Weights(Callback):
    """The classifier's layer after every step, and at every validation."""

    def __init__(self) -> None:
        self.stepped: list[Tensor] = []
        self.validated: list[Tensor] = []

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *args: Any) -> None:
        self.stepped.append(pl_module.head[-1].weight.detach().clone())  # type: ignore[index]

    def on_validation_batch_start(self, trainer: Trainer, pl_module: LightningModule, *args: Any) -> None:
        if not args[1]:  # the first batch of an epoch
            self.validated.append(pl_module.head[-1].weight.detach().clone())  # type: ignore[index]


def test_ema_decay__validates_and_keeps_the_average_of_the_steps(
    tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sealife_core.training import train

    seen, build = Weights(), train.build_trainer
    monkeypatch.setattr(train, "build_trainer", lambda *args, **kwargs: watched(build(*args, **kwargs)))

    def watched(trainer: Trainer) -> Trainer:
        trainer.callbacks.append(seen)  # type: ignore[attr-defined]
        return trainer

    run = begun(
        tiny_reef, "probe", optimiser="adamw", batch_size=10, epochs=2, learning_rate=0.1, schedule="constant",
        ema_decay=0.3,
    )  # fmt: skip
    assert attempt(run, tiny_reef)
    average, expected = seen.stepped[0], []
    steps = len(seen.stepped) // 2
    for n, weight in enumerate(seen.stepped[1:], start=1):
        kept = min(0.3, (1 + n) / (10 + n))
        average = kept * average + (1 - kept) * weight
        expected += [average] if (n + 1) % steps == 0 else []
    assert steps > 2
    assert all(torch.allclose(*pair, atol=1e-6) for pair in zip(seen.validated, expected, strict=True))
    assert not torch.allclose(expected[-1], seen.stepped[-1], atol=1e-3)
    best = (run.results() or {})["best_epoch"]
    kept_weights = torch.load(run.path / "module.pt", weights_only=True)
    name = next(name for name in kept_weights if name.startswith("head") and name.endswith("weight"))
    assert torch.allclose(kept_weights[name], expected[best - 1], atol=1e-6)


class Scaled(LightningModule):
    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(scale))


def test_best_model__taken_up_again_has_the_weights_and_counts_on(tmp_path: Path) -> None:
    run = RunWriter(create_run(preset("scratch"), root=tmp_path))
    best, module = BestModel(run), Scaled(1.0)
    assert best.put_into(module) is None
    for epoch, score in enumerate((0.4, 0.6, 0.6, 0.5), start=1):
        module.scale.data.fill_(epoch)
        best.consider(module, score, epoch)
    assert (best.epoch, best.since) == (2, 2), "of two equal ones the first"
    again = BestModel(run)
    again.load_state_dict(best.state_dict())
    again.consider(module, 0.55, 5)
    assert (again.epoch, again.since) == (2, 3)
    assert again.put_into(module) == 2
    assert float(module.scale.detach()) == 2
