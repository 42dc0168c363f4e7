"""The charts of a comparison as ECharts options: scores by encoder, cost, depth of training, changes by class."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.data.charts.echarts import (
    accuracy_line,
    axis,
    chart_frame,
    in_percent,
    interval_line,
    ladder_option,
    mark_line,
    percent_axis,
    row_axis,
)
from dashboard.words import between, with_method
from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow, by_encoder
from sealife_core.evaluation.comparison.paired import ClassChange
from sealife_core.evaluation.figures.comparison_figures import SCORES, Score, scored
from sealife_core.evaluation.figures.palette import UNLABELLED_COLOUR
from sealife_core.wording import duration, percent

STAGES = ("0: probe", "1", "2", "3", "4", "5: all")


def comparison_option(
    rows: Sequence[ComparisonRow], colours: Mapping[str, str], ink: str, score: Score = "accuracy"
) -> dict[str, Any]:
    """Runs under the encoder that they use, best on top."""
    names: list[Any] = []
    series: list[dict[str, Any]] = []
    for encoder, group in by_encoder(rows, score):
        names.append({"value": encoder, "textStyle": {"fontWeight": "bold", "color": ink}})
        for row in group:
            series += _dot(row, len(names), colours[row.run_id], ink, score)
            names.append(with_method(row.name, row.method, "\n"))
    if score == "accuracy" and series:
        chance = max(row.chance for row in rows)
        series[0]["markLine"] = mark_line("xAxis", 100 * chance, f"guessing {percent(chance, 0)}", "start", ink)
    highest = max((100 * scored(row, score)[2] for row in rows), default=100)
    return {
        **chart_frame(4, 24, 24, 4),
        "xAxis": percent_axis(min=0, max=min(100, 10 * math.ceil(highest / 10))),
        "yAxis": row_axis(names, width=190, overflow="break", lineHeight=16),
        "series": series,
    }


def cost_option(rows: Sequence[ComparisonRow], colours: Mapping[str, str], ink: str) -> dict[str, Any]:
    """A dot a run, a ring where pre-training is counted too; minutes on a logarithmic axis."""
    series: list[dict[str, Any]] = []
    minutes = []
    for row in rows:
        own = (row.train_s or 0.0) / 60
        accuracy, colour = in_percent(row.accuracy), colours[row.run_id]
        points: list[dict[str, Any]] = [{"value": [round(own, 4), accuracy]}]
        minutes.append(own)
        if row.pretrain_s:
            minutes.append(own + row.pretrain_s / 60)
            ring = {"color": "transparent", "borderColor": colour, "borderWidth": 2.5}
            points.append({"value": [round(minutes[-1], 4), accuracy], "itemStyle": ring})
        series.append(
            {
                "type": "line", "name": row.name, "color": colour, "lineStyle": {"width": 1.5, "type": "dotted"},
                "symbol": "circle", "symbolSize": 15, "emphasis": {"disabled": True}, "data": points,
                "tooltip": {"formatter": f"{{a}}<br>{percent(row.accuracy)} after {duration(row.train_s)}"},
            }
        )  # fmt: skip
    return {
        **chart_frame(8, 24, 44, 28),
        "legend": {"top": 0, "left": 0, "type": "scroll", "icon": "circle", "textStyle": {"color": ink}},
        "xAxis": axis("log", "minutes", min=10 ** _floor_log(min(minutes)), max=10 ** (_floor_log(max(minutes)) + 1)),
        "yAxis": percent_axis(min=0),
        "series": series,
    }


def depth_option(ladder: Sequence[tuple[int, ComparisonRow]], colour: str) -> dict[str, Any]:
    """A line over the depth of training, an upright interval at each; ``ladder``: of differences.ladders."""
    placed = [(STAGES[stages], row) for stages, row in ladder]
    line = accuracy_line("", [stage for stage, _ in placed], [row.accuracy for _, row in placed], colour)
    bars = [interval_line([stage, 100 * row.low], [stage, 100 * row.high], colour) for stage, row in placed]
    return ladder_option(STAGES, "trained stages", [line, *bars])


def class_option(changes: Sequence[ClassChange], colour_of: Mapping[str, str], ink: str) -> dict[str, Any]:
    """Two bars a class, away from the middle, in its colour; what is broken is half transparent."""
    colours = [colour_of.get(change.label, UNLABELLED_COLOUR) for change in changes]
    most = max(max(change.fixed, change.broken) for change in changes)
    sides = (
        ("fixed", [change.fixed for change in changes], "FF", "right"),
        ("broken", [-change.broken for change in changes], "80", "left"),
    )
    title = {"top": 6, "textStyle": {"fontSize": 13, "color": ink}}
    return {
        **chart_frame(4, 16, 40, 4, show=False),
        "title": [title | {"text": "← broken", "right": "55%"}, title | {"text": "fixed →", "right": 16}],
        # The labels show the counts: a tick of −3 pictures would make no sense.
        "xAxis": axis(
            "value", min=-1.15 * most, max=1.15 * most, axisLabel={"show": False}, splitLine={"show": False}
        ),
        "yAxis": row_axis([f"{change.label} ({change.n})" for change in changes])
        | {"axisLine": {"onZero": False, "show": False}},
        "series": [
            {
                "type": "bar", "name": name, "stack": "both", "barWidth": "66%", "selectedMode": "single",
                "data": [
                    {
                        "value": value, "itemStyle": {"color": colour + shade},
                        "label": {"show": value != 0, "position": side, "formatter": f"{abs(value)}", "color": ink},
                    }
                    for value, colour in zip(values, colours, strict=True)
                ],
            }
            for name, values, shade, side in sides
        ],
    }  # fmt: skip


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


def _floor_log(value: float) -> int:
    """The power of ten at or below ``value``."""
    return math.floor(math.log10(max(value, 1e-3)))
