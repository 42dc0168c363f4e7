"""One run: how far it is, its curves, and how it ended."""

import time
from collections.abc import Container, Sequence
from dataclasses import replace
from html import escape
from typing import Any

import streamlit as st

from dashboard.cache import datasets, training
from dashboard.data.metric_curves import FEW_POINTS, MOST_POINTS, curves_of, last_epoch
from dashboard.data.panels import CLASSIFIER_PANELS, SIMCLR_PANELS, Panel
from dashboard.parts.runs.curve_charts import draw_panel
from dashboard.parts.runs.run_progress import pace_s, progress_sentence, progress_share
from dashboard.parts.runs.table import colours_of_all
from dashboard.state import data, go
from dashboard.state.runs import CURVES
from dashboard.theme import dot, name_legend
from dashboard.words import plain, run_name, state_words
from sealife_core.config import PENALTIES, AnyConfig, SimclrConfig, source_run
from sealife_core.datasets.corrections.versions import Seen
from sealife_core.errors import SealifeError
from sealife_core.models.facts import published_weights, title_of
from sealife_core.runs.directory import single_runs
from sealife_core.runs.liveness import State
from sealife_core.runs.resume_check import BEGIN_ANEW, damage
from sealife_core.runs.run import Run
from sealife_core.wording import duration

PANELS = frozenset(panel.name for panel in (*SIMCLR_PANELS, *CLASSIFIER_PANELS))


def heading(run: Run) -> None:
    """Name, what it is and where its weights came from."""
    st.html(f'<h2 class="run">{dot(colours_of_all()[run.id])}{escape(run_name(run))}</h2>')
    config = run.config_or_none()
    if config is not None:
        what = config.method
        tags = "".join(f" :gray-badge[{plain(tag)}]" for tag in run.notes()["tags"])
        encoder = f"{plain(title_of(config.encoder))} {_origin(config)}"
        version = _version(config)
        st.markdown(f"**{what}** · {encoder} · on {plain(version.said if version else config.data)}{tags}")
        if version and version.since:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.caption(plain(version.since), width="content")
                if st.button("History", icon=":material/history:", type="tertiary"):
                    go("data", {data.DATASET: config.data, data.TAB: "History"})


def _version(config: AnyConfig) -> Seen | None:
    """Which version of its data set the run saw; None where that is not known."""
    try:
        return datasets.seen(datasets.opened(config.data), config.data_hash) if config.data_hash else None
    except SealifeError:
        return None


def notes_view(run: Run) -> None:
    """What a person wrote about the run; nothing if there are no notes."""
    if text := run.notes()["notes"].strip():
        with st.container(border=True):
            st.markdown("  \n".join(plain(line) for line in text.splitlines()))


def progress(run: Run, pace: float | None) -> None:
    """Stage, epoch of how many, time left; for a run that has ended, how it ended.

    For a fragment that polls every ``pace`` seconds: it redraws the page at the end or when the pace changes.
    """
    if pace_s(run) != pace:
        st.rerun(scope="app")
    shown, status = run.shown(), run.status()
    if shown.state.active:
        rate = _rate(training.metrics(run))
        st.progress(progress_share(status), progress_sentence(run) + (f" · {rate}" if rate else ""))
        return
    epochs = f", {epochs_done(status):g} of {status['epochs']} epochs" if status.get("epochs") else ""
    took = (run.results() or {}).get("train_s")
    trained = f", trained for {duration(took)}" if took else ""
    st.caption(f"{state_words(run, time.time())}{epochs}{trained}")


def epochs_done(status: dict[str, Any]) -> float:
    """Epochs that a run has done, to a tenth: ``epoch`` is the one that it was in."""
    step, steps = status.get("step") or 0, status.get("steps") or 0
    return round(status["epochs"] * step / steps, 1) if steps else status.get("epoch") or 0


def problem(run: Run) -> None:
    """What went wrong, why and what to do; nothing for a run that is well."""
    error, state = run.error(), run.state()
    if state.resumable and (damaged := damage(run)):
        st.error(f"**{plain(damaged)}** {BEGIN_ANEW}", icon=":material/error:")
    elif error is not None:
        said = f"**{plain(error['what'])}** {plain(error['next'])}"
        if state is State.INTERRUPTED:
            st.warning(said, icon=":material/power_off:")
        else:
            st.error(said, icon=":material/error:")
    if state is State.DAMAGED:
        return
    damaged_files(run)
    for sentence in run.status().get("warnings") or []:
        st.warning(plain(sentence or ""), icon=":material/info:")


def damaged_files(run: Run) -> None:
    """A sentence for each file of the run that cannot be read."""
    for sentence in run.problems():
        st.error(
            f"{plain(sentence)} Its content is not shown. Restore the file from a copy, or delete the run.",
            icon=":material/error:",
        )


def curves(runs: list[Run], colours: dict[str, str], only: Container[str] = PANELS, ends: Sequence[str] = ()) -> None:
    """The charts of one kind of run, ``only`` those panels; several ``runs`` share a chart, each in its colour.

    ends: what each run's curves are called in place of its name, written at their end too.
    """
    rows = {run.id: training.metrics(run) for run in runs}
    if not any(rows.values()):
        st.caption("Curves appear with the first steps of training.")
        return
    if any("train/penalty" in row for found in rows.values() for row in found):
        st.caption("Each epoch fits one L2 penalty, the largest first: " + ", ".join(f"{p:g}" for p in PENALTIES) + ".")
    every = SIMCLR_PANELS if isinstance(runs[0].config_or_none(), SimclrConfig) else CLASSIFIER_PANELS
    panels = [panel for panel in every if panel.name in only]
    several, most = len(runs) > 1, FEW_POINTS if ends else MOST_POINTS
    epochs = last_epoch(rows.values())
    with st.grid(3 if len(panels) % 3 == 0 else 2, min_column_width=300, gap="medium"):
        for panel in panels:
            lines = [
                replace(line, end="" if line.faint else end)
                for run, end in zip(runs, ends or [""] * len(runs), strict=True)
                for line in curves_of(
                    panel, rows[run.id], colours[run.id], end or (run_name(run) if several else ""), most
                )
            ]
            draw_panel(panel, lines, _chances(panel, runs), epochs, CURVES.of(*sorted(rows), panel.name))


def legend(runs: list[Run], colours: dict[str, str]) -> None:
    """One legend for all charts of several runs."""
    st.html(f"<div>{name_legend([(run_name(run), colours[run.id]) for run in runs])}</div>")


def _chances(panel: Panel, runs: list[Run]) -> list[float]:
    """The levels that guessing reaches. Batches of another size have another one, so there may be several."""
    found = [run.environment().get(panel.chance) for run in runs] if panel.chance else []
    factor = 100.0 if panel.percent else 1.0
    return sorted({factor * round(float(level), 6) for level in found if level is not None})


def _origin(config: AnyConfig) -> str:
    if config.weights in ("random", "imagenet"):
        return f"from {'random weights' if config.weights == 'random' else published_weights(config.encoder)}"
    run_id = source_run(config.weights)
    if run_id is None:
        return "from a weights file"
    known = next((run for run in single_runs() if run.id == run_id), None)
    return f"from {plain(run_name(known)) if known else plain(run_id) + ' (not found)'}"


def _rate(rows: list[dict[str, Any]]) -> str:
    for key, unit in (("train/views_per_s", "views/s"), ("train/images_per_s", "images/s")):
        last = next((row[key] for row in reversed(rows[-200:]) if row.get(key) is not None), None)
        if last is not None:
            return f"{last:,.0f} {unit}"
    return ""
