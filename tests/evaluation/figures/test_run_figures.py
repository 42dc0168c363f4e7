"""Figures come out as readable pictures, whatever the classes are called and however little there is to show."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.figures import run_figures

NAMES = ["$\\frac{x}$", "<script>alert(1)</script>", "crab_$5_", "🐠 fish 魚", "x" * 200, "../../etc", "a\nb", ""]


def _size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        picture.load()
        assert picture.format == "PNG"
        assert np.asarray(picture.convert("L")).std() > 1, "the picture is blank"
        return picture.size


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text of the figures saved from now on."""
    seen: list[str] = []
    save = FigureCanvasAgg.print_png

    def noting(canvas: FigureCanvasAgg, *args: object, **settings: object) -> None:
        seen.extend(text.get_text() for text in canvas.figure.findobj(lambda artist: hasattr(artist, "get_parse_math")))
        save(canvas, *args, **settings)

    monkeypatch.setattr(FigureCanvasAgg, "print_png", noting)
    return seen


def _predictions(dataset: Dataset, right: int, wrong: int) -> pd.DataFrame:
    chosen = dataset.manifest[: right + wrong]
    after = {name: dataset.classes[i - 1] for i, name in enumerate(dataset.classes)}
    labels = list(chosen["label"])
    predicted = labels[:right] + [after[label] for label in labels[right:]]
    return pd.DataFrame({"id": chosen["id"], "label": labels, "predicted": predicted, "confidence": 0.8})


def test_curves__show_what_was_logged_and_the_chance_line(tmp_path: Path, texts: list[str]) -> None:
    metrics = [{"epoch": e / 10, "step": e, "train/loss": 5 - e / 100} for e in range(300)]
    metrics += [{"epoch": 10.0, "val/knn_accuracy": 0.2}, {"epoch": 20.0, "val/knn_accuracy": 0.3}]
    run_figures.curves(metrics, tmp_path / "curves.png", chance_loss=5.54)
    width, height = _size(tmp_path / "curves.png")
    assert width > height > 700
    assert {"Loss", "Accuracy", "chance 5.54", "Training"} <= set(texts)
    assert "Learning rate" not in texts
    assert [path.name for path in tmp_path.iterdir()] == ["curves.png"]


@pytest.mark.parametrize(
    "metrics",
    [
        [],
        [{"epoch": 0, "train/loss": None}],
        [{"epoch": 0, "train/loss": float("nan")}, {"epoch": 1, "train/loss": float("inf")}],
        [{"step": 3, "time": 1.0}],
    ],
)
def test_curves__without_values_say_so(metrics: list, tmp_path: Path, texts: list[str]) -> None:
    run_figures.curves(metrics, tmp_path / "curves.png", chance_loss=5.54)
    _size(tmp_path / "curves.png")
    assert "Nothing has been logged yet." in texts


def test_curves__of_one_point_are_drawn(tmp_path: Path, texts: list[str]) -> None:
    run_figures.curves([{"epoch": 1, "train/loss": 2.0, "val/loss": 2.5}], tmp_path / "curves.png")
    _size(tmp_path / "curves.png")
    assert "validation" in texts


def test_confusion__takes_names_as_they_are(tmp_path: Path, texts: list[str]) -> None:
    counts = np.arange(64).reshape(8, 8)
    counts[2] = 0  # a class without images
    run_figures.confusion(counts, NAMES, tmp_path / "confusion.png")
    _size(tmp_path / "confusion.png")
    assert "$\\frac{x}$" in texts
    assert "crab_$5_ (0)" in texts
    assert "□ fish □" in texts or "□ fish 魚" in texts  # as the fonts here allow
    assert max(map(len, texts)) < 80


