"""Train: a plain choice, a size, the few settings that matter; everything else folded away."""

from functools import partial
from typing import Any

import streamlit as st

from dashboard import state
from dashboard.cache import datasets
from dashboard.data.readable_settings import differences
from dashboard.error_display import show_error
from dashboard.parts.forms.config_form import setting_grid, tabbed
from dashboard.parts.forms.dataset_choice import dataset_choice, need_dataset
from dashboard.parts.forms.encoder_field import encoder_field, fitting_line, is_encoder
from dashboard.parts.forms.launch import estimate_lines, launch_button, queue_lines
from dashboard.parts.forms.start_from import learned_with, sources, stages_field, weights_field
from dashboard.parts.forms.where_field import where_field
from dashboard.state import Key
from dashboard.words import plain
from sealife_core.config import (
    SIZES,
    TASKS,
    AnyConfig,
    SimclrConfig,
    describe,
    family_settings,
    flattened,
    nested,
    parse,
    preset,
)
from sealife_core.errors import ConfigError
from sealife_core.runs.directory import single_runs
from sealife_core.runs.names import default_name
from sealife_core.runs.scheduling.queue import prewarm
from sealife_core.views.recipes import recipe_name, recipes


def page() -> None:
    """Choices on the left, what they cost and the launch on the right."""
    st.title("Train")
    if not need_dataset("Training needs pictures."):
        return
    prewarm()  # while the form is filled in, PyTorch is imported
    task = st.segmented_control(
        "What to train", list(TASKS), format_func=lambda key: TASKS[key].title, required=True, default="simclr",
        key=state.train.TASK.among(TASKS), bind="query-params", label_visibility="collapsed",
    ) or "simclr"  # fmt: skip
    st.markdown(TASKS[task].says)
    runs = sources(single_runs())
    if TASKS[task].needs_run and not runs:
        _no_run_yet()
    form, panel = st.columns([5, 2], gap="large")
    with form:
        config, changed = _form(task, runs)
    with panel, st.container(key="launch_panel", border=True):
        _panel(config, task, changed)


def _form(task: str, runs: dict[str, str]) -> tuple[AnyConfig | ConfigError, list[str]]:
    """The config that the form asks for, or what is wrong with it; and what differs from the preset."""
    size = st.segmented_control(
        "Size", SIZES, required=True, default="Standard", key=state.train.SIZE, bind="query-params", width="content"
    ) or "Standard"  # fmt: skip
    settings = describe(TASKS[task].config)
    has_views = TASKS[task].config is SimclrConfig
    base = family_settings(preset(task, size))
    if TASKS[task].needs_run:
        base["weights"] = next(iter(runs), "imagenet")
        if source := learned_with(base["weights"]):  # so that the classifier sees what the encoder saw
            base["encoder"], base["image_size_px"] = source
    held = state.train.form_values()
    filled = held is not None and held[0] == task
    values = base | (held[1] if held and filled else {})
    if filled:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Filled in from a run, from the Views page or as suggested.")
            st.button("Back to the preset", type="tertiary", on_click=state.train.clear_form_values)
    key = state.train.FORM.of(state.train.form_version(), task, size)
    special = {
        "data": lambda setting, _value, _key: dataset_choice(setting.title, setting.says),
        "encoder": encoder_field,
        "weights": partial(weights_field, runs=runs, encoder=values["encoder"]),
        "trained_stages": partial(stages_field, top="projection head" if has_views else "classifier"),
        "where": where_field,
    }
    chosen = setting_grid([s for s in settings if s.simple], values, key, special)
    below = st.container()
    if has_views:
        recipe, values = _recipe(values, key)
        key = key.of(recipe)
    chosen |= tabbed(settings, values, key, special)
    with below:
        fitting_line(chosen, task)
    changed = differences([s for s in settings if s.path not in ("data", "weights")], chosen, base)
    try:
        hashed = {"data_hash": datasets.opened(chosen["data"]).content_hash}
        return parse(TASKS[task].config, nested(chosen) | hashed), changed
    except ConfigError as error:
        return error, changed


def _recipe(values: dict[str, Any], key: Key) -> tuple[str, dict[str, Any]]:
    """A named recipe of views, whose values then fill the folds below it."""
    known = recipes()
    held = recipe_name(parse(type(known["SimCLR"]), nested(values)["views"])) or "As filled in"
    options = list(known) if held in known else [held, *known]
    name = st.segmented_control(
        "Views: how the two views of a picture are made", options, default=held, required=True, format_func=plain,
        key=key.of("recipe"), persist_state="session",
    ) or held  # fmt: skip
    return name, values | (flattened({"views": known[name].model_dump()}) if name in known else {})


def _no_run_yet() -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown("**No run to start from yet:** train SimCLR first, or start from ImageNet or a file below.")
        if st.button("Train SimCLR", icon=":material/arrow_forward:"):
            state.go("train", {state.train.TASK: "simclr"})


def _panel(asked: AnyConfig | ConfigError, task: str, changed: list[str]) -> None:
    config = None if isinstance(asked, ConfigError) else asked
    default = default_name(task, config.data) if config else TASKS[task].title
    name = st.text_input("Name of the run", placeholder=default, key=state.train.NAME.of(task), max_chars=80)
    name = name.strip() or default
    if config is not None and is_encoder(config.encoder):
        estimate_lines(config, name)
    if changed:
        st.caption("Changed from the preset: " + plain("; ".join(changed)) + ".")
    if isinstance(asked, ConfigError):
        show_error(asked)
    launch_button(config, name)
    queue_lines()


page()
