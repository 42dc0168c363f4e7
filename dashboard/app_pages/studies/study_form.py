"""A new study: the question, how thoroughly, what it would take; one click."""

import streamlit as st

from dashboard import state
from dashboard.cache import datasets
from dashboard.error_display import errors_shown
from dashboard.parts.forms.config_form import the_rest
from dashboard.parts.forms.dataset_choice import dataset_choice
from dashboard.parts.forms.launch import launch_lines
from dashboard.parts.forms.start_from import sources
from dashboard.parts.forms.time_needed import cost_figures, measuring_lines
from dashboard.parts.forms.where_field import where_field
from dashboard.parts.notice import errors_said
from dashboard.words import plain
from sealife_core.config import SimclrConfig, StudyConfig, describe, source_run
from sealife_core.folders import checkpoints_root
from sealife_core.runs.directory import create_run, list_studies, open_run, single_runs, source_config
from sealife_core.runs.scheduling.locks import launch_lock
from sealife_core.runs.scheduling.queue import launch
from sealife_core.studies.helps import HELPS, encoders_here, largest_class
from sealife_core.studies.paper_results import PAPER_WORDS
from sealife_core.studies.questions import (
    DEPTH,
    IMBALANCE,
    LABELS,
    QUESTIONS,
    build_study,
    encoders_of,
    usual_encoders,
    usual_seeds,
)
from sealife_core.studies.readiness import LEAST_SEEDS
from sealife_core.studies.study_cost import study_cost
from sealife_core.studies.study_settings import QUICK, STUDY_SIZES
from sealife_core.studies.verdict import smallest_gain
from sealife_core.wording import counted, duration, size

NEW_RUN = ""
PLACE = [setting for setting in describe(SimclrConfig) if setting.path in ("where", "cluster_cores")]


def study_form() -> None:
    """Questions on the left, what the chosen one takes and its launch on the right."""
    form, panel = st.columns([5, 2], gap="large")
    with form:
        question = _question()
        study = _asked(question)
    with panel, st.container(key="launch_panel", border=True):
        _panel(study)


def _question() -> str:
    chosen = st.radio(
        "What do you want to know?", list(QUESTIONS), format_func=lambda key: QUESTIONS[key].title,
        captions=[question.says for question in QUESTIONS.values()],
        key=state.studies.QUESTION.among(QUESTIONS), bind="query-params",
    )  # fmt: skip
    return chosen or LABELS


def _asked(question: str) -> StudyConfig | None:
    """The study that the form asks for; None: it has problems, which are shown."""
    form, columns = state.studies.FORM, st.columns(3, gap="large")
    with columns[0]:
        data = dataset_choice("Data set", says="All runs use the same pictures.")
    with columns[1]:
        wanted = st.segmented_control(
            "Size", STUDY_SIZES, default=QUICK, required=True, key=form.of("size"), persist_state="session"
        ) or QUICK  # fmt: skip
        st.caption("Quick: small pictures and short runs. Full: the standard presets and more values.")
    seeds_key = f"{question}.{wanted}" if question == HELPS else wanted
    with columns[2]:
        seeds = st.number_input(
            "Seeds", value=usual_seeds(question, wanted), key=form.of("seeds", seeds_key), persist_state="session"
        )  # fmt: skip
        st.caption(
            "Each seed repeats the training with other random numbers and other labels. Two or more separate"
            " a difference from luck."
        )
    encoders: list[str] = []
    offered = encoders_of(question)
    if offered:
        usual = encoders_here() if question == HELPS else usual_encoders(question, wanted)
        encoders = st.pills(
            "Encoders", offered, selection_mode="multi", default=usual,
            key=form.of("encoders", question, wanted), persist_state="session",
        )  # fmt: skip
        st.caption("ImageNet weights are downloaded once, if they are missing.")
    if question == HELPS:
        st.caption(_can_show(int(seeds), len(datasets.opened(data).rows("test", labelled_only=True))))
    source = _source(data, question) if question in (LABELS, DEPTH, IMBALANCE) else NEW_RUN
    place = the_rest(PLACE, {setting.path: setting.default for setting in PLACE}, form, {"where": where_field})
    if question in PAPER_WORDS:
        st.caption(PAPER_WORDS[question])
    if offered and not encoders:
        st.warning("Choose at least one encoder.", icon=":material/info:")
        return None
    with errors_shown():
        run = open_run(source) if source else None
        return build_study(
            question, data=data, data_hash=datasets.opened(data).content_hash, size=wanted, seeds=int(seeds),
            encoders=encoders, source=(run.id, run.config()) if run else None, place=place,
            per_class=largest_class(datasets.opened(data)),
        )  # fmt: skip
    return None


