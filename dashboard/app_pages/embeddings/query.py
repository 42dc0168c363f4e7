"""A person's own picture as a query: its features under each encoder, to find its nearest neighbours."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from dashboard.cache import classifiers, embeddings
from dashboard.error_display import errors_shown
from dashboard.media import LARGE_PX, data_uri
from dashboard.parts.pictures.large_pictures import opens
from sealife_core.datasets.decoding.reading import SUFFIXES
from sealife_core.evaluation.embeddings.stored_embeddings import Space
from sealife_core.runs.run import MODEL, Run

_SHOWN_PX = 140


def uploaded_features(runs: Sequence[Run], of: Space) -> dict[str, np.ndarray] | None:
    """Run id → (D,) features of the picture that was dropped in, or None while there is none."""
    with st.expander("Search with your own picture", icon=":material/add_photo_alternate:"):
        if of != "h" or not all((run.path / MODEL).is_file() for run in runs):
            st.caption("This works only in the space of encoder h, and only if the runs still have their model.")
            return None
        file = st.file_uploader("A picture", type=sorted(SUFFIXES), label_visibility="collapsed")
        if file is None:
            st.caption("Your picture is not saved. The most similar pictures of the data set appear below.")
            return None
        with errors_shown():
            jpeg = classifiers.own_thumbnail(file.file_id, file.getvalue(), LARGE_PX)
            st.html(
                f'<img src="{data_uri(jpeg, "image/jpeg")}" alt="Your picture" width="{_SHOWN_PX}"'
                f"{opens({'facts': [('File', file.name)]})}>"
            )
            with st.spinner("Computing the embedding…"):
                return {run.id: embeddings.features_of(run, file.getvalue()) for run in runs}
        return None
