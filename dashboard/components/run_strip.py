"""The strip at the foot of every page: what is running, how far it is, and Stop."""

import time
from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard import cache
from dashboard.errors import plain, show_error
from sealife_core.errors import SealifeError
from sealife_core.runs.directory import Run
from sealife_core.runs.liveness import State
from sealife_core.runs.queue import request_stop

POLL_S = 2.0
# Every look makes the browser draw, on the processor that trains where there is only one: a tenth of a core a look a
# second. A curve that has grown for two minutes looks no different two seconds later. Less than so many seconds from
# the beginning or the end of a run, so many pass from one look to the next.
PACES_S = ((30.0, POLL_S), (120.0, 5.0))
SLOWEST_S = 10.0
RECENT_ROWS = 100  # the rate of now, which a resumed run does not share with its past
KNOWN_AFTER_STEPS, KNOWN_AFTER_S = 20, 5  # a rate from less would jump about


def run_strip() -> None:
    """Polls only while something is active; when the last run ends, the whole page is drawn once more."""
    active = active_runs()
    if active:
        with st.bottom:
            st.fragment(_strip, run_every=pace_s(active[0]))(len(active))


def pace_s(run: Run) -> float | None:
    """Seconds from one look at a run to the next: few where it begins, ends or stops; None where nothing is to come."""
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
    """Running and queued runs, the one that goes first on top; an active study stands for the runs it made."""
    studies = [study for study in cache.studies() if study.state().active]
    shown = {study.id for study in studies}
    found = [(run.state(), run) for run in reversed(cache.runs())]  # oldest first, as the queue takes them
    active = [(state, run) for state, run in found if state.active and run.notes()["study"] not in shown]
    return [*studies, *(run for _, run in sorted(active, key=lambda pair: pair[0] is State.QUEUED))]


def _strip(expected: int) -> None:
    active = active_runs()
    if len(active) != expected:
        st.rerun(scope="app")
    shown, *others = active
    with st.container(horizontal=True, vertical_alignment="center", key="run_strip"):
        with st.container(gap="xxsmall", width="stretch"):
            st.markdown(f"**{plain(run_name(shown))}** · {progress_sentence(shown)}{beside(others)}")
            st.progress(progress_share(shown.status()))
        st.button(
            "Stop",
            key="strip_stop",
            icon=":material/stop_circle:",
            on_click=_stop,
            args=(shown,),
            disabled=shown.shown().stopping,
        )


def beside(others: Sequence[Run]) -> str:
    """What else there is, where there is anything: " · 2 more running · 3 waiting"."""
    waiting = sum(run.state() is State.QUEUED for run in others)
    told = {"more running": len(others) - waiting, "waiting": waiting}
    return "".join(f" · {count} {what}" for what, count in told.items() if count)


def _stop(run: Run) -> None:
    try:
        request_stop(run)
        saved = "its runs save what they have learned" if run.is_study else "it saves what it has learned"
        st.toast(f"Stopping {plain(run_name(run))}: {saved}.")
    except SealifeError as error:
        show_error(error)


def run_name(run: Run) -> str:
    """The name a person gave the run, or its id."""
    return run.notes()["name"]


def progress_share(status: dict[str, Any]) -> float:
    """Steps done, as a share of all; 0 while unknown."""
    steps = status.get("steps") or 0
    return min(1.0, (status.get("step") or 0) / steps) if steps else 0.0


def progress_sentence(run: Run) -> str:
    """For example "training · epoch 3 of 20 · about 2 min left", escaped for Markdown."""
    status, shown = run.status(), run.shown()
    said = "stopping: it saves what it has learned" if shown.stopping else shown.message or status.get("stage")
    parts = [plain(str(said or shown.state))]
    if shown.state is State.NOT_RESPONDING and shown.age_s is not None:
        parts.append(f"no sign of life for {duration(shown.age_s)}")
    if status.get("epochs") and "epoch" not in parts[0] and shown.state is State.RUNNING:
        parts.append(f"epoch {int(status.get('epoch') or 0)} of {status['epochs']}")
    left = seconds_left(status, cache.metrics(run))
    if left is not None and not shown.stopping:
        parts.append(f"about {duration(left)} left")
    return " · ".join(parts)


def seconds_left(status: dict[str, Any], rows: Sequence[dict[str, Any]]) -> float | None:
    """Time left at the rate of the last metric ``rows``, in seconds; None until enough steps are done to know it."""
    step, steps = status.get("step") or 0, status.get("steps") or 0
    recent = [row for row in rows[-RECENT_ROWS:] if row.get("step") is not None and row.get("time") is not None]
    if len(recent) < 2 or step >= steps:
        return None
    done, took_s = recent[-1]["step"] - recent[0]["step"], recent[-1]["time"] - recent[0]["time"]
    if done < KNOWN_AFTER_STEPS or took_s < KNOWN_AFTER_S:
        return None
    return took_s / done * (steps - step)


def duration(seconds: float) -> str:
    """ "40 s", "3 min", "1 h 20 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
