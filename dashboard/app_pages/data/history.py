"""What was corrected since the import, by whom and why: undone, redone, saved as a file, applied from one."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import streamlit as st

from dashboard.data.corrections import HistoryRow, history
from dashboard.parts.buttons import download
from dashboard.parts.notice import carry_out, errors_said
from dashboard.parts.pictures.image_grid import grid_picture, show_grid
from dashboard.parts.pictures.sheets import sheet
from dashboard.state import corrections, say
from dashboard.words import plain
from sealife_core.datasets.corrections.editing import redo, undo
from sealife_core.datasets.corrections.exchange import apply_csv, corrections_csv
from sealife_core.datasets.dataset import Dataset
from sealife_core.wording import counted

A_PAGE = 20


def history_view(dataset: Dataset) -> None:
    """The log, the newest first; below it, what is left out."""
    rows = history(dataset)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        says = f"**Version {dataset.version}.** {_summary(rows)}" if rows else "**As it was imported.**"
        st.markdown(says, width="stretch")
        with st.container(horizontal=True, width="content"):
            if rows:
                download("Corrections (CSV)", partial(corrections_csv, dataset), f"{dataset.name}-corrections.csv")
            with st.popover("Apply a file", icon=":material/upload_file:"):
                _applying(dataset)
    if not rows:
        st.caption(
            "Nothing was corrected yet. Click a picture on any page to give it another class, to move it to another"
            " split or to leave it out. The files of the import are never changed, and everything can be undone here."
        )
        return
    found = sheet(np.arange(len(rows)), corrections.HISTORY_PAGE, A_PAGE)
    with found.place:
        for place in found.shown:
            _row(dataset, rows[place])
    _left_out(dataset)


def _summary(rows: list[HistoryRow]) -> str:
    holds = sum(row.stands is True for row in rows)
    return f"{counted(holds, 'correction holds', 'corrections hold')}. A run keeps to the version that it began with."


def _row(dataset: Dataset, row: HistoryRow) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        text = f"~~{plain(row.what)}~~ (undone)" if row.stands is False else plain(row.what)
        # The point is escaped: the numbers of a list stand in the margin, which a phone does not have.
        st.markdown(f"{row.number}\\. {text}  \n:small[:gray[{plain(row.about)}]]", width="stretch")
        if row.stands is not None:
            label, change = ("Undo", undo) if row.stands else ("Redo", redo)
            st.button(
                label, key=corrections.ENTRY.of(row.number), icon=f":material/{label.lower()}:", type="tertiary",
                on_click=carry_out, args=(partial(change, dataset, row.number),),
            )  # fmt: skip


def _applying(dataset: Dataset) -> None:
    st.caption(
        "Corrections that were saved here as CSV, for a fresh import of the same pictures. They are found by file name"
        " and content."
    )
    file = st.file_uploader("Corrections (CSV)", type=["csv"], key=corrections.UPLOAD)
    if file is not None and st.button("Apply", type="primary"):
        with st.spinner("Applying the corrections…"), errors_said(), TemporaryDirectory() as folder:
            kept = Path(folder) / Path(file.name).name
            kept.write_bytes(file.getvalue())
            say(plain(apply_csv(dataset, kept, by=corrections.BY.held("")).said))
        st.rerun()


def _left_out(dataset: Dataset) -> None:
    whole = dataset.whole
    rows = np.setdiff1d(np.arange(len(whole)), dataset.places).tolist()
    if rows:
        st.markdown(f"**{counted(len(rows), 'picture is', 'pictures are')} left out.** Click one to take it back in.")
        show_grid([grid_picture(whole, row, "left out") for row in rows], corrections.LEFT_OUT, dataset, 104)
