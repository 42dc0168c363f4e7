"""What was just done, with an undo where there is one; and buttons that say what they did."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import streamlit as st

from dashboard import state
from dashboard.cache import datasets
from dashboard.state.notice import DRAWN
from dashboard.words import plain, run_name
from sealife_core.datasets.corrections.editing import said, undo
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.errors import SealifeError
from sealife_core.runs.run import Run

Undo = tuple[str, str]
"""(kind, id) of what :func:`notice` can take back."""


@contextmanager
def errors_said() -> Iterator[None]:
    """For a callback: what goes wrong within is said at the top of the page instead of what was done."""
    try:
        yield
    except SealifeError as error:
        state.say_problem(error)


def run_button(
    run: Run, label: str, icon: str, act: Callable[[Run], object], said: str = "", undo: Undo | None = None, **more: Any
) -> None:
    """A button that does ``act(run)`` and says the run's name with ``said``, or else with what ``act`` returns."""
    st.button(label, icon=f":material/{icon}:", on_click=_do, args=(run, act, said, undo), **more)


def _do(run: Run, act: Callable[[Run], object], said: str, undo: Undo | None) -> None:
    with errors_said():
        name = plain(run_name(run))  # before it is deleted
        done = act(run)
        state.say(f"**{name}** {said or done}.", undo)


def notice() -> None:
    """One line at the top of a page, until it is dismissed or something else was done."""
    held = state.NOTICE.held()
    DRAWN.hold(held)
    if held is None:
        return
    text, undo = held
    with st.container(horizontal=True, vertical_alignment="center", border=True, key=state.NOTICE):
        st.markdown(text, width="stretch")
        if undo is not None:
            st.button("Undo", icon=":material/undo:", on_click=_undo, args=undo)
        st.button("", icon=":material/close:", type="tertiary", help="Dismiss", on_click=state.NOTICE.take)


def way_out(text: str, label: str, *, leads: bool = True) -> bool:
    """What is missing (Markdown), and the one button that makes it. Whether that was pressed.

    leads: it is the primary button of the page.
    """
    with st.container(border=True):
        st.markdown(text)
        return st.button(label, type="primary" if leads else "secondary", icon=":material/arrow_forward:")


def _undo(kind: str, name: str) -> None:
    from sealife_core.datasets.storage import restore_dataset
    from sealife_core.evaluation.batch_inference import inference_jobs
    from sealife_core.runs.deletion import restore_with_parts
    from sealife_core.runs.directory import open_run
    from sealife_core.views.recipes import restore_recipe

    with errors_said():
        if kind == "run":
            back = restore_with_parts(name)
            if back.launches_runs:
                state.studies.STUDY.set(back.id)
            else:
                state.runs.RUN.choose([back.id])
            state.say(f"**{plain(back.notes()['name'])}** is back.")
        elif kind == "recipe":
            restore_recipe(name)
            state.views.RECIPE.hold(name)
            state.say(f"The views **{plain(name)}** are back.")
        elif kind == "predictions":
            run_id, _, job_id = name.partition(" ")
            job = inference_jobs.restore(open_run(run_id).path, job_id)
            state.gallery.open_job(job.id)
            state.say(f"The predictions for **{plain(job.name)}** are back.")
        elif kind == "correction":
            number, data = name.split(" ", 1)
            carry_out(partial(undo, open_dataset(data), int(number)))
        else:
            restore_dataset(name)
            state.data.choose_dataset(name)
            state.say(f"Data set **{plain(name)}** is back.")


def say_corrected(dataset: Dataset, text: str = "") -> None:
    """Say what the newest entry of the log did, or ``text`` (Markdown), with an undo where it is a correction."""
    entry = dataset.entries[-1]
    way_back = ("correction", f"{entry.number} {dataset.name}") if entry.corrects else None
    state.say(text or plain(said(entry)), way_back)


def carry_out(change: Callable[..., Dataset], text: str = "") -> None:
    """For a callback: correct a data set by ``change``, in the name of who is here, and say so as ``say_corrected``."""
    with errors_said():
        say_corrected(change(by=state.corrections.BY.held("")), text)


def carry_out_button(label: str, icon: str, change: Callable[..., Dataset], text: str) -> None:
    """The button of a dialog that does so, and closes it."""
    icon = f":material/{icon}:"
    if st.button(label, type="primary", icon=icon, on_click=carry_out, args=(change, text)):
        st.rerun()


def rerun_if_corrected(dataset: Dataset) -> None:
    """In a fragment that was given ``dataset``: run the whole page once that was corrected or there is a new notice."""
    if datasets.opened(dataset.name).version != dataset.version or state.NOTICE.held() != DRAWN.held():
        st.rerun(scope="app")
