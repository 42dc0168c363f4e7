"""Where a search may begin: ranges and choices that can be searched as they are suggested."""

import pytest

from sealife_core.config import (
    Axis,
    ClassifierConfig,
    Setting,
    SimclrConfig,
    axis_problems,
    describe,
    preset,
    searchable,
    suggested_axis,
)

RATE = Axis(path="learning_rate", low=1e-4, high=1e-2, log=True)


@pytest.mark.parametrize("task", ["simclr", "probe", "finetune", "transfer", "resnet50", "scratch"])
def test_suggestion__can_be_searched_as_it_stands(task: str):
    base = preset(task)
    settings: list[Setting] = [s for s in searchable(type(base).family()) if s.type is not str or s.choices]
    assert len(settings) > 10
    axes = [suggested_axis(base, setting) for setting in settings]  # type: ignore[arg-type]
    assert [problem for axis in axes for problem in axis_problems(axis, type(base).family())] == []


def test_suggestion__looks_by_factors_around_a_rate_and_at_all_choices():
    base = preset("finetune", learning_rate=1e-3)
    settings = {setting.path: setting for setting in describe(ClassifierConfig)}
    assert suggested_axis(base, settings["learning_rate"]) == RATE  # type: ignore[arg-type]
    assert suggested_axis(base, settings["loss"]).choices == ("cross_entropy", "focal")  # type: ignore[arg-type]
    assert suggested_axis(base, settings["dropout"]).says == "0 to 0.9"  # type: ignore[arg-type]


def test_suggestion__of_an_empty_rate_is_around_the_recipes_own():
    (setting,) = [s for s in describe(SimclrConfig) if s.path == "learning_rate"]
    axis = suggested_axis(preset("simclr"), setting)  # type: ignore[arg-type]
    assert (axis.low, axis.high) == (0.0075, 0.75)
