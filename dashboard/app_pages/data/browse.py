"""All pictures of a data set, a page at a time, by class and split; and how they are spread over both."""

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.parts.class_bars import balance_bars
from dashboard.parts.dataset_cards import SPLITS
from dashboard.parts.pictures.image_grid import image_grid
from dashboard.parts.pictures.sheets import sheet
from dashboard.state import data
from dashboard.words import plain
from sealife_core.datasets.checks import evenness
from sealife_core.datasets.dataset import Dataset

A_PAGE = 48
SPLIT_WORDS = {"all": "All"} | {split: title.capitalize() for split, title in SPLITS}
ALL, UNLABELLED = "All classes", "Unlabelled"


def browse(dataset: Dataset) -> None:
    """Filters, one page of pictures, pages."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        options = [ALL, *dataset.classes] + ([UNLABELLED] if (dataset.labels < 0).any() else [])
        label = st.selectbox("Class", options, key=data.CLASS, bind="query-params", width=280) or ALL
        split = st.segmented_control(
            "Split",
            list(SPLIT_WORDS),
            format_func=SPLIT_WORDS.__getitem__,
            default="all",
            required=True,
            key=data.SPLIT.among(SPLIT_WORDS),
            bind="query-params",
        )
    rows = chosen_rows(dataset, label, split or "all")
    if not len(rows):
        st.caption("This split has no pictures of this class. Choose another class or split.")
        return
    found = sheet(rows, A_PAGE, data.PAGE)
    with found.place:
        st.caption(found.says)
        image_grid(dataset, found.shown.tolist(), key=data.PICTURES, files=True)


def chosen_rows(dataset: Dataset, label: str, split: str) -> np.ndarray:
    """(n,) rows of one class (or ALL, UNLABELLED) in one split (or "all"); of ALL, the classes take turns."""
    wanted = np.ones(len(dataset), dtype=bool)
    if split != "all":
        wanted &= (dataset.manifest["split"] == split).to_numpy(dtype=bool)
    if label in dataset.classes:
        wanted &= dataset.labels == dataset.classes.index(label)
    elif label == UNLABELLED:
        wanted &= dataset.labels < 0
    rows = np.flatnonzero(wanted)
    return rows if label != ALL else rows[np.lexsort((dataset.labels[rows], _turns(dataset.labels[rows])))]


def _turns(labels: np.ndarray) -> np.ndarray:
    """(n,) how many of the same label came before each."""
    order = np.argsort(labels, kind="stable")
    _, starts, counts = np.unique(labels[order], return_index=True, return_counts=True)
    turns = np.empty(len(labels), dtype=np.int64)
    turns[order] = np.arange(len(labels)) - np.repeat(starts, counts)
    return turns


def balance(dataset: Dataset) -> None:
    """Pictures a class and split, and their sizes."""
    if dataset.classes:
        counts = class_counts(dataset)
        totals = {name: sum(splits.values()) for name, splits in counts.items()}
        st.markdown("**Pictures of each class**")
        balance_bars(counts, dataset.classes)
        st.caption(f"Click a bar to see its pictures. {plain(evenness(totals))}")
    st.markdown("**Sizes of the pictures**")
    st.table(size_table(dataset), border="horizontal", hide_index=True)


def class_counts(dataset: Dataset) -> dict[str, dict[str, int]]:
    """Class → split → pictures."""
    found = {name: dict.fromkeys((split for split, _ in SPLITS), 0) for name in dataset.classes}
    for label, split in zip(dataset.manifest["label"], dataset.manifest["split"], strict=True):
        if label in found:
            found[label][split] += 1
    return found


def size_table(dataset: Dataset) -> pd.DataFrame:
    """Smallest, median and largest width and height, in px."""
    rows = []
    for side in ("width", "height"):
        values = dataset.manifest[side].to_numpy()
        words = {"Smallest": values.min(), "Median": np.median(values), "Largest": values.max()}
        rows.append({"": side.capitalize()} | {name: f"{int(value):,} px" for name, value in words.items()})
    return pd.DataFrame(rows)
