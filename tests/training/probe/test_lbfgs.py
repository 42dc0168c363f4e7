"""The probe by L-BFGS: the optimum that scikit-learn finds, the same again, and solved anew where it was cut."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from torch.nn import functional

from sealife_core.config import ProbeConfig, preset
from sealife_core.datasets.corrections.editing import move
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import TrainingError
from sealife_core.launching.data_checks import labelled_rows
from sealife_core.models.heads import classification_head, linear_layer
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from sealife_core.training.classifier import ClassifierLoss
from sealife_core.training.hardware import Hardware
from sealife_core.training.preparation import class_weights
from sealife_core.training.probe.lbfgs import STEEPEST
from sealife_core.training.probe.standardised_features import Features, split_of, standardised
from sealife_core.training.probe.train_probe import Solved, solve
from sealife_core.training.train import train
from tests.finished.models import NETWORK

CPU = Hardware("cpu", "fp32")
DIM = 24


class Cut(Exception):
    """What ends a run as a kill would."""


@pytest.fixture
def features(tiny_reef: Dataset) -> Features:
    """Centres of classes and more noise than tells them apart; half of the directions are mixed, as in a network's."""
    draw = np.random.default_rng(0)
    centres = draw.standard_normal((len(tiny_reef.classes), DIM))
    h = centres[tiny_reef.labels] + 3 * draw.standard_normal((len(tiny_reef.labels), DIM))
    h[:, ::2] += h[:, 1::2] * 2
    return standardised(h.astype(np.float32), tiny_reef)


def started(dataset: Dataset, **values: Any) -> tuple[ProbeConfig, Run]:
    config = preset("probe", "Quick look", data=dataset.name, device="cpu", **values)
    assert isinstance(config, ProbeConfig)
    return config, create_run(config, data_hash=dataset.content_hash)


def learned(dataset: Dataset, features: Features, **values: Any) -> tuple[Run, nn.Linear]:
    config, run = started(dataset, **values)
    found, linear = attempt(config, dataset, features, RunWriter(run))
    assert found.finished
    return run, linear


def attempt(config: ProbeConfig, dataset: Dataset, features: Features, writer: RunWriter) -> tuple[Solved, nn.Linear]:
    rows = labelled_rows(config, dataset)
    head = classification_head(DIM, len(dataset.classes))
    loss = ClassifierLoss(config, class_weights(config, dataset, rows))
    found = solve(config, writer, CPU, head, loss, split_of(dataset, features, rows), chooses=False)
    return found, linear_layer(head)


def logged(run: Run, name: str) -> list[float]:
    return [row[name] for row in run.metrics() if name in row]


@pytest.mark.parametrize("weighting", ["none", "balanced"])
def test_lbfgs__reaches_the_optimum_of_scikit_learn_at_the_same_penalty(
    tiny_reef: Dataset, features: Features, weighting: str
) -> None:
    uneven = np.flatnonzero(tiny_reef.labels == 0)[::2]  # a class of half the size, so that weights tell
    tiny_reef = move(tiny_reef, {int(row): "val" for row in uneven})
    rows, decay = tiny_reef.rows("train", labelled_only=True), 0.03
    x, y = features.values[rows], torch.from_numpy(tiny_reef.labels[rows])
    counts = np.bincount(y.numpy())
    share = 1 / counts[y.numpy()] if weighting == "balanced" else np.ones(len(y))
    share = share / share.sum()

    peer = LogisticRegression(C=1 / decay, tol=1e-9, max_iter=10_000)
    peer.fit(x.double().numpy(), y.numpy(), sample_weight=share)
    # Without validation images the last weights are kept: those of the optimum.
    alone = move(tiny_reef, {int(row): "test" for row in tiny_reef.rows("val")})
    run, linear = learned(alone, features, weight_decay=decay, class_weights=weighting)

    def plain(weight: Tensor, bias: Tensor) -> float:
        each = functional.cross_entropy(x.double() @ weight.double().T + bias.double(), y, reduction="none")
        return float(each @ torch.from_numpy(share))

    def minimised(weight: Tensor, bias: Tensor) -> float:
        return plain(weight, bias) + decay / 2 * float(weight.double().square().sum())

    ours = linear.weight.detach(), linear.bias.detach()
    best = minimised(torch.from_numpy(peer.coef_), torch.from_numpy(peer.intercept_))
    assert best < 0.9 * np.log(len(tiny_reef.classes)), "the problem must have something to learn"
    assert best - 1e-6 <= minimised(*ours) <= best + 1e-5
    assert logged(run, "train/loss")[-1] == pytest.approx(plain(*ours), rel=1e-5), "logged without the penalty"


