"""Which pictures belong together: the fields that ask for a pattern, what it would make, and grouping with an undo."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.cache import grouping
from dashboard.error_display import errors_shown
from dashboard.parts.notice import carry_out_button
from dashboard.words import plain
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.grouping.exif import READ
from sealife_core.datasets.grouping.patterns import COLUMN, SEPARATORS, Pattern, parse_pattern
from sealife_core.datasets.grouping.preview import MOST_OPENED, ImportPreview
from sealife_core.datasets.grouping.regrouping import regroup
from sealife_core.datasets.imports.finding import ClassFolder

NONE = "none"
KINDS = {
    NONE: "None",
    "stem": "Same name before the number",
    "parent": "Same folder",
    "grandparent": "Same folder, one level up",
    "part": "Same part of the file name",
    "date": "Same date in the file",
    "camera": "Same camera, by the file",
    COLUMN: "Same value in a column of the table",
    "regex": "Regular expression",
}
PARTS = {1: "First", 2: "Second", 3: "Third", 4: "Fourth", -1: "Last"}
TOGETHER = "Frames of a film, pictures of a dive or of a site look alike. A group stays in one split."


def pattern_fields(first: Pattern, columns: Callable[[], Sequence[str]], *, tabled: bool) -> Pattern:
    """Fields for a pattern, which show ``first`` at first; its kind is NONE if no pictures belong together.

    NONE is offered only where it is the first. ``columns`` gives the further columns of the table of the pictures, and
    is called only if one is wanted; tabled: whether there may be some.
    """
    offered = {NONE: first.kind == NONE, COLUMN: tabled}
    kinds = [kind for kind in KINDS if offered.get(kind, True)]
    kind = st.selectbox(
        "Pictures that belong together", kinds, kinds.index(first.kind), format_func=KINDS.__getitem__, help=TOGETHER
    )
    if kind == "regex":
        expression = st.text_input(
            "Expression", max_chars=500, placeholder="^([^/]+)/",
            help="What the one pair of ( ) matches in the file name with its folders is the group.",
        )  # fmt: skip
        return Pattern(kind, expression=expression)
    if kind == COLUMN:
        names = columns()
        if not names:
            return Pattern(NONE)
        return Pattern(kind, column=st.selectbox("Column", names, names.index(first.column) if first.column else 0))
    if kind == "part":
        with st.container(horizontal=True):
            place = list(PARTS).index(first.part) if first.part in PARTS else 0
            part = st.selectbox("Which part", list(PARTS), place, format_func=PARTS.__getitem__)
            between = st.text_input(
                "Parts are divided by", SEPARATORS, max_chars=20, help="Any of these characters divides two parts."
            )
        return Pattern(kind, part=part, separators=between or SEPARATORS)
    return Pattern(kind)


def import_preview(path: str, upload: Any, pattern: Pattern, class_folder: ClassFolder) -> None:
    """What ``pattern`` makes of what is to be imported: a folder, zip or CSV at ``path``, or the zip ``upload``."""
    if upload is None and not path:
        st.caption("The groups are shown here before anything is imported.")
        return
    with errors_shown():
        preview = grouping.import_preview(path, upload, getattr(upload, "file_id", ""), pattern, class_folder)
        _shown(preview)
        if pattern.kind in READ and preview.images >= MOST_OPENED // 2:
            st.caption(f"A preview opens {MOST_OPENED:,} pictures at most.")


def columns_to_import(path: str, upload: Any) -> Sequence[str]:
    """The further columns of the table that is to be imported; none, and why, where there are none."""
    if upload is None and not path:
        st.caption("The columns are shown here once there are pictures.")
        return ()
    with errors_shown():
        columns = grouping.columns_to_import(path, upload, getattr(upload, "file_id", ""))
        if not columns:
            st.caption("No table with further columns comes with these pictures, so they would not be grouped.")
        return columns
    return ()


def _shown(preview: ImportPreview) -> None:
    st.markdown(plain(" ".join(preview.sentences)))
    if preview.largest:
        table = pd.DataFrame(preview.largest, columns=["Group", "Pictures", "For example"])
        st.dataframe(table, hide_index=True, alt="The largest groups")
        if len(table) < preview.groups:
            st.caption(f"The {len(table)} largest of {preview.groups:,} groups.")


def grouping_button(dataset: Dataset, suggestion: str) -> None:
    """Group the pictures. suggestion: a pattern to begin with, or ""."""
    if st.button("Group pictures", icon=":material/workspaces:", help=TOGETHER):
        group_dialog(dataset, parse_pattern(suggestion) if suggestion else Pattern("stem"))


@st.dialog("Group pictures that belong together", width="medium")
@errors_shown()
def group_dialog(dataset: Dataset, first: Pattern) -> None:
    """Asks for a pattern, shows what it makes, and groups when asked to."""
    columns = tuple(dataset.table_columns)
    pattern = pattern_fields(first, lambda: columns, tabled=bool(columns))
    plan = grouping.regrouping(dataset, pattern)
    _shown(plan.preview)
    for sentence in plan.sentences[len(plan.preview.sentences) :]:
        st.markdown(plain(sentence))
    if not plan.changes and plan.preview.groups:
        st.caption("The pictures are grouped like that already.")
    elif plan.preview.groups:
        st.caption("Replaces the groups there are. No file changes, and you can undo it.")
        said = f"Grouped the pictures of **{plain(dataset.name)}**. {plain(' '.join(plan.sentences))}"
        carry_out_button("Group them", "workspaces", partial(regroup, dataset, plan), said)
