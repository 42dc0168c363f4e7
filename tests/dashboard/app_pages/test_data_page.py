"""The Data page without a browser: import, browse, check, mend, delete and undo."""

import errno
import io
import json
import shutil
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import background
from dashboard.app_pages.data import checks, import_form
from dashboard.app_pages.data.checks import groups_by_kind
from dashboard.data.pictures import ALL, chosen_rows, class_counts, class_of, size_table
from dashboard.words import SPLIT_WORDS
from sealife_core.datasets.checks import check
from sealife_core.datasets.corrections.editing import move
from sealife_core.datasets.dataset import Dataset, list_datasets, open_dataset
from sealife_core.datasets.grouping.patterns import Pattern
from sealife_core.datasets.grouping.regrouping import plan_regrouping, regroup
from sealife_core.datasets.storage import trashed_datasets
from sealife_core.errors import DatasetError
from tests.dashboard.pages import FRAME


@pytest.fixture(autouse=True)
def _no_jobs_of_other_tests():
    background.cache.jobs().clear()


@pytest.fixture
def photographs(tiny_reef: Dataset, tmp_path: Path) -> Path:
    """A folder of two classes, ten pictures each; the first of them also under the other label, and a file of text."""
    source = tmp_path / "photographs"
    for label in tiny_reef.classes[:2]:
        (source / label).mkdir(parents=True)
        rows = [row for row in range(len(tiny_reef)) if tiny_reef.manifest["label"][row] == label]
        for place in range(10):
            shutil.copy(tiny_reef.image_path(rows[place % len(rows)]), source / label / f"{place}.png")
    first, second = tiny_reef.classes[:2]
    shutil.copy(source / first / "0.png", source / second / "again.png")
    (source / first / "words.jpg").write_text("not a picture")
    return source


def open_data(**query: str) -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    for key, value in query.items():
        app.query_params[key] = value
    return app.switch_page("app_pages/data/page.py").run()


def text(app: AppTest) -> str:
    elements = (*app.markdown, *app.caption, *app.error, *app.warning, *app.success, *app.subheader)
    return " ".join(element.value for element in elements)


def pictures(app: AppTest) -> list[dict[str, Any]]:
    """Those of every grid on the page, with what opening one shows."""
    grids = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    return [picture for grid in grids for picture in grid.get("pictures", ())]


def button(app: AppTest, label: str):
    return next(found for found in app.button if found.label == label)


def imported(source: Path, name: str) -> Dataset:
    job = import_form.begin_import(str(source), name)
    job.wait(60)
    assert job.error is None
    return open_dataset(name)


def test_page__without_data_offers_the_reef(home):
    app = open_data()
    assert not app.exception
    assert "No pictures yet" in text(app)
    assert button(app, "Draw the sample reef")


def test_page__shows_a_data_set(tiny_reef):
    app = open_data()
    assert not app.exception
    assert "64 pictures in 10 classes" in text(app)
    assert len(pictures(app)) == 48
    assert "1 to 48 of 64 pictures" in text(app)


def test_pictures__open_with_the_name_of_their_file(photographs):
    found = imported(photographs, "two")
    first = found.classes[0]
    row = next(row for row in range(len(found)) if found.file_names[row] == f"{first}/3.png")
    for look in ("Pictures", "Checks"):
        app = open_data(dataset="two", look=look)
        assert not app.exception
        known = {dict(picture["facts"])["File"]: picture for picture in pictures(app)}
        assert known
        assert set(known) <= set(found.file_names), "none of the names is a hashed one"
        assert all(picture["lines"] == [["file", name.split("/")[-1]]] for name, picture in known.items())
    whole = {dict(picture["facts"])["File"]: dict(picture["facts"]) for picture in pictures(open_data(dataset="two"))}
    about = found.manifest.iloc[row]
    size = f"{about['width']} × {about['height']} px"
    assert whole[f"{first}/3.png"] == {
        "File": f"{first}/3.png", "Class": first, "Split": SPLIT_WORDS[about["split"]], "Size": size,
    }  # fmt: skip


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
    ended: list[background.Job] = []
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
    for job in background.cache.jobs().values():  # one that goes on would import into the next test's home
        job.wait(60)


