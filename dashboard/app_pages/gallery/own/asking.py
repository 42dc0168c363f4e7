"""Asking for many pictures, from this machine or dropped, and what was asked for before."""

import time
from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from dashboard.parts.notice import errors_said
from dashboard.parts.trash_fold import trash_fold
from dashboard.state import gallery
from dashboard.words import ago, plain
from sealife_core.evaluation.batch_inference.inference_jobs import (
    InferenceJob,
    begin,
    begin_uploads,
    empty_trash,
    jobs_of,
    trashed,
)
from sealife_core.runs.run import Run
from sealife_core.wording import counted

STATES = {"running": "◐ running", "stopped": "stopped", "done": "✓ done", "failed": "✕ failed"}


def ask_here(run: Run) -> None:
    """A folder or a zip on the machine that runs the dashboard."""
    path = st.text_input(
        "Path of a folder or zip on this machine", placeholder="/home/me/dive-42", key=gallery.SOURCE
    ).strip()
    st.button(
        "Classify them", type="primary", icon=":material/play_arrow:", disabled=not path, key=gallery.TASK.of("here"),
        on_click=_open, args=(partial(begin, run.path, path),),
    )  # fmt: skip
    st.caption(
        "All pictures in it and in its folders are classified in the background. You can close this page; the result"
        " stays with the run. Nothing is copied from a folder."
    )


def ask_dropped(run: Run, files: Sequence[UploadedFile], why: str) -> None:
    """Those that were dropped; ``why``: what a person gets from it."""
    names = [(file.name, file) for file in files]
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{counted(len(files), 'file')}.** {why}", width="stretch")
        st.button(
            "Classify in the background", type="primary", icon=":material/play_arrow:", key=gallery.TASK.of("dropped"),
            on_click=_open, args=(partial(begin_uploads, run.path, names),),
        )  # fmt: skip


def earlier(run: Run) -> None:
    """What was asked of this model before, and what is in the trash."""
    jobs = jobs_of(run.path)
    if jobs:
        st.markdown("**Classified by this model**")
    for job in jobs:
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            count = counted(job.total, "file") if job.done == job.total else f"{job.done:,} of {job.total:,} files"
            about = f"{STATES[job.state]} · {count} · {ago(time.time() - job.made)}"
            st.markdown(f"**{plain(job.name)}**  \n:small[:gray[{about}]]", width="stretch")
            st.button("Open", key=gallery.TASK.of("open", job.id), on_click=gallery.open_job, args=(job.id,))
    trash_fold(trashed(run.path), "classification", partial(empty_trash, run.path))


def _open(start: Callable[[], InferenceJob]) -> None:
    with errors_said():
        gallery.open_job(start().id)
