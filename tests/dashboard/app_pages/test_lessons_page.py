"""The Lessons page without a browser."""

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.data.lessons.lessons import LESSONS
from tests.dashboard.pages import visit

WITHOUT_TORCH = ("probe", "help")  # they show runs; there are none


def texts(app: AppTest) -> str:
    return " ".join(found.value for found in (*app.markdown, *app.caption))


@pytest.mark.parametrize("key", ["view", "probe", "help"])
def test_lesson__is_drawn_with_its_question(key: str, tiny_reef) -> None:
    app = visit("lessons", {"lesson": key})
    lesson = next(lesson for lesson in LESSONS if lesson.key == key)
    assert app.header[0].value.endswith(lesson.title)
    assert ("There is no answer yet" in texts(app)) is (key in WITHOUT_TORCH)


def test_question__is_answered_by_what_is_shown_and_the_link_keeps_it(tiny_reef) -> None:
    app = visit("lessons", {"lesson": "view"})
    app.radio[0].set_value(1).run()
    assert not app.exception
    assert "Right." in texts(app), "SimCLR keeps about half of a picture on average"
    assert app.query_params["answered"] in ("view-1", ["view-1"])
    again = visit("lessons", {"lesson": "view", "answered": "view-2"})
    assert "Between one and two thirds." in texts(again)


def test_presentation__shows_the_lesson_alone_and_is_left_by_a_key(tiny_reef) -> None:
    app = visit("lessons", {"lesson": "help"})
    next(button for button in app.button if button.label == "Present").click().run()
    assert not app.exception
    assert not app.title
    assert app.header[0].value.startswith("7.")
    next(button for button in app.button if button.label == "Leave the presentation").click().run()
    assert app.title[0].value == "Lessons"


@pytest.mark.parametrize("query", [{"lesson": "nonsense"}, {"answered": "view-99"}, {"answered": "-"}])
def test_link__with_nonsense_shows_a_lesson(query: dict[str, str], tiny_reef) -> None:
    assert visit("lessons", query).header
