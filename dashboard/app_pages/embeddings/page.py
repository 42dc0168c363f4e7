"""Embeddings: what an encoder has learned, as points that lead to their pictures."""

from collections.abc import Sequence

import streamlit as st

from dashboard import state
from dashboard.app_pages.embeddings import chart_choice
from dashboard.app_pages.embeddings.film_player import film
from dashboard.app_pages.embeddings.projection_progress import awaited
from dashboard.app_pages.embeddings.query import uploaded_features
from dashboard.app_pages.embeddings.scatter_link import linked_scatter
from dashboard.app_pages.embeddings.selected_pictures import neighbour_rows, neighbours_view, selection_view
from dashboard.cache import datasets, embeddings
from dashboard.data.embeddings.point_tables import interactive_html, points_table
from dashboard.data.embeddings.points import FILM, UMAP, Look, trust_words
from dashboard.data.embeddings.scatter import Chart
from dashboard.error_display import errors_shown
from dashboard.parts.buttons import download
from dashboard.parts.notice import notice, rerun_if_corrected
from dashboard.theme import is_dark
from dashboard.words import run_name
from sealife_core.config import SimclrConfig
from sealife_core.datasets.dataset import Dataset
from sealife_core.neutral import csv_of
from sealife_core.runs.directory import single_runs
from sealife_core.runs.run import Run

WIDE_PX, NARROW_PX = 620, 480


def page() -> None:
    """Whose encoder; then its pictures as points."""
    st.title("Embeddings")
    notice()
    runs = single_runs()
    ready, old = chart_choice.by_embeddings(runs)
    if not ready and not old:
        chart_choice.nothing_yet(unready=any(run.state().active for run in runs))
        return
    st.markdown(
        "An encoder turns each picture into a long list of numbers, its **embedding**. Here every picture is a"
        " point. Pictures that the encoder finds similar lie close together. Point at one to see it."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run = chart_choice.run_choice(ready, old)
        if run in old:
            chart_choice.embed_first(run)
            return
        beside = chart_choice.second_run_choice(run, ready)
    with errors_shown():
        st.fragment(_looks)(datasets.opened(run.config().data), [run] if beside is None else [run, beside])


def _looks(dataset: Dataset, runs: list[Run]) -> None:
    rerun_if_corrected(dataset)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method, dims = chart_choice.method_choice(film=isinstance(runs[0].config(), SimclrConfig))
        is_film = method == FILM
        of = "h" if is_film else chart_choice.space_choice(runs[0])
        colour, classes, clusters = chart_choice.colour_choice(runs, dataset, is_film)
    settings = chart_choice.umap_settings(method, dims, of)
    look = Look(runs[0].id, method, dims, of, settings, colour, classes, clusters)
    if is_film:
        film(dataset, runs[0], look)
        return
    st.fragment(_explorer)(dataset, [(run, chart_choice.look_of(run, look)) for run in runs])


def _explorer(dataset: Dataset, looks: Sequence[tuple[Run, Look]]) -> None:
    """Chart or charts, how far to trust them, neighbours, selection. A fragment: a selection redraws no chart."""
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
    with st.container(horizontal=True, vertical_alignment="center"):
        download("Interactive page", page, f"{name}.html", "text/html", type="tertiary")
        download("Table (CSV)", table, f"{name}.csv", type="tertiary")
        st.caption("PNG: use the camera above the chart", width="content")


page()