@pytest.mark.parametrize("classes", [1, 2, 150])
def test_confusion__of_few_and_many_classes(classes: int, tmp_path: Path) -> None:
    counts = np.random.default_rng(0).integers(0, 3, (classes, classes)) + np.eye(classes, dtype=int) * 20
    run_figures.confusion(counts, [f"species {i}" for i in range(classes)], tmp_path / "confusion.png")
    assert max(_size(tmp_path / "confusion.png")) <= 18 * run_figures.DPI


def test_confusion__without_images_says_so(tmp_path: Path, texts: list[str]) -> None:
    run_figures.confusion(np.zeros((3, 3), int), ["a", "b", "c"], tmp_path / "confusion.png")
    assert "No images" in texts


def test_prediction_page__shows_as_many_wrong_as_right(tiny_reef: Dataset, tmp_path: Path, texts: list[str]) -> None:
    run_figures.prediction_page(tiny_reef, _predictions(tiny_reef, right=40, wrong=20), tmp_path / "page.png")
    _size(tmp_path / "page.png")
    with Image.open(tmp_path / "page.png") as page:
        colours = np.unique(np.asarray(page.convert("RGB"))[::8, ::8].reshape(-1, 3), axis=0)
    assert len(colours) > 2_000, "the pictures themselves are there"
    assert "✗ Wrong: 12 of 20, drawn at random" in texts
    assert "✓ Right: 12 of 40, drawn at random" in texts
    assert sum(text.startswith("✗ ") and text.endswith("80%") for text in texts) == 12
    assert sum(text.startswith("✓ ") and text.endswith("80%") for text in texts) == 12
    assert sum(text.startswith("truth: ") for text in texts) == 12
    assert "Predictions against truth: 66.7% of 60 images right" in texts


@pytest.mark.parametrize(
    ("right", "wrong", "shown"), [(60, 2, (22, 2)), (1, 50, (1, 23)), (5, 0, (5, 0)), (0, 3, (0, 3))]
)
def test_prediction_page__fills_up_where_one_side_is_short(
    right: int, wrong: int, shown: tuple[int, int], tiny_reef: Dataset, tmp_path: Path, texts: list[str]
) -> None:
    run_figures.prediction_page(tiny_reef, _predictions(tiny_reef, right, wrong), tmp_path / "page.png")
    signs = [text[0] for text in texts if text.endswith("80%")]
    assert (signs.count("✓"), signs.count("✗")) == shown


def test_prediction_page__without_predictions_says_so(tiny_reef: Dataset, tmp_path: Path, texts: list[str]) -> None:
    run_figures.prediction_page(tiny_reef, _predictions(tiny_reef, 0, 0), tmp_path / "page.png")
    assert "There are no predictions." in texts


def test_prediction_page__stands_when_a_picture_is_gone(tiny_reef: Dataset, tmp_path: Path, texts: list[str]) -> None:
    predictions = _predictions(tiny_reef, 2, 2)
    tiny_reef.image_path(0).unlink()
    predictions.loc[1, "id"] = "an id of another import"
    run_figures.prediction_page(tiny_reef, predictions, tmp_path / "page.png")
    assert texts.count("picture\nis gone") == 2


def test_prediction_page__takes_names_as_they_are(tiny_reef: Dataset, tmp_path: Path, texts: list[str]) -> None:
    predictions = _predictions(tiny_reef, 4, 4)
    predictions["label"] = predictions["predicted"] = NAMES
    predictions.loc[:3, "predicted"] = NAMES[::-1][:4]
    run_figures.prediction_page(tiny_reef, predictions, tmp_path / "page.png")
    _size(tmp_path / "page.png")
    assert "truth: $\\frac{x}$" in texts
    assert max(map(len, texts)) < 60


def test_prediction_page__repeats_with_its_seed(tiny_reef: Dataset, tmp_path: Path) -> None:
    predictions = _predictions(tiny_reef, 30, 30)
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run_figures.prediction_page(tiny_reef, predictions, tmp_path / f"{name}.png", pictures=4, seed=seed)
    a, b, c = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert a == b != c
