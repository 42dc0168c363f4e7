"""Import: what is taken and what is not, uploads, several at a time, cancelled, and groups seen before it begins."""

import errno
import io
import shutil
import threading
import zipfile

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import background
from dashboard.app_pages.data import import_form
from sealife_core.datasets.dataset import list_datasets, open_dataset
from sealife_core.datasets.grouping.patterns import Pattern
from sealife_core.errors import DatasetError
from tests.dashboard.app_pages.data.opened import TOGETHER, button, field, imported, open_data, text
from tests.datasets.new_pictures import new_picture


def test_import__says_what_was_taken_and_why_the_rest_was_not(photographs):
    imported(photographs, "two")
    app = open_data(dataset="two")
    assert "21 imported, 1 skipped" in text(app)
    skipped = app.dataframe[0].value
    assert skipped["File"].str.endswith("words.jpg").tolist() == [True]
    assert skipped["Why it was skipped"].str.len().min() > 10


def test_import__of_an_upload_leaves_no_copy(photographs, home):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(photographs.rglob("*.png")):
            archive.write(file, file.relative_to(photographs))
    packed.seek(0)
    job = import_form.begin_import("", "", packed, "my reef.zip")
    job.wait(60)
    assert "my reef" in list_datasets()
    assert not list((home / "data" / import_form.UPLOADS).iterdir())


@pytest.mark.parametrize(
    ("path", "name", "says"),
    [
        ("", "", "Enter the path of a folder"),
        ("/nowhere/at/all", "", "Nothing was found at"),
        (".", "reef", "already"),
        (".", "../x", "cannot be"),
    ],
)
def test_import__says_at_once_what_cannot_be(tiny_reef, path, name, says):
    with pytest.raises(DatasetError, match=says):
        import_form.begin_import(path, name)


def test_import__of_an_empty_folder_is_one_sentence(home, tmp_path):
    (tmp_path / "empty").mkdir()
    import_form.begin_import(str(tmp_path / "empty"), "none").wait(30)
    app = open_data()
    assert len(app.error) == 1
    assert "holds no picture" in app.error[0].value
    assert list_datasets() == []


class TooLarge(io.BytesIO):
    """An upload that the disk has no room for the end of."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().read(10)


def test_import__an_upload_that_fills_the_disk_is_removed(home):
    with pytest.raises(OSError, match="No space left"):
        import_form.begin_import("", "", TooLarge(b"0" * 99), "large.zip")
    assert not list((home / "data" / import_form.UPLOADS).iterdir())


class SlowUpload(io.BytesIO):
    """An upload of which the rest does not come before ``go_on`` is set."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.begun, self.go_on = threading.Event(), threading.Event()

    def read(self, size: int | None = -1) -> bytes:
        self.begun.set()
        self.go_on.wait(30)
        return super().read(size)


def test_import__an_upload_does_not_disturb_another_that_is_still_arriving(photographs, home):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(photographs.rglob("*.png")):
            archive.write(file, file.relative_to(photographs))
    slow = SlowUpload(packed.getvalue())
    ended: list[background.BackgroundJob] = []
    first = threading.Thread(target=lambda: ended.append(import_form.begin_import("", "one", slow, "one.zip")))
    first.start()
    assert slow.begun.wait(30)
    import_form.begin_import("", "two", io.BytesIO(packed.getvalue()), "two.zip").wait(60)
    slow.go_on.set()
    first.join(30)
    ended[0].wait(60)
    assert ended[0].error is None
    assert list_datasets() == ["one", "reef", "two"]
    assert not list((home / "data" / import_form.UPLOADS).iterdir())


@pytest.fixture
def held_import(monkeypatch: pytest.MonkeyPatch):
    """Imports stop at their first word until the event is set."""
    go_on, real = threading.Event(), import_form.import_images

    def waits(source, name, progress, **more):
        progress("Held", 0, 0)
        go_on.wait(30)
        return real(source, name, progress=progress, **more)

    monkeypatch.setattr(import_form, "import_images", waits)
    yield go_on
    go_on.set()
    for job in background.jobs().values():  # one that goes on would import into the next test's home
        job.wait(60)


