"""The comparison to take along: one HTML file, and the table as CSV."""

import streamlit as st

from dashboard.data.compared import Choice
from dashboard.state import compare
from sealife_core.evaluation.comparison.report import comparison_html
from sealife_core.evaluation.comparison.rows import to_frame
from sealife_core.neutral import csv_of

PICTURES = 12


def downloads(choice: Choice) -> None:
    """Two buttons; what they fetch is made when they are pressed."""
    runs, data = choice.runs, choice.rows[0].data
    ids = {run.id for run in runs}
    a, b = compare.FROM.value, compare.TO.value
    pair = (a, b) if a in ids and b in ids and a != b else None
    with st.container(horizontal=True, width="content"), st.popover("Download", icon=":material/download:"):
        pictures = st.toggle(f"Include up to {PICTURES} pictures of each outcome")
        st.download_button(
            "Whole comparison (HTML)",
            lambda: comparison_html(
                runs, pair=pair, pictures=PICTURES if pictures else 0, title=f"Comparison on {data}"
            ),
            "comparison.html", "text/html", on_click="ignore", icon=":material/description:",
        )  # fmt: skip
        st.download_button(
            "Table (CSV)", lambda: csv_of(to_frame(choice.rows)), "comparison.csv", "text/csv",
            on_click="ignore", icon=":material/table:",
        )  # fmt: skip
