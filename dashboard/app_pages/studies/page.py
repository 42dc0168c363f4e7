"""Studies: many runs that answer one question."""

import streamlit as st

from dashboard.app_pages.studies.search_form import search_form
from dashboard.app_pages.studies.study_form import study_form
from dashboard.app_pages.studies.study_view import study_view
from dashboard.parts.forms.dataset_choice import need_dataset
from dashboard.parts.notice import notice
from dashboard.state import studies
from sealife_core.evaluation.comparison.candidates import distinct_names
from sealife_core.runs.directory import list_studies

KINDS = {"question": "Answer a question", "search": "Search for settings"}


def page() -> None:
    """A study that is there, or the form for a new one."""
    known = {run.id: run for run in list_studies()}
    chosen = studies.chosen_study(list(known))
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title("Studies", width="content")
        if known and chosen != studies.NEW:
            st.button("New study", icon=":material/add:", on_click=studies.STUDY.set, args=(studies.NEW,))
    notice()
    if not known or chosen == studies.NEW:
        st.markdown(
            "One run cannot show what made a result better: the method, the number of labels, or luck. A **study**"
            " trains several runs that differ in one setting, each with several **seeds**, and answers from all of"
            " them."
        )
    if len(known) > 1 or (known and chosen == studies.NEW):
        names = distinct_names(list(known.values()))
        st.selectbox(
            "Study", [*known, studies.NEW], format_func=lambda run_id: names.get(run_id, "A new study…"),
            key=studies.STUDY.widget.showing(chosen), label_visibility="collapsed",
            on_change=lambda: studies.STUDY.set(studies.STUDY.widget.held()),
        )  # fmt: skip
    if chosen != studies.NEW:
        study_view(known[chosen])
    elif need_dataset("A study needs pictures."):
        _new()


def _new() -> None:
    """A question, or a search for settings."""
    kind = st.segmented_control(
        "What to start", list(KINDS), format_func=KINDS.__getitem__, default="question", required=True,
        key=studies.KIND.among(KINDS), bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    if kind == "search":
        st.caption(
            "Optuna chooses the settings of each trial from the validation scores of the earlier trials. It stops"
            " trials that score poorly."
        )
        search_form()
    else:
        study_form()


page()
