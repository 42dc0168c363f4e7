"""Pictures that were predicted join the data set that the model learned from, or become one of their own."""

from collections.abc import Mapping
from functools import partial
from pathlib import PurePosixPath

import streamlit as st

from dashboard import background
from dashboard.background import BackgroundJob
from dashboard.cache import batch_inference as kept
from dashboard.cache import datasets
from dashboard.data.inference_columns import InferenceColumns
from dashboard.error_display import errors_shown
from dashboard.parts.correcting.correcting import known_as
from dashboard.parts.import_job import new_name, start_import
from dashboard.parts.job_progress import job_error, job_progress
from dashboard.parts.runs.name_animals import again_button, label_button
from dashboard.state import corrections, gallery, go
from dashboard.words import plain
from sealife_core.datasets.additions import Addition
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.imports.importing import import_images
from sealife_core.datasets.storage import proposed_name
from sealife_core.errors import SealifeError
from sealife_core.evaluation.batch_inference.corrected_classes import add_to_dataset, part_of, to_import
from sealife_core.evaluation.batch_inference.inference_jobs import InferenceJob
from sealife_core.runs.run import Run
from sealife_core.wording import counted

LABELS = {
    "corrected": "Corrected ones with their class, all others unlabelled",
    "none": "All unlabelled",
    "all": "With the classes of this table",
}


def join_popover(
    run: Run, job: InferenceJob, found: InferenceColumns, threshold: float | None, corrected: Mapping[int, str]
) -> None:
    """The pictures join the data set of ``run``; below, folded: they become another one."""
    with st.popover("Add to a data set", icon=":material/add_photo_alternate:"):
        if part := part_of(job, found.rows):
            st.warning(f"Only {part}: the others are not classified yet.", icon=":material/warning:")
        try:
            _join(run, job, found, corrected)
        except SealifeError as error:  # it was deleted, or is damaged
            st.caption(plain(str(error)))
        with st.expander("As a new data set", icon=":material/create_new_folder:"):
            _become(job, found, threshold, corrected)


def _join(run: Run, job: InferenceJob, found: InferenceColumns, corrected: Mapping[int, str]) -> None:
    dataset = datasets.opened(run.config().data)
    by_hand = sum(bool(found.read[place]) for place in corrected if place < len(found))
    st.markdown(joining(dataset, by_hand, int(found.read.sum()) - by_hand))
    name = corrections.BY.held("")
    typed = gallery.ADDED.of("by").showing(name)
    st.text_input(
        "Your name", key=typed, max_chars=60, placeholder="for the history of the data set",
        on_change=lambda: corrections.BY.hold(typed.held().strip()),
    )  # fmt: skip
    known_as(dataset, name)
    nameless = not name and any(not given.by for given in kept.given(job).values())
    st.button(
        f"Add to {plain(dataset.name)}", type="primary", icon=":material/playlist_add:", key=gallery.ADDED.of("begin"),
        disabled=nameless or not found.read.any(), on_click=_begin, args=(run, job, found),
        help="Type your name first: the history says who gave a class." if nameless else None,
    )  # fmt: skip


def joining(dataset: Dataset, by_hand: int, others: int) -> str:
    """What will happen, in a sentence (Markdown)."""
    labelled = f"{counted(by_hand, 'picture')} with the class that you gave" if by_hand else ""
    waiting = f"{counted(others, 'picture')} without a label, to be asked for on the Label page" if others else ""
    both = " and ".join(filter(None, (labelled, waiting)))
    return (
        f"**{plain(dataset.name)}**, from which the model learned, gets {both or 'no picture'}. All are for training,"
        " and the test pictures stay as they are. What it has already is left out. You can undo it."
    )


def _begin(run: Run, job: InferenceJob, found: InferenceColumns) -> None:
    by, data = corrections.BY.held(""), run.config().data
    background.start(
        _key(job), f"Adding to {data}", lambda tell: add_to_dataset(run, job, found.rows, by=by, progress=tell)
    )


def _key(job: InferenceJob) -> str:
    return f"add {job.id}"


def join_status(job: InferenceJob) -> None:
    """How far the addition is; then what was added, and the ways on, until it is dismissed."""
    adding = background.find(_key(job))
    if adding is None:
        return
    if adding.running:
        job_progress(adding)
        return
    job_error(adding)
    with st.container(border=True):
        st.markdown(_said(adding))
        with st.container(horizontal=True):
            if isinstance(adding.result, Addition):
                label_button(adding.result.dataset.name, primary=False)
                again_button(adding.result.dataset.name)
            st.button(
                "Dismiss", type="tertiary", key=gallery.ADDED.of("dismiss"),
                on_click=partial(background.forget, adding.key),
            )  # fmt: skip


def _said(adding: BackgroundJob) -> str:
    if isinstance(adding.result, Addition):
        return f":material/check_circle: {plain(adding.result.said)}"
    return f"{plain(adding.title)} was cancelled. Nothing was added." if adding.error is None else "Nothing was added."


def _become(job: InferenceJob, found: InferenceColumns, threshold: float | None, corrected: Mapping[int, str]) -> None:
    name = st.text_input(
        "Name of the data set",
        proposed_name(PurePosixPath(job.name).stem),
        max_chars=80,
        key=gallery.IMPORTED.of("name"),
    )
    chosen = st.radio(
        "Labels", list(LABELS), format_func=LABELS.__getitem__, key=gallery.IMPORTED.of("labels"),
        captions=[f"{len(corrected):,} corrected so far", "", "Classes that the model predicted are not checked"],
    )  # fmt: skip
    if chosen == "all":
        st.caption(
            "A score on classes that a model gave says how well another model agrees with it, not how often it is"
            " right. Unknown pictures stay unlabelled."
        )
    if st.button("Import", icon=":material/download:", key=gallery.IMPORTED.of("begin")):
        with errors_shown():
            _import(job, found, name.strip(), chosen, threshold)
            go("data")


def _import(job: InferenceJob, found: InferenceColumns, name: str, labels: str, threshold: float | None) -> None:
    new_name(name)
    files = to_import(job, found.rows, predicted=labels == "all", corrected=labels != "none", threshold=threshold)
    part = part_of(job, found.rows)
    notes = [f"Imported from {part}: the others were not classified yet."] if part else []
    start_import(name, lambda tell: import_images(job.folder, name, progress=tell, files=files, notes=notes))
