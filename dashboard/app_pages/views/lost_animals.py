"""A mark on crops that have probably lost the animal: off until asked for, since a network has to look first."""

from collections.abc import Sequence

import streamlit as st
from torch import Tensor

from dashboard.cache.contrast import animal_activation
from dashboard.data.crops import worth_said
from dashboard.data.previews import Preview
from dashboard.error_display import errors_shown
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast.animal_share import REEF_PRECISION, REEF_RECALL


def activations(dataset: Dataset, previews: Sequence[Preview], asked: bool) -> list[Tensor | None]:
    """What an ImageNet encoder responds to in each picture; None each unless ``asked`` for."""
    if asked:
        with errors_shown():
            found = [animal_activation(dataset, preview.row) for preview in previews]
            st.caption(worth_said(REEF_PRECISION, REEF_RECALL))
            return [*found]
    return [None for _ in previews]
