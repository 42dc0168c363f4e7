"""Curves of runs: title, chart, and how to read it."""

from collections.abc import Sequence

import streamlit as st

from dashboard.data.charts.epoch_charts import curve_option
from dashboard.data.metric_curves import Curve
from dashboard.data.panels import Panel
from dashboard.state import Key
from dashboard.theme import ink

HEIGHT_PX = 230


def draw_panel(
    panel: Panel, curves: Sequence[Curve], chances: Sequence[float], epochs: float, key: Key, log: bool = False
) -> None:
    """Title, chart and one sentence on how to read it. ``epochs``: end of the axis, the same for all panels."""
    with st.container(gap="xsmall"):
        st.markdown(f"**{panel.title}**")
        if curves:
            option = curve_option(panel, curves, chances, ink(), epochs, log)
            st.echarts_chart(option, height=HEIGHT_PX, key=key, alt=_alternative(panel, curves))
        else:
            with st.container(height=HEIGHT_PX, border=False, vertical_alignment="center"):
                st.caption(panel.nothing)
        batched = sorted({curve.batched for curve in curves if curve.batched > 1})
        thinned_says = f" Each point is the mean of {' or '.join(map(str, batched))} steps." if batched else ""
        lines = {curve.faint for curve in curves}
        thin = next((line.label for line in panel.lines if line.faint), "")
        runs_says = f" Thin lines: {thin}." if len(lines) > 1 and len({c.colour for c in curves}) > 1 else ""
        st.caption(panel.says + runs_says + thinned_says)


def _alternative(panel: Panel, curves: Sequence[Curve]) -> str:
    unit = " %" if panel.percent else ""
    ends = "; ".join(
        f"{c.label} from {c.points[0][1]:.4g}{unit} to {c.points[-1][1]:.4g}{unit} at epoch {c.points[-1][0]:g}"
        for c in curves
    )
    return f"{panel.title} over epochs: {ends}."
