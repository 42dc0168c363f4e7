"""The cosines of a batch of views, and the loss of one of them: temperature, probabilities and gradient shares.

A browser computes all of it from the cosines (``nt_xent.js``): the server is asked for nothing while a slider moves.
"""

import base64
import hashlib
from typing import Literal

from dashboard.data.contrast.encoder_sources import EncoderSource
from dashboard.data.contrast.view_batches import ViewBatch
from dashboard.media import data_uri
from dashboard.parts.correcting.correcting import correcting, events
from dashboard.parts.own_component import own_component
from dashboard.parts.pictures.image_grid import grid_picture
from dashboard.state import contrast
from sealife_core.config import SimclrConfig
from sealife_core.datasets.dataset import Dataset

_matrix = own_component(__file__, shared=("nt_xent", "matrix_canvas", "../correcting/lightbox"))


def similarity_matrix(
    dataset: Dataset, batch: ViewBatch, own_temperature: float, own_is: str,
    part: Literal["", "pairs", "temperature"] = "",
) -> None:  # fmt: skip
    """``batch`` is of ``dataset``. ``own_temperature`` is marked on the slider as what ``own_is`` says. What is looked
    at is kept in the URL.

    part: the matrix with its pairs, or the temperature with the loss of one anchor; everything unless told.
    """
    packed = {space: values.astype("<f4").tobytes() for space, values in batch.similarities.items()}
    compared = "z" if "z" in packed else "h"
    seen = contrast.looked_at(own_temperature, compared)
    if part:  # of a lesson: it shows what the loss compares; h and z are told apart later
        seen["space"] = compared
    data = {
        "version": hashlib.sha256(b"".join((*batch.jpegs, *packed.values(), repr(batch.names).encode()))).hexdigest(),
        "views": [data_uri(jpeg, "image/jpeg") for jpeg in batch.jpegs],
        "pictures": [
            grid_picture(dataset, row, name) | {"name": name, "colour": colour, "hash": known}
            for row, name, colour, known in zip(batch.rows, batch.names, batch.colours, batch.hashes, strict=True)
        ],
        "labels": list(batch.labels),
        "cosines": {space: base64.b64encode(values).decode() for space, values in packed.items()},
        "own": own_temperature, "ownIs": own_is, "part": part, "correcting": correcting(dataset), **seen,
    }  # fmt: skip
    key = contrast.MATRIX
    _matrix(data=data, key=key, on_looked_change=key.on("looked", contrast.look), **events(key))


def own_temperature(source: EncoderSource) -> tuple[float, str]:
    """The temperature that ``source`` was trained with, or the default; and which of the two it is."""
    config = source.run and source.run.config()
    if isinstance(config, SimclrConfig):
        return config.temperature, "of this run"
    return SimclrConfig.model_fields["temperature"].default, "the default"
