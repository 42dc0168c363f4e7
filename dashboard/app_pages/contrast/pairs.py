"""Two views of each picture: how similar all of them are to the chosen encoder."""

import streamlit as st

from dashboard import cache
from dashboard.parts.contrast.encoder_choice import encoder_choice
from dashboard.parts.forms.dataset_choice import dataset_choice


def pairs() -> None:
    """Pictures, encoder and recipe on top; the matrix of similarities below."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=220):
            cache.dataset(dataset_choice("Data set"))
        encoder_choice()
