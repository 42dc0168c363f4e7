"""The built-in reef: the same for the same seed, balanced, and told apart by shape rather than by colour."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sealife_core.datasets.dataset import Dataset, list_datasets, newest_datasets
from sealife_core.datasets.reef import ANIMALS, draw_reef
from sealife_core.datasets.reef.outlines import circle, circles
from sealife_core.datasets.reef.painting import planes
from sealife_core.errors import DatasetError
from tests.datasets.pictures import left_in

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


def held_out_accuracy(describe: Callable[[np.ndarray], np.ndarray], images: np.ndarray, labels: np.ndarray) -> float:
    """Trained on three quarters of each class and their mirror images, scored on the last; the mean of four ways."""
    features, mirrored = describe(images), describe(images[:, :, ::-1])
    fold, scores = np.arange(len(labels)) % 4, []
    for held_out in range(4):
        train, test = fold != held_out, fold == held_out
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.003, max_iter=300))
        model.fit(np.concatenate([features[train], mirrored[train]]), np.tile(labels[train], 2))
        scores.append(model.score(features[test], labels[test]))
    return float(np.mean(scores))


def test_draw_reef__has_equal_classes_in_every_split(reef: Dataset) -> None:
    assert reef.classes == tuple(sorted(ANIMALS))
    counts = reef.manifest.groupby(["label", "split"]).size().unstack()
    assert (counts["train"] == 32).all()
    assert (counts["val"] == 4).all()
    assert (counts["test"] == 4).all()
    assert reef.info["seed"] == 3


def test_draw_reef__writes_square_rgb_pictures_that_all_differ(reef: Dataset) -> None:
    assert reef.manifest["sha256"].is_unique
    assert (reef.manifest[["width", "height"]] == SIZE_PX).all(axis=None)
    assert pixels(reef).shape == (IMAGES, SIZE_PX, SIZE_PX, 3)


def test_draw_reef__is_the_same_for_the_same_seed_only(tmp_path: Path) -> None:
    first, again = (draw_reef(tmp_path / where, images=30, size_px=32, seed=5) for where in ("a", "b"))
    other = draw_reef(tmp_path / "c", images=30, size_px=32, seed=6)
    assert first.content_hash == again.content_hash
    assert list(first.manifest["sha256"]) == list(again.manifest["sha256"])
    assert not set(first.manifest["sha256"]) & set(other.manifest["sha256"])


def test_draw_reef__shares_pictures_out_evenly_when_they_do_not_divide(tmp_path: Path) -> None:
    sizes = draw_reef(tmp_path, images=25, size_px=16).manifest["label"].value_counts()
    assert len(sizes) == 10
    assert set(sizes) == {2, 3}


def test_draw_reef__reports_its_progress(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    draw_reef(tmp_path, images=12, size_px=16, progress=lambda *step: told.append(step))
    assert [done for stage, done, _ in told if stage == "Drawing"] == list(range(1, 13))
    assert {total for stage, _, total in told if stage == "Drawing"} == {12}


def test_draw_reef__returns_the_same_reef_untouched(tmp_path: Path) -> None:
    drawn = draw_reef(tmp_path, images=10, size_px=16)
    before = {file: file.stat().st_mtime_ns for file in drawn.folder.rglob("*")}
    again = draw_reef(tmp_path, images=10, size_px=16)
    assert again.content_hash == drawn.content_hash
    assert {file: file.stat().st_mtime_ns for file in drawn.folder.rglob("*")} == before


@pytest.mark.parametrize("other", [{"images": 11}, {"size_px": 20}, {"seed": 1}])
def test_draw_reef__refuses_the_name_of_another_reef(tmp_path: Path, other: dict[str, int]) -> None:
    drawn = draw_reef(tmp_path, images=10, size_px=16)
    with pytest.raises(DatasetError, match="taken by a reef with other settings"):
        draw_reef(tmp_path, **{"images": 10, "size_px": 16, "seed": 0} | other)
    assert len(list((drawn.folder / "images").iterdir())) == 10


def test_draw_reef__leaves_nothing_when_interrupted(tmp_path: Path) -> None:
    def interrupt(stage: str, done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw_reef(tmp_path, images=10, size_px=16, progress=interrupt)
    assert list_datasets(tmp_path) == []
    assert left_in(tmp_path) == []


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"images": 9}, "9 images is too small"),
        ({"size_px": 8}, "8 px cannot be drawn"),
        ({"seed": -1}, "cannot be negative"),
        ({"name": "../reef"}, "cannot be called"),
    ],
)
def test_draw_reef__says_what_is_out_of_range(tmp_path: Path, wrong: dict, sentence: str) -> None:
    with pytest.raises(DatasetError, match=sentence):
        draw_reef(tmp_path, **wrong)
    assert list(tmp_path.iterdir()) == []


def test_planes__are_the_bands_of_a_picture() -> None:
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8))
    found = planes(picture)
    assert found.shape == (3, 5, 7)
    for band, plane in zip(picture.split(), found, strict=True):
        assert np.array_equal(plane, np.asarray(band, np.float32) / 255)
        assert np.array_equal(planes(band), plane)


def test_circles__are_those_drawn_one_by_one() -> None:
    centres, radii = np.array([(0.5, -1.0), (2.0, 3.0)]), np.array([0.1, 0.7])
    one_by_one = [circle(x, y, radius, corners=9) for (x, y), radius in zip(centres, radii, strict=True)]
    assert np.array_equal(circles(centres, radii, corners=9), np.stack(one_by_one))


@pytest.mark.slow
def test_draw_reef__is_told_apart_by_shape_not_by_colour(reef: Dataset) -> None:
    images, chance = pixels(reef), 1 / len(ANIMALS)

    colour = held_out_accuracy(colour_features, images, reef.labels)
    shape = held_out_accuracy(shape_features, images, reef.labels)

    print(f"\nheld-out accuracy, n = {len(reef)}: colour {colour:.3f}, shape {shape:.3f}, chance {chance:.3f}")
    assert colour < 0.18
    assert shape > 0.28
    assert shape > 2 * colour
    assert shape < 0.9, "too easy: a linear model on edges should leave something to learn"


@pytest.mark.slow
def test_one_background__gives_the_class_away_in_validation_and_not_in_the_test(tmp_path: Path) -> None:
    drawn = draw_reef(tmp_path, name="one", images=200, size_px=16, one_background=True)
    usual = draw_reef(tmp_path, name="usual", images=200, size_px=16)
    assert (drawn.manifest["id"] == usual.manifest["id"]).all()
    assert (drawn.manifest["split"] == usual.manifest["split"]).all()
    assert drawn.info["reef"]["one_background"] is True
    assert "one_background" not in usual.info["reef"]
    right = {data.name: [background_accuracy(data, split) for split in ("val", "test")] for data in (drawn, usual)}
    assert right["one"][0] > 0.8
    assert max(right["one"][1], *right["usual"]) < 0.45


def background_accuracy(dataset: Dataset, split: str) -> float:
    """The class of the training picture with the most similar upper edge, where there is little but water."""
    edge = pixels(dataset)[:, :2].mean(1).reshape(len(dataset), -1)
    train, asked = dataset.rows("train"), dataset.rows(split)
    gaps = ((edge[asked, None] - edge[None, train]) ** 2).sum(-1)
    return float((dataset.labels[train[gaps.argmin(1)]] == dataset.labels[asked]).mean())


def test_misleading_reef__is_nobodys_first_data_set(tmp_path: Path) -> None:
    for name, misleads in (("usual", False), ("one", True)):
        draw_reef(tmp_path, name=name, images=10, size_px=16, one_background=misleads)
    assert newest_datasets(tmp_path) == ["usual", "one"]
