"""All runs in one table; ticking rows chooses what is shown below it."""

import time
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import state
from dashboard.cache import training
from dashboard.state import Key
from dashboard.theme import on_page, paper, run_colours
from dashboard.words import key_number, run_name, state_words
from sealife_core.evaluation.comparison.candidates import distinct_names
from sealife_core.runs.directory import list_studies, single_runs
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.forecast import QueueForecast

ROWS_SHOWN = 8
EVERY, ALONE = "all", "alone"
_ROW_PX, _HEAD_PX = 35, 37


def whose_runs() -> str:
    """Which runs the list shows: EVERY, ALONE, or the id of the study that made them. Drawn once there is a study."""
    names = distinct_names(list_studies())
    if not names:
        return EVERY
    words = {EVERY: "All runs", ALONE: "Runs outside studies"}
    chosen = st.selectbox(
        "Runs listed", [*words, *names], format_func=lambda key: words.get(key) or f"Of the study “{names[key]}”",
        key=state.runs.LISTED.among({*words, *names}), bind="query-params", label_visibility="collapsed",
        width=360,
    )  # fmt: skip
    return chosen or EVERY


def run_table(chosen: Sequence[str], whose: str = EVERY) -> None:
    """The table, with ``chosen`` ids ticked. Another choice goes to the URL and redraws the page.

    Chosen runs that are not listed (they are not ``whose``) stay chosen.
    """
    runs = [run for run in single_runs() if _listed(run, whose)]
    if not runs:
        st.caption("This list has no runs.")
        return
    ids = [run.id for run in runs]
    now = time.time()
    forecasts = training.forecasts()
    event = coloured_table(
        [row(run, now, forecasts.get(run.id)) for run in runs],
        ids,
        height=_HEAD_PX + _ROW_PX * min(ROWS_SHOWN, len(runs)),
        columns={
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
        key=state.runs.TABLE.of(sha256(" ".join(ids).encode()).hexdigest()[:12]),
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [ids.index(i) for i in chosen if i in ids]}},
        alt=f"Table of {len(runs)} runs",
    )
    ticked = [ids[place] for place in event.selection.rows if place < len(ids)]
    if set(ticked) != {i for i in chosen if i in ids}:
        state.runs.RUN.choose([*(i for i in chosen if i not in ids), *ticked])
        st.rerun(scope="app")


def coloured_table(
    rows: Sequence[dict[str, Any]], run_ids: Sequence[str], columns: dict[str, Any] | None = None, **shared: Any
) -> Any:
    """``st.dataframe`` of a row a run, each with a dot in the colour of the run; ``columns`` configures the others."""
    colours = colours_of_all()
    frame = pd.DataFrame(rows)
    frame.insert(0, "●", "⬤")
    paint = [f"color: {colours[run_id]}" for run_id in run_ids]
    dotted = frame.style.apply(lambda _: paint, subset=["●"])
    config = {"●": st.column_config.TextColumn("", width=24)} | (columns or {})
    return st.dataframe(dotted, hide_index=True, column_config=config, **shared)


def ticked_row(rows: Sequence[dict[str, Any]], key: Key, alt: str, says: str = "") -> int | None:
    """A table whose ticked row opens a run. Returns the place of that row. ``says``: what else is to be known."""
    event = st.dataframe(
        pd.DataFrame(rows), hide_index=True, on_select="rerun", selection_mode="single-row", key=key, alt=alt
    )
    st.caption(f"Tick a row to open its run.{says}")
    return next((place for place in event.selection.rows if place < len(rows)), None)


def _listed(run: Run, whose: str) -> bool:
    return whose == EVERY or run.notes()["study"] == ("" if whose == ALONE else whose)


def colours_of_all() -> dict[str, str]:
    """Run id → its colour on every page: different among all of them, not only those that are shown."""
    page = paper()
    return {run_id: on_page(colour, page) for run_id, colour in run_colours([run.id for run in single_runs()]).items()}


def row(run: Run, now: float, forecast: QueueForecast | None = None) -> dict[str, Any]:
    """One line of the table, as plain text: a cell is never read as mark-up."""
    config = run.config_or_none()
    return {
        "Run": run_name(run),
        "Method": config.method if config else "",
        "Data": config.data if config else "",
        "State": state_words(run, now, forecast),
        "Result": key_number(run) if config else "",
        "Began": _dated(run.id),
    }


def _dated(run_id: str) -> datetime | None:
    try:
        return datetime.strptime(run_id[:15], "%Y%m%d-%H%M%S")
    except ValueError:
        return None
