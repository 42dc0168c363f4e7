"""The dialog that groups pictures which belong together."""

from streamlit.testing.v1 import AppTest

from dashboard.data.corrections import history
from sealife_core.datasets.dataset import open_dataset
from tests.dashboard.app_pages.data.opened import TOGETHER, button, field, imported, text


def show_group_dialog() -> None:  # a script of its own: a test's run of the whole page would close the dialog
    from dashboard.app_pages.data.grouping import group_dialog
    from dashboard.cache import datasets
    from dashboard.parts.notice import notice
    from sealife_core.datasets.grouping.patterns import Pattern

    notice()
    group_dialog(datasets.opened("two"), Pattern("stem"))


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
    assert history(open_dataset("two"))[0].about.startswith("a pattern or a column (parent), 20")
    button(app, "Undo").click().run()
    assert "undone" in text(app)
    assert open_dataset("two").content_hash == dataset.content_hash
