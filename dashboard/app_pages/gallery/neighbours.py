"""The training pictures that are most similar to one picture for a model: it may have learned its answer from them."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import streamlit as st

from dashboard.cache import classifiers, embeddings
from dashboard.parts.pictures.image_grid import image_grid
from dashboard.state import gallery
from dashboard.words import plain
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import RunError
from sealife_core.evaluation.embeddings.training_images import Neighbour
from sealife_core.runs.run import Run

SHOWN = 8


def training_neighbours(run: Run, dataset: Dataset, image_id: str) -> list[Neighbour]:
    """The training images nearest to one image of the data set. Raises RunError where the run has no embeddings."""
    embedded = embeddings.stored(run, "h")
    if image_id not in embedded.ids:
        raise RunError("This picture was not in the data set when the model was trained, so it has no embedding.")
    features = np.asarray(embedded.values[embedded.ids.index(image_id)], np.float32)
    return classifiers.training_images(run, dataset).nearest(features, SHOWN)


def neighbours_view(dataset: Dataset, neighbours: Sequence[Neighbour]) -> None:
    """The pictures with class and similarity, and one sentence on what they say."""
    if not neighbours:
        return
    names = [found.label or "unlabelled" for found in neighbours]
    rows = [dataset.row_of(found.id) for found in neighbours]
    captions = [f"{name} · {found.similarity:.2f}" for name, found in zip(names, neighbours, strict=True)]
    st.markdown("**Nearest training pictures**")
    image_grid(dataset, rows, captions=captions, side_px=104, key=gallery.NEIGHBOURS)
    commonest, count = Counter(names).most_common(1)[0]
    st.caption(
        f"By cosine similarity of the model's features (1 is the same direction). {count} of {len(names)} are"
        f" {plain(commonest)}. These pictures are similar to the network, but may not look similar to you."
    )
