"""The form of a search: what to train, what to vary, how many trials; what it will cost; Launch."""

from dataclasses import replace

import streamlit as st

from dashboard.app_pages.studies.search_axes_form import axis_row, vary_choice
from dashboard.cache import datasets
from dashboard.data.trials import measure_title
from dashboard.error_display import show_error
from dashboard.parts.forms.config_form import tabbed
from dashboard.parts.forms.dataset_choice import dataset_choice
from dashboard.parts.forms.encoder_field import encoder_field
from dashboard.parts.forms.launch import launch_button
from dashboard.parts.forms.start_from import sources, weights_field
from dashboard.parts.forms.time_needed import cost_figures, measuring_lines, time_words
from dashboard.parts.forms.where_field import where_field
from dashboard.state import Key, studies
from dashboard.words import plain
from sealife_core.config import (
    SIZES,
    TASKS,
    EmbedConfig,
    SearchConfig,
    build_search,
    describe,
    family_settings,
    inherited,
    nested,
    parse,
    preset,
    searchable,
)
from sealife_core.errors import ConfigError
from sealife_core.runs.costs.estimates import estimate_on
from sealife_core.runs.directory import single_runs, source_config
from sealife_core.runs.scheduling.capacity import at_once
from sealife_core.wording import duration, size

SEARCHED = [key for key, task in TASKS.items() if task.config is not EmbedConfig]
TRIALS = 20


def search_form() -> None:
    """Choices on the left, what they cost and the launch on the right. There has to be a data set."""
    runs = sources(single_runs())
    form, panel = st.columns([5, 2], gap="large")
    with form:
        asked = _form(runs)
    search = None if isinstance(asked, ConfigError) else asked
    title = search.title if search else ""
    with panel, st.container(border=True):
        name = st.text_input("Name of the search", placeholder=title, key=studies.SEARCH_FORM.of("name"))
        if search is not None:
            _cost_lines(search)
            search = search.model_copy(update={"title": name.strip() or search.title})
        if isinstance(asked, ConfigError):
            show_error(asked)
        launch_button(search, search.title if search else "", watch=("studies", studies.STUDY))


def _form(runs: dict[str, str]) -> SearchConfig | ConfigError:
    """The search that the form asks for, or what is wrong with it."""
    task = st.segmented_control(
        "What to train in each trial", SEARCHED, format_func=lambda key: TASKS[key].title, required=True,
        default="finetune" if runs else "scratch", key=studies.SEARCH_FORM.of("task"), persist_state="session",
    ) or "scratch"  # fmt: skip
    st.caption(TASKS[task].says)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen_size = st.segmented_control(
            "Size of each trial", SIZES, required=True, default=SIZES[0], key=studies.SEARCH_FORM.of("size"),
            persist_state="session",
        ) or SIZES[0]  # fmt: skip
        data = dataset_choice("Data set")
    key = studies.SEARCH_FORM.of(task, chosen_size)
    settings = searchable(TASKS[task].config)
    values = family_settings(preset(task, chosen_size)) | {"data": data}
    if TASKS[task].needs_run:
        values["weights"] = next(iter(runs), "imagenet")
    weights = next(setting for setting in settings if setting.path == "weights")
    values["weights"] = weights_field(weights, values["weights"], key, runs=runs, encoder=values["encoder"])
    if learned := source_config(values["weights"]):  # so that each trial sees what that run saw
        values |= {name: inherited(learned)[name] for name in ("encoder", "stem", "image_size_px")}
    varied = vary_choice(settings, task, key)
    paths = {setting.path for setting in varied} | {"data", "weights"}
    others = [replace(s, simple=False) for s in describe(TASKS[task].config) if s.path not in paths]
    try:
        begun = parse(TASKS[task].config, nested(values))
        axes = [axis_row(begun, setting, key) for setting in varied]  # type: ignore[arg-type]
        trials, pruning = _how_many(key)
        values |= tabbed(others, values, key, {"encoder": encoder_field, "where": where_field})
        base = parse(TASKS[task].config, nested(values) | {"data_hash": datasets.opened(data).content_hash})
        assert not isinstance(base, EmbedConfig)
        named = ", ".join(setting.title.lower() for setting in varied)
        return build_search(base, axes, title=f"{TASKS[task].title}: {named}", trials=trials, pruning=pruning)
    except ConfigError as error:
        return error


def _how_many(key: Key) -> tuple[int, bool]:
    """Trials, and whether hopeless ones are stopped."""
    left, right = st.columns([1, 2], gap="large", vertical_alignment="bottom")
    trials = left.number_input("Trials", value=TRIALS, key=key.of("trials"), persist_state="session")
    pruning = right.toggle("Stop poor trials early", True, key=key.of("pruning"), persist_state="session")
    st.caption(
        "The first trials, 3 to 10 of them, use random settings. Later trials stay close to settings that scored well"
        " (TPE). A trial is stopped if its best epoch so far scores below the median of the finished trials at that"
        " epoch. This saves time, but sometimes stops a trial that would have caught up, especially one with a high"
        " learning rate."
    )
    return int(trials), pruning


def _cost_lines(search: SearchConfig) -> None:
    """Time and disk of all trials, as if none were stopped."""
    cost = estimate_on(search.base, datasets.opened(search.data))
    each = total = time_words(cost.seconds, search.base.device)
    if cost.seconds is not None:
        side_by_side = search.parallel or at_once(search.base)
        most = "at most about" if search.pruning else "about"
        total = f"{most} {duration(cost.seconds * search.trials / side_by_side)}"
    own_bytes = cost.disk_bytes - cost.shared_bytes  # all trials share the decoded images
    disk = f"at most {size(own_bytes * search.trials + cost.shared_bytes)}"
    cost_figures({"Trials": f"{search.trials}", "Each": each, "Total": total, "Disk": disk})
    if cost.seconds is None:
        measuring_lines(search.base.device)
    said = f"Time: {plain(cost.basis)}, with the starting settings. Trials with larger images or batches take longer."
    st.caption(f"{said} Ranked by {measure_title(search)} on validation pictures.")
