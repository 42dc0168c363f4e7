"""Pictures of each class, its recall and precision, and how reliable confidences are, as ECharts options."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dashboard.data.charts.echarts import axis, chart_frame, interval_line, percent_axis, row_axis
from sealife_core.evaluation.figures.palette import UNLABELLED_COLOUR
from sealife_core.wording import SPLIT_WORDS

SHADES = (1.0, 0.6, 0.3)  # of training, validation and test
GREY = "#8A979C"  # of the legend: there is no one colour for all classes
_EDGE_PX = 6.0, 30.0  # a dot of one picture, a dot of all
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


def reliability_option(filled: pd.DataFrame, colour: str, ink: str) -> dict[str, Any]:
    """Confidence across, accuracy up, in percent; ``filled`` has a row a bin with pictures."""
    columns = ("confidence", "accuracy", "accuracy_low", "accuracy_high")
    rows = list(zip(*(100 * filled[column] for column in columns), filled["n"], strict=True))
    most = max((int(n) for *_, n in rows), default=1)
    small, large = _EDGE_PX
    dots = [
        {
            "value": [round(sure, 1), round(right, 1), int(n)],
            "symbolSize": round(small + (large - small) * (n / most) ** 0.5, 1),
        }
        for sure, right, _, _, n in rows
    ]
    whiskers = [interval_line([sure, low], [sure, high], colour, 3, 0.4) for sure, _, low, high, _ in rows]
    ideal = {
        "type": "line", "data": [[0, 0], [100, 100]], "symbol": "none", "silent": True, "tooltip": {"show": False},
        "lineStyle": {"type": "dashed", "color": ink, "width": 1.25},
    }  # fmt: skip
    dot_series = {
        "type": "scatter", "data": dots, "color": colour, "selectedMode": "single", "z": 5,
        "clip": False,  # a dot at 100 % is drawn whole
        "encode": {"x": 0, "y": 1, "tooltip": [0, 1, 2]}, "dimensions": ["sure (%)", "right (%)", "pictures"],
        "itemStyle": {"borderColor": "#FFFFFF", "borderWidth": 1.5},
    }  # fmt: skip
    return {
        **chart_frame(22, 32, 24, 26),
        "xAxis": percent_axis("confidence", min=0, max=100, nameGap=28),
        "yAxis": percent_axis("right", min=0, max=100, nameGap=44),
        "series": [dot_series, ideal, *whiskers],
    }
