"""A person's own pictures under the model: the answer, how surely, where it looked, and whether it can know at all.

A few stay in this browser tab and the server's memory; many are classified in the background and stored with the run.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from dashboard.app_pages.gallery.own.asking import ask_dropped, ask_here, earlier
from dashboard.app_pages.gallery.own.own_large import OwnPicture, large_view, own_picture, warning_of
from dashboard.app_pages.gallery.own.prediction_table import prediction_table, raw_note, said_of, threshold_choice
from dashboard.app_pages.gallery.own.result import result
from dashboard.cache import batch_inference as kept
from dashboard.cache import classifiers
from dashboard.data.classifier_answers import Answers
from dashboard.data.inference_columns import InferenceColumns, class_said, columns_of, is_named, lines_of
from dashboard.media import data_uri
from dashboard.parts.buttons import download
from dashboard.parts.notice import notice
from dashboard.parts.pictures.cards import show_cards
from dashboard.parts.pictures.sheets import A_PAGE, sheet
from dashboard.state import gallery
from dashboard.words import plain
from sealife_core.datasets.decoding.reading import SUFFIXES
from sealife_core.errors import DatasetError
from sealife_core.evaluation.batch_inference.inference_jobs import TOP, jobs_of
from sealife_core.evaluation.batch_inference.inference_rows import Row, row_of, sure_of, table_of
from sealife_core.evaluation.figures.palette import UNLABELLED_COLOUR
from sealife_core.neutral import csv_of
from sealife_core.runs.run import Run
from sealife_core.wording import percent

MOST = 100  # pictures that are classified while a person waits: half a minute
HERE, DROPPED, FOLDER = "A folder or zip on this machine", "Drop pictures", "Choose a folder"


def own_pictures(run: Run, rival: Run | None) -> None:
    """The upload, the answers as cards, or one of them large; there, ``rival`` answers too. Many: in the background."""
    notice()
    job = next((job for job in jobs_of(run.path) if job.id == gallery.JOB.value), None)
    if job is not None:
        result(run, rival, job)
        return
    st.markdown(
        "Upload your own pictures, and the model classifies them. It cannot answer “none of these”: it gives even a"
        " shoe one of its classes. A warning marks pictures that look unlike the training images."
    )
    where = st.segmented_control(
        "From where", [DROPPED, FOLDER, HERE], default=DROPPED, required=True, label_visibility="collapsed",
        key=gallery.FROM,
    )  # fmt: skip
    if where == HERE:
        ask_here(run)
        _whole_folders(run)
    else:
        _uploaded(run, rival, _folder() if where == FOLDER else _dropped())
    earlier(run)


def _dropped() -> list[UploadedFile]:
    return st.file_uploader(
        "Your pictures, or a zip of them", type=["zip", *sorted(SUFFIXES)], accept_multiple_files=True,
        key=gallery.OWN_PICTURES, label_visibility="collapsed",
    )  # fmt: skip


def _folder() -> list[UploadedFile]:
    """Pictures with the names of their folders, which Streamlit passes on only where a folder was chosen by button."""
    files = st.file_uploader(
        "A folder of your pictures", type=sorted(SUFFIXES), accept_multiple_files="directory", key=gallery.OWN_FOLDER,
        label_visibility="collapsed",
    )  # fmt: skip
    if not files:
        st.caption(
            "Choose the folder with the button, and its pictures keep the names of their folders. If you drop it here,"
            " these names are lost."
        )
    return files


def _uploaded(run: Run, rival: Run | None, files: list[UploadedFile]) -> None:
    zips = [file for file in files if file.name.lower().endswith(".zip")]
    if not files:
        st.caption(
            "Your pictures are not saved on disk. They are gone when you close the page. More than"
            f" {MOST}, or a zip, are classified in the background and stored with the run."
        )
        _whole_folders(run)
    elif zips and len(files) > 1:
        st.warning("Drop one zip alone, or pictures without a zip.", icon=":material/folder_zip:")
    elif zips or len(files) > MOST:
        ask_dropped(
            run, files, "Copies of them are stored with the run until you delete them there and empty the trash."
        )
    else:
        _show(run, rival, [(f.name, f.getvalue()) for f in files])
        ask_dropped(
            run, files, "To correct what is wrong, or to add them to a data set: copies are stored with the run."
        )


def _show(run: Run, rival: Run | None, files: Sequence[tuple[str, bytes]]) -> None:
    answers = classifiers.answers(run)
    told, skipped = _predicted(run, files)
    for name, reason in skipped:
        st.warning(f"**{plain(name)}** was skipped. {plain(reason)}", icon=":material/image_not_supported:")
    if not told:
        return
    known, _ = kept.validated(run)
    found = columns_of([row_of(one.name, one.found, TOP, known) for one in told])
    alone = len(told) == 1
    chosen = next((one for one in told if one.key == gallery.OWN_LARGE.held()), told[0] if alone else None)
    if chosen is not None:
        large_view(run, rival, answers, chosen, alone=alone)
        raw_note(found)
    if chosen is not None and not alone:
        return
    threshold = threshold_choice(run, found)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(said_of(found, threshold, {}), width="stretch")
        table = partial(table_of, found.rows, skipped, TOP, threshold)
        download("Table (CSV)", lambda: csv_of(table()), f"{run.id}-own-pictures.csv")
    if not alone:
        _cards(run, answers, told, found, threshold)
    with st.expander("Show as a table", icon=":material/table:"):
        prediction_table([_thumbnail(one, 96) for one in told], lines_of(found, range(len(told)), threshold))
    _whole_folders(run)


def _cards(
    run: Run, answers: Answers, told: Sequence[OwnPicture], found: InferenceColumns, threshold: float | None
) -> None:
    st.caption(plain(warning_of(run, None)[1]))
    on_page = sheet(np.arange(len(told)), gallery.OWN_PAGE)
    with on_page.place:
        if len(told) > A_PAGE:
            st.caption(on_page.says)
        named = is_named(found, threshold)
        cards = [
            _card(answers, told[place], found.rows[place], named=bool(named[place])) for place in on_page.shown.tolist()
        ]
        show_cards(cards, "Your pictures", gallery.CARDS, gallery.choose_own_picture)


def _whole_folders(run: Run) -> None:
    """How a shell does the same."""
    st.caption("To classify a whole folder, run this command. It writes the same predictions as a table:")
    st.code(f"python -m sealife_core predict {run.id} FOLDER --csv predictions.csv", language="bash", wrap_lines=True)


def _predicted(run: Run, files: Sequence[tuple[str, bytes]]) -> tuple[list[OwnPicture], list[tuple[str, str]]]:
    """Those that can be read, predicted once and then remembered; and (name, reason) of the others."""
    told: dict[str, OwnPicture] = {}
    skipped: list[tuple[str, str]] = []
    with st.spinner("Classifying your pictures…", show_time=True):
        for name, content in files:
            try:
                picture = own_picture(run, name, content)
                told[picture.key] = picture
            except DatasetError as error:
                skipped.append((name, str(error)))
    return list(told.values()), skipped


def _thumbnail(picture: OwnPicture, side_px: int) -> str:
    return data_uri(classifiers.own_thumbnail(picture.key, picture.content, side_px), "image/jpeg")


def _card(answers: Answers, picture: OwnPicture, row: Row, *, named: bool) -> dict[str, Any]:
    key, name, _, found = picture
    index = answers.classes.index(found.label) if named and found.label in answers.classes else -1
    said, sure = class_said(row, named=named), percent(sure_of(row))
    text = f"{name}: {said}, {sure}" + (", unlike training" if found.unlike else "")
    return {
        "id": key,
        "url": _thumbnail(picture, 320),
        "alt": text,
        "title": text,
        "state": "unlike" if found.unlike else "",
        "badge": "! unlike training" if found.unlike else "",
        "truth": said,
        "colour": answers.colour(index) if index >= 0 else UNLABELLED_COLOUR,
        "said": [{"run": "", "state": "", "sign": "", "text": name, "sure": sure}],
    }
