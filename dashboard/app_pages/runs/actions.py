"""What can be done with a run: stop, resume, go on from it, clone, rename, delete."""

from functools import partial

import streamlit as st

from dashboard import state
from dashboard.cache import training
from dashboard.data.readable_settings import form_values
from dashboard.parts.notice import run_button
from dashboard.parts.runs.notes_form import notes_form
from dashboard.parts.trash_fold import trash_fold
from dashboard.words import plain
from sealife_core.config import EmbedConfig, SimclrConfig, inherited, task_of
from sealife_core.evaluation.embeddings.stored_embeddings import has_embeddings
from sealife_core.launching.data_checks import refuse_resume
from sealife_core.runs import deletion
from sealife_core.runs.liveness import State
from sealife_core.runs.resume_check import damage
from sealife_core.runs.run import MODEL, PREDICTIONS, Run
from sealife_core.runs.scheduling import queue
from sealife_core.runs.scheduling.queue_order import ahead_of, move_up
from sealife_core.wording import size


def run_actions(run: Run) -> None:
    """A row of buttons; the one that comes next is the primary one."""
    shown = run.shown()
    config = run.config_or_none()
    with st.container(horizontal=True, vertical_alignment="center"):
        if shown.state is State.CREATED:
            run_button(run, "Launch", "play_arrow", queue.launch, "is queued", type="primary")
        if shown.state.active:
            label = "Stopping…" if shown.stopping else "Stop"
            run_button(run, label, "stop_circle", queue.request_stop, disabled=shown.stopping)
        if shown.state is State.QUEUED and ahead_of(run):
            run_button(run, "Move up", "arrow_upward", _move_up)
            run_button(run, "Move to the front", "vertical_align_top", partial(_move_up, to_front=True))
        if shown.state.resumable and damage(run):
            said, anew = "is queued to start from the beginning", partial(_resume, anew=True)
            run_button(run, "Start from the beginning", "restart_alt", anew, said, type="primary")
        elif shown.state.resumable:
            run_button(run, "Resume", "resume", _resume, "is queued to continue", type="primary")
        if isinstance(config, SimclrConfig | EmbedConfig) and not run.broken and (run.path / MODEL).exists():
            _classifier_button(run, config, primary=not shown.state.resumable)
        _looks(run)
        if (
            config is not None
            and not run.broken
            and st.button("Clone", icon=":material/content_copy:", help="Fill the Train form with this run's settings")
        ):
            state.train.set_form_values(task_of(config), form_values(config))
            state.go("train", {state.train.TASK: task_of(config), state.data.DATASET: config.data})
        with st.popover("Notes and more", icon=":material/more_horiz:"):
            _more(run)


def _classifier_button(run: Run, config: SimclrConfig | EmbedConfig, primary: bool) -> None:
    if st.button(
        "Train a classifier", icon=":material/arrow_forward:", type="primary" if primary else "secondary",
        help="A linear probe shows what this encoder has learned. You can choose fine-tuning on the Train page.",
    ):  # fmt: skip
        state.train.set_form_values("probe", inherited(config) | {"weights": f"run:{run.id}"})
        state.go("train", {state.train.TASK: "probe", state.data.DATASET: config.data})


def _looks(run: Run) -> None:
    """The pages that show what this run has learned, as far as it has written it."""
    says = "The prediction for each test picture"
    if (run.path / PREDICTIONS).is_file() and st.button("Pictures", icon=":material/imagesmode:", help=says):
        state.go("gallery", {state.gallery.RUN: run.id})
    says = "Each picture as a point. Similar pictures lie close together."
    if has_embeddings(run.path) and st.button("Embeddings", icon=":material/bubble_chart:", help=says):
        state.go("embeddings", {state.embeddings.RUN: run.id})


def _more(run: Run) -> None:
    notes_form(run)
    st.caption(f"Files: {plain(str(run.path))}")
    active = run.state().active
    run_button(run, "Delete", "delete", _delete, disabled=active, undo=("run", run.id))
    st.caption("Stop the run first." if active else "Moves it to the trash. You can undo this.")
    trash_fold(deletion.trashed(), "run", deletion.empty_trash)


def _move_up(run: Run, to_front: bool = False) -> str:
    move_up(run, to_front=to_front)
    found = training.forecasts().get(run.id)
    return f"was moved up: it {found.begins}" if found else "was moved up"


def _resume(run: Run, anew: bool = False) -> None:
    refuse_resume(run)
    queue.resume(run, anew=anew)


def _delete(run: Run) -> str:
    freed_bytes = deletion.delete(run)
    state.runs.RUN.choose([i for i in state.runs.RUN.ids() or [] if i != run.id])
    return f"is in the trash ({size(freed_bytes)})"
