"""Many pictures under a model, without a browser: asked for, followed, looked through, corrected and imported."""

import io
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import background
from dashboard.app_pages.gallery.own import own_pictures
from sealife_core import inference_worker
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.evaluation.batch_inference.corrected_classes import correct, read_corrected, to_import
from sealife_core.evaluation.batch_inference.inference_jobs import (
    STOP,
    InferenceJob,
    begin,
    job_in,
    jobs_of,
    read_rows,
    trashed,
)
from sealife_core.evaluation.classification import predictor
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling import side_process
from tests.dashboard.app_pages.test_gallery_page import open_gallery, text
from tests.datasets.new_pictures import new_picture


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process is started: what it would do is done by :func:`at_work`."""
    monkeypatch.setattr(side_process, "start", lambda *_: {})


@pytest.fixture
def folder(tiny_reef: Dataset, tmp_path: Path) -> Path:
    """All 64 pictures of the reef in a folder, and one that is none."""
    pictures = tmp_path / "dive *42*"
    pictures.mkdir()
    for row in range(len(tiny_reef)):
        shutil.copy(tiny_reef.image_path(row), pictures / f"{row:02d}.png")
    (pictures / "99.jpg").write_text("no picture")
    return pictures


@pytest.fixture
def job(classifier: Run, folder: Path) -> InferenceJob:
    return at_work(begin(classifier.path, str(folder)))


@pytest.fixture
def new_job(classifier: Run, tmp_path: Path) -> InferenceJob:
    """Four pictures that the reef does not have."""
    pictures = tmp_path / "new"
    pictures.mkdir()
    for seed in range(4):
        new_picture(pictures, seed)
    return at_work(begin(classifier.path, str(pictures)))


def at_work(job: InferenceJob) -> InferenceJob:
    inference_worker.main(job.folder)
    now = job_in(job.folder)
    assert now is not None
    return now


def open_job(run: Run, job: InferenceJob, **more: str) -> AppTest:
    app = open_gallery(run=run.id, show="own", classified=job.id, **more)
    assert not app.exception
    return app


def shown(app: AppTest) -> Any:
    return app.dataframe[0].value


def labelled(app: AppTest, label: str) -> Any:
    return next(button for button in app.button if button.label == label)


def test_page__starts_a_job_for_a_folder_and_opens_it(classifier: Run, folder: Path) -> None:
    app = open_gallery(run=classifier.id, show="own")
    app.segmented_control(key="classified_from").set_value(own_pictures.HERE).run()
    app.text_input(key="classified_source").set_value(str(folder)).run()
    labelled(app, "Classify them").click().run()
    (made,) = jobs_of(classifier.path)
    assert not app.exception
    assert app.query_params["classified"] == made.id
    assert labelled(app, "Stop")
    app = open_gallery(run=classifier.id, show="own")
    assert "dive \\*42\\*" in text(app)
    labelled(app, "Open").click().run()
    assert app.query_params["classified"] == made.id


def test_page__says_what_is_wrong_with_a_path(classifier: Run) -> None:
    app = open_gallery(run=classifier.id, show="own")
    app.segmented_control(key="classified_from").set_value(own_pictures.HERE).run()
    app.text_input(key="classified_source").set_value("/no/such/*place*").run()
    labelled(app, "Classify them").click().run()
    assert not app.exception
    assert "There is nothing at" in text(app)
    assert jobs_of(classifier.path) == []


def test_page__keeps_many_dropped_pictures_and_a_zip_for_the_background(
    classifier: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_pictures, "MOST", 2)
    files = [(path.name, path.read_bytes(), "image/png") for path in sorted(folder.glob("*.png"))[:3]]
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as packed:
        packed.writestr("crab/1.png", files[0][1])
    for dropped, names in (
        (files, ["00.png", "01.png", "02.png"]),
        ([("dive.zip", held.getvalue(), "application/zip")], ["crab/1.png"]),
    ):
        app = open_gallery(run=classifier.id, show="own")
        app.file_uploader(key="own_pictures").set_value(dropped).run()
        labelled(app, "Classify in the background").click().run()
        assert not app.exception
        done = at_work(jobs_of(classifier.path)[0])
        assert [row["file"] for row in read_rows(done.folder)] == names


def test_page__keeps_the_folders_of_a_chosen_folder(
    classifier: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["dive/reef/00.png", "dive/wall/00.png"]
    pictures = [(name, (folder / f"0{at}.png").read_bytes(), "image/png") for at, name in enumerate(names)]
    app = open_gallery(run=classifier.id, show="own")
    app.segmented_control(key="classified_from").set_value(own_pictures.FOLDER).run()
    app.file_uploader(key="own_folder").set_value(pictures).run()
    assert shown(app)["File"].tolist() == names
    labelled(app, "Classify in the background").click().run()
    assert not app.exception
    done = at_work(jobs_of(classifier.path)[0])
    assert done.name == "dive"
    assert [row["file"] for row in read_rows(done.folder)] == names
    assert [
        found.source
        for found in to_import(done, read_rows(done.folder), predicted=False, corrected=True, threshold=None)
    ] == names


def test_dropped__copies_are_told_each_under_its_name(classifier: Run, folder: Path) -> None:
    content = (folder / "00.png").read_bytes()
    app = open_gallery(run=classifier.id, show="own")
    app.file_uploader(key="own_pictures").set_value([(name, content, "image/png") for name in ("a.png", "b.png")]).run()
    assert shown(app)["File"].tolist() == ["a.png", "b.png"]
    assert "**2 pictures**" in text(app)


def test_dropped__say_the_same_as_the_job_of_the_same_pictures(
    classifier: Run, new_job: InferenceJob, tmp_path: Path
) -> None:
    files = [
        (row["file"], (tmp_path / "new" / row["file"]).read_bytes(), "image/png") for row in read_rows(new_job.folder)
    ]
    app = open_gallery(run=classifier.id, show="own", wrong="20")
    app.file_uploader(key="own_pictures").set_value(files).run()
    assert not app.exception
    of_job = open_job(classifier, new_job, wrong="20")
    dropped, job = (shown(one).drop(columns="Picture") for one in (app, of_job))
    pd.testing.assert_frame_equal(dropped, job.drop(columns="Corrected"), rtol=1e-4)
    assert dropped["Class"].str.startswith("unknown (").all(), "nobody trained this model"
    assert (dropped["Next most likely"].str.count(",") == 3).all(), "the other four of the top five"
    assert dropped["Nearest training picture"].str.contains("images/").all()
    said = "**4 pictures** · 0 named (0.0 %), 4 unknown"
    assert said in text(app)
    assert said in text(of_job)


def test_table__pages_and_filters_and_says_what_a_threshold_does(classifier: Run, job: InferenceJob) -> None:
    app = open_job(classifier, job)
    assert "**64 pictures**" in text(app)
    assert "1 not read" in text(app)
    assert shown(app)["File"].tolist() == [f"{row:02d}.png" for row in range(50)]
    assert not shown(app)["Class"].str.contains("unknown").any()
    app = open_job(classifier, job, rows="2")
    assert len(shown(app)) == 15
    app = open_job(classifier, job, found="unread")
    assert shown(app)["File"].tolist() == ["99.jpg"]
    assert "Not a picture" in shown(app)["Next most likely"][0]
    app = open_job(classifier, job, named="1", sorted="certain")
    assert shown(app)["Confidence"].is_monotonic_decreasing
    assert set(shown(app)["File"]) == {f"{row:02d}.png" for row in range(64) if "1" in str(row)}
    app.number_input(key="gallery.wrong").set_value(1).run()
    assert app.query_params["wrong"] == "1"
    assert "validation pictures" in text(app)


def test_table__of_other_pictures_keeps_no_ticks(classifier: Run, job: InferenceJob) -> None:
    """Streamlit keeps the ticked positions as long as the key, which is the end of the id, stays the same."""
    rows = read_rows(job.folder)
    correct(job, rows, [0, 1], "crab")
    before = open_job(classifier, job, found="corrected")
    correct(job, rows, [1], "")
    correct(job, rows, [2], "crab")
    after = open_job(classifier, job, found="corrected")
    assert [shown(app)["File"].tolist() for app in (before, after)] == [["00.png", "01.png"], ["00.png", "02.png"]]
    keys = [app.dataframe[0].proto.id.partition("classified_rows")[2] for app in (before, after, after.run())]
    assert keys[0] != keys[1] == keys[2] != ""


def ticked(folder: str, places: list[int]) -> None:
    """What stands below the table while rows are ticked, which AppTest cannot do."""
    from pathlib import Path

    from dashboard.app_pages.gallery.own.giving_classes import correct_chosen
    from dashboard.cache.batch_inference import columns
    from sealife_core.evaluation.batch_inference.corrected_classes import read_corrected
    from sealife_core.evaluation.batch_inference.inference_jobs import job_in

    job = job_in(Path(folder))
    assert job is not None
    correct_chosen(job, columns(job), places, read_corrected(job.folder))


def test_correction__is_shown_kept_and_taken_back(classifier: Run, job: InferenceJob) -> None:
    app = AppTest.from_function(ticked, args=(str(job.folder), [1, 3, 64])).run()
    app.selectbox[0].set_value("crab").run()
    labelled(app, "Correct").click().run()
    assert not app.exception
    assert read_corrected(job.folder) == {1: "crab", 3: "crab"}, "the file that is no picture has no class"
    page = open_job(classifier, job)
    assert shown(page)["Corrected"].tolist()[:4] == ["", "crab", "", "crab"]
    assert "2 corrected" in text(page)
    page = open_job(classifier, job, found="corrected", label="crab")
    assert shown(page)["File"].tolist() == ["01.png", "03.png"]
    labelled(app, "As predicted").click().run()
    assert read_corrected(job.folder) == {}


def test_import__makes_a_data_set_of_the_corrected_ones_under_their_names(classifier: Run, job: InferenceJob) -> None:
    correct(job, read_rows(job.folder), [0, 5], "sea hare")
    app = open_job(classifier, job)
    app.text_input(key="classified_import.name").set_value("dive").run()
    app.button(key="classified_import.begin").click().run()
    imported = background.find("import dive")
    assert imported is not None
    imported.wait(60)
    made = open_dataset("dive")
    assert made.file_names == [f"{row:02d}.png" for row in range(64)]
    assert made.manifest["label"].tolist() == ["sea hare" if row in (0, 5) else "" for row in range(64)]


def test_addition__says_first_what_will_happen_and_who_gave_a_class(
    classifier: Run, new_job: InferenceJob, tiny_reef: Dataset
) -> None:
    correct(new_job, read_rows(new_job.folder), [0, 1], "crab", by="Ada")
    app = open_job(classifier, new_job)
    assert "gets 2 pictures with the class that you gave and 2 pictures without a label, to be asked" in text(app)
    app.text_input(key="classified_added.by").set_value(" Bo ").run()
    assert app.session_state["corrected_by"] == "Bo"
    app.button(key="classified_added.begin").click().run()
    adding = background.find(f"add {new_job.id}")
    assert adding is not None
    adding.wait(60)
    app.run()
    assert not app.exception
    assert "4 pictures added to 'reef', 2 labels given" in text(app)
    now = open_dataset("reef")
    assert [(entry.by, entry.why) for entry in now.entries] == [("Bo", "prediction"), ("Ada", "prediction")]
    assert now.manifest["label"].tolist()[64:] == ["crab", "crab", "", ""]
    assert labelled(app, "Label pictures")
    assert labelled(app, f"Train a model on {len(now.rows('train', labelled_only=True))} labels")
    app.button(key="classified_added.dismiss").click().run()
    assert "added to" not in text(app)


def test_page__stops_goes_on_and_deletes(classifier: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictor, "_BLOCK", 10)
    job = begin(classifier.path, str(folder))
    labelled(open_job(classifier, job), "Stop").click().run()
    assert (job.folder / STOP).exists()
    assert at_work(job).state == "stopped"
    app = open_job(classifier, job)
    assert "Stopped after 10 of 65 pictures" in app.info[0].value
    assert len(shown(app)) == 10
    assert "The table and what is added have 10 of 65 pictures" in text(app)
    assert any("Only 10 of 65 pictures" in one.value for one in app.warning)
    app.text_input(key="classified_import.name").set_value("part").run()
    app.button(key="classified_import.begin").click().run()
    imported = background.find("import part")
    assert imported is not None
    imported.wait(60)
    assert open_dataset("part").info["notes"][0].startswith("Imported from 10 of 65 pictures")
    app = open_job(classifier, job)
    labelled(app, "Go on").click().run()
    assert at_work(job).state == "done"
    assert "The table and what is added have" not in text(open_job(classifier, job))
    correct(job, read_rows(job.folder), [0], "crab")
    app = open_job(classifier, job)
    labelled(app, "Delete it").click().run()
    assert jobs_of(classifier.path) == []
    labelled(app, "Undo").click().run()
    assert not app.exception
    assert "are back" in text(app)
    assert app.query_params["classified"] == job.id
    assert "1 corrected" in text(app), "work by hand is not lost"
    labelled(app, "Delete it").click().run()
    assert [one.label for one in app.expander] == ["Trash: 1 classification"]
    labelled(app, "Empty the trash").click().run()
    assert not app.exception
    assert "freed" in text(app)
    assert trashed(classifier.path) == []


def test_page__opens_one_large(classifier: Run, job: InferenceJob) -> None:
    app = open_job(classifier, job)
    app.session_state["own_large"] = "7"
    app.run()
    assert not app.exception
    assert "07\\.png" in text(app)
    assert "Nearest training pictures" in text(app)
    second = next(button for button in app.button if button.key and button.key.endswith(".7.2"))
    second.click().run()
    assert read_corrected(job.folder) == {7: second.label}
    assert f"You gave it the class {second.label}." in text(app)
    labelled(app, "As predicted").click().run()
    assert "Not corrected." in text(app)
    labelled(app, "Next").click().run()
    assert not app.exception
    assert "08\\.png" in text(app)
    labelled(app, "All my pictures").click().run()
    assert len(shown(app)) == 50


def test_page__of_a_picture_that_is_gone_says_so_and_shows_the_table(
    classifier: Run, job: InferenceJob, folder: Path
) -> None:
    (folder / "07.png").unlink()
    app = open_job(classifier, job)
    app.session_state["own_large"] = "7"
    app.run()
    assert not app.exception
    assert "07\\.png** cannot be opened any more" in text(app)
    assert len(shown(app)) == 50
