"""The settings in which runs differ, and runs that differ only in the depth of fine-tuning."""

from collections.abc import Sequence
from typing import Any

from sealife_core.config import AnyConfig, ClassifierConfig, Setting, describe, trained_settings
from sealife_core.evaluation.comparison.candidates import distinct_names, readable_configs, source_names
from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow
from sealife_core.models.facts import published_weights, title_of
from sealife_core.runs.run import Run
from sealife_core.wording import short_number, with_unit

DEPTH = "trained_stages"


def difference_rows(runs: Sequence[Run]) -> list[dict[str, str]]:
    """The settings in which the readable ``runs`` differ, in words and in the order of the form; weights by their name.

    A row per setting, a column per run; – for a run without this setting.
    """
    configs = readable_configs(runs)
    names = distinct_names([run for run, _ in configs])
    sources = source_names(configs)
    flat = {
        run.id: trained_settings(config) | {"weights": sources.get(run.id) or _weights(config)}
        for run, config in configs
    }
    settings = {s.path: s for _, config in configs for s in describe(type(config))}
    rows = []
    for path, setting in settings.items():
        # Empty for a setting that is not of the training, but of where a run is recorded.
        values = {run_id: own[path] for run_id, own in flat.items() if path in own}
        if 0 < len(values) < len(flat) or len({repr(value) for value in values.values()}) > 1:
            told = {
                names[run_id]: setting_words(values[run_id], setting) if run_id in values else "–" for run_id in flat
            }
            rows.append({"Setting": with_unit(setting.title, setting.unit)} | told)
    return rows


def ladders(rows: Sequence[ComparisonRow], runs: Sequence[Run]) -> list[list[tuple[int, ComparisonRow]]]:
    """(trained stages, row) of comparable ``rows`` whose configs, seed included, differ only in the trained stages.

    Each ladder has two depths or more, the shallowest first. ``runs``: with the configs of ``rows``.
    """
    configs = {run.id: config for run, config in readable_configs(runs)}
    groups: dict[str, list[tuple[int, ComparisonRow]]] = {}
    for row in rows:
        config = configs.get(row.run_id)
        if row.comparable and isinstance(config, ClassifierConfig):
            rest = {path: value for path, value in trained_settings(config).items() if path != DEPTH}
            groups.setdefault(repr(rest), []).append((config.trained_stages, row))
    return [
        sorted(group, key=lambda rung: rung[0]) for group in groups.values() if len({stages for stages, _ in group}) > 1
    ]


def setting_words(value: Any, setting: Setting) -> str:
    """The value of ``setting`` as people write it; names that people gave as they are."""
    if setting.path == "encoder":
        return title_of(value) or "none"
    if value is None:
        return "the recipe's value"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return short_number(value)
    return str(value).replace("_", " ") if setting.choices else str(value)


def _weights(config: AnyConfig) -> str:
    return published_weights(config.encoder) if config.weights == "imagenet" else config.weights
