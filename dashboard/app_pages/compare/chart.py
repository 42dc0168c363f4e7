"""Finished runs side by side: a dot, its 95 % interval, the line of chance; and the tables of scores."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard import state
from dashboard.data.echarts import chart_frame, interval_line, mark_line
from dashboard.parts.runs.table import coloured_table, colours_of_all
from dashboard.theme import ink
from dashboard.words import between, plain, with_method
from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow, by_encoder, representation_rows
from sealife_core.evaluation.figures.comparison_figures import Score, scored
from sealife_core.models.facts import title_of
from sealife_core.runs.run import Run
from sealife_core.wording import duration, percent

ROW_PX, HEADING_PX = 48, 34
SCORES: dict[Score, str] = {"accuracy": "Accuracy", "macro_f1": "Macro-F1"}
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
        height=44 + ROW_PX * len(rows) + HEADING_PX * len(by_encoder(rows, score)),
        key=state.compare.CHART.of(score), alt="; ".join(_in_words(row, score) for row in rows),
    )  # fmt: skip
    st.caption(
        f"{_READS[score]} If two lines overlap, compare the runs image by image below: this can show smaller"
        " differences."
    )


def comparison_option(
    rows: Sequence[ComparisonRow], colours: Mapping[str, str], ink: str, score: Score = "accuracy"
) -> dict[str, Any]:
    """The ECharts option: runs under the encoder that they use, best on top."""
    names: list[Any] = []
    series: list[dict[str, Any]] = []
    for encoder, group in by_encoder(rows, score):
        names.append({"value": encoder, "textStyle": {"fontWeight": "bold", "color": ink}})
        for row in group:
            series += _dot(row, len(names), colours[row.run_id], ink, score)
            names.append(with_method(row.name, row.method, "\n"))
    if score == "accuracy" and series:
        chance = 100 * max(row.chance for row in rows)
        series[0]["markLine"] = mark_line("xAxis", chance, f"guessing {chance:.0f} %", "start", ink)
    highest = max((100 * scored(row, score)[2] for row in rows), default=100)
    return {
        **chart_frame(4, 24, 24, 4),
        "xAxis": {"type": "value", "min": 0, "max": min(100, 10 * math.ceil(highest / 10)),
                  "axisLabel": {"formatter": "{value} %", "hideOverlap": True}},
        "yAxis": {
            "type": "category", "inverse": True, "data": names, "axisTick": {"show": False},
            "axisLabel": {"interval": 0, "width": 170, "overflow": "break", "lineHeight": 16},
        },
        "series": series,
    }  # fmt: skip


def comparison_table(rows: Sequence[ComparisonRow]) -> None:
    """All scores, the cost, the number of pictures; a tick opens the run."""
    found = table_rows(rows)
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


def table_rows(rows: Sequence[ComparisonRow]) -> list[dict[str, str]]:
    """What the table says: words and numbers ready to be read."""
    return [
        {
            "Run": row.name,
            "Method": row.method,
            "Accuracy": f"{percent(row.accuracy)} ({between(row.low, row.high)})",
            "Macro-F1": f"{percent(row.macro_f1)} ({between(row.macro_f1_low, row.macro_f1_high)})",
            "Trained for": duration(row.train_s),
            "Pre-trained for": duration(row.pretrain_s),
            "Parameters trained": "–" if row.parameters_trained is None else f"{row.parameters_trained:,}",
            "Encoder": f"{title_of(row.encoder)}, {row.source}",
            "Guessing": percent(row.chance),
            "Test pictures": f"{row.n:,}",
            "Labels": row.fewer_labels or "all",
        }
        for row in rows
    ]


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
                "k-NN": f"{percent(row.knn_accuracy)} ({between(row.low, row.high)})",
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


def _dot(row: ComparisonRow, place: int, colour: str, ink: str, score: Score) -> list[dict[str, Any]]:
    value, low, high = scored(row, score)
    words = f"{SCORES[score]} {percent(value)}  ({between(low, high)})<br>{row.n:,} test pictures"
    return [
        interval_line([100 * low, place], [100 * high, place], colour),
        {
            "type": "scatter", "name": row.name, "data": [[round(100 * value, 2), place]], "symbolSize": 15,
            "color": colour, "tooltip": {"formatter": "{a}<br>" + words},
            "label": {"show": True, "position": "top", "formatter": percent(value), "fontSize": 13,
                      "distance": 4, "color": ink, "textBorderWidth": 0},
        },
    ]  # fmt: skip


def _in_words(row: ComparisonRow, score: Score) -> str:
    value, low, high = scored(row, score)
    return f"{row.name}: {percent(value)}, 95 % interval {between(low, high)}"
