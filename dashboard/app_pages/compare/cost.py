"""What accuracy costs: the time that training took; and how deep it goes, where runs differ in that alone."""

from collections.abc import Mapping, Sequence
from math import floor, log10
from typing import Any

import streamlit as st

from dashboard.data.echarts import PERCENT, chart_frame, interval_line
from dashboard.parts.runs.table import colours_of_all
from dashboard.state import compare
from dashboard.theme import accent, ink
from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow
from sealife_core.evaluation.comparison.differences import ladders
from sealife_core.runs.run import Run
from sealife_core.wording import duration, percent

STAGES = ("0: probe", "1", "2", "3", "4", "5: all")


def cost_view(rows: Sequence[ComparisonRow]) -> None:
    """Accuracy against training time, one dot a run; a ring where pre-training is counted too."""
    timed = [row for row in rows if row.train_s]
    if not timed:
        st.caption("The training time of these runs was not recorded.")
        return
    st.markdown("**Accuracy against training time**")
    st.echarts_chart(
        cost_option(timed, colours_of_all(), ink()), height=320, key=compare.CHART.of("cost"),
        alt="; ".join(f"{row.name}: {percent(row.accuracy)} after {duration(row.train_s)}" for row in timed),
    )  # fmt: skip
    rings = " The ring of a dot includes the time to pre-train the encoder. Other runs can share that pre-training."
    st.caption(
        "Left is cheaper, up is better. Each step on the time axis is a factor of ten."
        + (rings if any(row.pretrain_s for row in timed) else "")
        + " Times depend on the machine and on what else it was doing. The table lists the parameters trained."
    )


def cost_option(rows: Sequence[ComparisonRow], colours: Mapping[str, str], ink: str) -> dict[str, Any]:
    """The ECharts option of :func:`cost_view`; minutes on a logarithmic axis."""
    series: list[dict[str, Any]] = []
    minutes = []
    for row in rows:
        own = (row.train_s or 0.0) / 60
        accuracy, colour = round(100 * row.accuracy, 2), colours[row.run_id]
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
        "xAxis": {"type": "log", "name": "minutes", "nameLocation": "middle", "nameGap": 26,
                  "min": 10 ** _floor_log(min(minutes)), "max": 10 ** (_floor_log(max(minutes)) + 1)},
        "yAxis": {"type": "value", "min": 0} | PERCENT,
        "series": series,
    }  # fmt: skip


def ladder_view(rows: Sequence[ComparisonRow], runs: Sequence[Run]) -> None:
    """Accuracy against how many stages were trained, for each set of runs that differ in nothing else."""
    found = ladders(rows, runs)
    if not found:
        return
    st.markdown("**How deep the training goes**")
    for place, ladder in enumerate(found):
        st.echarts_chart(
            ladder_option(ladder, accent()), height=260, key=compare.CHART.of("ladder", place),
            alt="; ".join(f"{stages} stages: {percent(row.accuracy)}" for stages, row in ladder),
        )  # fmt: skip
    st.caption(
        "These runs differ only in how many of the encoder's five stages were trained, starting with the deepest."
        " Bars are 95 % intervals."
    )


def ladder_option(ladder: Sequence[tuple[int, ComparisonRow]], colour: str) -> dict[str, Any]:
    """The ECharts option of :func:`ladder_view`: a line over depth, an upright interval at each."""
    placed = [(STAGES[stages], row) for stages, row in ladder]
    line = {
        "type": "line", "color": colour, "symbol": "circle", "symbolSize": 11, "tooltip": {"valueFormatter": "%.1f %%"},
        "data": [[stage, round(100 * row.accuracy, 2)] for stage, row in placed],
    }  # fmt: skip
    bars = [interval_line([stage, 100 * row.low], [stage, 100 * row.high], colour) for stage, row in placed]
    return {
        **chart_frame(8, 16, 16, 28),
        "xAxis": {"type": "category", "data": list(STAGES), "name": "trained stages", "nameLocation": "middle",
                  "nameGap": 26},
        "yAxis": {"type": "value", "min": 0} | PERCENT,
        "series": [line, *bars],
    }  # fmt: skip


def _floor_log(value: float) -> int:
    """The power of ten at or below ``value``."""
    return floor(log10(max(value, 1e-3)))
