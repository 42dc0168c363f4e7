"""A field added to a config appears in the form by itself, with its sentence, and comes back unchanged."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.data.readable_settings import by_group, differences
from dashboard.parts.forms.config_form import FORMATS
from sealife_core.config import (
    TASKS,
    FineTuneConfig,
    ProbeConfig,
    SimclrConfig,
    ViewRecipe,
    describe,
    flattened,
    nested,
    parse,
    preset,
)

CONFIGS = {"simclr": SimclrConfig, "probe": ProbeConfig, "finetune": FineTuneConfig, "views": ViewRecipe}


def app(model: type, values: dict) -> AppTest:
    script = f"""
import json
import streamlit as st
from dashboard.parts.forms.config_form import setting_grid, tabbed
from dashboard.state import Key
from sealife_core.config import describe
from {model.__module__} import {model.__name__} as model
settings = describe(model)
values = json.loads({json.dumps(json.dumps(values))})
simple = [setting for setting in settings if setting.simple]
st.session_state.chosen = setting_grid(simple, values, Key("form"), {{}}) | tabbed(settings, values, Key("form"), {{}})
"""
    return AppTest.from_string(script, default_timeout=60).run()


def opened(shown: AppTest, group: str) -> AppTest:
    """The form with the fold open, at the tab of that group."""
    shown.session_state["fold.everything"] = True
    shown.session_state["fold.tabs"] = group
    return shown.run()


@pytest.mark.parametrize("kind", CONFIGS)
def test_form__has_every_setting_with_its_sentence(kind):
    settings = describe(CONFIGS[kind])
    assert len(settings) > 15
    shown = app(CONFIGS[kind], flattened(CONFIGS[kind]().model_dump()))
    assert not shown.exception
    assert set(shown.session_state.chosen) == {s.path for s in settings}
    sentences = {caption.value for caption in shown.caption}
    for group in by_group([setting for setting in settings if not setting.simple]):
        sentences |= {caption.value for caption in opened(shown, group).caption}
    assert all(any(sentence.startswith(setting.says) for sentence in sentences) for setting in settings)


@pytest.mark.parametrize("task", TASKS)
def test_form__untouched_gives_back_the_preset(task):
    config = preset(task, "Thorough")
    shown = app(type(config), flattened(config.model_dump()))
    assert parse(type(config), nested(shown.session_state.chosen)) == config


def test_form__returns_what_was_set():
    shown = app(CONFIGS["simclr"], flattened(preset("simclr").model_dump()))
    shown.slider(key="form.temperature").set_value(0.5)
    opened(shown, "Optimiser").selectbox(key="form.optimiser").set_value("lars")
    shown.number_input(key="form.learning_rate").set_value(0.3)
    chosen = shown.run().session_state.chosen
    assert (chosen["temperature"], chosen["optimiser"], chosen["learning_rate"]) == (0.5, "lars", 0.3)


def test_form__draws_no_field_of_a_closed_fold_and_keeps_what_was_set_in_it():
    shown = app(CONFIGS["simclr"], flattened(preset("simclr").model_dump()))
    drawn = len(shown.main)
    assert not shown.tabs
    opened(shown, "Optimiser").selectbox(key="form.optimiser").set_value("lars").run()
    assert not any(box.key == "form.stem" for box in shown.selectbox)
    shown.session_state["fold.everything"] = False
    assert not shown.run().tabs
    assert len(shown.main) == drawn
    assert shown.session_state.chosen["optimiser"] == "lars"
    assert opened(shown, "Optimiser").selectbox(key="form.optimiser").value == "lars"


def test_form__shows_no_number_with_all_its_digits():
    assert FORMATS[float] % (4 / 3) == "1.333"
    shown = app(ViewRecipe, flattened(ViewRecipe().model_dump()))
    drawn = [*opened(shown, "Crop and flip").slider, *shown.number_input]
    stretch = next(field for field in drawn if field.label == "Crop stretch")
    assert stretch.value == 4 / 3
    assert {field.proto.format for field in drawn} <= set(FORMATS.values())


def test_differences__name_what_left_the_preset_and_nothing_else():
    settings, base = describe(ViewRecipe), flattened(ViewRecipe().model_dump())
    assert differences(settings, base, base) == []
    assert differences(settings, base | {"hue": 0.1}, base) == ["Hue 0.1 instead of 0.2"]


def test_by_group__loses_no_setting():
    settings = describe(CONFIGS["simclr"])
    assert sum(map(len, by_group(settings).values())) == len(settings)
