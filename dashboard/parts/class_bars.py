"""Bars, one a class, each in the colour that the class has everywhere."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard import state
from dashboard.data.echarts import chart_frame
from dashboard.words import SPLIT_WORDS
from sealife_core.evaluation.figures.palette import UNLABELLED_COLOUR

MOST_CLASSES = 60  # nobody reads a chart of 500 bars: a sentence says how many are not shown
BAR_PX = 24
SHADES = (1.0, 0.6, 0.3)  # of training, validation and test
GREY = "#8A979C"  # of the legend: there is no one colour for all classes


def balance_bars(counts: Mapping[str, Mapping[str, int]], colours: Mapping[str, str]) -> None:
    """Pictures of each class, stacked by split; a click on a bar shows them. ``counts``: class → split →
    pictures; ``colours``: class → its colour."""
    order = sorted(colours, key=lambda name: -sum(counts[name].values()))
    shown = order[:MOST_CLASSES]
    st.echarts_chart(
        balance_option(counts, shown, colours), height=60 + BAR_PX * len(shown),
        key=state.data.BALANCE, on_select=lambda: _show(shown),
        alt=f"Pictures of each of {len(shown)} classes by split; most: {shown[0]}, fewest: {order[-1]}",
    )  # fmt: skip
    if len(order) > len(shown):
        st.caption(f"The {len(shown)} largest of {len(order)} classes are shown.")


def _show(shown: Sequence[str]) -> None:
    for series, place in state.data.BALANCE.marks()[:1]:
        if place < len(shown):
            state.data.show_pictures(shown[place], list(SPLIT_WORDS)[series])


def balance_option(
    counts: Mapping[str, Mapping[str, int]], shown: Sequence[str], colours: Mapping[str, str]
) -> dict[str, Any]:
    """ECharts option of :func:`balance_bars`, largest class on top."""
    series = [
        {
            "type": "bar", "name": title, "stack": "all", "selectedMode": "single", "barWidth": "66%",
            "color": GREY, "itemStyle": {"opacity": shade},
            "data": [
                {"value": int(counts[name].get(split, 0)), "itemStyle": {"color": colours[name], "opacity": shade}}
                for name in shown
            ],
        }
        for (split, title), shade in zip(SPLIT_WORDS.items(), SHADES, strict=True)
    ]  # fmt: skip
    return _frame(shown) | {"legend": {"top": 0, "left": 0, "icon": "roundRect"}, "series": series}


def per_class_bars(per_class: Sequence[Mapping[str, Any]], colours: Mapping[str, str]) -> None:
    """Recall as a bar, precision as a tick, weakest class first: where the network needs help."""
    scored = [row for row in per_class if isinstance(row.get("recall"), int | float)]
    rows = sorted(scored, key=lambda row: row["recall"])[:MOST_CLASSES]
    if not rows:
        return
    st.echarts_chart(
        per_class_option(rows, colours), height=60 + BAR_PX * len(rows), key=state.runs.PER_CLASS,
        alt=f"Recall and precision of {len(rows)} classes; weakest {rows[0]['label']}, strongest {rows[-1]['label']}",
    )  # fmt: skip
    if len(scored) > len(rows):
        st.caption(f"The {len(rows)} weakest of {len(scored)} classes are shown.")


def per_class_option(rows: Sequence[Mapping[str, Any]], colours: Mapping[str, str]) -> dict[str, Any]:
    """ECharts option of :func:`per_class_bars`."""
    bars = [
        {
            "value": round(100 * row["recall"], 1),
            "itemStyle": {"color": colours.get(row["label"], UNLABELLED_COLOUR)},
        }
        for row in rows
    ]
    ticks = [round(100 * (row.get("precision") or 0), 1) for row in rows]
    frame = _frame([f"{row['label']}  ({row.get('n', 0)})" for row in rows])
    frame["xAxis"] |= {"max": 100, "axisLabel": {"formatter": "{value} %"}}
    frame["tooltip"] |= {"valueFormatter": "%.1f %%"}
    return frame | {
        "legend": {"top": 0, "left": 0},
        "series": [
            {"type": "bar", "name": "recall", "barWidth": "60%", "color": GREY, "data": bars},
            {
                "type": "scatter", "name": "precision", "symbol": "diamond", "symbolSize": 11, "data": ticks,
                "itemStyle": {"color": "#FFFFFF", "borderColor": "#14262E", "borderWidth": 1.5}, "z": 5,
            },
        ],
    }  # fmt: skip


def _frame(names: Sequence[str]) -> dict[str, Any]:
    return {
        **chart_frame(4, 20, 32, 4),
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}, "confine": True},
        "xAxis": {"type": "value", "minInterval": 1},
        "yAxis": {
            "type": "category", "inverse": True, "data": list(names), "axisTick": {"show": False},
            "axisLabel": {"interval": 0, "width": 150, "overflow": "truncate"},
        },
    }  # fmt: skip
