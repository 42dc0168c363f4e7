"""The predictions of many pictures are read again when there are more of them."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from dashboard.cache import batch_inference
from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.batch_inference.corrected_classes import correct
from sealife_core.evaluation.batch_inference.inference_jobs import InferenceJob, append_rows, write_files
from sealife_core.evaluation.classification.predictions import write_predictions
from sealife_core.runs.directory import create_run
from sealife_core.runs.files import replace_json
from tests.finished.runs import classifier_run, predictions_on


@pytest.fixture
def job(tmp_path: Path) -> InferenceJob:
    return InferenceJob(tmp_path, "dive", "", 0.0, "running", "", 0, 0, "", False)


def test_columns__grow_with_the_rows_that_are_written(job: InferenceJob) -> None:
    assert len(batch_inference.columns(job)) == 0
    append_rows(job.folder, [{"file": "A.jpg", "problem": "It is no picture."}])
    first = batch_inference.columns(job)
    assert first.lower.tolist() == ["a.jpg"]
    assert batch_inference.columns(job) is first
    append_rows(job.folder, [{"file": "b.jpg", "problem": "It is no picture."}])
    assert len(batch_inference.columns(job)) == 2


def test_files__are_none_before_they_are_known(job: InferenceJob) -> None:
    assert batch_inference.files(job) == ([], [])
    write_files(job.folder, [(Path("a.jpg"), Path("a.jpg"))], [("notes.txt", "no picture")])
    assert batch_inference.files(job) == ([("a.jpg", job.folder / "a.jpg")], [("notes.txt", "no picture")])


def test_thumbnails__are_empty_where_a_picture_cannot_be_read(job: InferenceJob) -> None:
    Image.new("RGB", (300, 200), "teal").save(job.folder / "a.png")
    (job.folder / "b.png").write_text("no picture")
    write_files(job.folder, [(Path(name), Path(name)) for name in ("a.png", "b.png")], [])
    unread, small = batch_inference.thumbnails(job, [1, 0])
    assert unread == b""
    assert Image.open(BytesIO(small)).size == (96, 64)
    Image.new("RGB", (200, 300), "teal").save(job.folder / "b.png")
    mended, _ = batch_inference.thumbnails(job, [1, 0])
    assert Image.open(BytesIO(mended)).size == (64, 96), "a file that was put right is read again"


def test_validated__says_why_not_until_there_are_predictions_of_validation(tiny_reef: Dataset) -> None:
    run = create_run(preset("scratch", data="reef"), name="one")
    write_predictions(predictions_on(tiny_reef, lambda place: place > 1), run.path)
    found, why = batch_inference.validated(run)
    assert found is None
    assert "no predictions of validation images" in why
    replace_json(run.path / batch_inference.CARD, {"classes": list(tiny_reef.classes)})
    (run.path / "predictions.parquet").write_bytes(
        (classifier_run(tiny_reef).path / "predictions.parquet").read_bytes()
    )
    found, why = batch_inference.validated(run)
    assert found is not None
    assert why == ""
    assert set(found.right) == {"val", "test"}


def test_given__is_read_again_only_once_a_class_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = InferenceJob(tmp_path, "dive", "", 0, "done", "", 1, 1, "", False)
    reads: list[Path] = []
    read = batch_inference.read_given
    monkeypatch.setattr(batch_inference, "read_given", lambda folder: reads.append(folder) or read(folder))
    assert [dict(batch_inference.given(job)) for _ in range(2)] == [{}, {}]
    correct(job, [{"file": "a.png", "prediction": "ray"}], [0], "crab", by="Ada")
    assert [batch_inference.given(job)[0].label for _ in range(2)] == ["crab", "crab"]
    assert len(reads) == 2
