"""Two views of each picture: how similar all of them are to the chosen encoder, and what NT-Xent makes of that."""

import inspect
from typing import Any

import streamlit as st

from dashboard.cache import datasets
from dashboard.cache.contrast import view_batch
from dashboard.data.contrast.encoder_sources import EncoderSource, trained_otherwise, usual_views
from dashboard.data.contrast.view_batches import ViewBatch, batch_rows
from dashboard.error_display import errors_shown
from dashboard.parts.contrast.encoder_choice import encoder_choice, known_sources
from dashboard.parts.contrast.similarity_matrix import own_temperature, similarity_matrix
from dashboard.parts.forms.dataset_choice import dataset_choice
from dashboard.parts.forms.recipe_choice import recipe_choice
from dashboard.state import contrast
from dashboard.words import plain
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast.similarities import anchor_loss

PICTURES, PICTURES_AT_FIRST = (4, 8, 16, 32), 8

TERMS = (
    "**Positive pair**: two views of one picture. NT-Xent wants them more similar than either is to any other view of"
    " the batch; those are its **negatives**.",
    "**Temperature τ** divides the cosines before the softmax: if it is low, the most similar negatives get nearly all"
    " of the gradient on the negatives; if it is high, all count the same.",
    "**False negative**: a negative of the anchor's own class. SimCLR sees no labels, so it pushes these apart too.",
    "**h** are the features of the encoder, **z** what the projection head makes of them. Training compares z; what"
    " comes after training uses h.",
)


def pairs() -> None:
    """Pictures, encoder and recipe on top; the matrix of similarities below, and the code of the loss."""
    dataset, source, batch = _chosen()
    if batch is None:
        return
    similarity_matrix(dataset, batch, *own_temperature(source))
    _explained()


def _chosen() -> tuple[Dataset, EncoderSource, ViewBatch | None]:
    """The data set, the encoder and what it sees, None if that cannot be had."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=150):
            dataset = datasets.opened(dataset_choice("Data set"))
        offered = known_sources()
        source = encoder_choice(offered)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shared: dict[str, Any] = {"required": True, "bind": "query-params"}
        count = st.segmented_control("Pictures", PICTURES, default=PICTURES_AT_FIRST, key=contrast.BATCH, **shared)
        st.button("Draw again", icon=":material/casino:", on_click=contrast.DRAWING.advance, shortcut="d")
        st.button("Other pictures", icon=":material/shuffle:", on_click=contrast.SHUFFLE.advance)
        _, recipe = recipe_choice(usual_views(source, offered))
        if differs := trained_otherwise(source, dataset.name, recipe):
            st.caption(plain(differs), width="content")
    rows = batch_rows(dataset, contrast.SHUFFLE.number, count or PICTURES_AT_FIRST)
    with errors_shown():
        return dataset, source, view_batch(dataset, rows, recipe, contrast.DRAWING.number, source)
    return dataset, source, None


def _explained() -> None:
    for column, words in zip(st.columns(len(TERMS)), TERMS, strict=True):
        column.caption(words)
    st.markdown("**The loss of one anchor, as code.** The loss of the batch is its mean over all views.")
    st.code(inspect.getsource(anchor_loss), language="python")
