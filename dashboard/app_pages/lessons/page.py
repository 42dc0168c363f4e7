"""Lessons: seven short pages, each with a few sentences, a live widget and a question that its numbers answer."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import state
from dashboard.app_pages.lessons.before_class import before_class
from dashboard.app_pages.lessons.paper import handout_button, worksheet
from dashboard.app_pages.lessons.question import ask
from dashboard.app_pages.lessons.turning import turning
from dashboard.app_pages.lessons.widgets import WIDGETS
from dashboard.cache import datasets
from dashboard.data.lessons.lessons import LESSONS, Lesson
from dashboard.error_display import errors_shown
from dashboard.parts.forms.dataset_choice import need_dataset
from dashboard.parts.notice import notice
from dashboard.state.lessons import Answered
from dashboard.words import plain, unbroken
from sealife_core.datasets.dataset import newest_datasets

MARKS = "✓ right · ○ answered"


def page() -> None:
    """One lesson; the way to the others above it and below it."""
    place = next((i for i, lesson in enumerate(LESSONS) if lesson.key == state.lessons.LESSON.value), 0)
    lesson, presenting = LESSONS[place], state.lessons.presenting()
    with st.container(key="presented" if presenting else "lesson"):
        if not presenting:
            _head(place)
        notice()
        if not need_dataset("Lessons use pictures of yours."):
            return
        if place == 0 and not presenting and (chosen := state.data.chosen_dataset(newest_datasets())):
            before_class(datasets.opened(chosen))
        text, live, question = _places(presenting)
        reading, figures = None, str
        with text:
            st.header(f"{place + 1}. {plain(lesson.title)}", anchor=False)
            for paragraph in lesson.says:
                st.html(f'<p class="lead">{unbroken(paragraph)}</p>')
            to_try = st.empty()  # above what it is tried on, which says whether there is anything
        with live, errors_shown():
            reading, figures = WIDGETS[lesson.key]()
        if reading:
            to_try.markdown(f"**Try it.** {plain(lesson.look)}")
        with question:
            if reading is not None:
                ask(lesson, reading)
            if lesson.key == "pair":
                worksheet()
        _ways(place, presenting)
        turning(place)
        if reading and not presenting:
            handout_button(lesson, reading, figures)


def _head(place: int) -> None:
    answered = state.lessons.answered()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("Lessons")
        if answered:
            st.caption(MARKS, width="content")
            st.button(
                "Clear the answers", type="tertiary", icon=":material/restart_alt:",
                help="So that a class does not see them before it is asked", on_click=state.lessons.clear_answers,
            )  # fmt: skip
    words = {each.key: _step(i, each, answered.get(each.key)) for i, each in enumerate(LESSONS)}
    box = state.lessons.STEPS.showing(LESSONS[place].key)
    st.segmented_control(
        "Lesson", list(words), key=box, format_func=words.__getitem__, required=True,
        label_visibility="collapsed", on_change=lambda: state.lessons.LESSON.set(box.held()),
    )  # fmt: skip


def _places(presenting: bool) -> tuple[DeltaGenerator, DeltaGenerator, DeltaGenerator]:
    """Where the text of a lesson goes, what is live, and the question. On a projector what is live stands beside the
    two others, and stays in sight while these scroll."""
    if presenting:
        said, live = st.columns([4, 9], gap="medium")
        return said, live, said
    return st.container(), st.container(), st.container()


def _step(place: int, lesson: Lesson, answered: Answered | None) -> str:
    mark = "" if answered is None else " ✓" if answered.right else " ○"
    return f"{place + 1} · {lesson.short}{mark}"


def _ways(place: int, presenting: bool) -> None:
    """To the lesson before and after. Keys, which a presenter's remote control sends too: see ``turning.js``.

    Each lesson has buttons of its own: a second click on one of them leads to the same lesson as the first.
    """
    with st.container(horizontal=True, horizontal_alignment="distribute", key="ways"):
        st.button(
            "Back", icon=":material/arrow_back:", disabled=place == 0, key=state.lessons.BACK.of(place),
            help="Left arrow, or page up at the top", on_click=_open, args=(place - 1,),
        )  # fmt: skip
        words = ("Leave the presentation", "escape") if presenting else ("Present", "p")
        st.button(
            words[0], icon=":material/present_to_all:", shortcut=words[1], on_click=state.lessons.present,
            args=(not presenting,),
        )  # fmt: skip
        st.button(
            "Next", icon=":material/arrow_forward:", type="primary", disabled=place == len(LESSONS) - 1,
            key=state.lessons.NEXT.of(place), help="Right arrow, or page down at the end", on_click=_open,
            args=(place + 1,),
        )  # fmt: skip


def _open(place: int) -> None:
    state.lessons.LESSON.set(LESSONS[place].key)


page()
