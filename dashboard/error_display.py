"""How an error looks: what happened, why, what to do; the traceback folded below, ready to be copied."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from dashboard.words import plain
from sealife_core.errors import ConfigError, SealifeError, disk_problem


def show_error(error: SealifeError) -> None:
    """The sentence of an error that was raised for a person; each problem of a ConfigError on its own line."""
    if isinstance(error, ConfigError):
        st.error("\n".join(f"- {plain(problem)}" for problem in error.problems), icon=":material/error:")
    else:
        st.error(plain(str(error)), icon=":material/error:")


@contextmanager
def errors_shown() -> Iterator[None]:
    """Around what may fail with a sentence for a person, which is then shown; also as a decorator of a function."""
    try:
        yield
    except SealifeError as error:
        show_error(error)


def show_script_error(error: Exception) -> bool:
    """Streamlit's hook for whatever a page did not catch. True: Streamlit shows nothing of its own."""
    if isinstance(error, SealifeError):
        show_error(error)
        return True
    show_other_error(
        error,
        f"This page stopped: {plain(str(error)) or type(error).__name__}. It changed nothing on disk, and runs"
        " continue. Reload the page. If it happens again, report the text below.",
    )
    return True


def show_other_error(error: Exception, sentence: str) -> None:
    """An error without a sentence for a person: what is wrong with the disk, if that is the cause, else ``sentence``.

    The traceback is folded below. ``sentence`` is Markdown.
    """
    if (problem := disk_problem(error)) is not None:
        what, step = problem
        sentence = f"{plain(what)} {plain(step)}, then try again. Runs continue."
    st.error(sentence, icon=":material/error:")
    with st.expander("Technical details"):
        st.code("".join(traceback.format_exception(error)), language="python")
