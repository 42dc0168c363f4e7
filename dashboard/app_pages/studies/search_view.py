"""One search: how far it is, the best so far and what that is worth, every trial, what mattered."""

from collections.abc import Sequence

import streamlit as st

from dashboard import state
from dashboard.app_pages.studies.search_best import best_panel, openable
from dashboard.cache import searches
from dashboard.data.charts import search_charts
from dashboard.data.trials import measure_title, planned, scored, settings_of, table_rows
from dashboard.parts.runs.run_progress import pace_s, progress_share
from dashboard.parts.runs.table import ticked_row
from dashboard.theme import ink, is_dark, paper
from dashboard.words import plain
from sealife_core.config import TASKS, SearchConfig, task_of
from sealife_core.runs.directory import noted_run
from sealife_core.runs.run import Run
from sealife_core.studies.search_results import (
    ENOUGH_TO_WEIGH,
    Trial,
    best_trial,
    compared_at,
    epochs_saved,
    left_s,
    read_trials,
    search_of,
    trials_of,
)
from sealife_core.wording import counted, duration, percent


def search_view(run: Run) -> None:
    """The whole search; redrawn whenever a trial starts or ends. Raises ConfigError, RunError."""
    search = search_of(run)
    trials, left_out = read_trials(run)
    pace = pace_s(run)
    st.fragment(_progress, run_every=pace)(run, search, pace, _stamp(trials))
    _problems(run, trials, left_out)
    settings = settings_of(search)
    tried = "; ".join(f"{settings[axis.path].title.lower()} {axis.says}" for axis in search.axes)
    st.caption(
        f"{TASKS[task_of(search.base)].title} on {plain(search.data)}, {planned(search)} a trial. Varied:"
        f" {plain(tried)}."
    )
    if not scored(trials):
        st.caption("The first score appears here when the first trial has finished.")
        return
    best = best_trial(trials)
    if best is not None:
        best_panel(run, search, best, trials)
    _history(run, search, trials)
    _parallel(run, search, trials)
    _importance(run, search, trials)
    _table(run, search, trials)


def _progress(run: Run, search: SearchConfig, pace: float | None, drawn: str) -> None:
    """The progress. Called by every poll; the whole page is redrawn once a trial has started or ended."""
    trials = trials_of(run)
    if pace_s(run) != pace or _stamp(trials) != drawn:
        st.rerun(scope="app")
    shown_run = run.shown()
    if shown_run.state.active:
        left = left_s(run, search, trials)
        more = f" · about {duration(left)} left" if left else ""
        st.progress(progress_share(run.status()), plain(shown_run.message) + more)
        return
    counts = {name: sum(trial.state == name for trial in trials) for name in ("finished", "pruned", "failed")}
    words = [f"{len(trials)} of {search.trials} trials"]
    words += [f"{counts['pruned']} stopped early"] if counts["pruned"] else []
    words += [f"{counts['failed']} failed"] if counts["failed"] else []
    spent, whole = epochs_saved(search, trials)
    words += [f"{spent:,} of {whole:,} epochs trained, the rest saved by early stopping"] if spent < whole else []
    st.caption(f"{shown_run.state.value.capitalize()}: {', '.join(words)}.")


def _problems(run: Run, trials: Sequence[Trial], left_out: int) -> None:
    """What ended the search, if something did; trials that cannot be shown; those that failed, by the reason."""
    if left_out:
        st.warning(f"Not shown: {counted(left_out, 'trial')} that cannot be read.", icon=":material/info:")
    error = run.error()
    if error is not None:
        st.error(f"**{plain(error['what'])}** {plain(error['next'])}", icon=":material/error:")
    failed = [trial for trial in trials if trial.state == "failed"]
    if failed:
        reasons: dict[str, list[str]] = {}
        for trial in failed:
            reasons.setdefault(trial.why, []).append(str(trial.number))
        head = "**One trial failed**" if len(failed) == 1 else f"**{len(failed)} trials failed**"
        lines = [f"- {plain(why)} Trial {', '.join(numbers)}." for why, numbers in reasons.items()]
        st.warning("\n".join([f"{head}. The others continued.", *lines]), icon=":material/info:")


def _history(run: Run, search: SearchConfig, trials: Sequence[Trial]) -> None:
    st.subheader("Trial by trial")
    st.echarts_chart(
        search_charts.history_option(trials, ink()), height=300, key=state.studies.CHART.of("history", run.id),
        alt="; ".join(search_charts.told(trial) for trial in scored(trials)),
    )  # fmt: skip
    cut = " A triangle is the last score of a trial that was stopped early." if search.pruning else ""
    st.caption(
        f"{measure_title(search)} on validation. In a good search, the scores rise from left to right. If the line"
        f" stays flat, more trials of this kind will help little.{cut}"
    )


def _parallel(run: Run, search: SearchConfig, trials: Sequence[Trial]) -> None:
    settings = settings_of(search)
    st.subheader("All settings side by side")
    st.echarts_chart(
        search_charts.parallel_option(search, trials, settings, ink(), paper(), dark=is_dark()),
        height=340, key=state.studies.CHART.of("parallel", run.id),
        alt=f"One line a trial through {', '.join(settings[axis.path].title for axis in search.axes)} to its score",
    )  # fmt: skip
    st.caption(
        "Each line is one trial: its values from left to right, and its score at the right edge. Stronger blue is"
        " better, red is the best, and dashed lines were stopped early. If strong lines meet on an axis, good"
        " values lie there. If they cross it anywhere, the setting hardly matters. Drag along an axis to select"
        " lines."
    )


def _importance(run: Run, search: SearchConfig, trials: Sequence[Trial]) -> None:
    st.subheader("What mattered")
    weights, settings = searches.importance(run, search, trials), settings_of(search)
    if not weights:
        st.caption(f"Shown when {ENOUGH_TO_WEIGH} trials have a score.")
        return
    st.echarts_chart(
        search_charts.importance_option(weights, settings, ink()),
        height=44 + 34 * len(weights), key=state.studies.CHART.of("importance", run.id),
        alt="; ".join(f"{settings[path].title} {percent(share, 0)}" for path, share in weights.items()),
    )  # fmt: skip
    epoch = compared_at(trials)
    at = f"after epoch {epoch} (reached by all of them)" if epoch else "at the end"
    st.caption(
        f"How much of the difference between the scores {at} each setting explains, within the values that were"
        " tried (fANOVA). It does not show which value is better. With few trials it is a rough guess. Other ranges"
        " or longer runs may give other bars, so a setting with a short bar can still matter."
    )


def _table(run: Run, search: SearchConfig, trials: Sequence[Trial]) -> None:
    st.subheader("Every trial")
    says = " For a stopped trial, the score is the last one measured."
    key = state.studies.TABLE.of(run.id, len(trials))
    place = ticked_row(table_rows(search, trials), key, "Every trial with its settings and score", says)
    if place is not None and openable(noted_run(trials[place].run_id, run.root)):
        state.go("runs", {state.runs.RUN: trials[place].run_id})


def _stamp(trials: Sequence[Trial]) -> str:
    """Changes when a trial starts or ends."""
    return " ".join(trial.state for trial in trials)
