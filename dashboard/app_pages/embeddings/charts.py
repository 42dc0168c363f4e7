"""The charts of one or two encoders and all that depends on them. A fragment: a selection redraws no chart."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard import state
from dashboard.app_pages.embeddings import chart_choice
from dashboard.app_pages.embeddings.projection_progress import awaited
from dashboard.app_pages.embeddings.query import uploaded_features
from dashboard.app_pages.embeddings.scatter_link import linked_scatter
from dashboard.app_pages.embeddings.selected_pictures import neighbour_rows, neighbours_view, selection_view
from dashboard.cache import embeddings
from dashboard.data.embeddings.point_tables import interactive_html, points_table
from dashboard.data.embeddings.points import UMAP, Look, trust_words
from dashboard.data.embeddings.scatter import Chart
from dashboard.error_display import errors_shown
from dashboard.parts.notice import rerun_if_corrected
from dashboard.theme import is_dark
from dashboard.words import run_name
from sealife_core.datasets.dataset import Dataset
from sealife_core.neutral import csv_of
from sealife_core.runs.run import Run

WIDE_PX, NARROW_PX = 620, 480


def explorer(dataset: Dataset, looks: Sequence[tuple[Run, Look]]) -> None:
    """Chart or charts, how far to trust them, neighbours, selection."""
    rerun_if_corrected(dataset)
    readable = []
    height = WIDE_PX if len(looks) == 1 else NARROW_PX
    for column, (run, look) in zip(st.columns(len(looks)), looks, strict=True):
        with column, errors_shown():
            _chart(dataset, run, look, height)
            readable.append((run, look))
    st.caption(f"Colour: {chart_choice.MEANS[looks[0][1].colour]}")
    alike, selected = st.container(), st.container()
    uploaded = uploaded_features([run for run, _ in looks], looks[0][1].of)
    with alike:
        neighbours_view(dataset, readable, uploaded)
    with selected:
        selection_view(dataset, solid=looks[0][1].dims == 3)


def _chart(dataset: Dataset, run: Run, asked: Look, height_px: int) -> None:
    """The chart as it can be drawn now: PCA as long as UMAP is not done. Raises RunError."""
    waited = asked.method == UMAP
    projection = awaited(run, asked.settings, "umap", "Until then, PCA is shown.") if waited else None
    chart, trust = embeddings.chart(run, dataset, asked, projection, dark=is_dark())
    look, count = chart.look, len(chart.cloud.rows)
    if not count:
        st.caption("There are no pictures of these classes. Choose other classes.")
        return
    st.markdown(f"**{chart_choice.title_of(run)}**, {look.method}")
    what = f"{look.method} of {count:,} pictures of {dataset.name}"
    linked_scatter(
        chart.picture, dataset, key=state.embeddings.CHART.of(run.id, look.dims),
        marks=neighbour_rows(dataset, run, look), height_px=height_px,
        alt=f"{what} in {look.dims} dimensions by {look.colour}",
    )  # fmt: skip
    says = trust_words(trust(), look.method, count)
    st.caption(says)
    _downloads(dataset, chart, f"{run_name(run)}: {what}, by {look.colour}", says)


def _downloads(dataset: Dataset, chart: Chart, title: str, says: str) -> None:
    def page() -> str:
        return interactive_html(dataset, chart.cloud, chart.facts, chart.colouring, title, says)

    def table() -> str:
        return csv_of(points_table(dataset, chart.cloud, chart.facts))

    name = chart.picture.name
    shared: dict[str, Any] = {"icon": ":material/download:", "on_click": "ignore", "type": "tertiary"}
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button("Interactive page", page, f"{name}.html", "text/html", **shared)
        st.download_button("Table (CSV)", table, f"{name}.csv", "text/csv", **shared)
        st.caption("PNG: use the camera above the chart", width="content")
