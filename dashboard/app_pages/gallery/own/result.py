"""What the model says of many pictures: a table in pages, "unknown" by a threshold, as CSV, one of them large."""

from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from pathlib import PurePosixPath

import streamlit as st

from dashboard.app_pages.gallery.filters import select
from dashboard.app_pages.gallery.own.giving_classes import MOST_KEYS, correct_chosen, correct_large
from dashboard.app_pages.gallery.own.inference_progress import progress
from dashboard.app_pages.gallery.own.joining import join_popover, join_status
from dashboard.app_pages.gallery.own.own_large import OwnPicture, large_view, own_picture
from dashboard.app_pages.gallery.own.prediction_table import prediction_table, raw_note, said_of, threshold_choice
from dashboard.cache import batch_inference as kept
from dashboard.cache import classifiers
from dashboard.data.inference_columns import FOUND, ORDERS, InferenceColumns, Wanted, lines_of, places_of
from dashboard.media import data_uri
from dashboard.parts.buttons import download
from dashboard.parts.pictures.sheets import sheet
from dashboard.state import gallery
from dashboard.state.keys import UrlValue
from dashboard.words import plain
from sealife_core.errors import DatasetError
from sealife_core.evaluation.batch_inference.corrected_classes import part_of
from sealife_core.evaluation.batch_inference.inference_jobs import TOP, InferenceJob
from sealife_core.evaluation.batch_inference.inference_rows import table_of
from sealife_core.neutral import csv_of
from sealife_core.opening import read_regular
from sealife_core.runs.run import Run

A_PAGE = 50
_MOST_BYTES = 2**30  # as an import takes


def result(run: Run, rival: Run | None, job: InferenceJob) -> None:
    """The job, and the pictures that it is through with."""
    found, corrected = kept.columns(job), {place: given.label for place, given in kept.given(job).items()}
    large = gallery.OWN_LARGE.held("")
    if large.isdecimal() and int(large) < len(found) and (picture := _picture(run, job, int(large))):
        acts = partial(correct_large, job, found, int(large), picture.found.ranked(MOST_KEYS), corrected)
        large_view(run, rival, classifiers.answers(run), picture, alone=False, acts=acts)
        raw_note(found)
        return
    progress(job)
    join_status(job)
    if not len(found):
        return
    threshold = threshold_choice(run, found)
    wanted = _wanted(found, threshold, corrected)
    places = places_of(found, wanted, threshold, corrected)
    _summary(run, job, found, threshold, corrected)
    if not len(places):
        st.caption("No picture fits these filters.")
        return
    on_page = sheet(places, gallery.ROWS_PAGE, A_PAGE)
    with on_page.place:
        st.caption(on_page.says + ". Tick rows to correct them or to open one.")
        chosen = _table(job, found, on_page.shown.tolist(), threshold, corrected)
        correct_chosen(job, found, chosen, corrected)


def _wanted(found: InferenceColumns, threshold: float | None, corrected: Mapping[int, str]) -> Wanted:
    labels = sorted({*found.label[found.read], *corrected.values()})
    classes = {"": "Any class"} | {name: name for name in labels}
    boxes = (gallery.FOUND, FOUND), (gallery.LABEL, classes), (gallery.SORTED, ORDERS)
    shown, label, order = (key.value if key.value in words else key.default for key, words in boxes)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        select(gallery.FOUND, "Show", FOUND, shown, 170, _look_for)
        select(gallery.LABEL, "Class", classes, label, 200, _look_for)
        select(gallery.SORTED, "Order", ORDERS, order, 170, _look_for)
        st.text_input(
            "Find by name", key=gallery.NAMED.widget.showing(gallery.NAMED.value), on_change=_look_for,
            args=(gallery.NAMED,), width=200, placeholder="part of a file name",
        )  # fmt: skip
    return Wanted(shown, label, gallery.NAMED.value, order)


def _look_for(key: UrlValue) -> None:
    gallery.look_for(key, key.widget.held().strip())


def _summary(
    run: Run, job: InferenceJob, found: InferenceColumns, threshold: float | None, corrected: Mapping[int, str]
) -> None:
    part = part_of(job, found.rows)
    of = f"-{len(found)}-of-{job.total}" if part else ""  # "-500-of-10000"
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(said_of(found, threshold, corrected), width="stretch")
        with st.container(horizontal=True, width="content"):
            download(
                "Table (CSV)",
                lambda: csv_of(table_of(found.rows, kept.files(job)[1], TOP, threshold, kept.given(job))),
                f"{PurePosixPath(job.name).stem}-predictions{of}.csv",
            )
            join_popover(run, job, found, threshold, corrected)
    if part:
        st.caption(f"The table and what is added have {part}: the others are not classified yet.")


def _table(
    job: InferenceJob, found: InferenceColumns, places: list[int], threshold: float | None, corrected: Mapping[int, str]
) -> list[int]:
    """The rows at ``places``; those that are ticked."""
    urls = [data_uri(jpeg, "image/jpeg") if jpeg else None for jpeg in kept.thumbnails(job, places)]
    lines = lines_of(found, places, threshold, corrected)
    ticked = prediction_table(
        urls, lines, selection_mode="multi-row", on_select="rerun", key=_key(job, places, corrected)
    )
    return [places[row] for row in ticked["selection"]["rows"] if row < len(places)]


def _key(job: InferenceJob, places: list[int], corrected: Mapping[int, str]) -> str:
    """Of the table of these rows in this order: Streamlit keeps ticks by position, and they must not move to others."""
    return gallery.ROWS.of(job.id, sha256(repr((places, sorted(corrected.items()))).encode()).hexdigest()[:12])


def _picture(run: Run, job: InferenceJob, place: int) -> OwnPicture | None:
    """One of the pictures; None, with a warning, if its file is not there any more."""
    name, path = kept.files(job)[0][place]
    try:
        return own_picture(run, name, read_regular(path, _MOST_BYTES))
    except (OSError, DatasetError) as error:
        gallery.choose_own_picture("")
        said = str(error) if isinstance(error, DatasetError) else error.strerror or str(error)
        st.warning(f"**{plain(name)}** cannot be opened any more. {plain(said)}", icon=":material/warning:")
        return None
