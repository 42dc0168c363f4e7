"""The trials of a search in words: what they are ranked by, what each tried, what the lead of the best is worth."""

from collections.abc import Sequence
from typing import Any

from sealife_core.config import SearchConfig, Setting, describe
from sealife_core.evaluation.comparison.differences import setting_words
from sealife_core.studies.search_results import Trial
from sealife_core.wording import counted, percent

TITLES = {"val/macro_f1": "Macro-F1", "val/accuracy": "Accuracy", "val/knn_accuracy": "k-NN accuracy"}


def measure_title(search: SearchConfig) -> str:
    """What the trials are ranked by, for people."""
    return TITLES[search.metric]


def scored(trials: Sequence[Trial]) -> list[Trial]:
    """Those that a chart can show: finished or pruned, with a score."""
    return [trial for trial in trials if trial.value is not None and trial.state in ("finished", "pruned")]


def settings_of(search: SearchConfig) -> dict[str, Setting]:
    """Path → setting, of what the trials of ``search`` are made of."""
    return {setting.path: setting for setting in describe(type(search.base).family())}


def planned(search: SearchConfig) -> str:
    """How long a trial trains: "20 epochs"; of one that ends by the clock, "5 minutes"."""
    if minutes := getattr(search.base, "minutes", 0):
        return f"{minutes:g} {'minute' if minutes == 1 else 'minutes'}"
    return counted(search.base.epochs, "epoch")


def value_words(value: Any, setting: Setting) -> str:
    """What a trial tried for ``setting``."""
    return f"{value:.3g}" if isinstance(value, float) else setting_words(value, setting)


def table_rows(search: SearchConfig, trials: Sequence[Trial]) -> list[dict[str, str | int]]:
    """What the table says, ready to be read."""
    words = {"running": "running", "finished": "✓ finished", "pruned": "▲ stopped early", "failed": "✕ failed"}
    settings = settings_of(search)
    return [
        {"Trial": trial.number}
        | {settings[path].title: value_words(value, settings[path]) for path, value in trial.values.items()}
        | {
            measure_title(search): percent(trial.value),
            "Epochs": trial.epochs,
            "State": words[trial.state]
            + (f": {trial.why}" if trial.why else ", trained earlier" if trial.reused else ""),
            "Run": trial.run_id,
        }
        for trial in trials
    ]


def worth(best: Trial, trials: Sequence[Trial], low: float | None) -> str:
    """How much to believe of the lead of ``best``, whose score has an interval that starts at ``low``."""
    others = [trial for trial in trials if trial.state == "finished" and trial is not best]
    if (count := len(scored(trials))) < 2:
        return "It is the only trial with a score so far."
    text = (
        f"It is the best of {count} trials on the same pictures, so part of its lead is luck. Expect a"
        " slightly lower score on other pictures."
    )
    if not others or low is None:
        return text
    near = sum((trial.value or 0.0) >= low for trial in others)
    near_words = counted(near, "lies", "lie")
    return f"{text} Of the other {counted(len(others), 'finished trial')}, {near_words} within its interval."
