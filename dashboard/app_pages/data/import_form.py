"""Importing photographs, from this machine or as an upload; and which files were skipped."""

import shutil
from functools import partial
from pathlib import Path
from typing import IO, Any

import pandas as pd
import streamlit as st

from dashboard import background, state
from dashboard.app_pages.data.grouping import NONE, columns_to_import, import_preview, pattern_fields
from dashboard.background import BackgroundJob, Tidy
from dashboard.cache import datasets
from dashboard.error_display import errors_shown
from dashboard.parts.correcting.correcting import known_as
from dashboard.parts.import_job import IMPORT, new_name, start_import
from dashboard.parts.job_progress import job_error, job_progress
from dashboard.state import corrections
from dashboard.words import plain
from sealife_core.claims import claimed_folder
from sealife_core.datasets.additions import Addition, add_from
from sealife_core.datasets.dataset import newest_datasets
from sealife_core.datasets.grouping.patterns import COLUMN, Pattern, groups_of
from sealife_core.datasets.imports.finding import ClassFolder
from sealife_core.datasets.imports.importing import ImportReport, import_images
from sealife_core.datasets.imports.sources import name_of
from sealife_core.datasets.reef import draw_reef
from sealife_core.datasets.storage import proposed_name
from sealife_core.demo import REEF
from sealife_core.errors import DatasetError
from sealife_core.folders import data_root, path_of

UPLOADS = ".uploads"
HOW = """
A **folder** with one sub-folder per class, or a **zip** of such a folder. Further folders may be inside the classes or
around them. Folders named train, val and test are used as splits. Pictures outside a class folder have no label yet:
the Label page asks for it.

Or a **CSV** with the columns `file,label` and, optionally, `split` and `group`. A label may be empty. Pictures of one
group, such as the frames of a film, stay in one split. Further columns, such as a site, a dive, a camera or a date, are
kept: pictures can be grouped by one, now or later, and some of its values held out whole.
"""


@st.dialog("Import photographs", width="medium")
def import_dialog() -> None:
    """Asks for a source and a name, or a data set to add to, then starts the import; the page shows its progress."""
    names = newest_datasets()
    into = st.selectbox("Into", ["", *names], format_func=lambda name: name or "A new data set") if names else ""
    upload: IO[bytes] | None = None
    path = ""
    here, zipped = "On this machine", "Upload a zip"
    where = st.segmented_control(
        "Where are they?", [here, zipped], default=here, required=True, label_visibility="collapsed"
    )
    if where == zipped:
        upload = st.file_uploader("A zip with one folder per class", type=["zip"])
    else:
        path = st.text_input("Path of a folder, zip or CSV", placeholder="/home/me/reef-survey")
    innermost = st.checkbox(
        "The innermost folders are the classes, as in site A/crab/1.jpg",
        help="Otherwise the outermost are, as in crab/dive 3/1.jpg. With one level of folders both are the same.",
    )
    class_folder: ClassFolder = "last" if innermost else "first"
    if into:
        _addition(into, path.strip(), upload, getattr(upload, "name", ""), class_folder)
        return
    pattern = pattern_fields(Pattern(NONE), lambda: columns_to_import(path.strip(), upload), tabled=True)
    if pattern.kind != NONE:
        import_preview(path.strip(), upload, pattern, class_folder)
    name = st.text_input("Name of the data set", placeholder="if empty: the name of the folder or file", max_chars=80)
    with st.expander("What can be imported"):
        st.markdown(HOW)
        st.caption("JPEG, PNG, WebP, BMP, TIFF or GIF. Without a given split, each class is split 80 / 10 / 10.")
    waiting = [job.title for job in background.queued(IMPORT) if job.running]
    if waiting:
        st.caption(f"The import will start after: {plain(', '.join(waiting))}.")
    if st.button("Import", type="primary", icon=":material/download:"):
        with errors_shown():
            begin_import(path.strip(), name.strip(), upload, getattr(upload, "name", ""), pattern, class_folder)
            st.rerun()


def _addition(into: str, path: str, upload: IO[bytes] | None, upload_name: str, class_folder: ClassFolder) -> None:
    """What happens to pictures that are added to the data set ``into``, and the button that adds them."""
    st.caption(
        "All are for training, so the test pictures stay as they are. Left out are pictures that it has already, and"
        " those that show the same as a validation or test picture or belong to its group. History can undo it."
    )
    by = st.text_input("Your name", str(corrections.BY.held("")), max_chars=60, placeholder="for the history").strip()
    with errors_shown():
        known_as(datasets.opened(into), by)
        if st.button("Add", type="primary", icon=":material/playlist_add:"):
            corrections.BY.hold(by)
            begin_addition(into, path, upload, upload_name, class_folder, by)
            st.rerun()