def test_import__asked_for_while_another_runs_waits_in_a_queue_with_names(photographs, held_import):
    first = import_form.begin_import(str(photographs), "one")
    second = import_form.begin_import(str(photographs), "two")
    app = open_data()
    assert "Importing one" in text(app)
    assert "Importing two" in text(app)
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


def test_job__is_not_begun_twice_and_tells_how_far_it_is(home):
    go_on, told = threading.Event(), threading.Event()

    def work(tell):
        tell("Reading", 3, 4)
        told.set()
        go_on.wait(30)
        return "done"

    job = background.start("a", "A job", work)
    assert background.start("a", "A job", work) is job
    assert told.wait(30)
    assert (job.running, job.share, job.sentence) == (True, 0.75, "Reading: 3 of 4")
    background.forget("a")
    assert background.find("a") is job
    go_on.set()
    job.wait(30)
    assert (job.running, job.result) == (False, "done")


def test_jobs__old_ones_are_forgotten(home):
    for number in range(3 * background.MOST_JOBS):
        background.start(str(number), "A job", lambda tell: None).wait(30)
    assert len(background.cache.jobs()) == background.MOST_JOBS


def test_browse__the_classes_take_turns(tiny_reef):
    rows = chosen_rows(tiny_reef, ALL, "all")
    assert sorted(rows) == list(range(64))
    assert sorted(tiny_reef.labels[rows[:10]]) == list(range(10))


def test_browse__by_class_and_split(tiny_reef):
    label = tiny_reef.classes[2]
    rows = chosen_rows(tiny_reef, label, "test")
    assert len(rows) == class_counts(tiny_reef)[label]["test"] > 0
    assert set(tiny_reef.manifest["label"][rows]) == {label}
    assert set(tiny_reef.manifest["split"][rows]) == {"test"}


def test_balance__counts_every_picture_once(tiny_reef):
    assert sum(sum(splits.values()) for splits in class_counts(tiny_reef).values()) == 64
    assert size_table(tiny_reef)["Median"].tolist() == ["32 px", "32 px"]


def test_checks__show_duplicates_and_mend_a_leak(photographs, monkeypatch):
    monkeypatch.setattr(checks, "QUICK_S", 60)  # however busy the machine is
    dataset = imported(photographs, "two")
    group = next(group for group in check(dataset).exact if group.labels_differ)
    dataset = move(dataset, {group.rows[0]: "train", group.rows[1]: "test"})
    assert groups_by_kind(check(dataset))["leaks"]
    app = open_data(dataset="two", look="Checks")
    button(app, "Put every group into one split").click().run()
    assert not app.exception
    assert "Images that move" in text(app)
    assert open_dataset("two").content_hash == dataset.content_hash, "nothing moves before it was shown"
    button(app, "Move them").click().run()
    assert not app.exception
    assert "Put 3 groups of **two** into one split each" in text(app)
    assert groups_by_kind(check(open_dataset("two")))["leaks"] == []
    button(app, "Undo").click().run()
    assert "undone" in text(app)
    assert open_dataset("two").content_hash == dataset.content_hash


def test_checks__two_labels_are_resolved_by_choosing_and_copies_by_keeping_the_largest(photographs, monkeypatch):
    monkeypatch.setattr(checks, "QUICK_S", 60)  # however busy the machine is
    dataset = imported(photographs, "shots")
    group = next(group for group in check(dataset).exact if group.labels_differ)
    app = open_data(dataset="shots", look="Checks", duplicates="labels")
    chosen = class_of(dataset, group.rows[0])
    button(app, f"All are {chosen}").click().run()
    assert not app.exception
    now = open_dataset("shots")
    assert {class_of(now, row) for row in group.rows} == {chosen}
    assert not any(group.labels_differ for group in check(now).exact)
    button(app, "Undo").click().run()
    assert open_dataset("shots").content_hash == dataset.content_hash
    button(app, "Keep one").click().run()
    assert len(open_dataset("shots")) < len(dataset)


