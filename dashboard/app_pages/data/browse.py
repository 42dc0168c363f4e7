"""All pictures of a data set, a page at a time, by class and split; and how they are spread over both."""

import numpy as np
import streamlit as st

from dashboard.app_pages.data.class_names import class_names
from dashboard.data.pictures import ALL, UNLABELLED, chosen_rows, class_counts, size_table
from dashboard.parts.class_bars import balance_bars
from dashboard.parts.pictures.image_grid import image_grid
from dashboard.parts.pictures.sheets import sheet
from dashboard.state import data
from dashboard.words import plain
from sealife_core.datasets.checks import evenness
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.figures.palette import class_colours
from sealife_core.wording import SPLIT_WORDS

SPLITS = {"all": "All"} | {split: title.capitalize() for split, title in SPLIT_WORDS.items()}


def browse(dataset: Dataset) -> None:
    """Filters, one page of pictures, pages."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        options = [ALL, *dataset.classes] + ([UNLABELLED] if (dataset.labels < 0).any() else [])
        label = st.selectbox("Class", options, key=data.CLASS, bind="query-params", width=280) or ALL
        split = st.segmented_control(
            "Split", list(SPLITS), format_func=SPLITS.__getitem__, default="all", required=True,
            key=data.SPLIT.among(SPLITS), bind="query-params",
        )  # fmt: skip
        named = st.text_input("Find by name", key=data.NAMED, bind="query-params", placeholder="part of a file name")
    rows = chosen_rows(dataset, label, split or "all")
    rows = rows[np.isin(rows, dataset.named(named))] if named else rows
    if not len(rows):
        what = "with this in their names" if named else "of this class"
        st.caption(f"There are no pictures {what} here. Choose another class or split.")
        return
    found = sheet(rows, data.PAGE)
    with found.place:
        st.caption(found.says)
        image_grid(dataset, found.shown.tolist(), key=data.PICTURES, files=True)


def balance(dataset: Dataset) -> None:
    """Pictures a class and split, and their sizes."""
    if dataset.classes:
        counts = class_counts(dataset)
        totals = {name: sum(splits.values()) for name, splits in counts.items()}
        st.markdown("**Pictures of each class**")
        balance_bars(counts, class_colours(dataset))
        st.caption(f"Click a bar to see its pictures. {plain(evenness(totals))}")
        class_names(dataset)
    st.markdown("**Sizes of the pictures**")
    st.table(size_table(dataset), border="horizontal", hide_index=True)
