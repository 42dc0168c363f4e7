"""Bringing in photographs: from this machine or as an upload; what came of it, file by file."""

import shutil
import uuid
from pathlib import Path
from typing import IO

import pandas as pd
import streamlit as st

from dashboard import background, cache, state
from dashboard.background import Job, Progress
from dashboard.components.job_progress import job_error, job_progress
from dashboard.errors import plain, show_error
from sealife_core.datasets.importing import ImportReport, import_images
from sealife_core.datasets.reef import draw_reef
from sealife_core.datasets.storage import check_name
from sealife_core.errors import DatasetError
from sealife_core.places import data_root

IMPORT, REEF = "import", "reef"
UPLOADS = ".uploads"
HOW = """
A **folder** with one sub-folder a class, or a **zip** of one. Folders named train, val and test are kept as they are;
loose pictures become unlabelled, for SimCLR alone. Or a **CSV** with the columns `file,label` and, if you like,
`split` and `group` (pictures of one group, such as the frames of a film, stay in one split).
"""


@st.dialog("Import photographs", width="medium")
def import_dialog() -> None:
    """Asks for a source and a name, then begins; the page shows the progress."""
    upload_first = st.segmented_control(
        "Where are they?",
        ["On this machine", "Upload a zip"],
        default="On this machine",
        required=True,
        label_visibility="collapsed",
        key="import_where",
    )
    upload: IO[bytes] | None = None
    path = ""
    if upload_first == "Upload a zip":
        upload = st.file_uploader("A zip of folders, one a class", type=["zip"], key="import_upload")
    else:
        path = st.text_input("Path of a folder, zip or CSV", placeholder="/home/me/reef-survey", key="import_path")
    name = st.text_input(
        "Name of the data set", placeholder="taken from the folder unless given", max_chars=80, key="import_name"
    )
    with st.expander("What it should look like"):
        st.markdown(HOW)
        st.caption("JPEG, PNG, WebP, BMP, TIFF or GIF. Split 80 / 10 / 10 by class unless you bring a split.")
    if st.button("Import", type="primary", icon=":material/download:", key="import_go", disabled=_importing()):
        try:
            begin_import(path.strip(), name.strip(), upload, getattr(upload, "name", ""))
        except DatasetError as error:
            show_error(error)
        else:
            st.rerun()


def begin_import(path: str, name: str, upload: IO[bytes] | None = None, upload_name: str = "") -> Job:
    """Begin to import ``path``, or ``upload``. Raises DatasetError for what can be said at once."""
    if upload is None and not path:
        raise DatasetError("Name a folder, zip or CSV on this machine, or upload a zip.")
    source = Path(path).expanduser()
    name = check_name(name or (Path(upload_name).stem if upload else source.resolve().stem))
    if name in cache.datasets():
        raise DatasetError(f"There is already a data set {name!r}. Choose another name.")
    if upload is None and not source.exists():
        raise DatasetError(f"There is nothing at '{source}'. Check the path; it is read on the machine of the server.")
    state.expect_dataset(name)
    if upload is None:
        return background.start(IMPORT, f"Importing {name}", lambda tell: import_images(source, name, progress=tell))
    kept = _keep(upload)

    def work(tell: Progress) -> ImportReport:
        try:
            return import_images(kept, name, progress=tell)
        finally:
            kept.unlink(missing_ok=True)

    return background.start(IMPORT, f"Importing {name}", work)


def begin_reef() -> None:
    """Begin to draw the sample reef."""
    state.expect_dataset(REEF)
    background.start(REEF, "Drawing the sample reef", lambda tell: draw_reef(progress=tell))


def import_status() -> None:
    """Imports and drawings under way or just ended, until they are dismissed."""
    for key in (IMPORT, REEF):
        job = background.find(key)
        if job is None:
            continue
        job_progress(job)
        if job.running:
            continue
        if job.error is not None:
            job_error(job)
            st.button("Dismiss", key=f"forget_{key}", on_click=background.forget, args=(key,), type="tertiary")
        elif key == REEF:
            state.say(f"The sample reef is drawn: {len(job.result):,} pictures.")
            background.forget(key)
            st.rerun()
        else:
            _report(job.result)


def _report(report: ImportReport) -> None:
    name = report.dataset.name
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f":material/check_circle: **{plain(name)}**: {report.imported:,} imported,"
                f" {len(report.skipped):,} skipped.",
                width="stretch",
            )
            st.button(
                "", icon=":material/close:", type="tertiary", key="import_seen", help="Dismiss",
                on_click=background.forget, args=(IMPORT,),
            )  # fmt: skip
        for note in report.notes:
            st.caption(f":material/info: {plain(note)}")
        if report.skipped:
            skipped_table(report.skipped)


def skipped_table(skipped: list[tuple[str, str]]) -> None:
    """Every file that was left out, with its reason."""
    reasons = pd.Series([reason for _, reason in skipped]).value_counts()
    if 1 < len(reasons) < len(skipped):
        st.caption("; ".join(f"{count:,} × {plain(str(reason))}" for reason, count in reasons.head(4).items()))
    st.dataframe(
        pd.DataFrame(skipped, columns=["File", "Why it was left out"]),
        hide_index=True,
        alt="Skipped files with reasons",
    )


def _importing() -> bool:
    job = background.find(IMPORT)
    return job is not None and job.running


def _keep(upload: IO[bytes]) -> Path:
    """The upload as a file beside the data sets; what an ended server left there is removed first."""
    folder = data_root() / UPLOADS
    if not _importing():
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"{uuid.uuid4().hex}.zip"
    with kept.open("wb") as file:
        shutil.copyfileobj(upload, file)
    return kept
