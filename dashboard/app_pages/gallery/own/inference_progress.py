"""How far a job is; stopping it, going on, deleting it."""

from collections.abc import Callable

import streamlit as st

from dashboard.parts.notice import errors_said
from dashboard.state import gallery, say
from dashboard.words import plain
from sealife_core.evaluation.batch_inference.inference_jobs import InferenceJob, delete, job_in, resume, stop
from sealife_core.wording import counted

POLL_S = 1.0


def progress(job: InferenceJob) -> None:
    """The name of the job, and what can be done with it in its state."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="center", width="stretch"):
            st.button("All", icon=":material/arrow_back:", on_click=gallery.open_job, args=("",))
            st.markdown(f"**{plain(job.name)}**")
        if job.state in ("stopped", "failed"):
            _button(job, "Go on", "play_arrow", resume)
        if job.state != "running":
            with st.popover("Delete", icon=":material/delete:", type="tertiary"):
                st.caption(
                    "Moves the predictions, their corrections and uploaded copies to the trash. You can undo this."
                    " Pictures in a folder stay where they are."
                )
                _button(job, "Delete it", "delete", _delete)
    if job.state == "running":
        st.fragment(_follow, run_every=POLL_S)(job)
    elif job.state == "stopped":
        st.info(
            f"Stopped after {job.done:,} of {counted(job.total, 'picture')}. {plain(job.error)}",
            icon=":material/pause_circle:",
        )
    elif job.state == "failed":
        st.error(plain(job.error), icon=":material/error:")


def _follow(job: InferenceJob) -> None:
    now = job_in(job.folder)
    if now is None or now.state != "running":
        st.rerun(scope="app")
    said = f"{now.stage}: {now.done:,} of {now.total:,}" if now.total else now.stage or "starting"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(now.done / now.total if now.total else 0.0, plain(said.capitalize()), width="stretch")
        st.button(
            "Stopping" if now.stopping else "Stop", icon=":material/stop:", disabled=now.stopping,
            key=gallery.TASK.of("stop"), on_click=_act, args=(now, stop),
        )  # fmt: skip


def _button(job: InferenceJob, label: str, icon: str, act: Callable[[InferenceJob], object]) -> None:
    st.button(label, icon=f":material/{icon}:", key=gallery.TASK.of(label), on_click=_act, args=(job, act))


def _act(job: InferenceJob, act: Callable[[InferenceJob], object]) -> None:
    with errors_said():
        act(job)


def _delete(job: InferenceJob) -> None:
    delete(job)
    gallery.open_job("")
    its = " ".join((job.folder.parent.parent.name, job.id))  # run and job, for the undo
    say(f"The predictions for **{plain(job.name)}** are in the trash.", ("predictions", its))
