"""Encoders that views are looked at through, ready to use."""

from threading import Lock
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.cache import Stamp, stamp
from dashboard.data.contrast import Source
from sealife_core.evaluation.embeddings.stored_embeddings import snapshot_folder
from sealife_core.runs.run import MODEL

if TYPE_CHECKING:  # it imports torch
    from sealife_core.evaluation.contrast.view_encoder import ViewEncoder


def view_encoder(source: Source) -> tuple["ViewEncoder", Lock]:
    """The encoder, and the lock to hold while it is used. Imports torch. Raises WeightsError."""
    return _opened(source, source.spec, _stamp(source))


# Not ``kept``: the key of an encoder is its name in a link, and when its file changed.
@st.cache_resource(max_entries=6, show_spinner="Opening the encoder…")
def _opened(_source: Source, spec: str, changed: Stamp) -> tuple["ViewEncoder", Lock]:
    return _source.opened(), Lock()


def _stamp(source: Source) -> Stamp:
    if source.run is None:
        return 0, 0
    folder = source.run.path if source.epoch is None else snapshot_folder(source.run.path, source.epoch)
    return stamp(folder / MODEL)
