"""A person's own picture, asked of the encoders: its features, to find what lies nearest."""

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import streamlit as st
from PIL import Image

from dashboard import cache
from dashboard.errors import show_error
from sealife_core.errors import SealifeError
from sealife_core.evaluation.embedded import Space
from sealife_core.runs.directory import Run
from sealife_core.runs.run import MODEL

if TYPE_CHECKING:
    from sealife_core.datasets.pixels import Pixels

KINDS = ["jpg", "jpeg", "png", "webp", "tif", "tiff", "bmp", "gif"]


def uploaded_features(runs: Sequence[Run], of: Space) -> dict[str, np.ndarray] | None:
    """Run id → (D,) features of the picture that was dropped in, or None while there is none."""
    with st.expander("Ask with a picture of your own", icon=":material/add_photo_alternate:"):
        if of != "h" or not all((run.path / MODEL).is_file() for run in runs):
            st.caption("For this, look at the encoder's h, of runs that kept their model.")
            return None
        file = st.file_uploader("A picture", type=KINDS, key="own_picture", label_visibility="collapsed")
        if file is None:
            st.caption("It is not kept. Below appear the pictures that the encoder finds most alike to it.")
            return None
        from sealife_core.datasets.reading import decode

        try:
            picture, _ = decode(BytesIO(file.getvalue()))
            st.image(picture, width=140)
            with st.spinner("Asking the encoder…"):
                return {run.id: cache.features_of(run, file.getvalue(), picture) for run in runs}
        except SealifeError as error:
            show_error(error)
            return None


def encoded(model: tuple[Any, Any, Any], picture: Image.Image) -> np.ndarray:
    """(D,) float32: h of one RGB picture, prepared as the pictures of the data set were. ``model``: of load_model."""
    from sealife_core.evaluation.embeddings import embed

    encoder, _, card = model
    one = cast("Pixels", _OnePicture(picture, 2 * card.image_size_px))
    return embed(
        encoder,
        one,
        np.zeros(1, np.int64),
        image_size_px=card.image_size_px,
        mean=tuple(card.mean),
        std=tuple(card.std),
    )[0]


class _OnePicture:
    """A data set's pixels, of one picture."""

    def __init__(self, picture: Image.Image, side_px: int) -> None:
        self.picture, self.side_px = picture, side_px

    def gather(self, rows: np.ndarray) -> tuple[Any, Any]:
        """Its pixels (n, S, S, 3) uint8 and aspects (n,), once for each of ``rows``."""
        import torch

        from sealife_core.datasets.pixels import from_picture

        square, aspect = from_picture(self.picture, self.side_px)
        return torch.from_numpy(square)[None].repeat(len(rows), 1, 1, 1), torch.full((len(rows),), aspect)
