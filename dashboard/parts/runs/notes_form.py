"""Name, tags and notes of a run; several people can write them at the same time without losing a word."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard import state
from dashboard.words import plain, run_name
from sealife_core.errors import SealifeError
from sealife_core.runs.notes import NotesChanged
from sealife_core.runs.run import Run

FIELDS = ("name", "tags", "notes")


def notes_form(run: Run, fields: Sequence[str] = FIELDS) -> None:
    """The form. What was left as it was shown is not written: somebody else may have changed it meanwhile."""
    form = f"notes.{run.id}"
    if not state.is_open(form, fields[0]):
        _open(form, run.notes(), fields)
    with st.form(form, border=False):
        if "name" in fields:
            st.text_input("Name", max_chars=120, key=f"{form}.name")
        if "tags" in fields:
            st.text_input("Tags", placeholder="thesis, temperature", max_chars=200, key=f"{form}.tags")
        if "notes" in fields:
            st.text_area("Notes", placeholder="What was tried, and why", max_chars=5000, key=f"{form}.notes")
        st.form_submit_button("Save", icon=":material/save:", on_click=_save, args=(run, form, fields))


def _open(form: str, notes: dict[str, Any], fields: Sequence[str]) -> None:
    state.fill(form, _shown(notes, fields))
    state.see(form, notes)


def _save(run: Run, form: str, fields: Sequence[str]) -> None:
    known = state.seen(form)
    before, texts = _shown(known, fields), {field: state.value_of(f"{form}.{field}") or "" for field in fields}
    try:
        held = run.write_notes(
            **{field: _meant(field, text) for field, text in texts.items() if text != before[field]}, seen=known
        )
    except SealifeError as error:
        if isinstance(error, NotesChanged):
            state.see(form, error.now)
        state.say(plain(str(error)))
    else:
        _open(form, held, fields)
        state.say(f"Saved what you wrote about **{plain(run_name(run))}**.")


def _shown(notes: dict[str, Any], fields: Sequence[str]) -> dict[str, str]:
    """The notes as the fields show them."""
    return {field: ", ".join(notes[field]) if field == "tags" else notes[field] for field in fields}


def _meant(field: str, text: str) -> Any:
    """What a field holds, as the notes keep it."""
    if field == "tags":
        return list(filter(None, (tag.strip() for tag in text.split(","))))
    return text.strip() if field == "name" else text
