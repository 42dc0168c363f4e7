"""Lessons: which one is open, which questions are answered, and whether they are presented on a projector."""

from typing import NamedTuple

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

# "view-1": option 1 of the lesson "view"; "view-1-right", "view-1-wrong": as its numbers have judged it.
_ANSWERS = UrlKey("answered")
_JUDGED: dict[str, bool | None] = {"right": True, "wrong": False}


def presenting() -> bool:
    """Whether the lesson is shown on a projector: large type, no navigation."""
    return _PRESENTING.value == "1"


def present(begins: bool) -> None:
    """Begin or leave the presentation."""
    _PRESENTING.set("1" if begins else "")


class Answered(NamedTuple):
    """A chosen option, and whether it is right; None where the lesson has not been looked at since, or cannot tell."""

    option: int
    right: bool | None = None


def answered() -> dict[str, Answered]:
    """What was answered to each lesson; a link holds it."""
    found = {}
    for entry in st.query_params.get_all(_ANSWERS):
        lesson, option, judged, *_ = [*entry.split("-"), "", ""]  # a link may have been cut
        if lesson and option.isascii() and option.isdecimal() and len(option) < 3:
            found[lesson] = Answered(int(option), _JUDGED.get(judged))
    return found


def answer(lesson: str, option: int, right: bool | None) -> None:
    """Keep ``option`` as the answer of ``lesson``."""
    words = {judged: f"-{word}" for word, judged in _JUDGED.items()}
    answers = answered() | {lesson: Answered(option, right)}
    in_url = [f"{key}-{one.option}{words.get(one.right, '')}" for key, one in answers.items()]
    _ANSWERS.write(in_url)


def clear_answers() -> None:
    """Forget all answers."""
    _ANSWERS.write("")
