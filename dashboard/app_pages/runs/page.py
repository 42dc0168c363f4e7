"""Runs: what trains and what was trained; one in detail, several over each other."""

import streamlit as st

from dashboard import state
from dashboard.app_pages.runs.actions import run_actions
from dashboard.app_pages.runs.log import log_view, recorded_lines, traceback_view
from dashboard.app_pages.runs.run_results import results_view
from dashboard.cache import datasets
from dashboard.parts.notice import notice, way_out
from dashboard.parts.open_tab import open_tab
from dashboard.parts.runs import detail
from dashboard.parts.runs.run_progress import pace_s
from dashboard.parts.runs.settings_view import settings_view, what_differs
from dashboard.parts.runs.table import colours_of_all, run_table, whose_runs
from sealife_core.config import ClassifierConfig, EmbedConfig, SimclrConfig
from sealife_core.runs.directory import single_runs
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run

TABLE_S = 20.0  # it shows epochs only; when a run ends the whole page is redrawn


def page() -> None:
    """The list, and what is ticked in it."""
    runs = single_runs()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title("Runs", width="content")
        if runs and st.button("Compare classifiers", icon=":material/balance:"):
            ids = state.runs.RUN.ids() or []
            state.go("compare", {state.compare.RUNS: ids} if len(ids) > 1 else {})
    notice()
    if not runs:
        text = "**No runs yet.** A run is one training. After you launch it, it appears here with its curves."
        if way_out(text, "Train a network"):
            state.go("train")
    else:
        _list(runs)


def _list(runs: list[Run]) -> None:
    ticked = state.runs.RUN.ids()
    known = {run.id: run for run in runs}
    first = next((run for run in runs if run.state().active), runs[0])
    chosen = [first.id] if ticked is None else [run_id for run_id in ticked if run_id in known]
    if ticked is None:
        state.runs.RUN.choose(chosen)
    active = any(run.state().active for run in runs)
    st.fragment(run_table, run_every=TABLE_S if active else None)(chosen, whose_runs())
    if not chosen:
        st.caption("Tick one run to see it, or several to compare their curves.")
    elif len(chosen) == 1:
        _one(known[chosen[0]])
    else:
        _several([known[run_id] for run_id in chosen])


def _one(run: Run) -> None:
    detail.heading(run)
    pace = pace_s(run)
    st.fragment(detail.progress, run_every=pace)(run, pace)
    detail.problem(run)
    detail.notes_view(run)
    run_actions(run)
    if run.state() is State.DAMAGED:  # there is nothing to show, and whatever is there may be damaged too
        return
    traceback_view(run)
    recorded_lines(run)
    _tabs(run, pace)


def _tabs(run: Run, polls_s: float | None) -> None:
    """Four looks at the run; curves and log are redrawn every ``polls_s`` seconds (None: the run has ended)."""
    config = run.config_or_none()
    if config is None:
        st.caption("Its config cannot be read, so nothing else can be shown.")
        return
    shows = {
        "Curves": lambda: st.fragment(detail.curves, run_every=polls_s)([run], colours_of_all()),
        "Results": lambda: results_view(run, datasets.class_colours_of(config.data)),
        "Settings": lambda: settings_view(run),
        "Log": lambda: st.fragment(log_view, run_every=polls_s)(run),
    }
    if isinstance(config, EmbedConfig):  # nothing was trained, so there are no curves
        del shows["Curves"]
    open_tab(shows, state.runs.TAB)


def _several(runs: list[Run]) -> None:
    """Curves over each other: those of SimCLR runs, and those of classifiers, for their losses are not the same."""
    colours = colours_of_all()
    for kind, title in ((SimclrConfig, "SimCLR"), (ClassifierConfig, "Classifiers")):
        group = [run for run in runs if isinstance(run.config_or_none(), kind)]
        if group:
            st.subheader(title)
            detail.legend(group, colours)
            st.fragment(detail.curves, run_every=pace_s(*group))(group, colours)
    what_differs(runs)


page()
