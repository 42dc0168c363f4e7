"""Finished runs side by side: a dot, its 95 % interval, the line of chance; and the tables of scores."""

from collections.abc import Sequence

import streamlit as st

from dashboard import state
from dashboard.data.charts.comparison_charts import comparison_option
from dashboard.data.compared import score_rows
from dashboard.parts.runs.table import coloured_table, colours_of_all
from dashboard.theme import ink
from dashboard.words import between, percent_within, plain
from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow, by_encoder, representation_rows
from sealife_core.evaluation.figures.comparison_figures import SCORES, Score, scored
from sealife_core.models.facts import title_of
from sealife_core.runs.run import Run
from sealife_core.wording import duration, percent

ROW_PX = 52  # three lines of lettering, and some air
_READS: dict[Score, str] = {
    "accuracy": "A dot is the share of test pictures classified correctly. Its line is the 95 % interval (Wilson):"
    " the plausible accuracy on other pictures of the same kind. The dashed line is the accuracy of"
    " always guessing the most common class.",
    "macro_f1": "Macro-F1 combines precision and recall. Every class counts the same, rare ones too. Its line is"
    " the 95 % interval (bootstrap over pictures).",
}


def comparison_chart(rows: Sequence[ComparisonRow]) -> None:
    """One chart: the score of each of ``rows``, by encoder; and how to read it."""
    score: Score = st.segmented_control(
        "Score", list(SCORES), format_func=SCORES.__getitem__, default="accuracy", required=True,
        key=state.compare.SCORE.among(SCORES), bind="query-params", label_visibility="collapsed",
    ) or "accuracy"  # fmt: skip
    first = rows[0]
    st.markdown(f"**{SCORES[score]} on {first.n:,} test pictures of {plain(first.data)}**")
    st.echarts_chart(
        comparison_option(rows, colours_of_all(), ink(), score),
        height=44 + ROW_PX * (len(rows) + len(by_encoder(rows, score))),
        key=state.compare.CHART.of(score), alt="; ".join(_in_words(row, score) for row in rows),
    )  # fmt: skip
    st.caption(
        f"{_READS[score]} If two lines overlap, compare the runs image by image below: this can show smaller"
        " differences."
    )


def comparison_table(rows: Sequence[ComparisonRow]) -> None:
    """All scores, the cost, the number of pictures; a tick opens the run."""
    found = score_rows(rows)
    if not any(row.fewer_labels for row in rows):
        found = [{k: v for k, v in row.items() if k != "Labels"} for row in found]
    event = coloured_table(
        found, [row.run_id for row in rows], on_select="rerun", selection_mode="single-row",
        key=state.compare.TABLE.of(len(rows)), alt="The scores and costs as a table",
    )  # fmt: skip
    st.caption("In brackets: 95 % intervals. Tick a row to open its run.")
    chosen = event.selection.rows
    if chosen and chosen[0] < len(rows):
        state.go("runs", {state.runs.RUN: rows[chosen[0]].run_id})


def untested_table(runs: Sequence[Run]) -> None:
    """What the features of SimCLR runs, which have no classifier, are worth by k-NN, best first; if there are any."""
    rows = representation_rows(runs)
    if not rows:
        return
    st.subheader("SimCLR, before any classifier")
    coloured_table(
        [
            {
                "Run": row.name,
                "Encoder": f"{title_of(row.encoder)}, {row.source}",
                "k-NN": percent_within(row.knn_accuracy, row.low, row.high),
                "Guessing": percent(row.chance),
                "Validation pictures": f"{row.n:,} of {row.data}",
                "Trained for": duration(row.train_s),
            }
            for row in rows
        ],
        [row.run_id for row in rows],
        alt="k-NN accuracy of SimCLR runs",
    )
    st.caption(
        "k-NN accuracy: the share of validation pictures that their nearest training pictures classify correctly."
        " It is measured on other pictures than the test accuracy, so do not compare the two. In brackets: 95 %"
        " intervals."
    )


def _in_words(row: ComparisonRow, score: Score) -> str:
    value, low, high = scored(row, score)
    return f"{row.name}: {percent(value)}, 95 % interval {between(low, high)}"
