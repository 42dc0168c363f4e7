"""The question of a lesson; the numbers on the page decide what is right."""

import streamlit as st

from dashboard import state
from dashboard.data.lessons.lessons import Lesson, Reading
from dashboard.words import plain, unbroken


def ask(lesson: Lesson, reading: Reading) -> None:
    """The question with its options. After a choice: whether it is right here, and the numbers that say so."""
    answer, options = lesson.judge(reading), lesson.options(reading)
    given = state.lessons.answered().get(lesson.key)
    chosen = given.option if given and given.option < len(options) else None
    right = chosen == answer.right if chosen is not None and answer.right is not None else None
    if given and chosen is not None and right != given.right:  # an older link, or other numbers: the marks follow
        state.lessons.answer(lesson.key, chosen, right)
        st.rerun()
    with st.container(border=True):
        if answer.right is None:
            st.markdown(f"**{plain(lesson.question)}**")
            st.caption(f"There is no answer yet. {plain(answer.because)}")
            return
        box = state.lessons.OPTIONS.of(lesson.key).showing(chosen)
        st.radio(
            f"**{plain(lesson.question)}**", range(len(options)), index=None, key=box, format_func=options.__getitem__,
            on_change=lambda: state.lessons.answer(lesson.key, box.held(), box.held() == answer.right),
        )  # fmt: skip
        if chosen is None:
            return
        icon = ":material/check_circle:" if right else ":material/cancel:"
        verdict = "Right." if right else f"Wrong. The answer is: {options[answer.right]}."
        st.markdown(unbroken(f"{icon} **{plain(verdict)}** {plain(answer.because)}"))
