"""What to label next: the pictures from which a model learns most, some at random, and what the labels have bought."""

from typing import Any

import streamlit as st

from dashboard import state, theme
from dashboard.cache import curation
from dashboard.data.echarts import PERCENT, chart_frame
from dashboard.data.pictures import class_of
from dashboard.parts.pictures.labeller import Ask, labeller
from dashboard.state import label
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.curation.label_queue import SHARE, WHY, Bought, Pick
from sealife_core.runs.run import Run
from sealife_core.wording import counted, percent

A_BATCH, REFIT_AFTER, NEAR = 24, 12, 6
NOTES = {
    "random": "Picked at random. Its label goes to validation, so that the accuracy below is honest.",
    "typical": "Typical of many pictures that have no label yet.",
    "uncertain": "The model is unsure about pictures like this one.",
}


def next_view(dataset: Dataset, run: Run) -> None:
    """The labeller, and below it what the answers have bought."""
    left = curation.left(run, dataset)
    if not left:
        with st.container(border=True):
            st.markdown("**Every picture has a label.** Some of them may be wrong.")
            st.button(
                "Look at doubtful labels", type="primary", icon=":material/arrow_forward:",
                on_click=label.VIEW.set, args=("doubtful",),
            )  # fmt: skip
        return
    has = int((dataset.labels >= 0).sum())
    st.markdown(f"**{counted(left, 'picture')} without a label**, {has:,} with one.")
    asks = _asks(dataset, run, curation.picks(run, dataset, A_BATCH))
    labeller(dataset, asks, label.LABELLER.of("next"), mode="next", why=WHY, every=REFIT_AFTER)
    answered = curation.bought(run, dataset)  # after the labeller, which is there meanwhile
    if answered:
        says = _says(answered[-1])
        st.markdown(f"**What the labels have bought.** {says}")
    if len(answered) > 1:
        st.echarts_chart(
            accuracy_option(answered, theme.ink()), height=240, key=label.BOUGHT,
            alt="Accuracy on the random pictures against the number of answers",
        )  # fmt: skip
        st.caption("Accuracy on the random pictures, with 95 % interval. The model learned from none of them.")
    with st.container(horizontal=True):
        if st.button("Train on these labels", icon=":material/model_training:"):
            state.go("train", {state.data.DATASET: dataset.name})
    one_in = round(1 / SHARE)
    st.caption(
        f"One in {one_in} is picked at random for validation; from the others the model learns most. It"
        " learns again after every dozen answers. Each answer is saved at once, and makes a version of the"
        " data set (History, on the Data page)."
    )


def _says(last: Bought) -> str:
    return (
        f"A model that learns from {counted(last.learned, 'label')} is right on {percent(last.accuracy, 0)} of the"
        f" random pictures ({percent(last.low, 0)} to {percent(last.high, 0)})."
    )


def _asks(dataset: Dataset, run: Run, picks: list[Pick]) -> list[Ask]:
    near = curation.similar_rows(run, dataset, tuple(pick.row for pick in picks), NEAR)
    unknown = tuple((name, 0.0) for name in dataset.classes)
    return [
        Ask(
            row=pick.row, likely=pick.likely or unknown, alike=pick.alike, note=NOTES[pick.why], split=pick.split,
            near=[(row, class_of(dataset, row)) for row in rows],
        )
        for pick, rows in zip(picks, near, strict=True)
    ]  # fmt: skip


def accuracy_option(answered: list[Bought], ink: str) -> dict[str, Any]:
    """Accuracy against the number of answers, with its interval, as ECharts options."""
    xs = [one.answers for one in answered]
    band = {"type": "line", "stack": "interval", "symbol": "none", "silent": True, "lineStyle": {"opacity": 0}}
    colour = theme.ACCENT_LIGHT
    return {
        **chart_frame(8, 24, 16, 28),
        "xAxis": {"type": "value", "name": "answers", "nameLocation": "middle", "nameGap": 26, "min": "dataMin"},
        "yAxis": {"type": "value", "min": 0, "max": 100} | PERCENT,
        "series": [
            band | {"data": [[x, 100 * one.low] for x, one in zip(xs, answered, strict=True)]},
            band
            | {
                "data": [[x, 100 * (one.high - one.low)] for x, one in zip(xs, answered, strict=True)],
                "areaStyle": {"color": colour, "opacity": 0.18},
            },
            {
                "type": "line", "name": "accuracy", "symbolSize": 7, "itemStyle": {"color": colour},
                "data": [[x, round(100 * one.accuracy, 1)] for x, one in zip(xs, answered, strict=True)],
            },
        ],
    }  # fmt: skip
