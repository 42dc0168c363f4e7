"""What the widget of a lesson returns, and the data set that all of them look at."""

from collections.abc import Callable

import streamlit as st

from dashboard.cache import datasets
from dashboard.data.lessons.lessons import Reading
from dashboard.parts.forms.dataset_choice import dataset_choice
from sealife_core.datasets.dataset import Dataset

Shown = tuple[Reading, Callable[[], str]]
"""What is shown as numbers, empty where there is nothing to see yet; and what makes the same for the handout, as HTML.
The latter runs without a session, once somebody wants the handout."""
NOTHING: Shown = {}, str
VIEW_PX = 160


def lesson_dataset() -> Dataset:
    """The choice of a data set above the widget of a lesson."""
    with st.container(width=160, key="lesson_data"):
        return datasets.opened(dataset_choice("Data set"))
