"""A job in the background while it runs, and its error if it ended in one."""

import streamlit as st

from dashboard import background, state
from dashboard.background import BackgroundJob
from dashboard.error_display import show_error, show_other_error
from dashboard.words import plain
from sealife_core.errors import SealifeError

POLL_S = 0.5


def job_progress(job: BackgroundJob) -> None:
    """The stage of a running job and how much of it is done; polls until it has ended, then redraws the page."""
    st.fragment(_poll, run_every=POLL_S)(job.key)


def job_error(job: BackgroundJob) -> None:
    """Why it ended badly: a sentence where one was written, else the traceback, folded."""
    if isinstance(job.error, SealifeError):
        show_error(job.error)
    elif job.error is not None:
        show_other_error(job.error, f"{plain(job.title)} stopped: {plain(str(job.error)) or type(job.error).__name__}.")


def _poll(key: str) -> None:
    job = background.find(key)
    if job is None or not job.running:
        st.rerun(scope="app")
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(job.title)}**", width="stretch")
            st.button(
                "Cancelling" if job.cancelled else "Cancel", key=state.data.JOB.of(job.key, "cancel"), type="tertiary",
                icon=":material/cancel:", on_click=job.cancel, disabled=job.cancelled,
            )  # fmt: skip
        st.progress(job.share, plain(job.sentence))
