"""Bars, one a class, as ECharts options: how many pictures it has, how well it is recognised."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.data.charts.echarts import axis, chart_frame, percent_axis, row_axis
from dashboard.words import SPLIT_WORDS
from sealife_core.evaluation.figures.palette import UNLABELLED_COLOUR

SHADES = (1.0, 0.6, 0.3)  # of training, validation and test
GREY = "#8A979C"  # of the legend: there is no one colour for all classes
_OF_ROW = {"trigger": "axis", "axisPointer": {"type": "shadow"}}


def balance_option(
    counts: Mapping[str, Mapping[str, int]], shown: Sequence[str], colours: Mapping[str, str]
) -> dict[str, Any]:
    """Pictures of each class, stacked by split. ``counts``: class → split → pictures; ``colours``: of each class."""
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
    return {
        **chart_frame(4, 20, 32, 4, **_OF_ROW),
        "xAxis": axis("value", minInterval=1),
        "yAxis": row_axis(shown),
        "legend": {"top": 0, "left": 0, "icon": "roundRect"},
        "series": series,
    }


def per_class_option(rows: Sequence[Mapping[str, Any]], colours: Mapping[str, str]) -> dict[str, Any]:
    """Recall as a bar, precision as a tick; ``colours``: of each class."""
    bars = [
        {
            "value": round(100 * row["recall"], 1),
            "itemStyle": {"color": colours.get(row["label"], UNLABELLED_COLOUR)},
        }
        for row in rows
    ]
    ticks = [round(100 * (row.get("precision") or 0), 1) for row in rows]
    return {
        **chart_frame(4, 20, 32, 4, **_OF_ROW, valueFormatter="%.1f %%"),
        "xAxis": percent_axis(minInterval=1, max=100),
        "yAxis": row_axis([f"{row['label']}  ({row.get('n', 0)})" for row in rows]),
        "legend": {"top": 0, "left": 0},
        "series": [
            {"type": "bar", "name": "recall", "barWidth": "60%", "color": GREY, "data": bars},
            {
                "type": "scatter", "name": "precision", "symbol": "diamond", "symbolSize": 11, "data": ticks,
                "itemStyle": {"color": "#FFFFFF", "borderColor": "#14262E", "borderWidth": 1.5}, "z": 5,
            },
        ],
    }  # fmt: skip
