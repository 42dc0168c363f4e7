"""Where a run is recorded outside its own directory: a page on a server, or the command that sends or shows it."""

from urllib.parse import quote

import streamlit as st

from dashboard.words import plain
from sealife_core.runs.run import Run
from sealife_core.runs.tracking_links import tracking_links

_IN_URLS = "%/:?#@!$&*+,;=~"  # what an address may contain besides letters and digits: none of it ends a link


def recorded_lines(run: Run) -> None:
    """A link, or a command to be copied, for each of its places; nothing for a run that asked for none."""
    for place in tracking_links(run):
        if place.url:
            st.markdown(f"**{place.name}**, {place.says}: [{plain(place.url)}]({quote(place.url, safe=_IN_URLS)})")
        else:
            st.markdown(f"**{place.name}**, {place.says}:")
            st.code(place.command, language="shell", wrap_lines=True)
