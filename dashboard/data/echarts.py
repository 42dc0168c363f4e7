"""Pieces that the ECharts options of several pages share."""

from typing import Any

PERCENT = {"axisLabel": {"formatter": "{value} %"}}
_NO_TOOLTIP = {"show": False}


def chart_frame(left: int, right: int, top: int, bottom: int, *, tooltip: bool = True) -> dict[str, Any]:
    """A chart without animation, with margins (px) around the labels of its axes; ``tooltip``: on what is hovered."""
    return {
        "animation": False,
        "grid": {"left": left, "right": right, "top": top, "bottom": bottom, "containLabel": True},
        "tooltip": {"trigger": "item", "confine": True} if tooltip else _NO_TOOLTIP,
    }


def interval_line(
    start: list[Any], end: list[Any], colour: str, width: int = 4, opacity: float = 0.45
) -> dict[str, Any]:
    """A series: a broad pale line between two points, from one end of an interval to the other."""
    return {
        "type": "line", "silent": True, "symbol": "none", "tooltip": _NO_TOOLTIP, "data": [start, end],
        "lineStyle": {"width": width, "opacity": opacity, "color": colour, "cap": "round"},
    }  # fmt: skip


def mark_line(axis: str, value: float, says: str, position: str, ink: str) -> dict[str, Any]:
    """The ``markLine`` of a series: dashed across the chart at ``value`` of ``axis`` ("xAxis", "yAxis")."""
    return {
        "silent": True, "symbol": "none", "lineStyle": {"type": "dashed", "color": ink, "width": 1.25},
        "label": {"formatter": says, "position": position, "color": ink, "fontSize": 12}, "data": [{axis: value}],
    }  # fmt: skip
