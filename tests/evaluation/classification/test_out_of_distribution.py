"""The rule that calls a picture unlike the training images: its distances, its threshold, its file."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.covariance import ledoit_wolf
from sklearn.metrics import roc_auc_score

from sealife_core.errors import RunError
from sealife_core.evaluation.classification.left_out_classes import auroc, left_out_auroc, measure_with_auroc
from sealife_core.evaluation.classification.out_of_distribution import (
    STAGES,
    Means,
    OutOfDistribution,
    measure,
    read_ood,
    shrunk_covariance,
    write_ood,
)
from sealife_core.evaluation.embeddings.stage_outputs import WithStageOutputs, taken_apart
from sealife_core.models.encoder_by_name import build_encoder

LEFT_OUT = "tested on classes that this check had not seen"


def drawn(n: int, seed: int, shift: float = 0.0) -> Means:
    """Correlated values for every stage, those of layer3 moved by ``shift`` against the correlation."""
    chooser = np.random.default_rng(seed)
    found = {}
    for name in STAGES:
        shared = chooser.normal(size=(n, 1))
        found[name] = (3 + shared + 0.1 * chooser.normal(size=(n, 4))).astype(np.float32)
    found["layer3"] += np.float32(shift) * np.array([1, -1, 1, -1], np.float32)
    return found


def test_score__is_the_mahalanobis_distance_of_the_farthest_stage() -> None:
    train, val, asked = drawn(2000, 0), drawn(200, 1), drawn(5, 2, shift=0.5)
    ood = measure(train, val, 64)
    expected = []
    for name in STAGES:  # by the plain sample covariance: with so many images next to nothing is shrunk
        inverse = np.linalg.inv(np.cov(train[name].astype(np.float64), rowvar=False))
        far = {
            which: np.log([np.sqrt((x - train[name].mean(0)) @ inverse @ (x - train[name].mean(0))) for x in of[name]])
            for which, of in (("val", val), ("asked", asked))
        }
        low, median, high = np.percentile(far["val"], [25, 50, 75])
        expected.append((far["asked"] - median) / (high - low))
    np.testing.assert_allclose(ood.score(asked), np.max(expected, axis=0), atol=0.1)
    assert np.argmax(expected, axis=0).tolist() == [STAGES.index("layer3")] * 5


def test_unlike__is_what_breaks_the_correlation_though_no_value_is_rare() -> None:
    ood = measure(drawn(500, 0), drawn(200, 1), 64)
    assert all(map(ood.unlike, ood.score(drawn(50, 2, shift=0.7))))
    assert np.mean([ood.unlike(score) for score in ood.score(drawn(2000, 3))]) < 0.04
    assert ood.unlike(float("nan"))


@pytest.mark.parametrize(("n_val", "share"), [(1, 1 / 2), (7, 1 / 8), (99, 1 / 100), (345, 4 / 346)])
def test_false_alarms__are_those_expected_of_so_many_validation_images(n_val: int, share: float) -> None:
    """A new value exceeds the k-th smallest of n others with a chance of 1 - k / (n + 1)."""
    ood = measure(drawn(100, 0), drawn(n_val, 1), 64)
    scores = np.sort(ood.score(drawn(n_val, 1)))
    k = int(np.flatnonzero(np.isclose(scores, ood.threshold))[-1]) + 1
    assert ood.false_alarms == pytest.approx(1 - k / (n_val + 1))
    assert ood.false_alarms == pytest.approx(share)


def test_sentence__says_what_it_rests_on_and_nothing_below_the_threshold() -> None:
    ood = measure(drawn(64, 0), drawn(7, 1), 64)
    said = ood.sentence(ood.threshold + 1)
    assert "64 training images" in said
    assert "each of the 7 validation images" in said
    assert ood.sentence(ood.threshold) == ""
    assert "one in 8" in ood.caveat
    assert "64 training images are few" in ood.caveat
    assert "was not measured" in ood.caveat, "no promise without a measurement"


def of_classes(n: int, seed: int, apart: float) -> tuple[Means, np.ndarray]:
    """As :func:`drawn`, of six classes that lie ``apart`` from each other in layer4; and their labels."""
    labels = np.random.default_rng(seed + 100).integers(0, 6, n)
    means = drawn(n, seed)
    places = np.random.default_rng(7).normal(size=(6, 4))
    means["layer4"] = (means["layer4"] + apart * places[labels]).astype(np.float32)
    return means, labels


def rule(apart: float) -> OutOfDistribution:
    train, train_labels = of_classes(600, 0, apart)
    val, val_labels = of_classes(300, 1, apart)
    return measure_with_auroc(train, val, 64, train_labels, val_labels)


def test_promise__is_as_strong_as_the_measured_auroc() -> None:
    blind, keen = rule(0.0), rule(20.0)
    assert blind.auroc == pytest.approx(0.5, abs=0.06)
    assert keen.auroc is not None
    assert keen.auroc > 0.9
    assert f"cannot tell an animal of an unknown class from the known ones: AUROC {blind.auroc:.2f}" in blind.caveat
    assert "model cannot tell" in blind.sentence(blind.threshold + 1)
    assert f"notices most animals of unknown classes: AUROC {keen.auroc:.2f}" in keen.caveat
    assert LEFT_OUT in keen.caveat
    assert "cannot tell" not in keen.sentence(keen.threshold + 1) + keen.caveat


def test_auroc__is_not_measured_of_few_images_or_one_class() -> None:
    train, val = drawn(50, 0), drawn(40, 1)
    assert left_out_auroc(train, val, np.zeros(50, int), np.zeros(40, int)) is None
    assert left_out_auroc(train, val, np.full(50, -1), np.full(40, -1)) is None
    few = {name: of[:12] for name, of in val.items()}
    assert left_out_auroc(train, few, np.arange(50) % 3, np.arange(12) % 3) is None


def test_ood__of_before_the_auroc_was_kept_still_opens(tmp_path: Path) -> None:
    written = rule(20.0)
    write_ood(tmp_path, written)
    assert read_ood(tmp_path, 4).auroc == pytest.approx(written.auroc)  # type: ignore[union-attr]
    with np.load(tmp_path / "novelty.npz") as held:
        old = {name: value for name, value in held.items() if name != "auroc"}
    np.savez(tmp_path / "novelty.npz", **old)
    read = read_ood(tmp_path, 4)
    assert read is not None
    assert read.auroc is None
    assert read.threshold == written.threshold


def test_measure__of_images_that_are_all_alike_calls_another_unlike() -> None:
    same = {name: np.ones((8, 4), np.float32) for name in STAGES}
    ood = measure(same, same, 64)
    assert not ood.unlike(float(ood.score(same)[0]))
    assert ood.unlike(float(ood.score(drawn(1, 0))[0]))


def test_measure__refuses_too_few_images() -> None:
    with pytest.raises(RunError, match="1 training and 3 validation"):
        measure(drawn(1, 0), drawn(3, 1), 64)
    with pytest.raises(RunError, match="5 training and 0 validation"):
        measure(drawn(5, 0), drawn(0, 1), 64)


def test_watched__notes_the_mean_of_every_stage_and_leaves_no_hook() -> None:
    torch.manual_seed(0)
    encoder, images = build_encoder("resnet18", "small").eval(), torch.randn(3, 3, 16, 16)
    with torch.inference_mode():
        watched = WithStageOutputs(encoder)
        h, means = taken_apart(torch.cat([watched(images[:2]), watched(images[2:])]).numpy(), watched.columns)
        watched.leave()
        x = images
        for name, stage in encoder.stages:
            x = stage(x)
            np.testing.assert_allclose(means[name], x.mean((2, 3)).numpy(), atol=1e-5)
    np.testing.assert_allclose(means["layer4"], h, atol=1e-5)
    assert means["pixels"].shape == (3, 12)
    np.testing.assert_allclose(means["pixels"][:, :3], images.mean((2, 3)).numpy(), atol=1e-6)
    change = np.abs(np.diff(images.numpy(), axis=3)).mean((2, 3))
    np.testing.assert_allclose(np.exp(means["pixels"][:, 9:]) - 0.01, change, atol=1e-4)
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in encoder.modules())


def test_read_ood__gives_what_was_written(tmp_path: Path) -> None:
    assert read_ood(tmp_path, 4) is None
    ood = measure(drawn(64, 0), drawn(9, 1), 64)
    write_ood(tmp_path, ood)
    read = read_ood(tmp_path, 4)
    assert read is not None
    asked = drawn(5, 2, shift=0.3)
    np.testing.assert_array_equal(read.score(asked), ood.score(asked))
    assert (read.threshold, read.n_train, read.n_val, read.cache_size_px) == (ood.threshold, 64, 9, 64)


@pytest.mark.parametrize("damage", ["half", "text", "array", "pickle", "missing", "shape", "another model's"])
def test_read_ood__refuses_what_is_damaged(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "novelty.npz"
    write_ood(tmp_path, measure(drawn(64, 0), drawn(9, 1), 64))
    whole = path.read_bytes()
    with np.load(path) as held:
        arrays = dict(held)
    if damage == "half":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "text":
        path.write_text("no statistics")
    elif damage == "array":
        with path.open("wb") as file:
            np.save(file, np.zeros(3))
    elif damage != "another model's":
        name, value = {
            "pickle": ("stem.mean", np.array([{}], object)),
            "missing": ("other", np.zeros(1)),
            "shape": ("stem.whitening", np.eye(3)),
        }[damage]
        arrays.pop("stem.mean" if damage == "missing" else name)
        np.savez(path, allow_pickle=True, **arrays, **{name: value})
    with pytest.raises(RunError, match="damaged or belongs to another model"):
        read_ood(tmp_path, 5 if damage == "another model's" else 4)


@pytest.mark.parametrize(("n", "d"), [(300, 40), (30, 60), (2, 5)])
def test_covariance__is_shrunk_as_by_scikit_learn(n: int, d: int) -> None:
    draw = np.random.default_rng(0)
    values = draw.standard_normal((n, d)) @ draw.standard_normal((d, d))
    values -= values.mean(0)
    wanted, _ = ledoit_wolf(values, assume_centered=True)
    np.testing.assert_allclose(shrunk_covariance(values), wanted, atol=1e-5 * np.abs(wanted).max())


def test_covariance__of_identical_images_is_zero() -> None:
    assert not shrunk_covariance(np.zeros((4, 3))).any()


def test_auroc__is_scikit_learns_with_ties() -> None:
    draw = np.random.default_rng(1)
    scores, positive = draw.integers(0, 9, 80) / 3, draw.random(80) < 0.3
    assert auroc(scores, positive) == pytest.approx(roc_auc_score(positive, scores))