def test_import__asked_for_while_another_runs_waits_in_a_queue_with_names(photographs, held_import):
    first = import_form.begin_import(str(photographs), "one")
    second = import_form.begin_import(str(photographs), "two")
    app = open_data()
    assert "Importing one" in text(app)
    assert "Importing two" in text(app)
    assert "No pictures yet" not in text(app)
    with pytest.raises(DatasetError, match="'two' is being imported right now"):
        import_form.begin_import(str(photographs), "two")
    held_import.set()
    for job in (first, second):
        job.wait(60)
        assert job.error is None
    assert list_datasets() == ["one", "reef", "two"]


def test_import__cancelled_on_the_page_leaves_nothing_and_the_next_begins(photographs, held_import, home):
    first = import_form.begin_import(str(photographs), "one")
    second = import_form.begin_import(str(photographs), "two")
    third = import_form.begin_import(str(photographs), "three")
    app = open_data()
    cancel = [found for found in app.button if found.label == "Cancel"]
    assert len(cancel) == 3
    cancel[1].click().run()
    second.wait(30)
    assert (second.running, first.running, third.running) == (False, True, True)
    first.cancel()
    held_import.set()
    first.wait(60)
    third.wait(60)
    app.run()
    assert "Importing one was cancelled. Nothing was kept." in text(app) or "Importing two was" in text(app)
    assert list_datasets() == ["reef", "three"]
    assert not list((home / "data").glob(".importing-*"))


def test_import__of_an_upload_cancelled_while_it_waits_leaves_no_copy(photographs, held_import, home):
    first = import_form.begin_import(str(photographs), "one")
    second = import_form.begin_import("", "", io.BytesIO(b"0" * 99), "two.zip")
    assert len(list((home / "data" / import_form.UPLOADS).iterdir())) == 1
    second.cancel()
    second.wait(30)
    assert (first.running, second.running) == (True, False)
    assert not list((home / "data" / import_form.UPLOADS).iterdir())


def show_import_dialog() -> None:
    from dashboard.app_pages.data.import_form import import_dialog

    import_dialog()


def test_import__shows_groups_before_it_begins(photographs):
    app = AppTest.from_function(show_import_dialog, default_timeout=60).run()
    assert field(app, "selectbox", TOGETHER).value == "none"
    field(app, "selectbox", TOGETHER).select("parent").run()
    assert "The groups are shown here before anything is imported." in text(app)
    field(app, "text_input", "Path of a folder, zip or CSV").input(str(photographs)).run()
    assert "2 groups of 22 images" in text(app), "words.jpg is a picture by its name"
    button(app, "Import").click().run()
    assert not app.exception
    next(iter(background.jobs().values())).wait(60)
    assert open_dataset("photographs").info["group_by"] == "parent"


def show_upload(folder: str) -> None:
    from pathlib import Path

    import streamlit as st

    from dashboard.app_pages.data import grouping, import_form
    from sealife_core.datasets.grouping.patterns import Pattern

    with Path(folder, "dropped.zip").open("rb") as upload:
        grouping.import_preview("", upload, Pattern("parent"), "first")
        if st.button("Go"):
            import_form.begin_import("", "dropped", upload, upload.name, Pattern("parent"))


def test_import__of_a_dropped_zip_shows_groups_and_then_reads_it_from_its_beginning(photographs, tmp_path):
    shutil.make_archive(str(tmp_path / "dropped"), "zip", photographs)
    app = AppTest.from_function(show_upload, args=(str(tmp_path),), default_timeout=60).run()
    assert "2 groups of 22 images" in text(app)
    button(app, "Go").click().run()
    assert not app.exception
    next(iter(background.jobs().values())).wait(60)
    assert set(open_dataset("dropped").manifest["group"]) == {path.name for path in photographs.iterdir()}