def begin_addition(
    into: str, path: str, upload: IO[bytes] | None = None, upload_name: str = "", class_folder: ClassFolder = "first",
    by: str = "",
) -> BackgroundJob:  # fmt: skip
    """Begin to add the pictures at ``path``, or of ``upload``, to the data set ``into``, which ``by`` does.

    Raises DatasetError for what can be said at once.
    """
    dataset, title = datasets.opened(into), f"Adding to {into}"
    if any(job.running and job.title == title for job in background.queued(IMPORT)):
        raise DatasetError(f"Other pictures are just being added to {into!r}. Wait until that is done.")
    source, tidy = _source(path, upload, Path(upload_name).stem)
    work = partial(add_from, dataset, source, class_folder=class_folder, by=by)
    return start_import(into, lambda tell: work(progress=tell), tidy, title)


def begin_import(
    path: str, name: str, upload: IO[bytes] | None = None, upload_name: str = "", pattern: Pattern | None = None,
    class_folder: ClassFolder = "first",
) -> BackgroundJob:  # fmt: skip
    """Begin to import ``path``, or ``upload``, grouped by ``pattern`` unless that is NONE.

    Raises DatasetError for what can be said at once.
    """
    if upload is not None or path:
        name = new_name(name or (proposed_name(Path(upload_name).stem) if upload else name_of(path_of(path))))
    group_by = None if pattern is None or pattern.kind == NONE else pattern
    if group_by is not None and group_by.kind != COLUMN:
        groups_of(group_by, [], list)
    source, tidy = _source(path, upload, name)
    work = partial(import_images, source, name, group_by=group_by, class_folder=class_folder)
    return start_import(name, lambda tell: work(progress=tell), tidy)


def _source(path: str, upload: IO[bytes] | None, name: str) -> tuple[Path, Tidy]:
    """Where the pictures are, an upload under ``name``; and what is to be done at the end. Raises DatasetError."""
    if upload is not None:
        kept = _keep(upload, name)
        return kept, partial(shutil.rmtree, kept.parent, ignore_errors=True)
    if not path:
        raise DatasetError("Enter the path of a folder, zip or CSV on this machine, or upload a zip.")
    source = path_of(path)
    if not source.exists():
        raise DatasetError(
            f"Nothing was found at '{source}'. Check the path: it must exist on the machine that runs the dashboard."
        )
    return source, bool


def begin_reef() -> None:
    """Begin to draw the sample reef."""
    state.data.EXPECTED.hold(REEF)
    background.start(REEF, "Drawing the sample reef", lambda tell: draw_reef(progress=tell), REEF)


def importing() -> bool:
    """Whether an import or a drawing is under way."""
    return any(job.running for job in _jobs())


def _jobs() -> list[BackgroundJob]:
    return [*background.queued(IMPORT), *background.queued(REEF)]


def import_status() -> None:
    """Imports and drawings under way, waiting or just ended, until they are dismissed."""
    for job in _jobs():
        if job.running:
            job_progress(job)
        elif job.error is not None:
            job_error(job)
            _dismiss(job, "Dismiss")
        elif job.result is None:
            _end(job, f"{plain(job.title)} was cancelled. Nothing was kept.")
        elif job.key == REEF:
            _end(job, f"The sample reef is drawn: {len(job.result):,} pictures.")
        else:
            _report(job)


def _end(job: BackgroundJob, said: str) -> None:
    state.say(said)
    background.forget(job.key)
    st.rerun()


def _report(job: BackgroundJob) -> None:
    report: ImportReport | Addition = job.result
    if isinstance(report, Addition):
        said = plain(report.said)
    else:
        said = f"**{plain(report.dataset.name)}**: {report.imported:,} imported, {len(report.skipped):,} skipped."
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/check_circle: {said}", width="stretch")
            _dismiss(job, "", icon=":material/close:", help="Dismiss")
        for note in report.notes:
            st.caption(f":material/info: {plain(note)}")
        if report.skipped:
            skipped_table(report.skipped)


def _dismiss(job: BackgroundJob, label: str, **more: Any) -> None:
    key = state.data.JOB.of(job.key, "dismiss")
    st.button(label, type="tertiary", key=key, on_click=background.forget, args=(job.key,), **more)


def skipped_table(skipped: list[tuple[str, str]]) -> None:
    """Every file that was left out, with its reason."""
    reasons = pd.Series([reason for _, reason in skipped]).value_counts()
    if 1 < len(reasons) < len(skipped):
        st.caption("; ".join(f"{count:,} × {plain(str(reason))}" for reason, count in reasons.head(4).items()))
    table = pd.DataFrame(skipped, columns=["File", "Why it was skipped"])
    st.dataframe(table, hide_index=True, alt="Skipped files with reasons")


def _keep(upload: IO[bytes], name: str) -> Path:
    """The upload as a file next to the data sets, in its own folder; those of ended servers are removed."""
    folder = claimed_folder(data_root() / UPLOADS, "upload-")
    kept = folder / f"{name}.zip"
    upload.seek(0)  # a preview has read in it
    try:
        with kept.open("wb") as file:
            shutil.copyfileobj(upload, file)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return kept
