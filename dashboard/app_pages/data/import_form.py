"""Importing photographs, from this machine or as an upload; and which files were skipped."""

import shutil
from pathlib import Path
from typing import IO

import pandas as pd
import streamlit as st

from dashboard import background, cache, state
from dashboard.app_pages.data.job_progress import job_error, job_progress
from dashboard.background import Job
from dashboard.errors import show_error
from dashboard.words import plain
from sealife_core.claims import claimed_folder
from sealife_core.datasets.imports.importing import ImportReport, import_images
from sealife_core.datasets.reef import draw_reef
from sealife_core.datasets.storage import check_new_name
from sealife_core.errors import DatasetError, SealifeError
from sealife_core.places import data_root, path_of

IMPORT, REEF = "import", "reef"
UPLOADS = ".uploads"
HOW = """
A **folder** with one sub-folder per class, or a **zip** of such a folder. Folders named train, val and test are used as
splits. Pictures outside a class folder are unlabelled: only SimCLR uses them.

Or a **CSV** with the columns `file,label` and, optionally, `split` and `group`. Pictures of one group, such as the
frames of a film, stay in one split.
"""


@st.dialog("Import photographs", width="medium")
def import_dialog() -> None:
    """Asks for a source and a name, then starts the import; the page shows its progress."""
    upload_first = st.segmented_control(
        "Where are they?",
        ["On this machine", "Upload a zip"],
        default="On this machine",
        required=True,
        label_visibility="collapsed",
    )
    upload: IO[bytes] | None = None
    path = ""
    if upload_first == "Upload a zip":
        upload = st.file_uploader("A zip with one folder per class", type=["zip"])
    else:
        path = st.text_input("Path of a folder, zip or CSV", placeholder="/home/me/reef-survey")
    name = st.text_input("Name of the data set", placeholder="if empty: the name of the folder", max_chars=80)
    with st.expander("What can be imported"):
        st.markdown(HOW)
        st.caption("JPEG, PNG, WebP, BMP, TIFF or GIF. Without a given split, each class is split 80 / 10 / 10.")
    waiting = [job.title for job in background.queued(IMPORT) if job.running]
    if waiting:
        st.caption(f"The import will start after: {plain(', '.join(waiting))}.")
    if st.button("Import", type="primary", icon=":material/download:"):
        try:
            begin_import(path.strip(), name.strip(), upload, getattr(upload, "name", ""))
        except SealifeError as error:
            show_error(error)
        else:
            st.rerun()


def begin_import(path: str, name: str, upload: IO[bytes] | None = None, upload_name: str = "") -> Job:
    """Begin to import ``path``, or ``upload``. Raises DatasetError for what can be said at once."""
    if upload is None and not path:
        raise DatasetError("Enter the path of a folder, zip or CSV on this machine, or upload a zip.")
    source = path_of(path)
    name = check_new_name(name or (Path(upload_name).stem if upload else source.resolve().stem))
    if name in cache.datasets():
        raise DatasetError(f"Data set {name!r} already exists. Choose another name.")
    key = f"{IMPORT} {name}"
    job = background.find(key)
    if job is not None and job.running:
        raise DatasetError(
            f"Data set {name!r} is being imported right now. Choose another name, or wait until that import has"
            " finished."
        )
    if upload is None and not source.exists():
        raise DatasetError(
            f"Nothing was found at '{source}'. Check the path: it must exist on the machine that runs the dashboard."
        )
    state.data.EXPECTED.hold(name)
    title = f"Importing {name}"
    if upload is None:
        return background.start(key, title, lambda tell: import_images(source, name, progress=tell), IMPORT)
    kept = _keep(upload, name)
    return background.start(
        key, title, lambda tell: import_images(kept, name, progress=tell), IMPORT,
        tidy=lambda: shutil.rmtree(kept.parent, ignore_errors=True),
    )  # fmt: skip


def begin_reef() -> None:
    """Begin to draw the sample reef."""
    state.data.EXPECTED.hold(REEF)
    background.start(REEF, "Drawing the sample reef", lambda tell: draw_reef(progress=tell), REEF)


def import_status() -> None:
    """Imports and drawings under way, waiting or just ended, until they are dismissed."""
    for job in (*background.queued(IMPORT), *background.queued(REEF)):
        job_progress(job)
        if job.running:
            continue
        if job.error is not None:
            job_error(job)
            st.button("Dismiss", key=_dismiss(job), on_click=background.forget, args=(job.key,), type="tertiary")
        elif job.cancelled and job.result is None:
            state.say(f"{plain(job.title)} was cancelled. Nothing was kept.")
            background.forget(job.key)
            st.rerun()
        elif job.key == REEF:
            state.say(f"The sample reef is drawn: {len(job.result):,} pictures.")
            background.forget(job.key)
            st.rerun()
        else:
            _report(job)


def _report(job: Job) -> None:
    report: ImportReport = job.result
    name = report.dataset.name
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f":material/check_circle: **{plain(name)}**: {report.imported:,} imported,"
                f" {len(report.skipped):,} skipped.",
                width="stretch",
            )
            st.button(
                "", icon=":material/close:", type="tertiary", key=_dismiss(job), help="Dismiss",
                on_click=background.forget, args=(job.key,),
            )  # fmt: skip
        for note in report.notes:
            st.caption(f":material/info: {plain(note)}")
        if report.skipped:
            skipped_table(report.skipped)


def _dismiss(job: Job) -> state.Key:
    return state.data.JOB.of(job.key, "dismiss")


def skipped_table(skipped: list[tuple[str, str]]) -> None:
    """Every file that was left out, with its reason."""
    reasons = pd.Series([reason for _, reason in skipped]).value_counts()
    if 1 < len(reasons) < len(skipped):
        st.caption("; ".join(f"{count:,} × {plain(str(reason))}" for reason, count in reasons.head(4).items()))
    st.dataframe(
        pd.DataFrame(skipped, columns=["File", "Why it was skipped"]),
        hide_index=True,
        alt="Skipped files with reasons",
    )


def _keep(upload: IO[bytes], name: str) -> Path:
    """The upload as a file next to the data sets, in its own folder; those of ended servers are removed."""
    folder = claimed_folder(data_root() / UPLOADS, "upload-")
    kept = folder / f"{name}.zip"
    try:
        with kept.open("wb") as file:
            shutil.copyfileobj(upload, file)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return kept
