"""The penalty of a probe, chosen on validation: each is scikit-learn's optimum, and the best one is kept."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from torch import Tensor
from torch.nn import functional

from sealife_core.config import PENALTIES, ProbeConfig, preset
from sealife_core.datasets.corrections.editing import move
from sealife_core.datasets.dataset import Dataset
from sealife_core.launching.data_checks import DatasetLabels, can_choose, labelled_rows
from sealife_core.models.heads import classification_head, linear_layer
from sealife_core.models.known import facts
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from sealife_core.training.classifier import ClassifierLoss
from sealife_core.training.hardware import Hardware
from sealife_core.training.probe.standardised_features import Features, split_of, standardised
from sealife_core.training.probe.train_probe import solve
from sealife_core.training.train import train

DIM = 24


@pytest.fixture
def reef(tiny_reef: Dataset) -> Dataset:
    """The tiny reef with three validation images for each of its ten classes and more."""
    rows = [row for label in range(10) for row in np.flatnonzero(tiny_reef.labels == label)[:3]]
    return move(tiny_reef, {int(row): "val" for row in rows})


@pytest.fixture
def features(reef: Dataset) -> Features:
    """More noise than tells classes apart, so that no penalty is right on all of validation."""
    draw = np.random.default_rng(0)
    centres = draw.standard_normal((len(reef.classes), DIM))
    h = centres[reef.labels] + 2 * draw.standard_normal((len(reef.labels), DIM))
    return standardised(h.astype(np.float32), reef)


class Solved:
    """A probe on ``features``, learned to its end."""

    def __init__(self, dataset: Dataset, features: Features, **values: Any) -> None:
        config = preset("classify", data=dataset.name, device="cpu", **values)
        assert isinstance(config, ProbeConfig)
        self.run = create_run(config, data_hash=dataset.content_hash)
        self.rows = labelled_rows(config, dataset)
        head = classification_head(features.values.shape[1], len(dataset.classes))
        loss = ClassifierLoss(config)
        split, chooses = split_of(dataset, features, self.rows), can_choose(DatasetLabels(dataset))
        solved = solve(config, RunWriter(self.run), Hardware("cpu", "fp32"), head, loss, split, chooses=chooses)
        self.best, self.found = solved.best_epoch, solved.penalties
        self.weights = linear_layer(head).weight.detach(), linear_layer(head).bias.detach()


def peer(x: np.ndarray, y: np.ndarray, penalty: float) -> LogisticRegression:
    return LogisticRegression(C=1 / (len(x) * penalty), tol=1e-9, max_iter=20_000).fit(x, y)


def test_path__finds_the_optimum_and_the_choice_of_scikit_learn(reef: Dataset, features: Features) -> None:
    solved = Solved(reef, features)
    values = features.values.double().numpy()
    x, y = values[solved.rows], reef.labels[solved.rows]
    val = reef.rows("val")
    peers = [peer(x, y, penalty) for penalty in PENALTIES]
    theirs = [f1_score(reef.labels[val], one.predict(values[val]), average="macro") for one in peers]
    ours = solved.found["penalties"]
    assert [tried["penalty"] for tried in ours] == list(PENALTIES)
    assert [tried["macro_f1"] for tried in ours] == pytest.approx(theirs, abs=1e-6)
    best = int(np.argmax(theirs))  # the first of equal ones, whose penalty is the largest
    assert len(set(theirs)) > 1, "the penalties must differ in what they reach"
    assert solved.found["penalty"] == PENALTIES[best]

    def minimised(weight: Tensor, bias: Tensor) -> float:
        logits = torch.from_numpy(x) @ weight.double().T + bias.double()
        loss = functional.cross_entropy(logits, torch.from_numpy(y))
        return float(loss + PENALTIES[best] / 2 * weight.double().square().sum())

    optimum = minimised(torch.from_numpy(peers[best].coef_), torch.from_numpy(peers[best].intercept_))
    assert optimum - 1e-6 <= minimised(*solved.weights) <= optimum + 1e-5


def test_path__of_equal_penalties_keeps_the_largest(reef: Dataset) -> None:
    h = np.eye(len(reef.classes), dtype=np.float32)[reef.labels]
    solved = Solved(reef, standardised(h, reef))
    right = [tried["penalty"] for tried in solved.found["penalties"] if tried["macro_f1"] == 1.0]
    assert len(right) > 1
    assert solved.found["penalty"] == right[0]


def test_path__tells_which_penalty_it_is_at(reef: Dataset, features: Features, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, str]] = []
    status = RunWriter.status

    def keep(self: RunWriter, **changes: Any) -> None:
        status(self, **changes)
        told.append((changes.get("stage", ""), changes.get("message", "")))

    monkeypatch.setattr(RunWriter, "status", keep)
    Solved(reef, features)
    said = [message for stage, message in told if stage == "choosing the penalty"]
    assert list(dict.fromkeys(said)) == [
        f"choosing the penalty: {n} of {len(PENALTIES)}" for n in range(1, len(PENALTIES) + 1)
    ]


@pytest.mark.parametrize("kept", [0, 29])
def test_probe__with_few_validation_images_has_the_fixed_penalty_and_says_so(
    reef: Dataset, features: Features, kept: int
) -> None:
    reef = move(reef, {int(row): "train" for row in reef.rows("val")[kept:]})
    solved = Solved(reef, features, weight_decay=0.2)
    assert solved.found == {"penalty": 0.2}
    alone = peer(features.values.double().numpy()[solved.rows], reef.labels[solved.rows], 0.2)
    if not kept:  # with validation images, the best epoch is kept, which need not be the last
        assert solved.weights[0].numpy() == pytest.approx(alone.coef_, abs=2e-3)


@pytest.mark.slow
def test_classify__is_a_run_like_any_other(reef: Dataset) -> None:
    config = preset("classify", data=reef.name, image_size_px=32, device="cpu", precision="fp32")
    run = create_run(config, data_hash=reef.content_hash)
    assert train(config, RunWriter(run))
    results = Run(run.path).results()
    assert results is not None
    assert results["penalty"] in PENALTIES
    assert len(results["penalties"]) == len(PENALTIES)
    assert results["method"] == "Linear probe"
    assert results["parameters_trained"] == (1 + facts(config.encoder).feature_dim) * len(reef.classes)
    assert results["test"]["n"] == len(reef.rows("test"))
    for name in ("model.safetensors", "predictions.parquet", "novelty.npz", "figures/curves.png"):
        assert (run.path / Path(name)).is_file(), name
    assert run.problems() == []
