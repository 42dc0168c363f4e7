"""One search: how far it is, the best so far and what that is worth, every trial, what mattered."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import state
from dashboard.app_pages.runs.actions import form_values
from dashboard.app_pages.studies import search_charts
from dashboard.app_pages.studies.search_charts import measure_title
from dashboard.cache import searches
from dashboard.parts.forms.config_form import shown
from dashboard.parts.runs.strip import pace_s, progress_share
from dashboard.theme import ink, paper
from dashboard.words import between, plain
from sealife_core.config import TASKS, SearchConfig, Setting, describe, task_of
from sealife_core.errors import ConfigError
from sealife_core.runs.directory import Run
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

LONGER = 3  # times the epochs, where the best is trained on


def search_view(run: Run) -> None:
    """All of it; while the search goes on, drawn anew whenever a trial begins or ends. Raises ConfigError, RunError."""
    search = search_of(run)
    trials, left_out = read_trials(run)
    pace = pace_s(run)
    st.fragment(_progress, run_every=pace)(run, search, pace, _stamp(trials))
    _problems(run, trials, left_out)
    tried = "; ".join(f"{setting.title.lower()} {axis.says}" for axis, setting in _axes(search))
    st.caption(
        f"{TASKS[task_of(search.base)].title} on {plain(search.data)}, {search.base.epochs} epochs a trial. Varied:"
        f" {plain(tried)}."
    )
    if not search_charts.scored(trials):
        st.caption("The first score appears here when the first trial has finished.")
        return
    best = best_trial(trials)
    if best is not None:
        _best(run, search, best, trials)
    _history(run, search, trials)
    _parallel(run, search, trials)
    _importance(run, search, trials)
    _table(run, search, trials)


def _progress(run: Run, search: SearchConfig, pace: float | None, drawn: str) -> None:
    """How far it is. Called by every poll; the whole page is drawn anew once a trial has begun or ended."""
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
    reasons: dict[str, list[int]] = {}
    for trial in trials:
        if trial.state == "failed":
            reasons.setdefault(trial.why, []).append(trial.number)
    if not reasons:
        return
    lines = [f"- {plain(why)} Trial {', '.join(map(str, numbers))}." for why, numbers in reasons.items()]
    count = sum(len(numbers) for numbers in reasons.values())
    head = "**One trial failed**" if count == 1 else f"**{count} trials failed**"
    st.warning("\n".join([f"{head}. The others continued.", *lines]), icon=":material/info:")


def _best(run: Run, search: SearchConfig, best: Trial, trials: Sequence[Trial]) -> None:
    """The best in words, what its lead is worth, and what to do with it."""
    winner = Run(run.root / best.run_id)
    values = ", ".join(
        f"{_settings(search)[path].title.lower()} {_value(value, path)}" for path, value in best.values.items()
    )
    over = run.state().active
    with st.container(border=True, key="search_best"):
        st.markdown(f"**{'Best so far' if over else 'The best'}: trial {best.number}**, {plain(values)}")
        val = (winner.results() or {}).get("val") or {}
        name = search.metric.removeprefix("val/")
        low, high = (val.get(f"{name.removesuffix('_accuracy')}_{end}") for end in ("low", "high"))
        span = f" (95 % interval {between(low, high)})" if between(low, high) else ""
        asked = f" on {val['n']:,} validation pictures" if val.get("n") is not None else " on validation"
        st.markdown(f"{measure_title(search)} **{percent(best.value)}**{span}{asked}")
        st.caption(_worth(best, trials, low))
        with st.container(horizontal=True, vertical_alignment="center"):
            _longer_button(search, winner)
            if st.button("Open its run", icon=":material/monitoring:", disabled=not _there(winner)):
                state.go("runs", {state.runs.RUN: winner.id})
        if not over:
            _test_score(winner)


def _worth(best: Trial, trials: Sequence[Trial], low: Any) -> str:
    """How much to believe of the lead."""
    scored = [trial for trial in trials if trial.state == "finished" and trial is not best]
    text = (
        f"It is the best of {len(trials)} trials on the same pictures, so part of its lead is luck. Expect a"
        " slightly lower score on other pictures."
    )
    if not scored or low is None:
        return text
    near = sum((trial.value or 0.0) >= low for trial in scored)
    return f"{text} Of the other {len(scored)} finished trials, {near} lie within its interval."


def _longer_button(search: SearchConfig, winner: Run) -> None:
    clicked = st.button(
        "Train the best for longer",
        icon=":material/arrow_forward:",
        type="primary",
        disabled=not _there(winner),
        help=f"Opens the Train page with its settings and {LONGER} times the epochs",
    )
    if not clicked:
        return
    config = winner.config()
    task = task_of(config)
    epochs = min(5000, LONGER * search.base.epochs)
    state.train.set_form_values(task, form_values(config) | {"epochs": epochs})
    state.go("train", {state.train.TASK: task, state.data.DATASET: config.data})


def _test_score(winner: Run) -> None:
    """The score on test pictures, folded: it is to be looked at once, and of the best alone."""
    test = (winner.results() or {}).get("test") or {}
    if test.get("accuracy") is None:
        return
    with st.expander("Its score on test pictures"):
        words = [
            f"{title} **{percent(test[name])}** ({between(test.get(f'{name}_low'), test.get(f'{name}_high'))})"
            for name, title in (("accuracy", "Accuracy"), ("macro_f1", "Macro-F1"))
            if test.get(name) is not None
        ]
        st.markdown(f"{', '.join(words)} on {test.get('n') or 0:,} test pictures")
        st.caption(
            "The search did not use the test pictures, so this is an unbiased estimate the first time. If you"
            " search again until it rises, it becomes as optimistic as the validation score."
        )


def _history(run: Run, search: SearchConfig, trials: Sequence[Trial]) -> None:
    st.subheader("Trial by trial")
    found = search_charts.scored(trials)
    st.echarts_chart(
        search_charts.history_option(trials, ink()),
        height=300, key=state.studies.CHART.of("history", run.id),
        alt="; ".join(search_charts.told(trial) for trial in found),
    )  # fmt: skip
    cut = " A triangle is the last score of a trial that was stopped early." if search.pruning else ""
    st.caption(
        f"{measure_title(search)} on validation. In a good search, the scores rise from left to right. If the line"
        f" stays flat, more trials of this kind will help little.{cut}"
    )


def _parallel(run: Run, search: SearchConfig, trials: Sequence[Trial]) -> None:
    st.subheader("All settings side by side")
    st.echarts_chart(
        search_charts.parallel_option(search, trials, _settings(search), ink(), paper()),
        height=340, key=state.studies.CHART.of("parallel", run.id),
        alt=f"One line a trial through {', '.join(s.title for _, s in _axes(search))} to its score",
    )  # fmt: skip
    st.caption(
        "Each line is one trial: its values from left to right, and its score at the right edge. Stronger blue is"
        " better, red is the best, and dashed lines were stopped early. If strong lines meet on an axis, good"
        " values lie there. If they cross it anywhere, the setting hardly matters. Drag along an axis to select"
        " lines."
    )


def _importance(run: Run, search: SearchConfig, trials: Sequence[Trial]) -> None:
    st.subheader("What mattered")
    weights = searches.importance(run, search, trials)
    if not weights:
        st.caption(f"Shown when {ENOUGH_TO_WEIGH} trials have a score.")
        return
    st.echarts_chart(
        search_charts.importance_option(weights, _settings(search), ink()),
        height=44 + 34 * len(weights), key=state.studies.CHART.of("importance", run.id),
        alt="; ".join(f"{path} {100 * share:.0f} %" for path, share in weights.items()),
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
    event = st.dataframe(
        pd.DataFrame(table_rows(search, trials)),
        hide_index=True,
        key=state.studies.TABLE.of(run.id, len(trials)),
        on_select="rerun",
        selection_mode="single-row",
        alt="Every trial with its settings and score",
    )
    st.caption("Tick a row to open its run. For a stopped trial, the score is the last one measured.")
    ticked = event.selection.rows
    if ticked and ticked[0] < len(trials) and _there(Run(run.root / trials[ticked[0]].run_id)):
        state.go("runs", {state.runs.RUN: trials[ticked[0]].run_id})


def table_rows(search: SearchConfig, trials: Sequence[Trial]) -> list[dict[str, str | int]]:
    """What the table says, ready to be read."""
    words = {"running": "running", "finished": "✓ finished", "pruned": "▲ stopped early", "failed": "✕ failed"}
    return [
        {"Trial": trial.number}
        | {_settings(search)[path].title: _value(value, path) for path, value in trial.values.items()}
        | {
            measure_title(search): percent(trial.value),
            "Epochs": trial.epochs,
            "State": words[trial.state]
            + (f": {trial.why}" if trial.why else ", trained earlier" if trial.reused else ""),
            "Run": trial.run_id,
        }
        for trial in trials
    ]


def _axes(search: SearchConfig) -> list[tuple[Any, Setting]]:
    settings = _settings(search)
    return [(axis, settings[axis.path]) for axis in search.axes]


def _settings(search: SearchConfig) -> dict[str, Setting]:
    return {setting.path: setting for setting in describe(type(search.base))}


def _value(value: Any, path: str) -> str:
    return f"{value:.3g}" if isinstance(value, float) else shown(value, path)


def _there(run: Run) -> bool:
    try:
        run.config()
    except ConfigError:
        return False
    return run.path.is_dir()


def _stamp(trials: Sequence[Trial]) -> str:
    """What changes when a trial begins or ends."""
    return " ".join(trial.state for trial in trials)
