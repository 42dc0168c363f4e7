"""The strip at the foot of every page: what is running, how far it is, and Stop."""

import time
from typing import Any

import streamlit as st

from dashboard import cache
from dashboard.errors import plain, show_error
from sealife_core.errors import SealifeError
from sealife_core.runs.directory import Run
from sealife_core.runs.queue import request_stop

ACTIVE = ("running", "queued", "not responding")
POLL_S = 2.0
KNOWN_AFTER_STEPS, KNOWN_AFTER_S = 20, 8  # before that, start-up distorts the rate


def run_strip() -> None:
    """Polls only while something is active; when the last run ends, the whole page is drawn once more."""
    active = active_runs()
    if active:
        with st.bottom:
            st.fragment(_strip, run_every=POLL_S)(len(active))


def active_runs() -> list[Run]:
    """Running and queued runs, the one that goes first on top."""
    found = [run for run in cache.runs() if run.state().name in ACTIVE]
    return sorted(found, key=lambda run: (run.state().name == "queued", run.id))


def _strip(expected: int) -> None:
    active = active_runs()
    if len(active) != expected:
        st.rerun(scope="app")
    shown, waiting = active[0], len(active) - 1
    with st.container(horizontal=True, vertical_alignment="center", key="run_strip"):
        more = f" · {waiting} waiting" if waiting else ""
        st.markdown(f"**{plain(run_name(shown))}** {progress_sentence(shown)}{more}", width="stretch")
        if st.button("Stop", key="strip_stop", icon=":material/stop_circle:", help="Keeps what was learned so far"):
            try:
                request_stop(shown)
                st.toast(f"Stopping {plain(run_name(shown))}: it saves what it has learned.")
            except SealifeError as error:
                show_error(error)
    st.progress(progress_share(shown.status()))


def run_name(run: Run) -> str:
    """The name a person gave the run, or its id."""
    return run.notes().get("name") or run.id


def progress_share(status: dict[str, Any]) -> float:
    """Steps done, as a share of all; 0 while unknown."""
    steps = status.get("steps") or 0
    return min(1.0, (status.get("step") or 0) / steps) if steps else 0.0


def progress_sentence(run: Run) -> str:
    """For example "training · epoch 3 of 20 · about 2 min left", escaped for Markdown."""
    status = run.status()
    parts = [plain(str(status.get("message") or status.get("stage") or run.state().name))]
    if status.get("epochs") and "epoch" not in parts[0]:
        parts.append(f"epoch {int(status.get('epoch') or 0)} of {status['epochs']}")
    left = seconds_left(status, time.time())
    if left is not None:
        parts.append(f"about {duration(left)} left")
    return " · ".join(parts)


def seconds_left(status: dict[str, Any], now: float) -> float | None:
    """Time left at the rate so far, in seconds; None until enough steps are done to know it."""
    step, steps, started = status.get("step") or 0, status.get("steps") or 0, status.get("started")
    if not started or step < KNOWN_AFTER_STEPS or now - started < KNOWN_AFTER_S or step >= steps:
        return None
    return (now - started) / step * (steps - step)


def duration(seconds: float) -> str:
    """ "40 s", "3 min", "1 h 20 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