@pytest.mark.parametrize("values", [{"loss": "focal", "focal_gamma": 2.0}, {"label_smoothing": 0.1}])
def test_lbfgs__ends_where_every_loss_is_flat(
    tiny_reef: Dataset, features: Features, values: dict[str, object]
) -> None:
    alone = move(tiny_reef, {int(row): "test" for row in tiny_reef.rows("val")})
    run, linear = learned(alone, features, **values)
    config = run.config()
    assert isinstance(config, ProbeConfig)
    rows = labelled_rows(config, alone)
    loss, labels = ClassifierLoss(config), torch.from_numpy(alone.labels[rows])
    at_zero = loss(torch.zeros(len(rows), len(alone.classes)), labels).item()
    minimised = loss(linear(features.values[rows]), labels) + config.weight_decay / 2 * linear.weight.square().sum()
    slopes = torch.autograd.grad(minimised, list(linear.parameters()))
    assert max(float(slope.abs().max()) for slope in slopes) < 5 * STEEPEST
    assert logged(run, "train/loss")[-1] < 0.9 * at_zero


def test_lbfgs__depends_on_nothing_but_the_features(tiny_reef: Dataset, features: Features) -> None:
    one, other = (learned(tiny_reef, features, seed=seed)[1] for seed in (0, 1))
    assert torch.equal(one.weight, other.weight)
    assert torch.equal(one.bias, other.bias)


def test_lbfgs__logs_an_epoch_once_however_often_the_line_search_looks(
    tiny_reef: Dataset, features: Features, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sealife_core.training.probe.lbfgs.ITERATIONS", 3)
    run, linear = learned(tiny_reef, features, epochs=4, weight_decay=0.0001, patience=0)
    for name in ("train/loss", "train/accuracy", "val/loss", "val/accuracy", "val/macro_f1"):
        assert len(logged(run, name)) == 4, name
    assert [(row["step"], row["epoch"]) for row in run.metrics()] == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert logged(run, "train/loss") == sorted(logged(run, "train/loss"), reverse=True)
    best = int(np.argmax(logged(run, "val/macro_f1")))
    rows = tiny_reef.rows("train", labelled_only=True)
    share = (linear(features.values[rows]).argmax(1).numpy() == tiny_reef.labels[rows]).mean()
    assert logged(run, "train/accuracy")[best] == pytest.approx(share), "the best round is kept"
    assert not logged(run, "train/learning_rate")
    assert not logged(run, "train/images_per_s")
    status = run.status()
    assert (status["stage"], status["message"], status["epochs"]) == ("training", "epoch 4 of 4", 4)


def test_lbfgs__ends_where_validation_has_not_improved_for_long(
    tiny_reef: Dataset, features: Features, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sealife_core.training.probe.lbfgs.ITERATIONS", 1)
    run, _ = learned(tiny_reef, features, epochs=100, weight_decay=1e-6, patience=2)
    scores = logged(run, "val/macro_f1")
    assert len(scores) < 100
    assert len(scores) == 1 + int(np.argmax(scores)) + 2


def test_lbfgs__of_a_run_that_was_cut_is_solved_again_from_the_beginning(
    tiny_reef: Dataset, features: Features, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sealife_core.training.probe.lbfgs.ITERATIONS", 3)
    whole, expected = learned(tiny_reef, features, patience=0)
    assert len(logged(whole, "train/loss")) > 4

    config, run = started(tiny_reef, patience=0)
    writer = RunWriter(run)
    told = writer.metric

    def metric(step: int, epoch: float, **values: float | None) -> None:
        told(step, epoch, **values)
        if step == 3:
            raise Cut

    writer.metric = metric  # type: ignore[method-assign]
    with pytest.raises(Cut):
        attempt(config, tiny_reef, features, writer)
    (run.path / "last.ckpt").write_bytes(b"of an earlier release")
    found, linear = attempt(config, tiny_reef, features, RunWriter(run))
    assert found.finished
    assert logged(run, "train/loss") == logged(whole, "train/loss"), "the rows that were cut are done again"
    assert torch.equal(linear.weight, expected.weight)


def test_lbfgs__stops_when_asked_and_keeps_what_it_has(
    tiny_reef: Dataset, features: Features, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sealife_core.training.probe.lbfgs.ITERATIONS", 3)
    config, run = started(tiny_reef, patience=0)
    (run.path / "stop").touch()
    found, linear = attempt(config, tiny_reef, features, RunWriter(run))
    assert not found.finished
    assert found.best_epoch == 1
    assert linear.weight.abs().sum() > 0
    assert len(logged(run, "train/loss")) == 1


def test_lbfgs__says_that_features_are_no_numbers(tiny_reef: Dataset, features: Features) -> None:
    config, run = started(tiny_reef)
    features.values[tiny_reef.rows("train")[0]] = torch.nan
    with pytest.raises(TrainingError, match=re.escape("the encoder's features are not finite. Set precision")):
        attempt(config, tiny_reef, features, RunWriter(run))


def test_probe__solves_in_full_precision_whatever_the_encoder_computes_in(
    tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[torch.dtype] = []
    forward: Callable[[nn.Linear, Tensor], Tensor] = nn.Linear.forward

    def watched(self: nn.Linear, x: Tensor) -> Tensor:
        logits = forward(self, x)
        if self.training and logits.requires_grad:
            seen.append(logits.dtype)
        return logits

    monkeypatch.setattr(nn.Linear, "forward", watched)
    config, run = started(tiny_reef, encoder=NETWORK, weights="random", image_size_px=32, precision="bf16")
    assert train(config, RunWriter(run))
    assert set(seen) == {torch.float32}
    assert run.environment()["precision"] == "bf16"
