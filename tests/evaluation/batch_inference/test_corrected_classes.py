"""What people correct in predictions, how it is kept, and as what the pictures are imported."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.imports.importing import import_images
from sealife_core.errors import RunError
from sealife_core.evaluation.batch_inference.corrected_classes import (
    CORRECTED,
    add_to_dataset,
    correct,
    read_corrected,
    read_given,
    to_import,
)
from sealife_core.evaluation.batch_inference.inference_jobs import FILES, InferenceJob, write_files
from sealife_core.evaluation.batch_inference.inference_rows import table_of
from sealife_core.runs.run import Run


def row(name: str, label: str, sure: float) -> dict[str, Any]:
    nothing = dict.fromkeys(["calibrated", "similarity", "nearest", "novelty", "unlike"])
    return {"file": name, "prediction": label, "confidence": sure, "top": [], **nothing}


ROWS = [
    row("a.png", "crab", 0.9),
    row("=b.png", "ray", 0.4),
    {"file": "c.png", "problem": "No."},
    row("d.png", "ray", 1),
]


@pytest.fixture
def job(tiny_reef: Dataset, tmp_path: Path) -> InferenceJob:
    folder = tmp_path / "job"
    folder.mkdir()
    write_files(folder, [(PurePosixPath(row["file"]), tiny_reef.image_path(n)) for n, row in enumerate(ROWS)], [])
    return InferenceJob(folder, "dive", "", 0, "done", "", 4, 4, "", False)


def test_correct__keeps_the_last_class_of_each_and_takes_one_back(job: InferenceJob) -> None:
    correct(job, ROWS, [0, 1], "whale")
    correct(job, ROWS, [1], "sea hare\n")
    assert read_corrected(job.folder) == {0: "whale", 1: "sea hare"}
    assert "'=b.png" in (job.folder / CORRECTED).read_text()
    correct(job, ROWS, [0], "")
    assert read_corrected(job.folder) == {1: "sea hare"}
    correct(job, ROWS, [1], "")
    assert read_corrected(job.folder) == {}


def test_correct__refuses_a_name_that_no_class_can_have(job: InferenceJob) -> None:
    for name, says in (("w" * 256, "has 256 characters; expected 255 at most"), ("Unknown", "Choose another name")):
        with pytest.raises(RunError, match=says):
            correct(job, ROWS, [0], name)
    assert read_corrected(job.folder) == {}


def test_given__has_who_and_when_and_files_of_earlier_versions_still_open(job: InferenceJob) -> None:
    correct(job, ROWS, [0], "whale", by=" Ada ")
    label, by, at = read_given(job.folder)[0]
    assert (label, by) == ("whale", "Ada")
    assert abs((datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds()) < 60
    (job.folder / CORRECTED).write_text("number,file,predicted,class\n1,'=b.png,ray,sea hare\n")
    assert read_given(job.folder) == {1: ("sea hare", "", "")}
    correct(job, ROWS, [0], "whale", by="Bo")
    assert [(given.label, given.by) for given in read_given(job.folder).values()] == [("whale", "Bo"), ("sea hare", "")]
    (job.folder / CORRECTED).write_text("number,file,predicted,class,by,at\n1,b.png,ray,sea hare,Ada,noon\n")
    with pytest.raises(RunError, match="damaged"):
        read_given(job.folder)


def test_add__without_its_list_of_files_is_one_sentence(job: InferenceJob, classifier: Run) -> None:
    (job.folder / FILES).write_text("{")
    with pytest.raises(RunError, match="list of files of 'dive' is damaged"):
        add_to_dataset(classifier, job, ROWS)


def test_table__says_who_corrected_what_and_when(job: InferenceJob) -> None:
    correct(job, ROWS, [1], "whale", by="Ada")
    table = table_of(ROWS, [], 5, corrected=read_given(job.folder))
    assert table["corrected"].tolist() == ["", "whale", "", ""]
    assert table["corrected_by"].tolist() == ["", "Ada", "", ""]
    assert table["corrected_at"].tolist() == ["", read_given(job.folder)[1].at, "", ""]


def test_correct__by_two_people_at_once_keeps_both(job: InferenceJob) -> None:
    with ThreadPoolExecutor(8) as people:
        list(people.map(lambda place: correct(job, ROWS, [place], f"class {place}"), [0, 1, 3] * 5))
    assert read_corrected(job.folder) == {place: f"class {place}" for place in (0, 1, 3)}


def test_correct__refuses_what_means_no_class(job: InferenceJob) -> None:
    with pytest.raises(RunError, match="below the threshold"):
        correct(job, ROWS, [0], "Unknown")
    (job.folder / CORRECTED).write_text("number,class\nx,y\n")
    with pytest.raises(RunError, match="damaged"):
        read_corrected(job.folder)


@pytest.mark.parametrize(
    ("predicted", "corrected", "labels"),
    [
        (False, False, ["", "", ""]),
        (False, True, ["", "whale", ""]),
        (True, True, ["crab", "whale", "ray"]),
        (True, False, ["crab", "", "ray"]),
    ],
)
def test_import__takes_the_labels_that_are_asked_for(
    job: InferenceJob, home: Path, predicted: bool, corrected: bool, labels: list[str]
) -> None:
    correct(job, ROWS, [1], "whale")
    files = to_import(job, ROWS, predicted=predicted, corrected=corrected, threshold=0.5)
    made = import_images(job.folder, "dive", files=files).dataset
    assert made.file_names == ["a.png", "=b.png", "d.png"]
    assert made.manifest["label"].tolist() == labels
