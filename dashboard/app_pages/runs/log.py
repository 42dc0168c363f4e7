"""What the process of a run printed, and the traceback of a failure: folded, ready to be copied."""

import streamlit as st

from sealife_core.runs.run import Run

LINES = 200
_TRACEBACK = "Traceback (most recent call last):"


def log_view(run: Run) -> None:
    """The last lines of log.txt."""
    lines = run.log_tail(LINES)
    if not lines:
        st.caption("The process has not printed anything yet.")
        return
    st.caption(f"The last {len(lines)} lines of log.txt." if len(lines) == LINES else "All of log.txt.")
    with st.container(height=420, border=False):
        st.code("\n".join(lines), language=None, wrap_lines=True)


def traceback_view(run: Run) -> None:
    """The last traceback of the log, folded; nothing where there is none."""
    found = last_traceback(run.log_tail(LINES))
    if found:
        with st.expander("Technical details"):
            st.code("\n".join(found), language="python")


def last_traceback(lines: list[str]) -> list[str]:
    """From the last "Traceback" on to the error it ends in; [] where there is none."""
    starts = [place for place, line in enumerate(lines) if line.strip() == _TRACEBACK]
    if not starts:
        return []
    start = starts[-1]
    for place in range(start + 1, len(lines)):
        if not lines[place].startswith((" ", "\t")):  # the error itself is the first line that is not indented
            return lines[start : place + 1]
    return lines[start:]
