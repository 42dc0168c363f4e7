"""The built-in reef: the same for the same seed, balanced, and told apart by shape rather than by colour."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sealife_core.datasets.dataset import Dataset, list_datasets
from sealife_core.datasets.reef import ANIMALS, draw_reef
from sealife_core.errors import DatasetError

IMAGES, SIZE_PX = 400, 64


@pytest.fixture(scope="module")
def reef(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return draw_reef(tmp_path_factory.mktemp("reef"), images=IMAGES, size_px=SIZE_PX, seed=3)


def pixels(dataset: Dataset) -> np.ndarray:
    """(N, S, S, 3) in 0..1."""
    images = [np.asarray(Image.open(dataset.image_path(row))) for row in range(len(dataset))]
    return np.stack(images).astype(np.float32) / 255


def colour_features(images: np.ndarray) -> np.ndarray:
    """(N, 64): the share of pixels in each of 4 × 4 × 4 boxes of RGB."""
    bins = np.minimum((images * 4).astype(int), 3) @ (16, 4, 1)
    return np.stack([np.bincount(one.ravel(), minlength=64) for one in bins]) / bins[0].size


def shape_features(images: np.ndarray, cells: int = 8, directions: int = 8) -> np.ndarray:
    """Histograms of oriented gradients, blind to colour: each cell's edges by direction, by strength, normalised."""
    grey = images.mean(-1)
    dy, dx = np.gradient(grey, axis=(1, 2))
    strength = np.sqrt(np.hypot(dx, dy))
    direction = ((np.arctan2(dy, dx) % np.pi) / np.pi * directions).astype(int) % directions
    count, side = len(images), images.shape[1] // cells
    histogram = np.stack([np.where(direction == d, strength, 0) for d in range(directions)], -1)
    histogram = histogram.reshape(count, cells, side, cells, side, directions).sum((2, 4))
    histogram /= np.linalg.norm(histogram, axis=-1, keepdims=True) + 0.5
    return histogram.reshape(count, -1)


def held_out_accuracy(features: np.ndarray, dataset: Dataset) -> float:
    """Trained on three quarters of each class, scored on the last; averaged over the four ways to do so."""
    labels, scores = dataset.labels, []
    fold = np.arange(len(labels)) % 4
    for held_out in range(4):
        train, test = fold != held_out, fold == held_out
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.003, max_iter=300))
        scores.append(model.fit(features[train], labels[train]).score(features[test], labels[test]))
    return float(np.mean(scores))


def test_draw_reef__is_told_apart_by_shape_not_by_colour(reef: Dataset) -> None:
    images, chance = pixels(reef), 1 / len(ANIMALS)

    colour = held_out_accuracy(colour_features(images), reef)
    shape = held_out_accuracy(shape_features(images), reef)

    print(f"\nheld-out accuracy, n = {len(reef)}: colour {colour:.3f}, shape {shape:.3f}, chance {chance:.3f}")
    assert colour < 2 * chance
    assert shape > 3 * chance
    assert shape - colour > 0.15
    assert shape < 0.95, "too easy: a linear model on edges should leave something to learn"
