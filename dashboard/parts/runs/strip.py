"""The strip at the foot of every page: what is running, how far it is, and Stop."""

from collections.abc import Sequence

import streamlit as st

from dashboard import state
from dashboard.cache import training
from dashboard.error_display import errors_shown
from dashboard.parts.runs.run_progress import pace_s, progress_sentence, progress_share
from dashboard.words import plain, run_name
from sealife_core.runs.directory import list_studies, single_runs
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.queue import request_stop
from sealife_core.runs.scheduling.queue_order import place_of


def run_strip() -> None:
    """Polls only while something is active; when the last run ends, the whole page is drawn once more."""
    active = active_runs()
    if active:
        with st.bottom:
            st.fragment(_strip, run_every=pace_s(active[0]))(len(active))


def active_runs() -> list[Run]:
    """Running and queued runs, the next one first; an active study represents the runs it made."""
    studies = [study for study in list_studies() if study.state().active]
    shown = {study.id for study in studies}
    found = [(run.state(), run) for run in reversed(single_runs())]
    active = [(its, run) for its, run in found if its.active and run.notes()["study"] not in shown]
    running = [run for its, run in active if its is not State.QUEUED]
    waiting = sorted((run for its, run in active if its is State.QUEUED), key=place_of)
    return [*studies, *running, *waiting]


def _strip(expected: int) -> None:
    active = active_runs()
    if len(active) != expected:
        st.rerun(scope="app")
    shown, *others = active
    with st.container(horizontal=True, vertical_alignment="center", key="run_strip"):
        with st.container(gap="xxsmall", width="stretch"):
            st.markdown(f"**{plain(run_name(shown))}** · {progress_sentence(shown)}{beside(others)}{_next(others)}")
            st.progress(progress_share(shown.status()))
        st.button(
            "Stop", key=state.runs.STRIP_STOP, icon=":material/stop_circle:", on_click=_stop, args=(shown,),
            disabled=shown.shown().stopping,
        )  # fmt: skip


def beside(others: Sequence[Run]) -> str:
    """What else there is, where there is anything: " · 2 more running · 3 waiting"."""
    waiting = sum(run.state() is State.QUEUED for run in others)
    told = {"more running": len(others) - waiting, "waiting": waiting}
    return "".join(f" · {count} {what}" for what, count in told.items() if count)


def _next(others: Sequence[Run]) -> str:
    """When the first waiting run starts: ", the first begins in about 2 h 5 min (behind 1 run)"."""
    waiting = [run for run in others if run.state() is State.QUEUED]
    forecasts = training.forecasts() if waiting else {}
    found = next((forecasts[run.id] for run in waiting if run.id in forecasts), None)
    return f", {'it' if len(waiting) == 1 else 'the first'} {found.begins}" if found else ""


def _stop(run: Run) -> None:
    with errors_shown():
        st.toast(f"{plain(run_name(run))} {request_stop(run)}.")