def test_import__with_sites_around_the_classes_takes_the_innermost_folders(photographs, tmp_path):
    for site in ("Bay", "Cape"):
        shutil.copytree(photographs, tmp_path / "survey" / site)
    app = AppTest.from_function(show_import_dialog, default_timeout=60).run()
    field(app, "text_input", "Path of a folder, zip or CSV").input(str(tmp_path / "survey")).run()
    app.checkbox[0].check().run()
    field(app, "selectbox", TOGETHER).select("grandparent").run()
    assert "2 groups of 44 images" in text(app)
    button(app, "Import").click().run()
    assert not app.exception
    next(iter(background.jobs().values())).wait(60)
    survey = open_dataset("survey")
    assert survey.classes == tuple(sorted(path.name for path in photographs.iterdir()))
    assert set(survey.manifest["group"]) == {"Bay", "Cape"}


def test_import__groups_by_a_column_of_the_table_seen_before_it_begins(photographs, tmp_path):
    files = sorted(photographs.rglob("*.png"))
    rows = [f"{file.relative_to(photographs)},{file.parent.name},{n % 3}" for n, file in enumerate(files)]
    (photographs / "survey.csv").write_text("\n".join(["file,label,Dive", *rows]))
    app = AppTest.from_function(show_import_dialog, default_timeout=60).run()
    field(app, "selectbox", TOGETHER).select("column").run()
    assert "The columns are shown here" in text(app)
    field(app, "text_input", "Path of a folder, zip or CSV").input(str(photographs / files[0].parent.name)).run()
    assert "No table with further columns" in text(app)
    field(app, "text_input", "Path of a folder, zip or CSV").input(str(photographs)).run()
    assert field(app, "selectbox", "Column").options == ["dive"]
    assert "3 groups of 21 images" in text(app)
    button(app, "Import").click().run()
    assert not app.exception
    next(iter(background.jobs().values())).wait(60)
    made = open_dataset("photographs")
    assert (made.info["group_by"], set(made.manifest["group"])) == ("column:dive", {"0", "1", "2"})


@pytest.mark.process
def test_import__an_expression_that_cannot_be_used_is_one_sentence_before_it_begins(photographs):
    with pytest.raises(DatasetError, match="has 0 groups; expected one"):
        import_form.begin_import(str(photographs), "two", pattern=Pattern("regex", expression="a+"))
    assert not background.jobs()


def test_import__into_a_data_set_that_is_there_adds_for_training(tiny_reef, tmp_path):
    june = tmp_path / "june" / "crab"
    june.mkdir(parents=True)
    for seed in range(3):
        new_picture(june, seed)
    (june / "words.jpg").write_text("no picture")
    app = AppTest.from_function(show_import_dialog, default_timeout=60).run()
    field(app, "selectbox", "Into").select("reef").run()
    assert "All are for training" in text(app)
    assert TOGETHER not in [found.label for found in app.selectbox]
    field(app, "text_input", "Path of a folder, zip or CSV").input(str(june.parent)).run()
    field(app, "text_input", "Your name").input(" Bo ").run()
    button(app, "Add").click().run()
    assert not app.exception
    next(iter(background.jobs().values())).wait(60)
    now = open_dataset("reef")
    assert len(now.rows("train")) == len(tiny_reef.rows("train")) + 3
    assert (now.test_hash, {entry.by for entry in now.entries}) == (tiny_reef.test_hash, {"Bo"})
    page = open_data(dataset="reef")
    assert "3 pictures added to" in text(page)
    assert page.dataframe[0].value["File"].str.endswith("words.jpg").tolist() == [True]


def test_import__into_a_data_set_one_at_a_time(photographs, tiny_reef, held_import):
    import_form.begin_import(str(photographs), "one")
    import_form.begin_addition("reef", str(photographs))
    with pytest.raises(DatasetError, match="just being added to 'reef'"):
        import_form.begin_addition("reef", str(photographs))
