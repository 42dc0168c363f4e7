"""Compare: which way of using an encoder is better, by how much, how sure that is, and on which pictures."""

import streamlit as st

from dashboard import state
from dashboard.app_pages.compare import run_choice
from dashboard.app_pages.compare.chart import comparison_chart, comparison_table, untested_table
from dashboard.app_pages.compare.cost import cost_view, ladder_view
from dashboard.app_pages.compare.curves import curves_view
from dashboard.app_pages.compare.pair import asked_pair, pair_view
from dashboard.cache import comparisons
from dashboard.data.compared import Choice
from dashboard.parts.advice_box import advice_box
from dashboard.parts.buttons import download
from dashboard.parts.notice import notice, way_out
from dashboard.parts.open_tab import open_tab
from dashboard.parts.runs.settings_view import what_differs
from dashboard.words import plain
from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow, to_frame
from sealife_core.evaluation.comparison.report import comparison_html
from sealife_core.neutral import csv_of
from sealife_core.runs.directory import single_runs
from sealife_core.runs.run import Run

PICTURES = 12  # of each outcome, in the HTML file


def page() -> None:
    """The advice, the chart next to the choice of runs, and the details."""
    chosen = run_choice.read(single_runs())
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title("Compare", width="content")
        if chosen.rows:
            _downloads(chosen)
    notice()
    st.markdown(
        "Which way of using an encoder classifies the most pictures correctly? A **linear probe** freezes the"
        " encoder and trains one layer on top. **Fine-tuning** trains the encoder further. **Transfer** starts from"
        " weights that others learned, such as ImageNet's, and training **from scratch** starts from random weights."
    )
    if not chosen.candidates:
        text = "**No classifier has been tested yet.** Its test accuracy appears here when it has finished."
        if way_out(text, "Train a classifier"):
            state.go("train", {state.train.TASK: "probe"})
    else:
        _compared(chosen)
    untested_table(single_runs())


def _downloads(chosen: Choice) -> None:
    """One HTML file, and the table as CSV; what a button fetches is made when it is pressed."""
    runs, data = chosen.runs, chosen.rows[0].data
    pair = asked_pair(chosen.rows) if len(chosen.rows) > 1 else None
    with st.container(horizontal=True, width="content"), st.popover("Download", icon=":material/download:"):
        pictures = PICTURES if st.toggle(f"Include up to {PICTURES} pictures of each outcome") else 0
        download(
            "Whole comparison (HTML)",
            lambda: comparison_html(runs, pair=pair, pictures=pictures, title=f"Comparison on {data}"),
            "comparison.html", "text/html", icon="description",
        )  # fmt: skip
        download("Table (CSV)", lambda: csv_of(to_frame(chosen.rows)), "comparison.csv", icon="table")


def _compared(chosen: Choice) -> None:
    said = comparisons.advice(chosen.rows, chosen.runs) if len(chosen.rows) > 1 else ""
    if said:
        advice_box(said)
    if chosen.left_out:
        st.warning(
            f"Not compared: {plain(', '.join(chosen.left_out))}. Accuracies on different pictures cannot be"
            " compared. The list of runs gives the reason for each.",
            icon=":material/block:",
        )
    side, chart = st.columns([1, 2.6], gap="large")
    with side:
        run_choice.chooser(chosen)
    with chart:
        if chosen.rows:
            comparison_chart(chosen.rows)
        else:
            st.caption("Tick at least one run that was tested.")
    if chosen.rows:
        ladder_view(chosen.rows, chosen.runs)
        _behind(chosen.rows, chosen.runs)


def _behind(rows: list[ComparisonRow], runs: list[Run]) -> None:
    shows = {
        "Image by image": lambda: pair_view(rows, runs),
        "Curves": lambda: curves_view(rows, runs),
        "Scores and cost": lambda: (cost_view(rows), comparison_table(rows)),
        "What differs": lambda: what_differs(runs),
    }
    open_tab(shows, state.compare.TAB)


page()
