"""The reliability diagram as an ECharts option."""

from typing import Any

import pandas as pd

from dashboard.data.charts.echarts import chart_frame, interval_line, percent_axis

_EDGE_PX = 6.0, 30.0  # a dot of one picture, a dot of all


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
