"""The charts of one or two encoders with all that follows from them. A fragment: a selection draws no chart anew."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from dashboard import cache
from dashboard.app_pages.embeddings import choice as choice
from dashboard.app_pages.embeddings.pictures import neighbour_rows, neighbours_view, selection_view
from dashboard.app_pages.embeddings.points import (
    Cloud,
    Look,
    coloured_points,
    draw,
    pca_cloud,
    projected_cloud,
    shown_of,
)
from dashboard.app_pages.embeddings.projection_progress import projected
from dashboard.app_pages.embeddings.query import uploaded_features
from dashboard.app_pages.embeddings.scatter_link import linked_scatter
from dashboard.app_pages.embeddings.tables import interactive_html, points_table
from dashboard.cache import embedded
from dashboard.errors import show_error
from dashboard.state import embeddings
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import SealifeError
from sealife_core.evaluation.projections.stored_projections import Projection
from sealife_core.neutral import csv_of
from sealife_core.runs.directory import Run
from sealife_core.wording import percent

WIDE_PX, NARROW_PX = 620, 480
_MEANING = {
    choice.PCA: "PCA shows the directions in which the embeddings vary most. It hides all other directions.",
    choice.UMAP: "UMAP keeps neighbours together. Distances between groups and the sizes of groups mean nothing.",
}


def explorer(dataset: Dataset, looks: Sequence[tuple[Run, Look]]) -> None:
    """Chart or charts, how far to trust them, neighbours, selection."""
    clouds = []
    height = WIDE_PX if len(looks) == 1 else NARROW_PX
    for column, (run, look) in zip(st.columns(len(looks)), looks, strict=True):
        with column:
            clouds.append(_chart(dataset, run, look, height))
    st.caption(choice.meaning(looks[0][1].colour))
    alike, selected = st.container(), st.container()
    uploaded = uploaded_features([run for run, _ in looks], looks[0][1].of)
    known = [found for found, cloud in zip(looks, clouds, strict=True) if cloud is not None]
    with alike:
        neighbours_view(dataset, known, uploaded)
    with selected:
        selection_view(dataset, solid=looks[0][1].dims == 3)


def _chart(dataset: Dataset, run: Run, look: Look, height_px: int) -> Cloud | None:
    try:
        projection = projected(run, look) if look.method == choice.UMAP else None
        cloud, look, mark = _cloud(dataset, run, look, projection)
    except SealifeError as error:
        show_error(error)
        return None
    dark = st.context.theme.type == "dark"
    every, cloud = len(cloud.rows), shown_of(cloud, dataset, look.classes)
    if not len(cloud.rows):
        st.caption("There are no pictures of these classes. Choose other classes.")
        return cloud
    picture = embedded.picture_of(run, dataset, look, mark, dark, lambda: draw(run, dataset, look, cloud, dark))
    st.markdown(f"**{choice.title_of(run)}**, {look.method}")
    marks = neighbour_rows(dataset, run, look)
    alt = f"{look.method} of {len(cloud.rows):,} pictures of {dataset.name} in {look.dims} dimensions by {look.colour}"
    key = embeddings.CHART.of(run.id, look.dims)
    linked_scatter(picture, dataset, key=key, marks=marks, height_px=height_px, alt=alt)
    _footing(dataset, run, look, cloud, every, projection)
    return cloud


def _cloud(dataset: Dataset, run: Run, look: Look, projection: Projection | None) -> tuple[Cloud, Look, str]:
    """The points; the look as it can be drawn now (PCA as long as UMAP is not done); what the points stand for."""
    embedded = cache.embeddings(run, look.of)
    if projection is not None and projection.state == "done":
        cloud = projected_cloud(embedded, dataset, projection.ids, projection.points)
        return cloud, look, look.settings.key
    shown = replace(look, method=choice.PCA)
    return pca_cloud(run, dataset, look.of, look.dims), shown, "pca"


def _footing(dataset: Dataset, run: Run, look: Look, cloud: Cloud, every: int, projection: Projection | None) -> None:
    """How many, how far to trust them, what to take away."""
    says = honesty(dataset, run, look, len(cloud.rows), every, projection)
    st.caption(says)
    name = f"{run.id}-{look.method.lower()}-{look.dims}d"
    title = f"{run.notes()['name']}: {look.method} of {len(cloud.rows):,} pictures of {dataset.name}, by {look.colour}"
    with st.container(horizontal=True, vertical_alignment="center"):
        shared: dict[str, Any] = {"icon": ":material/download:", "on_click": "ignore", "type": "tertiary"}

        def page() -> str:
            return interactive_html(dataset, cloud, *coloured_points(run, dataset, look, cloud), title, says)

        def table() -> str:
            return csv_of(points_table(dataset, cloud, coloured_points(run, dataset, look, cloud)[0]))

        st.download_button("Interactive page", page, f"{name}.html", "text/html", **shared)
        st.download_button("Table (CSV)", table, f"{name}.csv", "text/csv", **shared)
        st.caption("PNG: use the camera above the chart", width="content")


def honesty(dataset: Dataset, run: Run, look: Look, shown: int, every: int, projection: Projection | None) -> str:
    """How many points, trustworthiness, k-NN accuracy, and what distances in the picture do not mean."""
    parts = []
    total = len(cache.embeddings(run, look.of).ids)
    parts.append(f"{shown:,} of {total:,} pictures shown." if shown < total else f"All {total:,} pictures.")
    if projection is not None and projection.state == "done":
        trust = projection.facts.get("trustworthiness")
    else:
        trust = embedded.pca_trustworthiness(run, look.of, look.dims)
    if isinstance(trust, float):
        parts.append(
            f"**Trustworthiness {trust:.2f}** (1: all neighbours in the chart are true neighbours; 0.5: chance)."
        )
    votes = embedded.neighbour_votes(run, dataset, look.of)
    if votes is not None:
        accuracy, n, voting = votes
        parts.append(
            f"**k-NN accuracy {percent(accuracy, 0)}** on {n:,} validation pictures, by {voting:,} training"
            " pictures: how well the classes separate in the original space. It does not depend on the chart."
        )
    return " ".join([*parts, _MEANING[look.method]])
