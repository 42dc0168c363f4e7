"""Figures of pairs of views: against the training loss, by counting, and on arrays whose answer is known."""

import numpy as np
import pytest
import torch

from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast.training_dynamics import (
    BINS,
    fixed_pictures,
    knn_right_by_epoch,
    moment,
    moments,
    neighbours_by_epoch,
)
from sealife_core.evaluation.embeddings.stored_embeddings import Snapshots, write_pairs, write_snapshot
from sealife_core.models.losses import contrastive_accuracy, nt_xent
from sealife_core.training.ablated_simclr import dot_product_accuracy, dot_product_xent
from tests.finished.runs import clustered


def pairs(noise: float, n: int = 24, seed: int = 0) -> np.ndarray:
    """(2, n, 16): two views of n pictures in random directions, ``noise`` apart."""
    draw = np.random.default_rng(seed)
    return draw.normal(size=(n, 16)) + noise * draw.normal(size=(2, n, 16))


@pytest.mark.parametrize("temperature", [0.05, 0.2, 2])
def test_moment__has_loss_and_accuracy_of_training(temperature: float) -> None:
    z = pairs(0.8)
    z0, z1 = torch.from_numpy(z)
    found = moment(3, z, None, temperature)
    assert found.loss == pytest.approx(nt_xent(z0, z1, temperature).item(), rel=1e-6)
    assert found.accuracy == pytest.approx(contrastive_accuracy(z0, z1).item())
    assert 0 < found.accuracy < 1
    lengths = moment(3, z, None, temperature, normalised=False)
    assert lengths.loss == pytest.approx(dot_product_xent(z0, z1, temperature).item(), rel=1e-6)
    assert lengths.accuracy == pytest.approx(dot_product_accuracy(z0, z1).item())
    assert 0 < lengths.accuracy != found.accuracy
    assert (lengths.overlap, lengths.negative) == (found.overlap, found.negative), "cosines, as the histograms"


def test_moment__counts_every_pair_once() -> None:
    n, z = 24, pairs(0.3)
    found = moment(0, z, None, 0.2)
    unit = np.concatenate(z) / np.linalg.norm(np.concatenate(z), axis=1, keepdims=True)
    positive = [float(unit[i] @ unit[n + i]) for i in range(n)]
    negative = [float(unit[i] @ unit[j]) for i in range(2 * n) for j in range(i) if i - j != n]
    assert found.positive == pytest.approx(np.mean(positive))
    assert found.negative == pytest.approx(np.mean(negative))
    assert found.overlap == pytest.approx(np.mean([p > q for p in positive for q in negative]))
    place = int((positive[0] + 1) / 2 * BINS)
    assert found.positives[place] > 0
    assert (found.positives.sum(), found.negatives.sum()) == pytest.approx((1, 1))


def test_moment__knows_pairs_from_chance() -> None:
    draw = np.random.default_rng(1)
    assert moment(0, pairs(0.01), None, 0.2).overlap == 1
    unrelated = moment(0, draw.normal(size=(2, 200, 16)), None, 0.2)
    assert unrelated.overlap == pytest.approx(0.5, abs=0.06)
    assert unrelated.accuracy < 0.05


def test_moment__of_the_same_projections_is_all_alike() -> None:
    found = moment(0, np.ones((2, 8, 16)), np.ones((8, 4)), 0.2)
    assert (found.negative, found.alignment, found.rank_z, found.rank_h) == pytest.approx((1, 0, 1, 1), abs=1e-6)
    assert found.overlap == 0.5
    assert found.loss == pytest.approx(np.log(15))


def test_moment__after_a_divergence_has_no_numbers() -> None:
    z = pairs(0.1)
    z[0, 3, 2] = np.nan
    found = moment(4, z, np.full((3, 2), np.inf), 0.2)
    assert not found.finite
    assert np.isnan([found.loss, found.rank_z, found.rank_h, found.overlap]).all()
    assert moment(4, pairs(0.1), None, 0.2).finite


