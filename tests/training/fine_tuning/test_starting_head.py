"""Where a fine-tune's classifier layer starts, and that training never ends with less than that start."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from sealife_core.config import FineTuneConfig, preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import ConfigError
from sealife_core.models.checkpoint import load_model
from sealife_core.models.heads import classification_head
from sealife_core.runs.run import Run
from sealife_core.training.classifier import ClassifierLoss
from sealife_core.training.fine_tuning import starting_head
from sealife_core.training.fine_tuning.starting_head import inherited_head, solve_probe
from sealife_core.training.probe.standardised_features import Features

Trained = Callable[..., Run]
NETWORK: dict[str, Any] = {"encoder": "tf_efficientnet_lite0", "stem": "auto", "image_size_px": 64}
IMAGENET: dict[str, Any] = NETWORK | {"weights": "imagenet"}
PROBED: dict[str, Any] = {"head_from": "probe", "trained_stages": 2, "batch_size": 16, "epochs": 1}


def clusters(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    draw = np.random.default_rng(seed)
    centres = np.random.default_rng(9).standard_normal((4, 12))
    labels = draw.integers(0, 4, n)
    h = 3 + 5 * (centres[labels] + 1.5 * draw.standard_normal((n, 12)))
    return torch.from_numpy(h.astype(np.float32)), torch.from_numpy(labels)


def test_solve_probe__is_scikit_learns_logistic_regression_at_the_penalty_best_on_validation() -> None:
    (train, labels), (val, val_labels) = clusters(60, 0), clusters(200, 1)
    head, h = classification_head(12, 4), torch.cat([train, val])
    mean, scale = h.mean(0), h.std(0, correction=0)  # of images without a label too
    features, every = Features((h - mean) / scale, mean, scale), torch.cat([labels, val_labels])
    loss = ClassifierLoss(FineTuneConfig())
    penalty = solve_probe(head, loss, features, every, np.arange(60), np.arange(60, 260))
    standard = ((train - mean) / scale).numpy(), ((val - mean) / scale).numpy()

    def peer(penalty: float) -> LogisticRegression:
        model = LogisticRegression(C=1 / (len(train) * penalty), tol=1e-8, max_iter=10_000)
        return model.fit(standard[0], labels.numpy())

    with torch.no_grad():
        logits = head.eval()(val)
    expected = peer(penalty).predict_log_proba(standard[1])
    np.testing.assert_allclose(logits.log_softmax(1).numpy(), expected, atol=0.02)
    right = {each: peer(each).score(standard[1], val_labels.numpy()) for each in starting_head.PENALTIES}
    assert len(set(right.values())) > 1, "the penalties must differ in what they are worth"
    assert right[penalty] >= max(right.values()) - 0.01


def test_solve_probe__without_validation_takes_the_usual_penalty() -> None:
    train, labels = clusters(40, 0)
    head, rows = classification_head(12, 4), np.arange(40)
    features = Features(train, torch.zeros(12), torch.ones(12))
    assert solve_probe(head, ClassifierLoss(FineTuneConfig()), features, labels, rows, rows[:0]) == starting_head.USUAL
    assert (head.eval()(train).argmax(1) == labels).float().mean() > 0.5


def test_finetune__is_never_worse_on_validation_than_the_probe_it_starts_from(trained: Trained) -> None:
    probe = trained("probe", **IMAGENET, epochs=20)
    ruined = trained(
        "finetune", weights=f"run:{probe.id}", **NETWORK, learning_rate=10.0, encoder_rate_factor=1.0, **PROBED
    )
    results, its = ruined.results() or {}, probe.results() or {}
    rows = [row["val/macro_f1"] for row in ruined.metrics() if "val/macro_f1" in row]
    assert rows[1] < rows[0], "the rate must have ruined it"
    assert results["best_epoch"] == 0
    assert results["val"]["macro_f1"] == pytest.approx(its["val"]["macro_f1"])
    first = ruined.metrics()[0]
    assert (first["step"], first["epoch"]) == (0, 0)
    assert first["val/accuracy"] == pytest.approx(its["val"]["accuracy"])
    for ours, theirs in zip(load_model(ruined.path)[:2], load_model(probe.path)[:2], strict=True):
        assert ours is not None
        assert theirs is not None
        for name, value in ours.state_dict().items():
            assert torch.equal(value, theirs.state_dict()[name]), name


def test_finetune__from_imagenet_solves_a_probe_first_and_keeps_the_best_epoch(trained: Trained) -> None:
    run = trained("finetune", **IMAGENET, learning_rate=1e-3, **(PROBED | {"epochs": 3}))
    scores = [row["val/macro_f1"] for row in run.metrics() if "val/macro_f1" in row]
    assert len(scores) == 1 + 3
    assert scores[0] > 0.2, "a random layer would not know the classes before the first step"
    results = run.results() or {}
    assert results["best_epoch"] == int(np.argmax(scores))
    assert results["val"]["macro_f1"] == pytest.approx(max(scores), abs=1e-6)


@pytest.mark.parametrize(
    ("values", "taken"),
    [({}, True), ({"label_fraction": 40}, False), ({"image_size_px": 48}, False)],
)
def test_inherited_head__is_taken_where_it_knew_no_more_than_this_run_may(
    trained: Trained, tiny_reef: Dataset, values: dict[str, Any], taken: bool
) -> None:
    from sealife_core.launching.data_checks import labelled_rows
    from sealife_core.runs.writer import RunWriter

    probe = trained("probe", weights="random", epochs=1)
    config = preset("finetune", weights=f"run:{probe.id}", image_size_px=32, head_from="probe")
    config = config.model_copy(update=values)
    rows = labelled_rows(config, tiny_reef)  # type: ignore[arg-type]
    head = inherited_head(config, RunWriter(probe), tiny_reef, rows)  # type: ignore[arg-type]
    assert (head is not None) is taken
    without = config.model_copy(update={"weights": "imagenet"})
    assert inherited_head(without, RunWriter(probe), tiny_reef, rows) is None  # type: ignore[arg-type]


def test_config__refuses_a_probe_that_starts_from_a_probe() -> None:
    with pytest.raises(ConfigError, match="Set head_from to 'random', or trained_stages above 0"):
        preset("finetune", trained_stages=0, augmentation="none", head_from="probe")
