"""The losses and scores of a classifier while it trains: one definition each, however images are cut into batches."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score
from torch import Tensor, nn

from sealife_core.config import FineTuneConfig, preset
from sealife_core.datasets.corrections.editing import move
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.classification.scores import scores
from sealife_core.runs.run import Run
from sealife_core.training.classifier import ClassifierModule, MacroF1

LOSSES: list[dict[str, Any]] = [
    {},
    {"label_smoothing": 0.2},
    {"loss": "focal", "focal_gamma": 2.0},
    {"loss": "focal", "focal_gamma": 0.5},
]


def classifier(weights: Tensor | None, **values: Any) -> ClassifierModule:
    config = preset("probe", "Standard", optimiser="adamw", **values)
    assert isinstance(config, FineTuneConfig)
    torch.manual_seed(0)
    return ClassifierModule(config, nn.Identity(), feature_dim=5, classes=4, class_weights=weights)


def drawn(labels: list[int]) -> dict[str, Tensor]:
    features = torch.randn(len(labels), 5, generator=torch.Generator().manual_seed(1))
    return {"features": features, "labels": torch.tensor(labels)}


def validated(module: ClassifierModule, batch: dict[str, Tensor], cuts: list[int]) -> float:
    """The validation loss over ``batch`` in pieces of these sizes."""
    assert sum(cuts) == len(batch["labels"])
    module.log = lambda *args, **kwargs: None
    module.val_loss.reset()
    pieces = zip(*(torch.split(batch[name], cuts) for name in ("features", "labels")), strict=True)
    for features, labels in pieces:
        module.validation_step({"features": features, "labels": labels}, 0)
    return float(module.val_loss.compute())


@pytest.mark.parametrize("values", LOSSES)
@pytest.mark.parametrize("weights", [None, torch.tensor([1.5, 0.5, 1.0, 0.0])])
def test_val_loss__is_the_same_however_validation_is_cut_into_batches(
    values: dict[str, Any], weights: Tensor | None
) -> None:
    module, batch = classifier(weights, **values), drawn([0, 1, 2, 0, 3, 3, 3, 1])
    whole = validated(module, batch, [8])
    assert np.isfinite(whole)
    assert validated(module, batch, [4, 3, 1]) == pytest.approx(whole, rel=1e-5), "the middle batch weighs nothing"
    assert validated(module, batch, [1] * 8) == pytest.approx(whole, rel=1e-5)


def test_val_loss__is_no_number_where_all_of_validation_weighs_nothing() -> None:
    module = classifier(torch.tensor([1.0, 1.0, 1.0, 0.0]))
    assert np.isnan(validated(module, drawn([3, 3, 3]), [2, 1]))


@pytest.mark.parametrize("values", LOSSES)
def test_training_step__on_classes_of_weight_0_alone_changes_nothing(values: dict[str, Any]) -> None:
    module = classifier(torch.tensor([1.0, 1.0, 1.0, 0.0]), **values)
    module.log = lambda *args, **kwargs: None
    loss = module.training_step(drawn([3, 3]), 0)
    loss.backward()
    assert float(loss.detach()) == 0
    assert [float(p.grad.abs().max()) for p in module.head.parameters() if p.grad is not None] == [0, 0]


@pytest.mark.parametrize("seed", range(5))
def test_macro_f1__of_the_curve_is_that_of_the_result(seed: int) -> None:
    draw = np.random.default_rng(seed)
    labels = draw.choice([0, 1, 3], 40)  # 2 and 4 have no images, and are named all the same
    logits = draw.standard_normal((40, 5)).astype(np.float32)
    assert {2, 4} <= set(logits.argmax(1).tolist())
    metric = MacroF1(5)
    for part in (slice(0, 7), slice(7, 40)):
        metric.update(torch.from_numpy(logits[part]), torch.from_numpy(labels[part]))
    result = scores(labels, torch.from_numpy(logits).softmax(1).numpy(), list("abcde"))
    assert float(metric.compute()) == pytest.approx(result["macro_f1"], abs=1e-6)
    peer = f1_score(labels, logits.argmax(1), labels=[0, 1, 3], average="macro")
    assert result["macro_f1"] == pytest.approx(peer)


def test_run__ends_with_the_scores_of_its_curve(trained: Any, tiny_reef: Dataset) -> None:
    unseen = np.flatnonzero(np.isin(tiny_reef.labels, range(5)) & (tiny_reef.manifest["split"] == "val").to_numpy())
    fewer = move(tiny_reef, {int(row): "train" for row in unseen})
    run: Run = trained("probe", weights="random", epochs=3, data_hash=fewer.content_hash, optimiser="adamw")
    val = (run.results() or {})["val"]
    curve = {round(row["epoch"]): row for row in run.metrics() if "val/macro_f1" in row}
    best = curve[(run.results() or {})["best_epoch"]]
    assert sum(sum(row[:5]) for row in val["confusion"]) > 0, "a class that validation lacks must be named"
    assert best["val/macro_f1"] == pytest.approx(val["macro_f1"], abs=1e-6)
    assert best["val/accuracy"] == pytest.approx(val["accuracy"], abs=1e-6)
    assert run.environment()["chance_accuracy"] == pytest.approx(val["chance"])