def test_moments__of_a_run_go_on_without_readable_features(tmp_path) -> None:
    for epoch, noise in ((0, 1.0), (5, 0.1)):
        write_pairs(tmp_path, epoch, pairs(noise))
        write_snapshot(tmp_path, ("a", "b"), epoch, np.eye(2))
    start, end = moments(tmp_path, 0.2)
    assert (start.epoch, end.epoch) == (0, 5)
    assert start.overlap < end.overlap
    assert end.rank_h == pytest.approx(2)
    write_snapshot(tmp_path, ("a", "b"), 5, np.full((2, 2), np.nan))
    assert np.isnan(moments(tmp_path, 0.2)[1].rank_h)
    assert moments(tmp_path, 0.2)[1].overlap == end.overlap


def test_neighbours_by_epoch__leave_the_picture_itself_out() -> None:
    angles = np.radians([[0, 10, 20, 90, 90], [0, 90, 80, 10, 10]])
    h = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    found = neighbours_by_epoch(Snapshots(tuple("abcde"), (0, 5), h), np.array([0, 4]), 2)
    assert found[:, 0].tolist() == [[1, 2], [3, 4]]
    assert found[:, 1].tolist() == [[3, 2], [3, 0]]  # 3 has the same features as 4
    few = neighbours_by_epoch(Snapshots(("a", "b"), (0,), h[:1, :2]), np.array([1]), 6)
    assert few.tolist() == [[[0]]]


def test_fixed_pictures__are_of_as_many_classes_as_possible() -> None:
    labels = np.array([-1, 2, 2, 0, 2, 0, 1])
    assert fixed_pictures(labels, 3).tolist() == [3, 6, 1]
    assert fixed_pictures(labels, 5).tolist() == [3, 6, 1, 5, 2]
    assert fixed_pictures(labels, 9).tolist()[-1] == 0


def test_fixed_pictures__of_many_classes_are_from_the_first_to_the_last() -> None:
    labels = np.repeat(np.arange(100), 3)
    assert (labels[fixed_pictures(labels, 5)] == [0, 24, 49, 74, 99]).all()
    alone = np.array([0, 1, 1, 2, 3, 3])
    assert fixed_pictures(alone, 2).tolist() == [1, 4], "none of its class can lie near the one of class 0"
    assert fixed_pictures(alone, 4).tolist() == [0, 1, 3, 4]


def test_knn_right_by_epoch__asks_no_picture_of_a_class_that_nobody_votes_for(tiny_reef: Dataset) -> None:
    val, train = tiny_reef.rows("val"), tiny_reef.rows("train")
    lost = tiny_reef.labels[val[0]]
    rows = np.concatenate([val, train[tiny_reef.labels[train] != lost]])
    values = clustered(tiny_reef)[None, rows].astype(np.float32)
    right, _ = knn_right_by_epoch(Snapshots(tuple(tiny_reef.manifest["id"].iloc[rows]), (0,), values), tiny_reef)
    assert right.shape[1] == (tiny_reef.labels[val] != lost).sum() < len(val)


def test_knn_right_by_epoch__rises_as_classes_come_apart(tiny_reef: Dataset) -> None:
    noise = np.random.default_rng(0).normal(size=(len(tiny_reef), 16))
    values = np.stack([noise, clustered(tiny_reef, spread=0.1)])
    right, level = knn_right_by_epoch(Snapshots(tuple(tiny_reef.manifest["id"]), (0, 9), values), tiny_reef, 3)
    assert right.shape == (2, len(tiny_reef.rows("val", labelled_only=True)))
    assert right[1].all()
    assert right[0].mean() < 0.7
    assert 1 / len(tiny_reef.classes) <= level < 1
    none, _ = knn_right_by_epoch(Snapshots(("gone",), (0,), noise[None, :1]), tiny_reef)
    assert none.shape == (1, 0)
