"""The training pictures that a model holds most alike to one picture: what it may have learned its answer from."""

from collections import Counter

import numpy as np
import streamlit as st

from dashboard import cache
from dashboard.components.image_grid import image_grid
from dashboard.components.picture_picker import class_of
from dashboard.errors import plain
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import RunError
from sealife_core.evaluation.neighbours import nearest
from sealife_core.runs.directory import Run

SHOWN = 8


def training_neighbours(run: Run, dataset: Dataset, image_id: str) -> tuple[list[int], list[float]]:
    """Rows of the training images nearest to one image of the data set, and their similarities. Raises RunError."""
    embedded = cache.embeddings(run)
    bank_places, bank_rows = cache.training_bank(run, dataset)
    if image_id not in embedded.ids:
        raise RunError("This picture was not there when the model was trained, so it has no embedding.")
    query = np.asarray(embedded.values[embedded.ids.index(image_id)])[None]
    found, alike = nearest(embedded.values[bank_places], query, SHOWN)
    return [int(bank_rows[place]) for place in found[0]], [float(value) for value in alike[0]]


def neighbours_view(dataset: Dataset, rows: list[int], similarities: list[float]) -> None:
    """The pictures with class and similarity, and one sentence on what they say."""
    names = [class_of(dataset, row) for row in rows]
    st.markdown("**Nearest training pictures**")
    captions = [f"{name} · {value:.2f}" for name, value in zip(names, similarities, strict=True)]
    image_grid(dataset, rows, captions=captions, side_px=104)
    commonest, count = Counter(names).most_common(1)[0]
    st.caption(
        f"By cosine similarity in the model's own features (1 is the same direction). {count} of {len(names)} are"
        f" {plain(commonest)}: what lies near in these features is alike to the network, not always to the eye."
    )
