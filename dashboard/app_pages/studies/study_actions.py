"""What can be done with a study: stop, resume, launch, rename, delete."""

import streamlit as st

from dashboard import state
from dashboard.parts.notice import errors_said
from dashboard.parts.runs.notes_form import notes_form
from dashboard.words import plain, run_name, size
from sealife_core.runs.directory import Run, parts_of
from sealife_core.runs.liveness import State
from sealife_core.runs.scheduling import queue


def study_actions(run: Run) -> None:
    """A row of buttons; the one that comes next is the primary one."""
    shown = run.shown()
    with st.container(horizontal=True, vertical_alignment="center"):
        if shown.state.active:
            label = "Stopping…" if shown.stopping else "Stop"
            _button(label, "stop_circle", queue.request_stop, run, "is stopping, and so are its runs", shown.stopping)
        if shown.state.resumable:
            _button("Resume", "resume", queue.resume, run, "is queued to continue", primary=True)
        if shown.state is State.CREATED:
            _button("Launch", "play_arrow", queue.launch, run, "is queued", primary=True)
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
    st.button(f"Delete the study and its {len(parts)} runs", icon=":material/delete:", key="study.delete_all",
              on_click=_delete, args=(run, True))  # fmt: skip
    st.button(
        "Delete only the study", icon=":material/delete:", key="study.delete", on_click=_delete, args=(run, False)
    )
    st.caption("Moves it to the trash. You can undo this.")


def _delete(run: Run, with_parts: bool) -> None:
    name = run_name(run)
    with errors_said():
        freed, kept = queue.delete_with_parts(run) if with_parts else (queue.delete(run), [])
        stay = f" {len(kept)} runs are kept because other runs need their weights." if kept else ""
        state.say(f"**{plain(name)}** is in the trash ({size(freed)}).{stay}", ("run", run.id))
        state.open_study("")


def _button(label, icon, act, run: Run, said: str, disabled: bool = False, *, primary: bool = False) -> None:
    kind = "primary" if primary else "secondary"
    st.button(
        label, icon=f":material/{icon}:", type=kind, key=f"study.{icon}", disabled=disabled, on_click=_do,
        args=(act, run, said),
    )  # fmt: skip


def _do(act, run: Run, said: str) -> None:
    with errors_said():
        act(run)
        state.say(f"**{plain(run_name(run))}** {said}.")
