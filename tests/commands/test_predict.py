"""``predict`` as a person or a program calls it."""

import csv
import shutil
from pathlib import Path

import pandas as pd
import pytest

from sealife_core.__main__ import build_parser, main
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.classification.predictions import read_predictions
from sealife_core.evaluation.classification.selective import validated
from sealife_core.runs.run import Run
from tests.commands.calling import called
from tests.finished.models import copied_model


@pytest.fixture
def run(classifier: Run) -> Run:
    return classifier


@pytest.fixture
def folder(run: Run, tiny_reef: Dataset, tmp_path: Path) -> Path:
    """The test images of the reef, one of them in a sub-folder, and two files that are no pictures."""
    pictures = tmp_path / "pictures"
    (pictures / "deep").mkdir(parents=True)
    for place, row in enumerate(tiny_reef.rows("test")):
        to = pictures / "deep" if place == 0 else pictures
        shutil.copy(tiny_reef.image_path(int(row)), to / f"{tiny_reef.manifest['id'][row]}.png")
    (pictures / "broken.jpg").write_text("no picture")
    (pictures / "notes.txt").write_text("no picture either")
    return pictures


def test_predict__takes_the_name_of_a_run(run: Run, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run.write_notes(name="Dive/42, dusk")
    picture = str(next(folder.glob("*.png")))
    assert called(capsys, "predict", "Dive/42, dusk", picture)["run"] == run.id


def test_predict__finds_what_evaluation_found(run: Run, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = called(capsys, "predict", run.id, str(folder), "--top", "2")
    known = read_predictions(run.path).query("split == 'test'").set_index("id")
    assert len(found["predictions"]) == len(known) > 1
    for row in found["predictions"]:
        truth = known.loc[Path(row["file"]).stem]
        assert row["prediction"] == truth["predicted"] == row["top"][0]["label"]
        # The same pixels in a batch of another size: the sums are rounded in another order.
        assert row["confidence"] == pytest.approx(truth["confidence"], abs=1e-4)
        assert len(row["top"]) == 2
        assert row["unlike"] == (row["novelty"] > found["unlike_above"])
    assert found["without_unlike"] is None
    assert [skipped["file"] for skipped in found["skipped"]] == ["broken.jpg", "notes.txt"]
    assert any(row["file"].startswith("deep/") for row in found["predictions"])


def test_predict__shows_a_table_and_names_what_it_skipped(
    run: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", run.id, str(folder)]) == 0
    shown = capsys.readouterr().out
    for heading in ("file", "prediction", "confidence", "next most likely", "similarity", "novelty", "unlike?"):
        assert heading in shown.splitlines()[0]
    assert "2 files skipped" in shown
    assert "broken.jpg: Not a picture" in shown
    assert "notes.txt: Not a picture by its name" in shown
    assert "was not measured" in shown, "64 pictures are too few to promise anything"


def test_predict__writes_a_line_for_every_file(
    run: Run, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "found.csv"
    found = called(capsys, "predict", run.id, str(folder), "--csv", str(to))
    with to.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == len(found["predictions"]) + 2
    first, row = lines[0], found["predictions"][0]
    assert (first["file"], first["prediction"]) == (row["file"], row["prediction"])
    assert float(first["confidence"]) == pytest.approx(row["confidence"], abs=1e-6)
    assert (first["class_3"], first["unlike"]) == (row["top"][2]["label"], "yes" if row["unlike"] else "no")
    assert {line["file"]: bool(line["problem"]) for line in lines[-2:]} == {"broken.jpg": True, "notes.txt": True}
    assert None not in first, "every line has as many fields as the heading"


def test_predict__calls_unknown_what_it_is_not_sure_of(
    run: Run, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "found.csv"
    found = called(capsys, "predict", run.id, str(folder), "--error", "0.9", "--top", "5", "--csv", str(to))
    known = validated(run.path, found["classes"])
    value = known.threshold(0.9).value
    assert found["threshold"]["value"] == value
    for row in found["predictions"]:
        assert row["named"] == (row["prediction"] if row["calibrated"] >= value else "unknown")
        assert sum(other["probability"] for other in row["top"]) <= 1
    table = pd.read_csv(to, keep_default_na=False)
    assert table["named"].tolist()[:-2] == [row["named"] for row in found["predictions"]]
    assert table["nearest"][0] == found["predictions"][0]["nearest"]["file"]
    assert table["nearest_class"][0] == found["predictions"][0]["nearest"]["label"]
    assert main(["predict", run.id, str(folder), "--error", "0.9"]) == 0
    assert "unknown" in " ".join(capsys.readouterr().out.split())


def test_predict__lists_no_more_classes_than_there_are(
    run: Run, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "found.csv"
    found = called(capsys, "predict", run.id, str(folder), "--top", "1000000", "--csv", str(to))
    classes = len(found["classes"])
    assert {len(row["top"]) for row in found["predictions"]} == {classes}
    columns = set(pd.read_csv(to).columns)
    assert f"class_{classes}" in columns
    assert f"class_{classes + 1}" not in columns


def test_predict__takes_a_zip(run: Run, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packed = shutil.make_archive(str(tmp_path / "dive"), "zip", folder)
    here, there = (called(capsys, "predict", run.id, source) for source in (str(folder), packed))
    assert [row["file"] for row in there["predictions"]] == [row["file"] for row in here["predictions"]]
    assert there["skipped"] == here["skipped"]


def test_predict__works_with_a_model_copied_elsewhere(
    run: Run, folder: Path, tiny_reef: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = copied_model(run, tmp_path / "copy")
    shutil.copy(run.path / "environment.json", copy)  # how large the run had its pictures decoded
    here = called(capsys, "predict", run.id, str(folder))
    shutil.rmtree(tiny_reef.folder)
    there = called(capsys, "predict", str(copy), str(folder))
    assert [row["prediction"] for row in there["predictions"]] == [row["prediction"] for row in here["predictions"]]
    assert {row["unlike"] for row in there["predictions"]} == {None}
    assert "no data set 'reef'" in there["without_unlike"]
    assert main(["predict", str(copy), str(folder)]) == 0
    shown = capsys.readouterr().out
    assert "unlike?" not in shown.splitlines()[0]
    assert "not compared with the training images" in shown


def test_predict__takes_one_picture(run: Run, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = next(folder.glob("*.png"))
    assert [row["file"] for row in called(capsys, "predict", run.id, str(picture))["predictions"]] == [picture.name]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["RUN", "nowhere"], "nothing at"),
        (["RUN", "empty"], "holds no picture"),
        (["RUN", "bad"], "'broken.jpg': Not a picture"),
        (["no-such-run", "pictures"], "no run 'no-such-run'"),
        (["./empty", "pictures"], "There is no model in"),
        (["RUN", "pictures", "--top", "0"], "'--top' is 0"),
        (["RUN", "pictures", "--error", "5"], "'--error' is 5"),
        (["RUN", "pictures", "--csv", "nowhere/x.csv"], "no such folder"),
    ],
)
def test_predict__refuses_in_a_sentence(
    arguments: list[str], word: str, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(folder.parent)
    for name in ("empty", "bad"):
        Path(name).mkdir()
    shutil.copy(folder / "broken.jpg", "bad")
    said = called(capsys, "predict", *(run.id if word == "RUN" else word for word in arguments), status=1)
    assert word in said["error"]


@pytest.mark.parametrize("content", ["{half", '{"format": 1, "kind": 5}'])
def test_predict__of_a_run_whose_model_is_damaged_names_the_file(
    content: str, run: Run, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(run.path, tmp_path / "copy")
    (tmp_path / "copy" / "model.json").write_text(content)
    said = called(capsys, "predict", str(tmp_path / "copy"), str(folder), status=1)["error"]
    assert "model.json " in said
    assert said.endswith(("Copy it again from its source.", "train the run again."))


def test_predict__explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["predict", "--help"])
    shown = capsys.readouterr().out
    for part in ("RUN", "FOLDER", "--csv FILE", "--top N", "--json", "unlike", "99 %", "examples:"):
        assert part in shown


def test_csv__names_of_files_are_no_formulas(
    folder: Path, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = next(folder.glob("*.png"))
    for name in ("=cmd|'C calc'!A0.png", "@SUM(A1).png", "cr\rab.png"):
        shutil.copy(picture, folder / name)
    (folder / "=1+1.jpg").write_text("no picture")
    assert main(["predict", run.id, str(folder), "--csv", str(tmp_path / "out.csv")]) == 0
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        names = [row["file"] for row in csv.DictReader(file)]
    assert {"'=cmd|'C calc'!A0.png", "'@SUM(A1).png", "'=1+1.jpg"} <= set(names)
    assert not [name for name in names if name.startswith(("=", "@"))]
    assert len(names) == len([path for path in folder.rglob("*") if path.is_file()])
    assert "\r" not in capsys.readouterr().out
