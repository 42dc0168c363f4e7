"""The training pictures that are most similar to one picture for a model: it may have learned its answer from them."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from dashboard.data.pictures import class_of
from dashboard.parts.pictures.image_grid import grid_picture, show_grid
from dashboard.state import Key
from dashboard.words import plain
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.embeddings.training_images import Neighbour


def neighbours_view(dataset: Dataset, neighbours: Sequence[Neighbour], key: Key, *, correctable: bool = True) -> None:
    """The pictures that ``dataset`` still has, with their class there and similarity, and one sentence on them.

    correctable: whether labels can be corrected where a picture is open.
    """
    there = [(dataset.row_of(found.id), found.similarity) for found in neighbours if dataset.has(found.id)]
    if not there:
        return
    names = [class_of(dataset, row) for row, _ in there]
    pictures = [
        grid_picture(dataset, row, f"{name} · {similarity:.2f}")
        for name, (row, similarity) in zip(names, there, strict=True)
    ]
    st.markdown("**Nearest training pictures**")
    show_grid(pictures, key, dataset, 104, correctable=correctable)
    commonest, count = Counter(names).most_common(1)[0]
    st.caption(
        f"By cosine similarity of the model's features (1 is the same direction). {count} of {len(names)} are"
        f" {plain(commonest)}. The network finds these pictures similar; to you they may not look so."
    )
