"""UMAP and the film are computed by a process in the background: asking for them, and waiting without stopping work."""

import streamlit as st

from dashboard.state import embeddings
from dashboard.words import plain
from sealife_core.evaluation.projections import stored_projections
from sealife_core.evaluation.projections.reduction import ProjectionSettings
from sealife_core.evaluation.projections.stored_projections import Projection, What
from sealife_core.runs.run import Run

POLL_S = 1.0


def awaited(run: Run, settings: ProjectionSettings, what: What, meanwhile: str) -> Projection:
    """``what`` ("umap" or "film") in whatever state; started automatically with default settings, else by a button.

    meanwhile: what to say while it is computed.
    """
    found = stored_projections.find(run.path, settings, what)
    if found.state == "absent" and settings == ProjectionSettings(dims=settings.dims, of=settings.of):
        stored_projections.request(run.path, settings, what)
        found = stored_projections.find(run.path, settings, what)
    if found.state in ("absent", "failed"):
        _ask(run, settings, what, found)
    elif found.state == "running":
        st.fragment(_wait, run_every=POLL_S)(run, settings, what, meanwhile)
    return found


def _ask(run: Run, settings: ProjectionSettings, what: What, found: Projection) -> None:
    if found.state == "failed":
        says, label = f":material/error: {plain(found.error or 'It stopped.')}", "Try again"
    else:
        says, label = "There is no result for these settings yet. It is computed once and then saved.", "Compute"
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(says, width="stretch")
        if st.button(label, type="primary", icon=":material/play_arrow:", key=embeddings.BEGIN.of(what, run.id)):
            stored_projections.request(run.path, settings, what)
            st.rerun(scope="app")


def _wait(run: Run, settings: ProjectionSettings, what: What, meanwhile: str) -> None:
    found = stored_projections.find(run.path, settings, what)
    if found.state != "running":
        st.rerun(scope="app")
    share = min(1.0, found.done / found.total) if found.total else 0.0
    told = f"{found.stage}: {found.done:,} of {found.total:,}" if found.total else found.stage or "starting"
    name = "The film" if what == "film" else "UMAP"
    with st.container(key=f"waiting_{what}_{run.id}"):
        st.progress(share, f"{name}: {plain(told)}. {meanwhile}")
