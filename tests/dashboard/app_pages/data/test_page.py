"""The Data page without a browser: nothing yet, a data set and its pictures, a damaged one, deleted and back."""

from sealife_core.datasets.dataset import list_datasets
from sealife_core.datasets.storage import trashed_datasets
from sealife_core.wording import SPLIT_WORDS
from tests.dashboard.app_pages.data.opened import button, imported, open_data, pictures, text
from tests.dashboard.pages import visit


def test_page__without_data_offers_the_reef(home):
    app = open_data()
    assert not app.exception
    assert "No pictures yet" in text(app)
    assert button(app, "Draw the sample reef")


def test_page__reached_by_import_my_own_photographs_asks_for_them_at_once(home):
    app = visit("home")
    button(app, "Import my own photographs").click().run()
    assert not app.exception
    assert [title.value for title in app.title] == ["Data"]
    assert "Path of a folder, zip or CSV" in [field.label for field in app.text_input]


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
        at_a_glance = {dict(picture["facts"])["File"] for picture in pictures(app, strip=True) if picture["large"]}
        assert len(at_a_glance & set(found.file_names)) == 3
    whole = {dict(picture["facts"])["File"]: dict(picture["facts"]) for picture in pictures(open_data(dataset="two"))}
    about = found.manifest.iloc[row]
    size = f"{about['width']} × {about['height']} px"
    assert whole[f"{first}/3.png"] == {
        "File": f"{first}/3.png", "Class": first, "Split": SPLIT_WORDS[about["split"]], "Size": size,
    }  # fmt: skip


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
