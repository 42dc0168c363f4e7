"""What can be done with a study: stop, resume, launch, rename, delete."""

from functools import partial

import streamlit as st

from dashboard import state
from dashboard.parts.notice import run_button
from dashboard.parts.runs.notes_form import notes_form
from dashboard.words import plain
from sealife_core.runs import deletion
from sealife_core.runs.directory import parts_of
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling import queue
from sealife_core.wording import size


def study_actions(run: Run) -> None:
    """A row of buttons; the one that comes next is the primary one."""
    shown = run.shown()
    with st.container(horizontal=True, vertical_alignment="center"):
        if shown.state.active:
            label, said = "Stopping…" if shown.stopping else "Stop", "is stopping, and so are its runs"
            run_button(run, label, "stop_circle", queue.request_stop, said, disabled=shown.stopping)
        if shown.state.resumable:
            run_button(run, "Resume", "resume", queue.resume, "is queued to continue", type="primary")
        if shown.state is State.CREATED:
            run_button(run, "Launch", "play_arrow", queue.launch, "is queued", type="primary")
        with st.popover("More", icon=":material/more_horiz:"):
            _more(run)


def _more(run: Run) -> None:
    notes_form(run, ("name",))
    st.caption(f"Files: {plain(str(run.path))}")
    if run.state().active:
        st.caption("Stop the study before you delete it.")
        return
    parts = parts_of(run)
    whole = sum(part.size_bytes for part in parts)
    st.markdown(f"**Delete it?** It made {len(parts)} runs ({size(whole)}).")
    undo = "run", run.id
    label = f"Delete the study and its {len(parts)} runs"
    run_button(run, label, "delete", partial(_delete, with_parts=True), undo=undo)
    run_button(run, "Delete only the study", "delete", partial(_delete, with_parts=False), undo=undo)
    st.caption("Moves it to the trash. You can undo this.")


def _delete(run: Run, with_parts: bool) -> str:
    freed, kept = deletion.delete_with_parts(run) if with_parts else (deletion.delete(run), [])
    stay = f". {len(kept)} runs are kept because other runs need their weights" if kept else ""
    state.studies.STUDY.set("")
    return f"is in the trash ({size(freed)}){stay}"
