"""How well a data set is named at places that a model has never seen, beside random pictures; places held out whole."""

import numpy as np
import streamlit as st

from dashboard import background, state
from dashboard.app_pages.data.grouping import group_dialog, grouping_button
from dashboard.app_pages.data.hold_out import hold_out_view
from dashboard.app_pages.data.place_scores_view import place_details, score_summary
from dashboard.cache import curation, datasets
from dashboard.error_display import show_error
from dashboard.parts.job_progress import job_error, job_progress
from dashboard.parts.notice import way_out
from dashboard.parts.runs.features_source import features_run
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.grouping.patterns import COLUMN, Pattern, groups_of
from sealife_core.datasets.holding_out import GROUP, places_of
from sealife_core.errors import DatasetError
from sealife_core.evaluation.curation.held_out_places import held_out_of, need_places
from sealife_core.evaluation.curation.place_scores import HeldOut
from sealife_core.runs.run import Run

THEN = "With them, a model is asked at places that it has not seen, which takes seconds."


def places_view(dataset: Dataset) -> None:
    """The question, what is missing to answer it, or the answer; and the test split."""
    st.markdown("#### How well does it do at a place it has never seen?")
    st.caption(
        "A place is what the pictures of one group share, or of one value in a column of their table: a site, a dive, a"
        " camera, a day. Its pictures look alike, so a model does better where it knows others of them than it will do"
        " in the field."
    )
    by = _place_choice(dataset)
    places = places_of(dataset, by)
    labelled = dataset.labels >= 0
    placed = labelled & np.array([bool(place) for place in places])
    if not labelled.any():
        if way_out("**No picture has a label**, so there is nothing to score.", "Label pictures", leads=False):
            state.go("label", {state.data.DATASET: dataset.name})
        return
    if not placed.any():
        text = (
            "**The pictures have no places yet.** Group them by what their folders, file names or dates say. You see"
            " the groups before anything changes."
        )
        if way_out(text, "Group pictures", leads=False):
            group_dialog(dataset, _likely_pattern(dataset))
        return
    try:
        need_places(dataset.labels[placed], [places[row] for row in np.flatnonzero(placed)])
    except DatasetError as error:
        show_error(error)
        grouping_button(dataset, "")
        return
    run = features_run(dataset, THEN, leads=False)
    found = run and _asked(dataset, run, by)
    if found:
        score_summary(found, int((labelled & ~placed).sum()))
    hold_out_view(dataset, by, places)
    if found:
        place_details(dataset, places, found)


def _place_choice(dataset: Dataset) -> str:
    """What names the place of a picture, as of ``places_of``: its group, or a column of the table that it came with."""
    columns = {str(Pattern(COLUMN, column=name)): name for name in dataset.table_columns}
    grouped = not columns or any(dataset.manifest["group"])
    options = ({GROUP: "Its group"} if grouped else {}) | columns
    asked = state.data.PLACE_BY
    by = asked.value if asked.value in options else next(iter(options))
    if columns:
        st.selectbox(
            "The place of a picture is", list(options), format_func=options.__getitem__, width=220,
            key=asked.widget.showing(by), on_change=lambda: state.data.place_by(asked.widget.held()),
        )  # fmt: skip
    return by


def _asked(dataset: Dataset, run: Run, by: str) -> HeldOut | None:
    """The answer, asked for once for these pictures, labels and places; until it is there, how far it is."""
    key = f"places {dataset.name} {run.id} {by} {curation.placed_hash(dataset)}"
    name = dataset.name  # opened again as the work begins
    job = background.asked(
        key, f"Holding out places of {name}", lambda tell: held_out_of(datasets.opened(name), by, run.id, tell)
    )
    if job.running:
        job_progress(job)
        return None
    if job.result is None:
        job_error(job)
        st.button("Ask again", icon=":material/refresh:", on_click=background.forget, args=(key,))
    return job.result


def _likely_pattern(dataset: Dataset) -> Pattern:
    """By folder where the folders are not just the classes, else by the name before the number."""
    labels = dataset.manifest["label"].tolist()
    for by_folder in (Pattern("parent"), Pattern("grandparent")):
        folders = groups_of(by_folder, dataset.file_names, list)
        if len(set(folders)) > 1 and len(set(zip(folders, labels, strict=True))) > len(set(labels)):
            return by_folder
    return Pattern("stem")
