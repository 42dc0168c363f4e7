"""Lessons: which one is open, which questions are answered, and whether they are presented on a projector."""

import streamlit as st

from dashboard.state.keys import Key, UrlKey, UrlValue

LESSON = UrlValue("lesson", "lessons", "view")
STEPS = Key("lessons.steps")
OPTIONS = Key("lessons.options")
GRID = Key("lessons.grid")
TURNING = Key("lessons.turning")
BACK = Key("lessons.back")
NEXT = Key("lessons.next")
START = Key("lessons.start")
BEFORE = Key("lessons.before")
OBJECT_FROM = Key("lessons.object_from")
CAMERA = Key("lessons.camera")
FILE = Key("lessons.file")
NEAREST = Key("lessons.nearest")
DRAWING = UrlValue("draw", "lessons", "0")  # which random views

_PRESENTING = UrlValue("present", "lessons", "")

_ANSWERS = UrlKey("answered")  # "view-1": option 1 of the lesson "view"


def presenting() -> bool:
    """Whether the lesson is shown on a projector: large type, no navigation."""
    return _PRESENTING.value == "1"


def present(begins: bool) -> None:
    """Begin or leave the presentation."""
    _PRESENTING.set("1" if begins else "")


def answered() -> dict[str, int]:
    """The chosen option of each lesson that was answered; a link holds them."""
    found = {}
    for entry in st.query_params.get_all(_ANSWERS):
        lesson, _, option = entry.rpartition("-")
        if lesson and option.isascii() and option.isdecimal() and len(option) < 3:
            found[lesson] = int(option)
    return found


def answer(lesson: str, option: int) -> None:
    """Keep ``option`` as the answer of ``lesson``."""
    _ANSWERS.write([f"{key}-{chosen}" for key, chosen in (answered() | {lesson: option}).items()])


def clear_answers() -> None:
    """Forget all answers."""
    _ANSWERS.write("")
