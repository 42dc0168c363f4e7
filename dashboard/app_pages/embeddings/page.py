"""Embeddings: what an encoder has learned, as points that lead to their pictures."""

import streamlit as st

from dashboard.app_pages.embeddings import chart_choice
from dashboard.app_pages.embeddings.charts import explorer
from dashboard.app_pages.embeddings.film_player import film
from dashboard.cache import datasets
from dashboard.data.embeddings.points import FILM, Look
from dashboard.error_display import errors_shown
from dashboard.parts.notice import notice, rerun_if_corrected
from sealife_core.config import SimclrConfig
from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.directory import single_runs
from sealife_core.runs.run import Run


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
    st.fragment(explorer)(dataset, [(run, chart_choice.look_of(run, look)) for run in runs])


page()
