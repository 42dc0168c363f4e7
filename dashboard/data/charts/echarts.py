"""Pieces that the ECharts options of several pages share."""

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from sealife_core.evaluation.comparison.learning_curve import AccuracyForecast

_NO_TOOLTIP = {"show": False}


def chart_frame(left: int, right: int, top: int, bottom: int, **tooltip: Any) -> dict[str, Any]:
    """A chart without animation, with margins (px) around the labels of its axes; ``tooltip``: what of it differs."""
    return {
        "animation": False,
        "grid": {"left": left, "right": right, "top": top, "bottom": bottom, "containLabel": True},
        "tooltip": {"trigger": "item", "confine": True} | tooltip,
    }


def axis(kind: str, name: str = "", **more: Any) -> dict[str, Any]:
    """An axis of one of ECharts' kinds ("value", "log", "category"), with its name along it."""
    return {"type": kind} | ({"name": name, "nameLocation": "middle", "nameGap": 26} if name else {}) | more


def percent_axis(name: str = "", **more: Any) -> dict[str, Any]:
    """An axis of values in percent; :func:`axis`."""
    return axis("value", name, axisLabel={"formatter": "{value} %", "hideOverlap": True}) | more


def row_axis(names: Sequence[Any], **label: Any) -> dict[str, Any]:
    """An upright axis with a name a row, the first on top; ``label``: what of its lettering differs."""
    lettering = {"interval": 0, "width": 150, "overflow": "truncate"} | label
    return axis("category", inverse=True, data=list(names), axisTick={"show": False}, axisLabel=lettering)


def interval_line(
    start: list[Any], end: list[Any], colour: str, width: int = 4, opacity: float = 0.45
) -> dict[str, Any]:
    """A series: a broad pale line between two points, from one end of an interval to the other."""
    return {
        "type": "line", "silent": True, "symbol": "none", "tooltip": _NO_TOOLTIP, "data": [start, end],
        "lineStyle": {"width": width, "opacity": opacity, "color": colour, "cap": "round"},
    }  # fmt: skip


def mark_line(along: str, value: float, says: str, position: str, ink: str) -> dict[str, Any]:
    """The ``markLine`` of a series: dashed across the chart at ``value`` of ``along`` ("xAxis", "yAxis")."""
    return {
        "silent": True, "symbol": "none", "lineStyle": {"type": "dashed", "color": ink, "width": 1.25},
        "label": {"formatter": says, "position": position, "color": ink, "fontSize": 12}, "data": [{along: value}],
    }  # fmt: skip


def band(name: str, xs: Sequence[Any], ends: Sequence[tuple[float, float]], colour: str) -> list[dict[str, Any]]:
    """The area between two ends (shares) at each x."""
    silent = {"type": "line", "silent": True, "symbol": "none", "stack": name, "tooltip": {"show": False},
              "lineStyle": {"opacity": 0}, "color": colour}  # fmt: skip
    low = [[x, in_percent(least)] for x, (least, _) in zip(xs, ends, strict=True)]
    width = [[x, round(100 * (greatest - least), 2)] for x, (least, greatest) in zip(xs, ends, strict=True)]
    return [silent | {"data": low}, silent | {"data": width, "areaStyle": {"opacity": 0.18, "color": colour}}]


def accuracy_line(name: str, xs: Sequence[Any], shares: Sequence[float], colour: str) -> dict[str, Any]:
    """Through ``shares`` at each x, a dot each."""
    return {
        "type": "line", "name": name, "color": colour, "symbol": "circle", "symbolSize": 9,
        "data": [[x, in_percent(share)] for x, share in zip(xs, shares, strict=True)],
        "lineStyle": {"width": 2.5}, "tooltip": {"valueFormatter": "%.1f %%"},
    }  # fmt: skip


def ladder_option(values: Sequence[str], name: str, series: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Shares over ordered ``values``, whose title is ``name``; a legend where several of ``series`` have names."""
    names = [one["name"] for one in series if one.get("name")]
    return {
        **chart_frame(8, 24, 40 if len(names) > 1 else 16, 28),
        "legend": {"top": 0, "left": 0, "data": names} if len(names) > 1 else {"show": False},
        "xAxis": axis("category", name, data=list(values)),
        "yAxis": percent_axis(min=0),
        "series": list(series),
    }


def apart(places: Sequence[float], gap: float, end: float) -> list[float]:
    """``places`` between 0 and ``end``, moved as little as lets all stand ``gap`` apart, in the same order.

    Where there is no room for that, the gap is as large as fits.
    """
    gap = min(gap, end / max(1, len(places) - 1))
    order = sorted(range(len(places)), key=places.__getitem__)
    # Less what stands before it, no place may lie below the one before: neighbours that do share their mean.
    pools: list[list[float]] = []
    for number, place in enumerate(order):
        pools.append([places[place] - gap * number])
        while len(pools) > 1 and fmean(pools[-2]) > fmean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    last = end - gap * (len(places) - 1)
    bases = [min(max(0.0, fmean(pool)), last) for pool in pools for _ in pool]
    moved = {place: base + gap * number for number, (place, base) in enumerate(zip(order, bases, strict=True))}
    return [moved[place] for place in range(len(places))]


def in_percent(share: float) -> float:
    """As charts show it: 0.5 is 50."""
    return round(100 * share, 2)


def continued(name: str, x: float, y: float, told: Sequence[AccuracyForecast], colour: str) -> list[dict[str, Any]]:
    """From the last point (x, y) on: a dotted line through the forecasts, their intervals faint."""
    xs = [x, *(round(one.labels, 3) for one in told)]
    ends = [(y, y), *((one.low, one.high) for one in told)]
    line = accuracy_line(name, xs, [y, *(one.value for one in told)], colour)
    return [*band(name, xs, ends, colour), line | {"lineStyle": {"width": 2, "type": "dotted"}, "symbolSize": 5}]
