"""What a run left outside its results: what its process printed, the traceback of a failure, and records elsewhere."""

from urllib.parse import quote

import streamlit as st

from dashboard.words import plain
from sealife_core.runs.run import Run
from sealife_core.runs.tracking_links import tracking_links

LINES = 200
_TRACEBACK = "Traceback (most recent call last):"
_IN_URLS = "%/:?#@!$&*+,;=~"  # what an address may contain besides letters and digits: none of it ends a link


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
    """The last traceback of the log, folded and ready to be copied; nothing where there is none."""
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


def recorded_lines(run: Run) -> None:
    """A link, or a command to copy, for each server that records the run; nothing for a run that asked for none."""
    for place in tracking_links(run):
        if place.url:
            st.markdown(f"**{place.name}**, {place.says}: [{plain(place.url)}]({quote(place.url, safe=_IN_URLS)})")
        else:
            st.markdown(f"**{place.name}**, {place.says}:")
            st.code(place.command, language="shell", wrap_lines=True)