def test_delete__goes_to_the_trash_and_comes_back(tiny_reef):
    app = open_data()
    button(app, "Delete").click().run()
    assert list_datasets() == []
    assert "in the trash" in text(app)
    button(app, "Undo").click().run()
    assert list_datasets() == ["reef"]


def test_trash__is_emptied_and_the_way_back_is_gone(tiny_reef):
    app = open_data()
    assert "Empty the trash" not in [found.label for found in app.button]
    button(app, "Delete").click().run()
    button(app, "Empty the trash").click().run()
    assert not app.exception
    assert "freed" in text(app)
    assert trashed_datasets() == []
    assert "Empty the trash" not in [found.label for found in app.button]


def test_page__a_damaged_data_set_is_one_sentence(tiny_reef):
    (tiny_reef.folder / "manifest.csv").write_text("half")
    app = open_data()
    assert not app.exception
    assert "is damaged" in text(app)
    assert button(app, "Delete it")


def field(app: AppTest, kind: str, label: str):
    return next(found for found in getattr(app, kind) if found.label == label)


TOGETHER = "Pictures that belong together"


def show_group_dialog() -> None:  # a script of its own: a test's run of the whole page would close the dialog
    from dashboard import cache
    from dashboard.app_pages.data.grouping import group_dialog
    from dashboard.parts.notice import notice
    from sealife_core.datasets.grouping.patterns import Pattern

    notice()
    group_dialog(cache.dataset("two"), Pattern("stem"))


def test_group_dialog__shows_what_a_pattern_makes_then_groups_with_an_undo(photographs):
    dataset = imported(photographs, "two")
    app = AppTest.from_function(show_group_dialog, default_timeout=60).run()
    assert "No image gets a group" in text(app), "before these numbers there is no name"
    assert "None" not in field(app, "selectbox", TOGETHER).options
    field(app, "selectbox", TOGETHER).select("parent").run()
    assert not app.exception
    assert "2 groups of 21 images" in text(app)
    assert app.dataframe[0].value["Group"].tolist() == sorted(dataset.classes, reverse=True)
    assert open_dataset("two").version == dataset.version, "nothing changes before it was shown"
    button(app, "Group them").click().run()
    assert not app.exception
    assert set(open_dataset("two").manifest["group"]) == set(dataset.classes)
    button(app, "Undo").click().run()
    assert "undone" in text(app)
    assert open_dataset("two").content_hash == dataset.content_hash


def test_checks__show_groups_across_splits(photographs, monkeypatch):
    monkeypatch.setattr(checks, "QUICK_S", 60)
    dataset = imported(photographs, "two")
    regroup(dataset, plan_regrouping(dataset, Pattern("parent")))
    app = open_data(dataset="two", look="Checks", duplicates="scattered")
    assert not app.exception
    assert "2 groups of images are in more than one split" in text(app)
    assert "2 groups." in text(app)
    assert button(app, "Put every group into one split")


def show_import_dialog() -> None:
    from dashboard.app_pages.data.import_form import import_dialog

    import_dialog()


def test_import__shows_groups_before_it_begins(photographs):
    app = AppTest.from_function(show_import_dialog, default_timeout=60).run()
    assert field(app, "selectbox", TOGETHER).value == "none"
    field(app, "selectbox", TOGETHER).select("parent").run()
    assert "are shown here; others after the import" in text(app)
    field(app, "text_input", "Path of a folder, zip or CSV").input(str(photographs)).run()
    assert "2 groups of 22 images" in text(app), "words.jpg is a picture by its name"
    button(app, "Import").click().run()
    assert not app.exception
    next(iter(background.cache.jobs().values())).wait(60)
    assert open_dataset("photographs").info["group_by"] == "parent"


@pytest.mark.process
def test_import__an_expression_that_cannot_be_used_is_one_sentence_before_it_begins(photographs):
    with pytest.raises(DatasetError, match="has 0 groups; expected one"):
        import_form.begin_import(str(photographs), "two", pattern=Pattern("regex", expression="a+"))
    assert not background.cache.jobs()
