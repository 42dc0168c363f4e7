"""Below the chart: the pictures of the selection, and the nearest neighbours of one picture."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from dashboard import state
from dashboard.cache import embeddings
from dashboard.data.embeddings.point_tables import selection_csv
from dashboard.data.embeddings.points import Look
from dashboard.data.pictures import class_name, class_of
from dashboard.parts.buttons import download
from dashboard.parts.correcting.correct_many import correct_many
from dashboard.parts.pictures.image_grid import image_grid
from dashboard.words import plain, run_name
from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.run import Run

MOST_SHOWN = 60
NEIGHBOURS = 10  # with the picture itself, one row on a wide screen


def selection_view(dataset: Dataset, solid: bool) -> None:
    """The selected pictures, their classes counted, the list as a file; in ``solid`` space none can be selected."""
    rows, _ = state.embeddings.selection(dataset)
    if not len(rows):
        st.caption(
            ":material/3d_rotation: Drag to rotate the chart. Point at a picture to see it. Click it to see the"
            " most similar pictures. To select pictures, switch to 2D."
            if solid
            else ":material/gesture: Draw a loop around points, or use the box tool above the chart, to see their"
            " pictures here. Click a point to see the most similar pictures."
        )
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{len(rows):,} selected**: {_counted(dataset, rows)}", width="stretch")
        with st.container(horizontal=True, width="content"):
            download("List (CSV)", lambda: selection_csv(dataset, rows), f"{dataset.name}-selection.csv")
            correct_many(dataset, rows.tolist(), state.embeddings.CORRECT)
            st.button("Clear", icon=":material/close:", on_click=state.embeddings.select, args=(dataset, ()))
    shown = rows if len(rows) <= MOST_SHOWN else np.sort(np.random.default_rng(0).choice(rows, MOST_SHOWN, False))
    if len(shown) < len(rows):
        st.caption(
            f"{len(shown)} of {len(rows):,} shown, chosen at random. The list has all of them. A link keeps a"
            f" selection of up to {state.embeddings.MOST_LINKED} pictures."
        )
    image_grid(dataset, shown.tolist(), key=state.embeddings.SELECTION_PICTURES, side_px=104)


def neighbours_view(
    dataset: Dataset, looks: Sequence[tuple[Run, Look]], uploaded: dict[str, np.ndarray] | None
) -> None:
    """The nearest neighbours of the clicked (or uploaded) picture under each encoder, with their classes.

    ``uploaded``: run id → (D,) features of a person's own picture, or None: that of the URL is asked for.
    """
    query = None if uploaded else state.embeddings.neighbours_of(dataset)
    if query is None and uploaded is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown("**Most similar pictures** by cosine similarity in the original space", width="stretch")
        if uploaded is None:
            st.button("Close", icon=":material/close:", on_click=state.embeddings.NEAR.set, args=(dataset, ()))
    for run, look in looks:
        asked = uploaded[run.id] if uploaded else query or 0
        pairs = embeddings.neighbours(run, dataset, look.of, asked, NEIGHBOURS)
        if pairs is None:
            st.caption(f"{plain(run_name(run))} has no embedding of this picture.")
        else:
            _neighbours(dataset, run, query, pairs)


def neighbour_rows(dataset: Dataset, run: Run, look: Look) -> list[int]:
    """The clicked picture and its neighbours under one encoder: what gets a ring in the chart."""
    query = state.embeddings.neighbours_of(dataset)
    found = None if query is None else embeddings.neighbours(run, dataset, look.of, query, NEIGHBOURS)
    return [] if query is None or found is None else [query, *(row for row, _ in found)]


def _neighbours(dataset: Dataset, run: Run, query: int | None, pairs: Sequence[tuple[int, float]]) -> None:
    sentence, labels = f"**{plain(run_name(run))}**", dataset.labels
    shown = [row for row, _ in pairs]
    captions = [f"{similarity:.2f} {class_of(dataset, row)}" for row, similarity in pairs]
    if query is not None:
        if labels[query] >= 0:
            same = sum(labels[row] == labels[query] for row in shown)
            sentence += f": {same} of {len(pairs)} share its class, {plain(class_of(dataset, query))}."
        shown, captions = [query, *shown], ["the picture itself", *captions]
    st.markdown(sentence)
    image_grid(dataset, shown, key=state.embeddings.NEIGHBOURS.of(run.id), captions=captions, side_px=92)


def _counted(dataset: Dataset, rows: np.ndarray, most: int = 4) -> str:
    labels, counts = np.unique(dataset.labels[rows], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    words = [f"{counts[i]:,} {plain(class_name(dataset, int(labels[i])))}" for i in order]
    rest = int(counts[order[most:]].sum())
    return ", ".join(words[:most]) + (f", {rest:,} of {len(words) - most} other classes" if rest else "")
