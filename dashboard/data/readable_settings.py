"""Settings of a run as people write them, and how they differ from those of another."""

from collections.abc import Mapping, Sequence
from math import isclose
from typing import Any

from sealife_core.config import (
    SIZES,
    AnyConfig,
    Setting,
    describe,
    family_settings,
    flat_settings,
    preset,
    task_of,
    trained_settings,
)
from sealife_core.evaluation.comparison.differences import setting_words

NOT_IN_FORM = ("kind", "data_hash", "broken")


def by_group(settings: Sequence[Setting]) -> dict[str, list[Setting]]:
    """Group → its settings, in the config's order."""
    groups: dict[str, list[Setting]] = {}
    for setting in settings:
        groups.setdefault(setting.group, []).append(setting)
    return groups


def form_values(config: AnyConfig) -> dict[str, Any]:
    """The settings of ``config`` as the form names them."""
    return {path: value for path, value in flat_settings(config).items() if path not in NOT_IN_FORM}


def differences(settings: Sequence[Setting], values: Mapping[str, Any], preset: Mapping[str, Any]) -> list[str]:
    """What was changed from the preset, for people: "Temperature 0.5 instead of 0.2"."""
    return [f"{title} {this} instead of {that}" for title, this, that in differing(settings, values, preset)]


def differing(
    settings: Sequence[Setting], these: Mapping[str, Any], those: Mapping[str, Any]
) -> list[tuple[str, str, str]]:
    """The settings that differ, as (title, this value, that value) for people."""
    return [
        (s.title, setting_words(these[s.path], s), setting_words(those[s.path], s))
        for s in settings
        if s.path in these and not same(these[s.path], those[s.path])
    ]


def same(a: Any, b: Any) -> bool:
    """Equal, as far as a form can tell."""
    if isinstance(a, float) and isinstance(b, int | float):
        return isclose(a, b, rel_tol=1e-6, abs_tol=1e-12)
    return a == b


# Which data and which weights always differ; the heading of the run shows them.
NOT_COMPARED = ("data", "weights")


def nearest_preset(config: AnyConfig) -> tuple[str, list[str]]:
    """(name of the preset with the fewest differences, the paths that differ)."""
    values, task = trained_settings(config), task_of(config)
    found = {}
    for size in SIZES:
        base = family_settings(preset(task, size))
        paths = [s.path for s in describe(type(config)) if s.path in values]
        found[size] = [p for p in paths if p not in NOT_COMPARED and not same(values[p], base[p])]
    size = min(found, key=lambda name: len(found[name]))
    return size, found[size]
