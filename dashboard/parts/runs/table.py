"""All runs in one table; ticking rows chooses what is shown below it."""

import time
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cache, state
from dashboard.parts.runs.strip import duration, run_name
from dashboard.theme import on_page, paper, run_colours
from sealife_core.config import AnyConfig, SimclrConfig
from sealife_core.errors import ConfigError
from sealife_core.runs.directory import Run
from sealife_core.runs.liveness import Shown, State
from sealife_core.runs.scheduling.forecast import Forecast

ROWS_SHOWN = 8
EVERY, ALONE = "all", "alone"
_ROW_PX, _HEAD_PX = 35, 37
_SIGNS = {
    State.RUNNING: "◐ ",
    State.QUEUED: "◌ ",
    State.FINISHED: "✓ ",
    State.FAILED: "✕ ",
    State.DAMAGED: "✕ ",
    State.INTERRUPTED: "! ",
    State.NOT_RESPONDING: "! ",
}


def whose_runs() -> str:
    """Which runs the list shows: EVERY, ALONE, or the id of the study that made them. Drawn once there is a study."""
    names = {study.id: run_name(study) for study in cache.studies()}
    if not names:
        return EVERY
    words = {EVERY: "All runs", ALONE: "Runs outside studies"}
    chosen = st.selectbox(
        "Runs listed", [*words, *names], format_func=lambda key: words.get(key) or f"Of the study “{names[key]}”",
        key=state.linked(state.RUNS_OF, {*words, *names}), bind="query-params", label_visibility="collapsed",
        width=360,
    )  # fmt: skip
    return chosen or EVERY


def run_table(chosen: Sequence[str], whose: str = EVERY) -> None:
    """The table, with ``chosen`` ids ticked. Another choice goes to the URL and draws the page anew.

    Runs that are not listed, for they are not ``whose``, stay chosen.
    """
    runs = [run for run in cache.runs() if _listed(run, whose)]
    if not runs:
        st.caption("This list has no runs.")
        return
    ids = [run.id for run in runs]
    colours = colours_of_all()
    now = time.time()
    forecasts = cache.forecasts()
    frame = pd.DataFrame([row(run, now, forecasts.get(run.id)) for run in runs])
    paint = [f"color: {colours[run_id]}" for run_id in ids]
    event = st.dataframe(
        frame.style.apply(lambda _: paint, subset=["●"]),
        hide_index=True,
        height=_HEAD_PX + _ROW_PX * min(ROWS_SHOWN, len(runs)),
        column_config={
            "●": st.column_config.TextColumn("", width=24),
            "Run": st.column_config.TextColumn(width=270),
            "Method": st.column_config.TextColumn(width=130),
            "Data": st.column_config.TextColumn(width=130),
            "State": st.column_config.TextColumn(width=190),
            "Result": st.column_config.TextColumn(
                width=150, help="Classifiers: test accuracy. SimCLR: k-NN accuracy on validation pictures."
            ),
            "Began": st.column_config.DatetimeColumn(width=130, format="distance"),
        },
        # A new set of runs is a new table: rows are chosen by place, and places move.
        key=f"runs.{sha256(' '.join(ids).encode()).hexdigest()[:12]}",
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [ids.index(i) for i in chosen if i in ids]}},
        alt=f"Table of {len(runs)} runs",
    )
    ticked = [ids[place] for place in event.selection.rows if place < len(ids)]
    if set(ticked) != {i for i in chosen if i in ids}:
        state.select_runs([*(i for i in chosen if i not in ids), *ticked])
        st.rerun(scope="app")


def _listed(run: Run, whose: str) -> bool:
    study = "" if whose == EVERY else run.notes()["study"]
    return whose == EVERY or study == ("" if whose == ALONE else whose)


def colours_of_all() -> dict[str, str]:
    """Run id → its colour, on every page that shows runs: told apart among all of them, not only those in sight."""
    page = paper()
    return {run_id: on_page(colour, page) for run_id, colour in run_colours([run.id for run in cache.runs()]).items()}


def row(run: Run, now: float, forecast: Forecast | None = None) -> dict[str, Any]:
    """One line of the table, as plain text: a cell is never read as mark-up."""
    began, state = _dated(run.id), state_words(run, now, forecast)
    told = {"●": "⬤", "Run": run_name(run), "Method": "", "Data": "", "State": state, "Result": ""}
    try:
        config = run.config()
    except ConfigError:
        return told | {"Began": began}
    return told | {"Method": method(config), "Data": config.data, "Result": key_number(run), "Began": began}


def method(config: AnyConfig) -> str:
    """What the field calls this kind of run."""
    return "SimCLR" if isinstance(config, SimclrConfig) else config.method


def key_number(run: Run) -> str:
    """The one number that says how well it went, "" while there is none."""
    results = run.results() or {}
    for split, name, says in (
        ("test", "accuracy", "test"),
        ("val", "knn_accuracy", "k-NN"),
        ("val", "accuracy", "validation"),
    ):
        share = (results.get(split) or {}).get(name)
        if share is not None:
            return f"{100 * share:.1f} % {says}"
    return ""


def state_words(run: Run, now: float, forecast: Forecast | None = None) -> str:
    """ "◐ running, epoch 3 of 20", "✓ finished 3 min ago", "✓ finished 3 min ago ✕ with a damaged file"; of a run that
    waits when it begins, as far as that is known."""
    shown = run.shown(now)
    damaged = shown.state is not State.DAMAGED and run.problems()
    return _state_words(run, shown, now, forecast) + (" ✕ with a damaged file" if damaged else "")


def _state_words(run: Run, shown: Shown, now: float, forecast: Forecast | None) -> str:
    status = run.status()
    words = _SIGNS.get(shown.state, "") + ("stopping" if shown.stopping else shown.state.value)
    if shown.state is State.RUNNING and status.get("epochs"):
        return f"{words}, epoch {int(status.get('epoch') or 0)} of {status['epochs']}"
    if shown.state is State.QUEUED and forecast is not None:
        return f"{words}, {forecast.in_short}"
    if shown.state is State.NOT_RESPONDING and shown.age_s is not None:
        return f"{words} for {duration(shown.age_s)}"
    ended = status.get("ended")
    if not shown.state.active and ended is not None:
        return f"{words} {ago(now - ended)}"
    return words


def ago(seconds: float) -> str:
    """ "just now", "3 min ago", "2 days ago"."""
    if seconds < 10:
        return "just now"
    return f"{duration(seconds)} ago" if seconds < 36 * 3600 else f"{round(seconds / 86400)} days ago"


def _dated(run_id: str) -> datetime | None:
    try:
        return datetime.strptime(run_id[:15], "%Y%m%d-%H%M%S")
    except ValueError:
        return None
