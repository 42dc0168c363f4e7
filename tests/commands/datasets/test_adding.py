"""Adding what a model has classified to its data set, from a shell."""

from pathlib import Path

import pytest

from sealife_core import inference_worker
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.evaluation.batch_inference.corrected_classes import correct
from sealife_core.evaluation.batch_inference.inference_jobs import begin, read_rows
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling import side_process
from tests.commands.calling import called
from tests.datasets.new_pictures import new_picture


def test_data_add__takes_the_newest_classification_of_a_run(
    classifier: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "classified no pictures" in called(capsys, "data", "add", "reef", classifier.id, status=1)["error"]
    monkeypatch.setattr(side_process, "start", lambda *_: {})
    pictures = tmp_path / "dive"
    pictures.mkdir()
    for seed in (0, 1):
        new_picture(pictures, seed)
    job = begin(classifier.path, str(pictures))
    inference_worker.main(job.folder)
    correct(job, read_rows(job.folder), [1], "sea hare", by="Ada")
    assert "learned from data set 'reef'" in called(capsys, "data", "add", "bay", classifier.id, status=1)["error"]
    found = called(capsys, "data", "add", "reef", classifier.id, "--by", "Bo")
    assert (found["added"], found["labelled"], found["images"]) == (2, 1, 66)
    again = called(capsys, "data", "add", "reef", str(job.folder))
    assert (again["added"], len(again["known"]), again["version"]) == (0, 2, found["version"])
    newest, oldest = called(capsys, "data", "history", "reef")
    assert (oldest["what"], oldest["by"], newest["what"], newest["by"], newest["why"]) == (
        "2 images added.", "Bo", "1 image labelled 'sea hare'.", "Ada", "prediction",
    )  # fmt: skip
    assert open_dataset("reef").manifest["label"].tolist()[-2:] == ["", "sea hare"]


def test_data_add__takes_a_folder(tiny_reef: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, folder in enumerate(("site A/sea hare", "site B/crab")):
        (tmp_path / "june" / folder).mkdir(parents=True)
        new_picture(tmp_path / "june" / folder, number)
    found = called(capsys, "data", "add", "reef", str(tmp_path / "june"), "--class-folder", "last", "--by", "Bo")
    assert (found["added"], found["labelled"], found["images"], found["skipped"]) == (2, 2, 66, [])
    assert open_dataset("reef").manifest["label"].tolist()[-2:] == ["sea hare", "crab"]
    assert "There is no run 'nowhere'" in called(capsys, "data", "add", "reef", "nowhere", status=1)["error"]
    assert "There is nothing at" in called(capsys, "data", "add", "reef", "./nowhere", status=1)["error"]
