"""``data suspects`` from a shell."""

import csv
from pathlib import Path

import pytest

from sealife_core.__main__ import main
from sealife_core.config import preset
from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.embeddings.stored_embeddings import write_embeddings
from tests.commands.calling import called
from tests.finished.runs import clustered, finished


@pytest.fixture
def wrong(tiny_reef: Dataset) -> int:
    """The row of a crab that is called a whale, on a reef with features."""
    run = finished(preset("classify", data="reef"))
    write_embeddings(run.path, tiny_reef, clustered(tiny_reef))
    row = int((tiny_reef.labels == tiny_reef.classes.index("crab")).argmax())
    correct(tiny_reef, {str(tiny_reef.manifest["id"].iat[row]): {"label": "whale"}})
    return row


def test_data_suspects__refuse_to_list_less_than_one(tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    said = called(capsys, "data", "suspects", "reef", "--top", "0", status=1)["error"]
    assert said == "'--top' is 0; expected 1 or more."


def test_data_suspects__tell_all_as_json(
    wrong: int, tiny_reef: Dataset, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "suspects.csv"
    found = called(capsys, "data", "suspects", "reef", "--top", "3", "--csv", str(file))
    assert (found["judged"], found["kept"], found["too_rare"]) == (len(tiny_reef), 0, [])
    first = found["suspects"][0]
    assert len(found["suspects"]) == 3
    assert (first["file"], first["label"], first["predicted"]) == (tiny_reef.file_names[wrong], "whale", "crab")
    assert 0 <= first["label_probability"] < first["probability"] <= 1
    assert first["neighbour_share"] < 0.5
    assert {"id": first["id"], "file": first["file"]} not in first["neighbours"]
    assert {other["file"] for other in first["neighbours"]} <= {*tiny_reef.file_names}
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert rows[0]["file"] == first["file"]
    assert rows[0]["neighbours"].split("; ")[0] == first["neighbours"][0]["file"]
    assert [row["id"] for row in rows] == [one["id"] for one in found["suspects"]]


def test_data_suspects__as_a_table(wrong: int, tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "suspects", "reef", "--top", "1"]) == 0
    heading, first = capsys.readouterr().out.splitlines()
    assert "model says" in heading
    assert all(text in first for text in (tiny_reef.file_names[wrong], "whale", "crab"))


def test_data_suspects__say_that_an_encoder_has_learned_from_labels(
    wrong: int, tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    tuned = finished(preset("transfer", data="reef"))
    write_embeddings(tuned.path, tiny_reef, clustered(tiny_reef))
    assert main(["data", "suspects", "reef", "--run", tuned.id]) == 0
    assert "has learned from labels" in capsys.readouterr().err


def test_data_suspects__without_features_say_what_to_start(
    tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "Start 'classify reef'" in called(capsys, "data", "suspects", "reef", status=1)["error"]
