"""The table of predictions and its file."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import RunError
from sealife_core.evaluation.classification.predictions import (
    COLUMNS,
    exported_table,
    predictions_table,
    read_predictions,
    write_predictions,
)
from sealife_core.runs.run import PREDICTIONS, Run


@pytest.fixture
def table(tiny_reef: Dataset) -> pd.DataFrame:
    """Every test image, taken for the class after its own with probability 0.75, its own with 0.25."""
    rows = tiny_reef.rows("test")
    probabilities = np.zeros((len(rows), len(tiny_reef.classes)), np.float32)
    truth = tiny_reef.labels[rows]
    probabilities[np.arange(len(rows)), truth] = 0.25
    probabilities[np.arange(len(rows)), (truth + 1) % len(tiny_reef.classes)] = 0.75
    return predictions_table(tiny_reef, rows, "test", probabilities)


def test_predictions_table__says_what_each_image_was_taken_for(tiny_reef: Dataset, table: pd.DataFrame) -> None:
    rows, classes = tiny_reef.rows("test"), list(tiny_reef.classes)
    assert len(table) == len(rows) > 0
    assert list(table.columns) == list(COLUMNS)
    assert list(table["id"]) == [tiny_reef.manifest["id"][row] for row in rows]
    assert list(table["label"]) == [tiny_reef.manifest["label"][row] for row in rows]
    expected = [classes[(classes.index(label) + 1) % len(classes)] for label in table["label"]]
    assert list(table["predicted"]) == expected
    assert set(table["split"]) == {"test"}
    np.testing.assert_allclose(table["confidence"], 0.75)
    np.testing.assert_allclose(table["loss"], -np.log(0.25), rtol=1e-6)


def test_predictions_table__keeps_an_impossible_truth_finite(tiny_reef: Dataset) -> None:
    rows = tiny_reef.rows("test")[:1]
    probabilities = np.zeros((1, len(tiny_reef.classes)))
    probabilities[0, (tiny_reef.labels[rows[0]] + 1) % len(tiny_reef.classes)] = 1
    assert 80 < predictions_table(tiny_reef, rows, "test", probabilities)["loss"][0] < 100


def test_write_predictions__reads_back_the_same(table: pd.DataFrame, tmp_path: Path) -> None:
    write_predictions(table, tmp_path)
    found = read_predictions(tmp_path)
    pd.testing.assert_frame_equal(found.drop(columns="probabilities"), table.drop(columns="probabilities"))
    np.testing.assert_array_equal(np.stack(found["probabilities"]), np.stack(table["probabilities"]))
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [PREDICTIONS]


def test_write_predictions__leaves_the_old_file_when_it_fails(
    table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_predictions(table, tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_predictions(table[:0], tmp_path)
    assert len(read_predictions(tmp_path)) == len(table)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [PREDICTIONS]


@pytest.mark.parametrize("damage", ["missing", "text", "empty", "half"])
def test_read_predictions__says_what_is_wrong(damage: str, table: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / PREDICTIONS
    if damage != "missing":
        write_predictions(table, tmp_path)
        whole = path.read_bytes()
        path.write_bytes({"text": b"not a parquet file", "empty": b"", "half": whole[: len(whole) // 2]}[damage])
    with pytest.raises(RunError, match="no predictions" if damage == "missing" else "damaged"):
        read_predictions(tmp_path)


def test_read_predictions__names_a_missing_column(table: pd.DataFrame, tmp_path: Path) -> None:
    write_predictions(table.drop(columns="loss"), tmp_path)
    with pytest.raises(RunError, match="lack the column 'loss'"):
        read_predictions(tmp_path)


def test_exported_table__names_files_also_of_images_left_out_since(classifier: Run, tiny_reef: Dataset) -> None:
    rows = tiny_reef.rows("test")
    now = correct(tiny_reef, {tiny_reef.manifest["id"][int(rows[0])]: {"excluded": "yes"}})
    table = exported_table(read_predictions(classifier.path), now)
    assert table["file"].tolist() == [tiny_reef.file_names[row] for row in rows]
    assert table["class"].tolist() == tiny_reef.manifest["label"].iloc[rows].tolist()
    assert ((table["class"] == table["predicted"]) == (table["right"] == "yes")).all()
