"""The strip at the foot of every page: what is running, how far it is, and Stop."""

import time
from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard import state
from dashboard.cache import training
from dashboard.error_display import errors_shown
from dashboard.words import plain, run_name
from sealife_core.runs.costs.time_left import seconds_left, stage_seconds_left
from sealife_core.runs.directory import list_studies, single_runs
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.queue import request_stop
from sealife_core.runs.scheduling.queue_order import place_of
from sealife_core.wording import duration

POLL_S = 2.0
# Each poll makes the browser draw, on the only processor of some machines: one a second costs a tenth of a core.
# (seconds since the start or until the end of a run: below that, seconds from one poll to the next)
PACES_S = ((30.0, POLL_S), (120.0, 5.0))
SLOWEST_S = 10.0


def run_strip() -> None:
    """Polls only while something is active; when the last run ends, the whole page is drawn once more."""
    active = active_runs()
    if active:
        with st.bottom:
            st.fragment(_strip, run_every=pace_s(active[0]))(len(active))


def pace_s(run: Run) -> float | None:
    """Seconds between two polls of a run: few while it starts, ends or stops; None once it has ended."""
    shown, status = run.shown(), run.status()
    if not shown.state.active:
        return None
    started, step, steps = status.get("started"), status.get("step") or 0, status.get("steps") or 0
    if shown.stopping or started is None:
        return POLL_S
    age_s = time.time() - started
    left_s = age_s * (steps - step) / step if step else age_s
    return next((pace for within_s, pace in PACES_S if min(age_s, left_s) < within_s), SLOWEST_S)


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


def progress_share(status: dict[str, Any]) -> float:
    """Images of the present stage, or steps of training, that are done, as a share of all; 0 while unknown."""
    done, of = ("done", "total") if status.get("total") else ("step", "steps")
    total = status.get(of) or 0
    return min(1.0, (status.get(done) or 0) / total) if total else 0.0


def progress_sentence(run: Run) -> str:
    """For example "training · epoch 3 of 20 · about 2 min left", escaped for Markdown."""
    status, shown = run.status(), run.shown()
    said = "stopping: saving its progress" if shown.stopping else shown.message or status.get("stage")
    parts = [plain(str(said or shown.state))]
    if shown.state is State.NOT_RESPONDING and shown.age_s is not None:
        parts.append(f"no update for {duration(shown.age_s)}")
    if status.get("epochs") and "epoch" not in parts[0] and shown.state is State.RUNNING:
        parts.append(f"epoch {int(status.get('epoch') or 0)} of {status['epochs']}")
    if shown.state is State.QUEUED:
        found = training.forecasts().get(run.id)
        return " · ".join([*parts, found.says] if found else parts)
    left = stage_seconds_left(status) if status.get("total") else seconds_left(status, training.metrics(run))
    if left is not None and not shown.stopping:
        parts.append(f"about {duration(left)} left")
    return " · ".join(parts)
