"""Standardised features: as scikit-learn's, also where one says nothing; and a head that takes them as they are."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler
from torch import nn

from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.dataset import Dataset
from sealife_core.training.probe.standardised_features import Features, mean_and_scale, standardised

N = 40


def columns(dtype: Any) -> np.ndarray:
    """(N, 9): ordinary, small, constant, nearly constant, far from zero, a single image that differs."""
    draw = np.random.default_rng(0)
    noise = draw.standard_normal((N, 5))
    lone = np.zeros(N)
    lone[3] = 1e-3
    found = [
        noise[:, 0], 1e-8 * noise[:, 1], np.zeros(N), np.full(N, 5.0), np.full(N, 0.1), 5 + 1e-3 * noise[:, 2],
        1e4 + noise[:, 3], -1e5 + 10 * noise[:, 4], lone,
    ]  # fmt: skip
    return np.column_stack(found).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_mean_and_scale__are_those_of_scikit_learn(dtype: Any) -> None:
    values = columns(dtype)
    peer = StandardScaler().fit(values)
    mean, scale = mean_and_scale(torch.from_numpy(values))
    assert (mean.dtype, scale.dtype) == (torch.from_numpy(values).dtype,) * 2
    np.testing.assert_allclose(mean, peer.mean_, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(scale, peer.scale_, rtol=1e-5)
    assert scale[2:5].tolist() == [1, 1, 1]


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e8])
def test_mean_and_scale__is_1_where_double_precision_rounds(size: float) -> None:
    values = size * (1 + np.random.default_rng(0).choice([0, 1e-16, 2.3e-16], (N, 3)))
    peer = StandardScaler().fit(values)
    assert peer.scale_.tolist() == [1, 1, 1] == mean_and_scale(torch.from_numpy(values))[1].tolist()


def test_mean_and_scale__is_1_where_the_encoder_rounds() -> None:
    """What one convolution gives for the same pixels in another batch may differ in the last digit."""
    values = np.full((N, 2), 0.7, np.float32)
    values[::3, 1] = np.nextafter(np.float32(0.7), np.float32(1))
    assert mean_and_scale(torch.from_numpy(values))[1].tolist() == [1, 1]


def test_mean_and_scale__of_one_image_are_that_image_and_1() -> None:
    mean, scale = mean_and_scale(torch.tensor([[3.0, 0.0]]))
    assert mean.tolist() == [3, 0]
    assert scale.tolist() == [1, 1]


def made(dataset: Dataset) -> np.ndarray:
    """(N, 6) float32: a feature that is silent in training and wakes up a little elsewhere among ordinary ones."""
    h = np.random.default_rng(0).standard_normal((len(dataset), 6)).astype(np.float32)
    h[:, 1] = 0
    h[dataset.rows("test"), 1] = 0.01
    h[:, 2] = 100 + 0.1 * h[:, 2]
    return h


def test_standardised__does_not_blow_up_a_feature_that_is_constant_in_training(tiny_reef: Dataset) -> None:
    features = standardised(made(tiny_reef), tiny_reef)
    assert float(features.values.abs().max()) < 10
    assert features.values[tiny_reef.rows("test"), 1].tolist() == pytest.approx([0.01] * len(tiny_reef.rows("test")))


def test_standardised__by_training_images_without_labels_too_and_by_no_others(tiny_reef: Dataset) -> None:
    h = made(tiny_reef)
    ids, train = tiny_reef.manifest["id"], tiny_reef.rows("train")
    young = correct(tiny_reef, {str(ids.iat[row]): {"label": ""} for row in train[2:]})
    np.testing.assert_array_equal(standardised(h, young).values, standardised(h, tiny_reef).values)
    h[tiny_reef.rows("val")] += 1
    np.testing.assert_array_equal(standardised(h, young).mean, h[train].mean(0, dtype=np.float64).astype(np.float32))


def test_folded__says_of_the_encoders_features_what_the_head_says_of_standardised_ones(tiny_reef: Dataset) -> None:
    h = made(tiny_reef)
    features: Features = standardised(h, tiny_reef)
    torch.manual_seed(0)
    head = nn.Sequential(nn.Linear(6, 4))
    with torch.no_grad():
        expected = head(features.values)
        torch.testing.assert_close(features.folded(head)(torch.from_numpy(h)), expected, rtol=1e-4, atol=2e-4)
