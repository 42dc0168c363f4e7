"""The process that predicts many pictures, called in this one; and once for real."""

import io
import shutil
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from sealife_core import inference_worker
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import DatasetError, RunError
from sealife_core.evaluation.batch_inference.inference_jobs import (
    ROWS,
    STOP,
    InferenceJob,
    begin,
    begin_uploads,
    delete,
    job_in,
    jobs_of,
    read_rows,
    restore,
    resume,
    stop,
)
from sealife_core.evaluation.classification import predictor
from sealife_core.evaluation.classification.predictions import read_predictions
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling import side_process
from tests.runs.processes import until


@pytest.fixture
def folder(classifier: Run, tiny_reef: Dataset, tmp_path: Path) -> Path:
    """The test images of the reef under their ids, and one that is no picture, the third by name."""
    pictures = tmp_path / "dive 42"
    pictures.mkdir()
    for row in tiny_reef.rows("test"):
        shutil.copy(tiny_reef.image_path(int(row)), pictures / f"{tiny_reef.manifest['id'][row]}.png")
    names = sorted(path.name for path in pictures.iterdir())
    (pictures / f"{names[1]}.jpg").write_text("no picture")
    return pictures


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process is started; blocks have three pictures."""
    monkeypatch.setattr(side_process, "start", lambda *_: {})
    monkeypatch.setattr(predictor, "_BLOCK", 3)


def at_work(job: InferenceJob) -> InferenceJob:
    assert inference_worker.main(job.folder) == 0
    now = job_in(job.folder)
    assert now is not None
    return now


def test_worker__gives_every_file_a_row_in_order(here: None, classifier: Run, folder: Path) -> None:
    job = at_work(begin(classifier.path, str(folder)))
    rows = read_rows(job.folder)
    assert (job.state, job.done, job.total, job.name) == ("done", len(rows), len(rows), "dive 42")
    assert [row["file"] for row in rows] == sorted(path.name for path in folder.iterdir())
    assert [place for place, row in enumerate(rows) if "problem" in row] == [2]
    known = read_predictions(classifier.path).query("split == 'test'").set_index("id")
    for row in rows[:2]:
        truth = known.loc[Path(row["file"]).stem]
        assert row["prediction"] == truth["predicted"]
        assert row["confidence"] == pytest.approx(truth["confidence"], abs=1e-4)
        assert len(row["top"]) == 5
        assert row["calibrated"] == row["top"][0]["calibrated"]
        assert row["nearest"]["file"]


def test_worker__stops_and_goes_on_where_it_was(here: None, classifier: Run, folder: Path) -> None:
    whole = [row | {"novelty": None} for row in read_rows(at_work(begin(classifier.path, str(folder))).folder)]
    job = begin(classifier.path, str(folder))
    stop(job)
    stopped = at_work(job)
    assert (stopped.state, stopped.done) == ("stopped", 3)
    (folder / "00 added later.png").write_text("the list is that of the beginning")
    again = resume(stopped)
    assert again.state == "running"
    assert not (again.folder / STOP).exists()
    job = at_work(again)
    assert job.state == "done"
    assert [row["file"] for row in read_rows(job.folder)] == [row["file"] for row in whole]


def test_worker__cuts_a_half_written_row_after_a_crash(here: None, classifier: Run, folder: Path) -> None:
    job = at_work(begin(classifier.path, str(folder)))
    rows, data = read_rows(job.folder), (job.folder / ROWS).read_bytes()
    lines = data.splitlines(keepends=True)
    (job.folder / ROWS).write_bytes(b"".join(lines[:4]) + lines[4][:20])
    (job.folder / "status.json").write_text('{"state": "running", "done": 4, "total": 9, "heartbeat": 1}')
    crashed = job_in(job.folder)
    assert crashed is not None
    assert crashed.state == "stopped"
    assert len(read_rows(job.folder)) == 4
    at_work(resume(crashed))
    assert [row["file"] for row in read_rows(job.folder)] == [row["file"] for row in rows]


def test_worker__waits_for_a_disk_that_was_taken_away(here: None, classifier: Run, folder: Path) -> None:
    whole = [row["file"] for row in read_rows(at_work(begin(classifier.path, str(folder))).folder)]
    job = begin(classifier.path, str(folder))
    stop(job)
    job = resume(at_work(job))
    folder.rename(folder.with_name("away"))
    assert inference_worker.main(job.folder) == 1
    failed = job_in(job.folder)
    assert failed is not None
    assert (failed.state, failed.done) == ("failed", 3)
    assert "is not there any more. Connect its disk, then go on." in failed.error
    folder.with_name("away").rename(folder)
    rows = read_rows(at_work(resume(failed)).folder)
    assert [row["file"] for row in rows] == whole
    assert sum("problem" in row for row in rows) == 1


def test_worker__does_not_go_on_with_another_model_or_with_none(here: None, classifier: Run, folder: Path) -> None:
    job = begin(classifier.path, str(folder))
    stop(job)
    job = at_work(job)
    weights = classifier.path / "model.safetensors"
    content = weights.read_bytes()
    for other, says in (
        (content[:-4] + b"\0\0\0?", "model has changed since these predictions began"),
        (None, "model"),
    ):
        weights.write_bytes(other) if other else weights.unlink()
        assert inference_worker.main(resume(job).folder) == 1
        failed = job_in(job.folder)
        assert failed is not None
        assert (failed.state, len(read_rows(job.folder))) == ("failed", 3)
        assert says in failed.error
    weights.write_bytes(content)
    assert at_work(resume(job)).state == "done"


def test_rows__that_are_damaged_are_one_sentence(here: None, classifier: Run, folder: Path) -> None:
    job = at_work(begin(classifier.path, str(folder)))
    (job.folder / ROWS).write_text('{"file": 1\n{}\n')
    with pytest.raises(RunError, match="Delete these predictions"):
        read_rows(job.folder)
    (job.folder / "request.json").write_text('{"name": "x", "made": "yesterday", "source": 5}')
    (found,) = jobs_of(classifier.path)
    assert (found.made, found.source) == (0.0, "")


def test_worker__takes_uploads_under_their_names_and_a_zip(here: None, classifier: Run, folder: Path) -> None:
    files = sorted(folder.glob("*.png"))[:2]
    dropped = [("dive/é.png", io.BytesIO(files[0].read_bytes())), ("same.png", io.BytesIO(files[1].read_bytes()))]
    job = at_work(begin_uploads(classifier.path, dropped))
    assert [row["file"] for row in read_rows(job.folder)] == ["dive/é.png", "same.png"]
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as packed:
        packed.write(files[0], "crab/one.png")
        packed.writestr("crab/readme.txt", "no picture")
    held.seek(0)
    job = at_work(begin_uploads(classifier.path, [("dive.zip", held)]))
    assert (job.name, [row["file"] for row in read_rows(job.folder)]) == ("dive.zip", ["crab/one.png"])


def test_worker__says_in_a_sentence_why_it_failed(here: None, classifier: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    job = begin(classifier.path, str(tmp_path / "empty"))
    assert inference_worker.main(job.folder) == 1
    now = job_in(job.folder)
    assert now is not None
    assert (now.state, now.error) == ("failed", "There is no picture in it.")
    with pytest.raises(DatasetError, match="nothing at"):
        begin(classifier.path, str(tmp_path / "nowhere"))


def test_begin__refuses_what_is_at_work_and_nothing_else(here: None, classifier: Run, folder: Path) -> None:
    def dropped(content: bytes) -> list[tuple[str, io.BytesIO]]:
        return [("dive.png", io.BytesIO(content))]

    first = begin(classifier.path, str(folder))
    begin_uploads(classifier.path, dropped(b"one"))
    with pytest.raises(RunError, match="is being classified already"):
        begin(classifier.path, str(folder))
    with pytest.raises(RunError, match="is being classified already"):
        begin_uploads(classifier.path, dropped(b"two"))
    begin_uploads(classifier.path, dropped(b"three"))
    assert len(jobs_of(classifier.path)) == 3
    at_work(first)
    assert begin(classifier.path, str(folder)).id != first.id


def test_begin__refuses_what_is_being_copied(here: None, classifier: Run) -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            with suppress(StopIteration), pytest.raises(RunError, match="is being classified already"):
                begin_uploads(classifier.path, [next(again)])
            return super().read(size)

    again = iter([("dive.png", io.BytesIO(b"one"))])
    begin_uploads(classifier.path, [("dive.png", Slow(b"one"))])
    assert next(again, None) is None, "it was asked for again while it was copied"
    assert len(jobs_of(classifier.path)) == 1


def test_jobs__are_listed_newest_first_and_deleted(here: None, classifier: Run, folder: Path) -> None:
    made = [at_work(begin(classifier.path, str(folder))) for _ in range(2)]
    assert {job.id for job in jobs_of(classifier.path)} == {job.id for job in made}
    delete(made[0])
    assert [job.id for job in jobs_of(classifier.path)] == [made[1].id]
    with pytest.raises(RunError, match="has just deleted"):
        delete(made[0])
    assert restore(classifier.path, made[0].id) == made[0]
    with pytest.raises(RunError, match="not in the trash"):
        restore(classifier.path, made[0].id)


@pytest.mark.process
def test_begin__starts_a_process_that_ends_by_itself(classifier: Run, folder: Path) -> None:
    job = begin(classifier.path, str(folder))
    until(lambda: (now := job_in(job.folder)) and now.state != "running", 120)
    (found,) = jobs_of(classifier.path)
    assert (found.state, found.error) == ("done", "")
    assert len(read_rows(found.folder)) == found.total == len(list(folder.iterdir()))
