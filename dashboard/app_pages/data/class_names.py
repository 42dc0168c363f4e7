"""Renaming a class, merging it with another, and the way to split it."""

from functools import partial

import streamlit as st

from dashboard import state
from dashboard.cache import embeddings
from dashboard.parts.notice import carry_out
from dashboard.state import corrections
from dashboard.words import plain
from sealife_core.datasets.corrections.editing import rename_class
from sealife_core.datasets.dataset import Dataset
from sealife_core.wording import counted


def class_names(dataset: Dataset) -> None:
    """Which class, its new name, and what that would do; or its pictures as points, to part them."""
    with st.popover("Rename, merge or split a class", icon=":material/edit:", key=corrections.RENAME):
        was = st.selectbox("Class", dataset.classes, key=corrections.RENAME.of("from"))
        became = st.selectbox(
            "New name", [name for name in dataset.classes if name != was], index=None, accept_new_options=True,
            key=corrections.RENAME.of("to"), placeholder="Type a name, or choose a class to merge with",
        )  # fmt: skip
        _split(dataset, was)
        became = (became or "").strip()
        if was is None or not became:
            return
        pictures = counted(int((dataset.labels == dataset.classes.index(was)).sum()), "picture")
        merges = became in dataset.classes
        then = f"join the class {plain(became)}" if merges else f"are then called {plain(became)}"
        st.caption(f"{pictures} of {plain(was)} {then}. You can undo it in History.")
        st.button(
            "Merge them" if merges else "Rename it", type="primary", on_click=carry_out,
            args=(partial(rename_class, dataset, was, became),),
        )  # fmt: skip


def _split(dataset: Dataset, name: str) -> None:
    ready = embeddings.featured(dataset)
    how = (
        "Shows its pictures as points in Embeddings. Circle those of one kind and correct them to a class of their own."
    )
    if not ready:
        how += " This needs features of the pictures: Name my animals computes them."
    if st.button("Split it", icon=":material/call_split:", disabled=not ready, help=how):
        state.go("embeddings", {state.embeddings.RUN: ready[0].id, state.embeddings.CLASSES: [name]})
