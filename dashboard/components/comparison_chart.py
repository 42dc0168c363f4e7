"""Finished classifiers side by side: a dot, its 95 % interval, the line of chance; and the table behind it."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import state
from dashboard.components.run_results import between, percent
from dashboard.components.run_table import colours_of_all
from dashboard.errors import plain
from sealife_core.evaluation.comparison import ComparisonRow, duration

ROW_PX = 46


def comparison_view(rows: Sequence[ComparisonRow]) -> None:
    """Chart, how to read it, table. Runs tested on other pictures are named, and left out of the chart."""
    comparable = [row for row in rows if row.comparable]
    first = comparable[0]
    st.markdown(f"**Accuracy on {first.n:,} test pictures of {plain(first.data)}**")
    dark = st.context.theme.type == "dark"
    st.echarts_chart(
        comparison_option(comparable, colours_of_all(), "#A9BCC3" if dark else "#5B6F77"),
        height=56 + ROW_PX * len(comparable),
        key="comparison",
        alt="; ".join(f"{r.name}: {percent(r.accuracy)}, 95 % interval {between(r.low, r.high)}" for r in comparable),
    )
    st.caption(
        "A dot is the share of test pictures that were named right; its line is the 95 % interval: where the"
        " accuracy may well lie on other pictures of the same kind. Where two lines overlap widely,"
        " so few pictures cannot tell the runs apart. The dashed line is guessing the commonest class."
    )
    _table(rows)
    for row in rows:
        if not row.comparable:
            st.caption(f":material/info: {plain(row.name)}: {plain(row.why_not)}")


def comparison_option(rows: Sequence[ComparisonRow], colours: Mapping[str, str], ink: str) -> dict[str, Any]:
    """The ECharts option: best run on top."""
    chance = 100 * max(row.chance for row in rows)
    series: list[dict[str, Any]] = []
    for place, row in enumerate(rows):
        colour = colours[row.run_id]
        words = f"{percent(row.accuracy)}  ({between(row.low, row.high)}), macro-F1 {percent(row.macro_f1)}"
        series += [
            {
                "type": "line", "data": [[100 * row.low, place], [100 * row.high, place]], "symbol": "none",
                "lineStyle": {"width": 4, "color": colour, "opacity": 0.45, "cap": "round"}, "silent": True,
                "tooltip": {"show": False},
            },
            {
                "type": "scatter", "name": row.name, "data": [[round(100 * row.accuracy, 2), place]], "symbolSize": 15,
                "color": colour, "tooltip": {"formatter": "{a}<br>" + words},
                "label": {"show": True, "position": "top", "formatter": percent(row.accuracy), "fontSize": 13,
                          "distance": 4, "color": ink, "textBorderWidth": 0},
            },
        ]  # fmt: skip
    series[0]["markLine"] = {
        "silent": True, "symbol": "none", "lineStyle": {"type": "dashed", "color": ink, "width": 1.25},
        "label": {"formatter": f"guessing {chance:.0f} %", "position": "start", "color": ink, "fontSize": 12},
        "data": [{"xAxis": chance}],
    }  # fmt: skip
    names = [row.name if row.method in row.name else f"{row.name}\n{row.method}" for row in rows]
    return {
        "animation": False,
        "grid": {"left": 4, "right": 24, "top": 24, "bottom": 4, "containLabel": True},
        "tooltip": {"trigger": "item", "confine": True},
        "xAxis": {"type": "value", "min": 0, "max": 100, "axisLabel": {"formatter": "{value} %"}},
        "yAxis": {
            "type": "category", "inverse": True, "data": names, "axisTick": {"show": False},
            "axisLabel": {"interval": 0, "width": 150, "overflow": "truncate", "lineHeight": 16},
        },
        "series": series,
    }  # fmt: skip


def table_rows(rows: Sequence[ComparisonRow]) -> list[dict[str, str]]:
    """What the table says: words and numbers ready to be read."""
    return [
        {
            "Run": row.name,
            "Method": row.method,
            "Encoder": f"{row.encoder}, {row.source}",
            "Accuracy": f"{percent(row.accuracy)} ({between(row.low, row.high)})",
            "Macro-F1": f"{percent(row.macro_f1)} ({between(row.macro_f1_low, row.macro_f1_high)})",
            "Guessing": percent(row.chance),
            "Test pictures": f"{row.n:,}",
            "Labels": f"{row.label_fraction:g} %",
            "Trained for": duration(row.train_s),
        }
        for row in rows
    ]


def _table(rows: Sequence[ComparisonRow]) -> None:
    found = table_rows(rows)
    if len({row.label_fraction for row in rows}) == 1 and rows[0].label_fraction >= 100:
        found = [{k: v for k, v in row.items() if k != "Labels"} for row in found]
    frame = pd.DataFrame(found)
    colours = colours_of_all()
    frame.insert(0, "●", "⬤")
    paint = [f"color: {colours[row.run_id]}" for row in rows]
    event = st.dataframe(
        frame.style.apply(lambda _: paint, subset=["●"]),
        hide_index=True,
        column_config={"●": st.column_config.TextColumn("", width=24)},
        on_select="rerun",
        selection_mode="single-row",
        key=f"comparison.table.{len(rows)}",
        alt="The same as a table",
    )
    st.caption("In brackets: 95 % intervals. Tick a row to open its run.")
    chosen = event.selection.rows
    if chosen and chosen[0] < len(rows):
        state.open_run(rows[chosen[0]].run_id)
