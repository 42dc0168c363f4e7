"""A run that validation may cut short, or send back to where it began."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.models.checkpoint import load_model
from sealife_core.models.starting import starting_encoder
from sealife_core.runs.directory import Run, create_run
from sealife_core.runs.writer import RunWriter
from sealife_core.training.recipes import train
from sealife_core.training.representation import Representation
from tests.training.conftest import SMALL

ABSURD = SMALL | {"batch_size": 16, "epochs": 6, "patience": 2, "learning_rate": 30.0, "threads": 1}


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
    run = trained("continue", **(SMALL | {"batch_size": 16, "epochs": 2, "trained_stages": 1, "threads": 1}))
    before, after = start(), load_model(run.path)[0].state_dict()
    moved = {name for name, value in before.items() if not torch.equal(after[name], value)}
    results = run.results()
    assert results is not None
    assert (results["kept_epoch"], results["start"]["knn_accuracy"]) == (1, 0.4)
    assert results["gain"]["value"] == pytest.approx(0.2)
    assert moved
    assert all("conv_head" in name or "bn2" in name or "blocks.5" in name or "blocks.6" in name for name in moved)
