"""How far a run is, as a share, in a sentence and in a box that follows it; and how often a page looks."""

import time
from typing import Any

import streamlit as st

from dashboard.cache import training
from dashboard.words import plain
from sealife_core.runs.costs.time_left import seconds_left, stage_seconds_left
from sealife_core.runs.liveness import Shown, State
from sealife_core.runs.run import Run
from sealife_core.wording import duration

POLL_S = 2.0
# Each poll makes the browser draw, on the only processor of some machines: one a second costs a tenth of a core.
# (seconds since the start or until the end of a run: below that, seconds from one poll to the next)
PACES_S = ((30.0, POLL_S), (120.0, 5.0))
SLOWEST_S = 10.0


def pace_s(*runs: Run) -> float | None:
    """Seconds between two polls of ``runs``: few while one starts, ends or stops; None once all have ended."""
    return min((_pace_s(shown, run.status()) for run in runs if (shown := run.shown()).state.active), default=None)


def _pace_s(shown: Shown, status: dict[str, Any]) -> float:
    started, step, steps = status.get("started"), status.get("step") or 0, status.get("steps") or 0
    if shown.stopping or started is None:
        return POLL_S
    age_s = time.time() - started
    left_s = age_s * (steps - step) / step if step else age_s
    return next((pace for within_s, pace in PACES_S if min(age_s, left_s) < within_s), SLOWEST_S)


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


def progress_box(run: Run, says: str, title: str = "") -> None:
    """How far ``run`` is, until it has ended and the page is drawn anew; says: what is to be known meanwhile."""
    st.fragment(_box, run_every=POLL_S)(run, says, title)


def _box(run: Run, says: str, title: str) -> None:
    if not run.state().active:
        st.rerun(scope="app")
    with st.container(border=True, key=f"run_progress.{run.id}"):
        if title:
            st.markdown(f"**{title}**")
        st.progress(progress_share(run.status()), progress_sentence(run))
        st.caption(says)
