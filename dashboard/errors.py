"""How an error looks: what happened, why, what to do; the traceback folded below, ready to be copied."""

import re
import traceback

import streamlit as st

from sealife_core.errors import ConfigError, SealifeError, disk_problem
from sealife_core.neutral import terminal_text

# Streamlit's renderer finds these in text however it is escaped: emoji and icons, addresses of pages and of mail, and
# signs that it draws as arrows or dashes. A word joiner, which has no width, takes them apart.
_FOUND_IN_TEXT = re.compile(
    r":(?=[\w+-]+[:/])|(?<=www)(?=\.)|(?<=http)(?=s?://)|(?=@)|(?<!\S)[<>~-](?=(?:[=>-]|->)(?!\S))", re.IGNORECASE
)
_SIGNS = re.compile(r"[\\`*_{}\[\]()#+!|<>~$:^&]")
_BLOCK_AT_START = re.compile(r"^(?:[-=]|\d+(?=[.)]))")
_WORD_JOINER = "\u2060"


def show_error(error: SealifeError) -> None:
    """The sentence of an error that was raised for a person; each problem of a ConfigError on its own line."""
    if isinstance(error, ConfigError):
        st.error("\n".join(f"- {plain(problem)}" for problem in error.problems), icon=":material/error:")
    else:
        st.error(plain(str(error)), icon=":material/error:")


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
    """An error that nobody raised for a person: what is wrong with the disk, if that is it, else ``sentence``.

    The traceback is folded below. ``sentence`` is Markdown.
    """
    if (problem := disk_problem(error)) is not None:
        what, step = problem
        sentence = f"{plain(what)} {plain(step)}, then try again. Runs continue."
    st.error(sentence, icon=":material/error:")
    with st.expander("Technical details"):
        st.code("".join(traceback.format_exception(error)), language="python")


def plain(text: str) -> str:
    """``text`` as Markdown that shows it letter by letter: names of files and classes are data, never mark-up.

    For every call of Streamlit's that reads Markdown: labels of buttons, captions and tooltips do too. Controls and
    marks that turn the direction of text are written out, as in a terminal.
    """
    return "\n".join(map(_plain_line, text.split("\n")))


def _plain_line(line: str) -> str:
    text = _FOUND_IN_TEXT.sub(lambda found: found[0] + _WORD_JOINER, terminal_text(line))
    text = _BLOCK_AT_START.sub(_as_text, _SIGNS.sub(r"\\\g<0>", text))
    # A blank at an end would make code of a line, or keep the bold around a name from ending.
    return re.sub(r"^(?=\s)|(?<=\s)$", _WORD_JOINER, text)


def _as_text(found: re.Match[str]) -> str:
    """A sign that would begin a list, a line or a heading, escaped; of "1." the dot."""
    return f"\\{found[0]}" if found[0] in "-=" else f"{found[0]}\\"
