"""Pictures that are there twice or belong together: which, whether they leak between splits, and what mends it."""

from functools import partial

import numpy as np
import streamlit as st

from dashboard import background, state
from dashboard.app_pages.data.grouping import grouping_button
from dashboard.data.pictures import class_of
from dashboard.parts.correcting.correct_many import correct_many, correct_now
from dashboard.parts.job_progress import job_error, job_progress
from dashboard.parts.notice import carry_out_button
from dashboard.parts.pictures.image_grid import image_grid
from dashboard.parts.pictures.sheets import sheet
from dashboard.state import Key
from dashboard.words import plain
from sealife_core.datasets.checks import Checks, DuplicateGroup, check
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.mending import mend, plan_mending
from sealife_core.wording import SPLIT_WORDS, counted

A_PAGE = 8
MOST_PICTURES = 12  # of one group
MENDS = "First shows which pictures would move. Each class keeps its share of every split."
KINDS = {
    "leaks": ("Across splits", "The same picture is in more than one split. The scores may then be too high."),
    "labels": ("Two labels", "The same picture has two labels. At most one of them is correct."),
    "exact": ("Same file", "The same file is there more than once. It counts twice but adds nothing new."),
    "near": (
        "Nearly the same",
        "Copies that were saved again, slightly cropped or brightened, or frames of one scene.",
    ),
    "scattered": ("Groups across splits", "Pictures of one group are in more than one split. Scores may be too high."),
    "series": ("Series", "Look-alikes with consecutive names in more than one split, such as frames of a film."),
}


def checks_view(dataset: Dataset) -> None:
    """Begins the check if it was not done since the data changed, and shows what it found."""
    key = f"check {dataset.name} {dataset.content_hash}"
    job = background.asked(key, f"Comparing the pictures of {dataset.name}", lambda tell: check(dataset, tell))
    if job.running:
        job_progress(job)
        return
    if job.error is not None:
        job_error(job)
        st.button("Try again", on_click=background.forget, args=(key,))
        return
    if job.result is None:
        st.caption("The comparison was cancelled.")
        st.button("Compare the pictures", on_click=background.forget, args=(key,))
        return
    if any(dataset.image_path(row).is_file() for row in job.result.missing):  # its picture was added again
        background.forget(key)
        st.rerun()
    _found(dataset, job.result)


def groups_by_kind(checks: Checks) -> dict[str, list[DuplicateGroup]]:
    """A key of KINDS → its groups; one group may be of several kinds."""
    both = [*checks.exact, *checks.near]
    return {
        "leaks": [group for group in both if group.straddles],
        "labels": [group for group in both if group.labels_differ],
        "exact": checks.exact,
        "near": checks.near,
        "scattered": checks.scattered,
        "series": checks.series,
    }


def _found(dataset: Dataset, checks: Checks) -> None:
    if checks.notes:
        st.warning("\n".join(f"- {plain(note)}" for note in checks.notes))
    grouping_button(dataset, checks.suggestion)
    groups = groups_by_kind(checks)
    there = [kind for kind in KINDS if groups[kind]]
    if not there:
        compared = counted(len(dataset) - len(checks.missing), "picture")
        st.success(
            f"No duplicates. Compared {compared} by file and by appearance.",
            icon=":material/check_circle:",
        )
        return
    chosen = st.segmented_control(
        "Which", there, format_func=lambda kind: KINDS[kind][0], default=there[0], required=True,
        key=state.data.DUPLICATES.among(there), bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    kind = chosen if chosen in there else there[0]
    st.markdown(f"**{counted(len(groups[kind]), 'group')}.** {KINDS[kind][1]}")
    if kind in ("leaks", "scattered") and st.button(
        "Put every group into one split", icon=":material/healing:", help=MENDS
    ):
        mend_dialog(dataset, checks)
    _page(dataset, checks, groups[kind], kind)


@st.dialog("Put groups into one split", width="medium")
def mend_dialog(dataset: Dataset, checks: Checks, only: list[DuplicateGroup] | None = None) -> None:
    """Says how many pictures would move from where to where, and moves them when asked to."""
    mending = plan_mending(dataset, checks, only)
    for sentence in mending.sentences:
        st.markdown(plain(sentence))
    if mending.moves:
        st.caption("Nothing is deleted, and you can undo it. Earlier runs were tested on a different set of pictures.")
        groups, moved = counted(mending.groups, "group"), plain(" ".join(mending.sentences))
        said = f"Put {groups} of **{plain(dataset.name)}** into one split each. {moved}"
        carry_out_button("Move them", "healing", partial(mend, dataset, mending), said)


def _page(dataset: Dataset, checks: Checks, groups: list[DuplicateGroup], kind: str) -> None:
    found = sheet(np.arange(len(groups)), state.data.DUPLICATES_PAGE, A_PAGE)
    with found.place:
        if len(groups) > A_PAGE:
            st.caption(f"Groups {found.span}")
        with st.grid(2, min_column_width=360, gap="small"):
            for number, place in enumerate(found.shown):
                with st.container(border=True):
                    _group(dataset, checks, groups[place], kind, state.data.GROUP.of(kind, number))


def _group(dataset: Dataset, checks: Checks, group: DuplicateGroup, kind: str, key: Key) -> None:
    splits = dataset.manifest["split"]
    shown = list(group.rows[:MOST_PICTURES])
    words = [f"{class_of(dataset, row)}, {SPLIT_WORDS[splits.iat[row]]}" for row in shown]
    image_grid(dataset, shown, key=key, captions=words, files=True)
    if len(group.rows) > len(shown):
        st.caption(f"{len(shown)} of {len(group.rows)} shown")
    with st.container(horizontal=True):
        if kind == "series":
            return
        if group.straddles and st.button(
            "Put into one split", key=key.of("mend"), type="tertiary", icon=":material/healing:", help=MENDS
        ):
            mend_dialog(dataset, checks, [group])
        if group.labels_differ:
            _one_label(dataset, group, key)
        correct_many(dataset, group.rows, key.of("correct"), why="duplicate", label="Other")
        if not group.labels_differ:  # which label is right is for a person to say first
            _leave_one(dataset, group, key)


def _one_label(dataset: Dataset, group: DuplicateGroup, key: Key) -> None:
    """A button for each label that the copies have: all of them get it."""
    for label in sorted({class_of(dataset, row) for row in group.rows if dataset.labels[row] >= 0}):
        st.button(
            plain(f"All are {label}"), key=key.of("label", label), type="tertiary", icon=":material/label:",
            on_click=correct_now, args=(dataset, group.rows, {"label": label}, "duplicate"),
        )  # fmt: skip


def _leave_one(dataset: Dataset, group: DuplicateGroup, key: Key) -> None:
    """Leave out all copies but one: a labelled one where there is any, of those the largest."""
    labelled = [row for row in group.rows if dataset.labels[row] >= 0]
    size = (dataset.manifest["width"] * dataset.manifest["height"]).iloc[labelled or list(group.rows)]
    kept = int(size.idxmax())
    others = [row for row in group.rows if row != kept]
    which = "the largest" if len(labelled) in (0, len(group.rows)) else "the largest with a label"
    st.button(
        "Keep one", key=key.of("one"), type="tertiary", icon=":material/filter_1:",
        help=f"Keeps {plain(dataset.file_names[kept])}, {which}, and leaves the others out. You can undo it.",
        on_click=correct_now, args=(dataset, others, {"excluded": "yes"}, "duplicate"),
    )  # fmt: skip
