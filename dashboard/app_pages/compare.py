"""Compare: which way of using an encoder is better, by how much, how sure that is, and on which pictures."""

import streamlit as st

from dashboard import cache, state
from dashboard.components import compare_choice
from dashboard.components.compare_cost import cost_view, ladder_view
from dashboard.components.compare_curves import curves_view
from dashboard.components.compare_downloads import downloads
from dashboard.components.compare_pair import pair_view
from dashboard.components.compare_untested import untested_table
from dashboard.components.comparison_chart import comparison_chart, comparison_table
from dashboard.components.notice import notice
from dashboard.components.run_settings import what_differs
from dashboard.errors import plain
from sealife_core.evaluation.comparison.rows import ComparisonRow
from sealife_core.runs.directory import Run


def page() -> None:
    """The advice, the chart beside the choice of runs, and what stands behind it."""
    choice = compare_choice.read(cache.runs())
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title("Compare", width="content")
        if choice.rows:
            downloads(choice)
    notice()
    st.markdown(
        "Which way of using an encoder classifies the most pictures correctly? A **linear probe** freezes the"
        " encoder and trains one layer on top. **Fine-tuning** trains the encoder further. **Transfer** starts from"
        " weights that others learned, such as ImageNet's, and training **from scratch** starts from random weights."
    )
    if not choice.candidates:
        _nothing_yet()
    else:
        _compared(choice)
    untested_table(cache.runs())


def _nothing_yet() -> None:
    with st.container(border=True):
        st.markdown("**No classifier has been tested yet.** Its test accuracy appears here when it has finished.")
        if st.button("Train a classifier", type="primary", icon=":material/arrow_forward:"):
            state.go("train", **{state.TASK: "probe"})


def _compared(choice: compare_choice.Choice) -> None:
    said = cache.advice(choice.rows, choice.runs) if len(choice.rows) > 1 else ""
    if said:
        with st.container(border=True, key="advice"):
            st.markdown(f":material/lightbulb: {plain(said)}")
    if choice.left_out:
        st.warning(
            f"Not compared: {plain(', '.join(choice.left_out))}. Accuracies on different pictures cannot be"
            " compared. The list of runs gives the reason for each.",
            icon=":material/block:",
        )
    side, chart = st.columns([1, 2.6], gap="large")
    with side:
        compare_choice.chooser(choice)
    with chart:
        if choice.rows:
            comparison_chart(choice.rows)
        else:
            st.caption("Tick at least one run that was tested.")
    if choice.rows:
        ladder_view(choice.rows, choice.runs)
        _behind(choice.rows, choice.runs)


def _behind(rows: list[ComparisonRow], runs: list[Run]) -> None:
    shows = {
        "Image by image": lambda: pair_view(rows, runs),
        "Curves": lambda: curves_view(rows, runs),
        "Scores and cost": lambda: (cost_view(rows), comparison_table(rows)),
        "What differs": lambda: what_differs(runs),
    }
    for tab, show in zip(st.tabs(list(shows), key=state.COMPARE_TAB, bind="query-params"), shows.values(), strict=True):
        if tab.open:
            with tab:
                show()


page()
