"""Curves of runs over epochs as an ECharts option, drawn without a flicker.

ECharts and not Plotly: in a fragment that refreshes, Plotly loses its node and shows blank frames.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dashboard.data.charts.echarts import apart, axis, chart_frame
from dashboard.data.metric_curves import Curve
from dashboard.data.panels import Panel

PLOT_PX = 175  # between the axes, without a legend; labels of this height stand beside lines
LABEL_PX = 17
LINE_PX = 2  # a curve this close to a dashed line runs along it, not through its label
LABEL_SHARE = 0.45  # of the width of a narrow chart, which a label may take
FAINT = 0.8  # fainter, a dark colour is not seen on a dark page


def curve_option(
    panel: Panel, curves: Sequence[Curve], chances: Sequence[float], ink: str, epochs: float, log: bool = False
) -> dict[str, Any]:
    """``chances``: levels of guessing; ``ink``: colour of their lines; ``epochs``: axis end.

    ``log``: a logarithmic scale, on which what is not positive has no place. Curves with a name at their end get room.
    """
    if log:
        curves = [replace(curve, points=[point for point in curve.points if point[1] > 0]) for curve in curves]
    points = [(at / epochs, value) for curve in curves for at, value in curve.points]
    values = [value for _, value in points] + list(chances)
    low, high = (min(values), max(values)) if values else (0.1, 1.0) if log else (0.0, 1.0)
    # Flat curves: as much room as is left of it when the ends of the axis are rounded.
    room = max(0.06 * (high - low), 0.01 * max(abs(low), abs(high))) or 1.0
    several = len({curve.colour for curve in curves}) > 1
    legend = len(curves) > 1 and not several  # several runs share one legend above all charts
    least = 0 if panel.from_zero and low >= 0 else _tidy(low - room)
    upright = _log_axis(low, high) if log else axis("value", min=least, max=_tidy(high + room))
    ends = _places([curve.points[-1][1] for curve in curves if curve.end and curve.points], upright)
    # ECharts' own labelLayout does not move names at the ends of lines.
    down_px = iter(round(to - at) for at, to in zip(ends, apart(ends, LABEL_PX, PLOT_PX), strict=True))
    return {
        **chart_frame(
            8, 64 if any(curve.end for curve in curves) else 14, 34 if legend else 12, 24,
            trigger="axis", valueFormatter="%.1f %%" if panel.percent else "%.4g",
        ),
        "legend": {"show": legend, "top": 0, "left": 0, "itemWidth": 26, "itemHeight": 8, "type": "scroll"},
        "xAxis": axis(
            "value", "epoch", nameGap=24, min=0, max=epochs, splitLine={"show": False}, axisLine={"onZero": False},
            axisLabel={"showMaxLabel": False},
        ),
        "yAxis": upright | {
            "axisLabel": {"formatter": "{value} %" if panel.percent else "{value}", "showMaxLabel": log,
                          "showMinLabel": log or panel.from_zero},
        },
        "series": [_series(curve, ink, next(down_px) if curve.end and curve.points else 0) for curve in curves]
        + _chance_lines(chances, panel, ink, upright, points),
    }  # fmt: skip


def _series(curve: Curve, ink: str, down_px: int) -> dict[str, Any]:
    """``down_px``: how far below the end of the curve its name stands."""
    opacity = FAINT if curve.faint else 1.0
    named = {
        "endLabel": {"show": True, "formatter": curve.end, "color": ink, "fontSize": 13, "distance": 6,
                     "offset": [0, down_px]},
    }  # fmt: skip
    return (named if curve.end else {}) | {
        "type": "line", "name": curve.label, "data": curve.points, "color": curve.colour,
        "showSymbol": len(curve.points) <= 40 and not curve.faint, "symbolSize": 6, "symbol": "circle",
        "lineStyle": {"width": 1.25 if curve.faint else 2.25, "opacity": opacity,
                      "type": "dashed" if curve.dashed else "solid"},
        "itemStyle": {"opacity": opacity}, "emphasis": {"disabled": True},
    }  # fmt: skip


def _chance_lines(
    chances: Sequence[float], panel: Panel, ink: str, upright: Mapping[str, Any], points: Sequence[tuple[float, float]]
) -> list[dict[str, Any]]:
    """A dashed line at each level; of levels that lie closer than their labels are high, one label names all.

    points: of all curves, as shares of the epochs and values; a label stands where none of them is, if it can.
    """
    if not chances:
        return []
    levels = sorted(chances)
    places = _places(levels, upright)
    says = "ln(2N − 1) =" if panel.chance == "chance_loss" else "guessing"
    unit, digits = (" %", 1) if panel.percent else ("", 2)
    marks, close = [], []
    around = list(zip([along for along, _ in points], _places([value for _, value in points], upright), strict=True))
    for level, place, above in zip(levels, places, [*places[1:], -math.inf], strict=True):
        close.append(f"{level:.{digits}f}")
        ends = place - above >= LABEL_PX
        words = f"{says} {', '.join(close)}{unit}"
        marks.append({
            "yAxis": level, "label": {"show": ends, "formatter": words, "position": _free_side(place, around)},
        })  # fmt: skip
        close = [] if ends else close
    line = {
        "silent": True, "animation": False, "symbol": "none", "data": marks,
        "lineStyle": {"type": "dashed", "color": ink, "width": 1.25},
        "label": {"color": ink, "fontSize": 12},
    }  # fmt: skip
    return [{"type": "line", "data": [], "markLine": line, "tooltip": {"show": False}}]


def _free_side(place: float, points: Sequence[tuple[float, float]]) -> str:
    """Where a label of the line ``place`` px below the top lies over none of ``points`` (share of the epochs, px)."""
    for above in (True, False):
        for at_end in (True, False):
            low, high = (place - LABEL_PX, place - LINE_PX) if above else (place + LINE_PX, place + LABEL_PX)
            near = (along >= 1 - LABEL_SHARE if at_end else along <= LABEL_SHARE for along, _ in points)
            if not any(beside and low < down < high for beside, (_, down) in zip(near, points, strict=True)):
                return f"inside{'End' if at_end else 'Start'}{'Top' if above else 'Bottom'}"
    return "insideEndTop"


def _places(values: Sequence[float], upright: Mapping[str, Any]) -> list[float]:
    """How far below the top of the plot each of ``values`` is, in px."""
    scale = math.log if upright["type"] == "log" else float
    low, high = scale(upright["min"]), scale(upright["max"])
    return [PLOT_PX * (high - scale(value)) / (high - low) for value in values]


def _log_axis(low: float, high: float) -> dict[str, Any]:
    """From power to power: of two, where powers of ten would leave the axis with a single label."""
    base = 10 if high >= 100 * low else 2
    least, most = math.floor(math.log(low, base)), math.ceil(math.log(high, base))
    return axis("log", logBase=base, min=float(base) ** least, max=float(base) ** max(most, least + 1))


def _tidy(value: float) -> float:
    return float(f"{value:.3g}")