def _can_show(seeds: int, images: int) -> str:
    """What a study of that size can find, before it starts."""
    if seeds < LEAST_SEEDS or not images:
        return f"A verdict needs {LEAST_SEEDS} seeds or more, and labelled test images."
    return (
        f"With {counted(images, 'test image')} and {counted(seeds, 'seed')}, a gain of about"
        f" {100 * smallest_gain(seeds, images):.0f} points is usually found in four of five studies. More seeds and"
        " more test images show smaller ones."
    )


def _source(data: str, question: str) -> str:
    """The id of the SimCLR run to start from, or NEW_RUN."""
    new = {LABELS: "a new SimCLR run for each seed", DEPTH: "a new SimCLR run", IMBALANCE: "scratch"}[question]
    named = {}
    for spec, words in sources(single_runs()).items():
        config = source_config(spec)
        if isinstance(config, SimclrConfig) and config.data == data:
            named[source_run(spec) or ""] = words
    # A key for each question: what is kept of a selectbox is its words, and those of a new run differ.
    chosen = st.selectbox(
        "Encoder from", [NEW_RUN, *named], format_func=lambda run_id: named.get(run_id, new),
        key=state.studies.FORM.of("source", question, data), persist_state="session",
    )  # fmt: skip
    if chosen and question == LABELS:
        st.caption(
            "The seeds then show how much the choice of labels matters. They do not show how much another"
            " SimCLR run would change."
        )
    return chosen or NEW_RUN


def _panel(study: StudyConfig | None) -> None:
    default = study.title if study else "Study"
    name = st.text_input("Name of the study", placeholder=default, key=state.studies.FORM.of("name"), max_chars=80)
    if study is not None:
        cost = study_cost(study, datasets.opened(study.data), checkpoints_root())
        time = f"about {duration(cost.seconds)}" if cost.seconds is not None else "not known yet"
        cost_figures({"Runs": f"{cost.runs:,}", "Total time": time, "Disk": size(cost.disk_bytes)})
        there = f" {cost.done} of the runs already exist and are not trained again." if cost.done else ""
        at_once = f" {cost.at_once} runs train at once." if cost.at_once > 1 else ""
        st.caption(f"Time: {plain(cost.basis)}.{at_once}{there}")
        if cost.seconds is None:
            measuring_lines("auto")
    possible = study is not None and launch_lines(study)
    # Not by a callback: its arguments would be those of the last drawing, before what was typed just now.
    pressed = st.button(
        "Start the study", type="primary", icon=":material/play_arrow:", width="stretch", disabled=not possible
    )  # fmt: skip
    if pressed and study is not None and possible:
        _launch(study, name.strip() or default)
        st.rerun()
    st.caption(
        "Its runs wait in the queue like all others. A run that you launch in the meantime does not wait for"
        " the whole study."
    )


def _launch(study: StudyConfig, name: str) -> None:
    """A second click, or the same request while the study still runs, opens the existing study."""
    with errors_said():
        with launch_lock(checkpoints_root()):
            run = next((run for run in list_studies() if run.state().active and run.request() == study), None)
            if run is None:
                run = create_run(study, name=name)
                launch(run)
        state.studies.STUDY.set(run.id)
