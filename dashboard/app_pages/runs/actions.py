"""What can be done with a run: stop, resume, go on from it, clone, rename, delete."""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from dashboard import cache, state
from dashboard.data.runs import config_of
from dashboard.data.settings import form_values
from dashboard.parts.notice import act_button
from dashboard.parts.runs.notes_form import notes_form
from dashboard.parts.trash import trash_fold
from dashboard.words import plain, run_name, size
from sealife_core.config import EmbedConfig, SimclrConfig, inherited, task_of
from sealife_core.evaluation.embeddings.stored_embeddings import has_embeddings
from sealife_core.launching.data_checks import refuse_resume
from sealife_core.runs import deletion
from sealife_core.runs.liveness import State
from sealife_core.runs.resume_check import damage
from sealife_core.runs.run import PREDICTIONS, Run
from sealife_core.runs.scheduling import queue
from sealife_core.runs.scheduling.queue_order import ahead_of, move_up


def run_actions(run: Run) -> None:
    """A row of buttons; the one that comes next is the primary one."""
    shown = run.shown()
    config = config_of(run)
    with st.container(horizontal=True, vertical_alignment="center"):
        if shown.state is State.CREATED:
            _button("Launch", "play_arrow", _launch, run, type="primary")
        if shown.state.active:
            _button("Stopping…" if shown.stopping else "Stop", "stop_circle", _stop, run, disabled=shown.stopping)
        if shown.state is State.QUEUED and ahead_of(run):
            _button("Move up", "arrow_upward", _move_up, run)
            _button("Move to the front", "vertical_align_top", _move_to_front, run)
        if shown.state.resumable and damage(run):
            _button("Start from the beginning", "restart_alt", _begin_anew, run, type="primary")
        elif shown.state.resumable:
            _button("Resume", "resume", _resume, run, type="primary")
        if isinstance(config, SimclrConfig | EmbedConfig) and (run.path / "model.safetensors").exists():
            _classifier_button(run, config, primary=not shown.state.resumable)
        _looks(run)
        if config is not None and st.button(
            "Clone", icon=":material/content_copy:", help="Fill the Train form with this run's settings"
        ):
            state.train.set_form_values(task_of(config), form_values(config))
            state.go("train", {state.train.TASK: task_of(config), state.data.DATASET: config.data})
        with st.popover("Notes and more", icon=":material/more_horiz:"):
            _more(run)


def _classifier_button(run: Run, config: SimclrConfig | EmbedConfig, primary: bool) -> None:
    if st.button(
        "Train a classifier",
        icon=":material/arrow_forward:",
        type="primary" if primary else "secondary",
        help="A linear probe shows what this encoder has learned. You can choose fine-tuning on the Train page.",
    ):
        state.train.set_form_values("probe", inherited(config) | {"weights": f"run:{run.id}"})
        state.go("train", {state.train.TASK: "probe", state.data.DATASET: config.data})


def _looks(run: Run) -> None:
    """The pages that show what this run has learned, as far as it has written it."""
    if (run.path / PREDICTIONS).is_file() and st.button(
        "Pictures", icon=":material/imagesmode:", help="The prediction for each test picture"
    ):
        state.go("gallery", {state.gallery.RUN: run.id})
    if has_embeddings(run.path) and st.button(
        "Embeddings",
        icon=":material/bubble_chart:",
        help="Each picture as a point. Similar pictures lie close together.",
    ):
        state.go("embeddings", {state.embeddings.RUN: run.id})


def _more(run: Run) -> None:
    notes_form(run)
    st.caption(f"Files: {plain(str(run.path))}")
    _button("Delete", "delete", _delete, run, disabled=run.state().active, undo=("run", run.id))
    st.caption("Moves it to the trash. You can undo this." if not run.state().active else "Stop the run first.")
    trash_fold(deletion.trashed(), "run", deletion.empty_trash)


def _launch(run: Run) -> str:
    queue.launch(run)
    return f"**{plain(run_name(run))}** is queued."


def _stop(run: Run) -> str:
    return f"**{plain(run_name(run))}** {queue.request_stop(run)}."


def _move_up(run: Run) -> str:
    move_up(run)
    return _moved(run)


def _move_to_front(run: Run) -> str:
    move_up(run, to_front=True)
    return _moved(run)


def _moved(run: Run) -> str:
    found = cache.forecasts().get(run.id)
    return f"**{plain(run_name(run))}** was moved up{f': it {found.begins}' if found else ''}."


def _resume(run: Run) -> str:
    refuse_resume(run)
    queue.resume(run)
    return f"**{plain(run_name(run))}** is queued to continue."


def _begin_anew(run: Run) -> str:
    refuse_resume(run)
    queue.resume(run, anew=True)
    return f"**{plain(run_name(run))}** is queued to start from the beginning."


def _delete(run: Run) -> str:
    name = run_name(run)
    freed_bytes = deletion.delete(run)
    state.runs.RUN.choose([i for i in state.runs.RUN.ids() or [] if i != run.id])
    return f"**{plain(name)}** is in the trash ({size(freed_bytes)})."


def _button(label: str, icon: str, act: Callable[[Run], str], run: Run, **more: Any) -> None:
    act_button(label, icon, partial(act, run), **more)
