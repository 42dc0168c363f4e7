"""Name, tags and notes of a run; several people can write them at the same time without losing a word."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.state import Key, forms, say, say_problem
from dashboard.words import plain, run_name
from sealife_core.errors import SealifeError
from sealife_core.runs.notes import NotesChanged
from sealife_core.runs.run import Run

FIELDS = ("name", "tags", "notes")


def notes_form(run: Run, fields: Sequence[str] = FIELDS) -> None:
    """The form. What was left as it was shown is not written: somebody else may have changed it meanwhile."""
    form = forms.NOTES.of(run.id)
    if form.of("name").held() is None:
        _open(form, run.notes(), fields)
    with st.form(form, border=False):
        st.text_input("Name", max_chars=120, key=form.of("name"))
        if fields == FIELDS:
            st.text_input("Tags", placeholder="thesis, temperature", max_chars=200, key=form.of("tags"))
            st.text_area("Notes", placeholder="What was tried, and why", max_chars=5000, key=form.of("notes"))
        st.form_submit_button("Save", icon=":material/save:", on_click=_save, args=(run, form, fields))


def _open(form: Key, notes: dict[str, Any], fields: Sequence[str]) -> None:
    for field, text in _shown(notes, fields).items():
        form.of(field).hold(text)
    forms.see(form, notes)


def _save(run: Run, form: Key, fields: Sequence[str]) -> None:
    known = forms.seen(form)
    before, texts = _shown(known, fields), {field: form.of(field).held() or "" for field in fields}
    try:
        held = run.write_notes(
            **{field: _meant(field, text) for field, text in texts.items() if text != before[field]}, seen=known
        )
    except SealifeError as error:
        if isinstance(error, NotesChanged):
            forms.see(form, error.now)
        say_problem(error)
    else:
        _open(form, held, fields)
        say(f"Saved what you wrote about **{plain(run_name(run))}**.")


def _shown(notes: dict[str, Any], fields: Sequence[str]) -> dict[str, str]:
    """The notes as the fields show them."""
    return {field: ", ".join(notes[field]) if field == "tags" else notes[field] for field in fields}


def _meant(field: str, text: str) -> Any:
    """What a field holds, as the notes keep it."""
    if field == "tags":
        return list(filter(None, (tag.strip() for tag in text.split(","))))
    return text.strip() if field == "name" else text
