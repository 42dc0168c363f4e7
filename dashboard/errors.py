"""How an error looks: what happened, why, what to do; the traceback folded below, ready to be copied."""

import traceback

import streamlit as st

from sealife_core.errors import ConfigError, SealifeError


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
    st.error(
        f"This page stopped: {plain(str(error)) or type(error).__name__}. Nothing on disk was changed by it,"
        " and runs go on. Reload the page; if it happens again, report the text below.",
        icon=":material/error:",
    )
    with st.expander("Technical details"):
        st.code("".join(traceback.format_exception(error)), language="python")
    return True


def plain(text: str) -> str:
    """``text`` with Markdown's signs escaped: names of files and classes are data, never mark-up."""
    return "".join("\\" + c if c in "\\`*_{}[]()#+!|<>~$:^" else c for c in text)
