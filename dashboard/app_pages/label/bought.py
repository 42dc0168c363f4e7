"""What the labels have bought: accuracy so far, what more labels would bring, and the models trained on them."""

import streamlit as st

from dashboard import theme
from dashboard.cache import curation
from dashboard.data.charts.labels_bought import NOW, accuracy_option, forecasts, how_to_read, says, trained
from dashboard.parts.runs.name_animals import again_button, first_model_line, first_models, why_not
from dashboard.state import label
from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.directory import single_runs
from sealife_core.runs.run import Run


def bought_view(dataset: Dataset, run: Run) -> None:
    """The accuracy that the answers have brought, how it may go on, and one click to a model."""
    answered = curation.bought(run, dataset)
    models = trained(first_models(single_runs(), dataset.name))
    ahead = forecasts(answered, models, dataset)
    if answered:
        st.markdown(f"**What the labels have bought.** {says(answered[-1], ahead.get(NOW))}")
    if len({one.learned for one in answered}) > 1:
        st.echarts_chart(
            accuracy_option(answered, ahead, models, theme.ACCENT_LIGHT, theme.ink()), height=260, key=label.BOUGHT,
            alt="Accuracy on pictures held out against the number of labels",
        )  # fmt: skip
        st.caption(how_to_read(answered[-1], ahead, models))
    again_button(dataset.name)
    if not why_not(dataset.name):  # with too few labels yet the sentence would be wrong here
        first_model_line(dataset.name)
