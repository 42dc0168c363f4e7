"""The probe by L-BFGS: the optimum that scikit-learn finds, the same again, and taken up where it was cut."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from torch.nn import functional

from sealife_core.config import ClassifierConfig, preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import TrainingError
from sealife_core.launching.data_checks import labelled_rows
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from sealife_core.training.hardware import Hardware
from sealife_core.training.probe.feature_batches import Features, standardised
from sealife_core.training.probe.lbfgs import STEEPEST
from sealife_core.training.train import learn, on_features, train

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


def started(dataset: Dataset, **values: Any) -> tuple[ClassifierConfig, Run]:
    config = preset("probe", "Quick look", data=dataset.name, device="cpu", **values)
    assert isinstance(config, ClassifierConfig)
    return config, create_run(config, data_hash=dataset.content_hash)


def solve(dataset: Dataset, features: Features, **values: Any) -> Run:
    config, run = started(dataset, **values)
    assert attempt(config, dataset, features, RunWriter(run))
    return run


def attempt(config: ClassifierConfig, dataset: Dataset, features: Features, writer: RunWriter) -> bool:
    batches, module = on_features(config, dataset, features, labelled_rows(config, dataset))
    return learn(config, writer, CPU, batches, module, note=lambda rate: None)[0]


def last_weights(run: Run) -> dict[str, Tensor]:
    return torch.load(run.path / "last.ckpt", weights_only=True)["state_dict"]


def logged(run: Run, name: str) -> list[float]:
    return [row[name] for row in run.metrics() if name in row]


@pytest.mark.parametrize("weighting", ["none", "balanced"])
def test_lbfgs__reaches_the_optimum_of_scikit_learn_at_the_same_penalty(
    tiny_reef: Dataset, features: Features, weighting: str
) -> None:
    uneven = np.flatnonzero(tiny_reef.labels == 0)[::2]  # a class of half the size, so that weights tell
    tiny_reef = tiny_reef.with_splits({int(row): "val" for row in uneven})
    rows, decay = tiny_reef.rows("train", labelled_only=True), 0.03
    x, y = features.values[rows], torch.from_numpy(tiny_reef.labels[rows])
    counts = np.bincount(y.numpy())
    share = 1 / counts[y.numpy()] if weighting == "balanced" else np.ones(len(y))
    share = share / share.sum()

    peer = LogisticRegression(C=1 / decay, tol=1e-9, max_iter=10_000)
    peer.fit(x.double().numpy(), y.numpy(), sample_weight=share)
    run = solve(tiny_reef, features, weight_decay=decay, class_weights=weighting)
    found = last_weights(run)

    def plain(weight: Tensor, bias: Tensor) -> float:
        each = functional.cross_entropy(x.double() @ weight.double().T + bias.double(), y, reduction="none")
        return float(each @ torch.from_numpy(share))

    def minimised(weight: Tensor, bias: Tensor) -> float:
        return plain(weight, bias) + decay / 2 * float(weight.double().square().sum())

    ours = found["head.linear.weight"], found["head.linear.bias"]
    best = minimised(torch.from_numpy(peer.coef_), torch.from_numpy(peer.intercept_))
    assert best < 0.9 * np.log(len(tiny_reef.classes)), "the problem must have something to learn"
    assert best - 1e-6 <= minimised(*ours) <= best + 1e-5
    assert logged(run, "train/loss")[-1] == pytest.approx(plain(*ours), rel=1e-5), "logged without the penalty"


@pytest.mark.parametrize("values", [{"loss": "focal", "focal_gamma": 2.0}, {"label_smoothing": 0.1}])
def test_lbfgs__ends_where_every_loss_is_flat(
    tiny_reef: Dataset, features: Features, values: dict[str, object]
) -> None:
    config, run = started(tiny_reef, **values)
    rows = labelled_rows(config, tiny_reef)
    _, module = on_features(config, tiny_reef, features, rows)
    at_zero = module.loss(module(features.values[rows]), torch.from_numpy(tiny_reef.labels[rows])).item()
    assert attempt(config, tiny_reef, features, RunWriter(run))
    module.load_state_dict(last_weights(run))
    batch = {"features": features.values[rows], "labels": torch.from_numpy(tiny_reef.labels[rows])}
    module.training_step(batch, 0).backward()
    slopes = [p.grad for p in module.head.parameters() if p.grad is not None]
    assert len(slopes) == 2
    assert max(float(slope.abs().max()) for slope in slopes) < 5 * STEEPEST
    assert logged(run, "train/loss")[-1] < 0.9 * at_zero


def test_lbfgs__depends_on_nothing_but_the_features(tiny_reef: Dataset, features: Features) -> None:
    one, other = (last_weights(solve(tiny_reef, features, seed=seed)) for seed in (0, 1))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_lbfgs__logs_an_epoch_once_however_often_the_line_search_looks(
    tiny_reef: Dataset, features: Features, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sealife_core.training.probe.lbfgs.ITERATIONS", 3)
    run = solve(tiny_reef, features, epochs=4, weight_decay=0.0001, patience=0)
    rows = labelled_rows(preset("probe", data=tiny_reef.name), tiny_reef)  # type: ignore[arg-type]
    for name in ("train/loss", "train/accuracy", "val/loss", "val/macro_f1"):
        assert len(logged(run, name)) == 4, name
    assert logged(run, "train/loss") == sorted(logged(run, "train/loss"), reverse=True)
    found = last_weights(run)
    logits = features.values[rows] @ found["head.linear.weight"].T + found["head.linear.bias"]
    share = (logits.argmax(1).numpy() == tiny_reef.labels[rows]).mean()
    assert logged(run, "train/accuracy")[-1] == pytest.approx(share)
    assert not logged(run, "train/learning_rate")
    assert not logged(run, "train/images_per_s")


def test_lbfgs__goes_on_after_a_kill_as_if_never_interrupted(
    tiny_reef: Dataset, features: Features, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sealife_core.training.probe.lbfgs.ITERATIONS", 3)
    monkeypatch.setattr("sealife_core.training.resume_point.RESUME_POINT_EVERY_S", 0.0)
    whole = solve(tiny_reef, features, patience=0)
    assert len(logged(whole, "train/loss")) > 4

    config, run = started(tiny_reef, patience=0)
    writer = RunWriter(run)
    told = writer.metric

    def metric(step: int, epoch: float, **values: float | None) -> None:
        told(step, epoch, **values)
        if step == 3 and "train/loss" in values:
            raise Cut

    writer.metric = metric  # type: ignore[method-assign]
    with pytest.raises(Cut):
        attempt(config, tiny_reef, features, writer)
    assert attempt(config, tiny_reef, features, RunWriter(run))
    assert logged(run, "train/loss") == logged(whole, "train/loss")
    ours, theirs = last_weights(run), last_weights(whole)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_lbfgs__stops_when_asked_and_can_be_taken_up(
    tiny_reef: Dataset, features: Features, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sealife_core.training.probe.lbfgs.ITERATIONS", 3)
    config, run = started(tiny_reef, patience=0)
    (run.path / "stop").touch()
    assert not attempt(config, tiny_reef, features, RunWriter(run))
    assert len(logged(run, "train/loss")) == 1
    (run.path / "stop").unlink()
    assert attempt(config, tiny_reef, features, RunWriter(run))
    assert logged(run, "train/loss") == logged(solve(tiny_reef, features, patience=0), "train/loss")


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
    config, run = started(tiny_reef, image_size_px=32, precision="bf16")
    assert train(config, RunWriter(run))
    assert set(seen) == {torch.float32}
    assert run.environment()["precision"] == "bf16"
