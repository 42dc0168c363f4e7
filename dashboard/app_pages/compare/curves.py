"""The curves of compared runs over each other, smoothed and on a logarithmic scale if asked."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from dashboard import state
from dashboard.cache import training
from dashboard.data.metric_curves import curves_of, last_epoch, smoothed
from dashboard.data.panels import CLASSIFIER_PANELS
from dashboard.parts.runs.curve_charts import draw_panel
from dashboard.parts.runs.table import colours_of_all
from dashboard.theme import name_legend
from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow
from sealife_core.runs.run import Run
from sealife_core.wording import percent


def curves_view(rows: Sequence[ComparisonRow], runs: Sequence[Run]) -> None:
    """One chart a metric; a run keeps its colour."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
        weight = st.slider(
            "Smoothing", 0.0, 0.95, 0.0, 0.05, key=state.compare.SMOOTHING, bind="query-params", width=300,
            help="How much each point depends on the points before it. 0 shows the measured values.",
        )  # fmt: skip
        log = st.toggle("Logarithmic scale for loss and learning rate", key=state.compare.LOG, bind="query-params")
    names = {row.run_id: row.name for row in rows}
    found = {run.id: training.metrics(run) for run in runs}
    if not any(found.values()):
        st.caption("These runs recorded no metrics.")
        return
    colours = colours_of_all()
    st.html(name_legend([(names[i], colours[i]) for i in names]))
    epochs = last_epoch(found.values())
    with st.grid(2, min_column_width=320, gap="medium"):
        for panel in CLASSIFIER_PANELS:
            curves = [
                replace(curve, points=smoothed(curve.points, weight))
                for run in runs
                for curve in curves_of(panel, found[run.id], colours[run.id], names[run.id])
            ]
            key = state.compare.CHART.of(panel.name, log)
            draw_panel(panel, curves, (), epochs, key, log=log and not panel.percent)
    if weight:
        kept = percent(1 - weight, 0)
        st.caption(f"Smoothed: {kept} of each point is the measured value, the rest comes from the points before it.")
