"""What to label next: the pictures from which a model learns most, some at random, and what the labels have bought."""

import streamlit as st

from dashboard.app_pages.label.bought import bought_view
from dashboard.cache import curation
from dashboard.data.pictures import class_of
from dashboard.parts.correcting.labeller import Ask, labeller
from dashboard.parts.runs.features_source import newer_features
from dashboard.state import label
from sealife_core.datasets.corrections.entries import QUEUE
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.curation.label_queue import SHARE, Pick
from sealife_core.runs.run import Run
from sealife_core.wording import SPLIT_WORDS, counted

A_BATCH, REFIT_AFTER, NEAR = 24, 12, 6
NOTES = {
    "random": "Picked at random, for {}: no model learns from it, so that accuracy on such pictures is honest.",
    "typical": "Typical of many pictures that have no label yet.",
    "uncertain": "The model is unsure about pictures like this one.",
    "belongs": "Its group, or one that looks alike, is in {}: no model may learn from this one.",
}


def next_view(dataset: Dataset, run: Run) -> None:
    """The labeller, and below it what the answers have bought."""
    left, unseen = curation.left(run, dataset), curation.unseen(run, dataset)
    if unseen:
        newer_features(dataset, unseen, leads=not left)
    if left:
        _ask(dataset, run, left)
    elif not unseen:
        _none_left(dataset)
    bought_view(dataset, run)  # after the labeller, which is there meanwhile
    if left:
        st.caption(
            f"One in {round(1 / SHARE)} is picked at random and kept out of training, for validation or test; the model"
            " learns most from the others. It learns again after every dozen answers. Each answer is saved at once, and"
            " makes a version of the data set (History, on the Data page)."
        )


def _none_left(dataset: Dataset) -> None:
    without = dataset.manifest["id"][dataset.labels < 0]
    unsure = sum(dataset.reviews.get(image) == "unsure" for image in without)
    with st.container(border=True):
        said = "**Every picture has a label.**" if not len(without) else "**Nothing is left to ask.**"
        if unsure:
            said += f" You were unsure about {counted(unsure, 'picture')}; History on the Data page takes that back."
        st.markdown(f"{said} Some labels may be wrong.")
        st.button(
            "Look at doubtful labels", type="primary", icon=":material/arrow_forward:", on_click=label.VIEW.set,
            args=("doubtful",),
        )  # fmt: skip


def _ask(dataset: Dataset, run: Run, left: int) -> None:
    has = int((dataset.labels >= 0).sum())
    st.markdown(f"**{counted(left, 'picture')} without a label**, {has:,} with one.")
    asks = _asks(dataset, run, curation.picks(run, dataset, A_BATCH))
    labeller(dataset, asks, label.LABELLER.of("next", dataset.name), mode="next", why=QUEUE, every=REFIT_AFTER)


def _asks(dataset: Dataset, run: Run, picks: list[Pick]) -> list[Ask]:
    near = curation.similar_rows(run, dataset, tuple(pick.row for pick in picks), NEAR)
    unknown = tuple((name, 0.0) for name in dataset.classes)
    return [
        Ask(
            row=pick.row, likely=pick.likely or unknown, alike=pick.alike, split=pick.split,
            note=NOTES[pick.why].format(SPLIT_WORDS[pick.split]),
            near=[(row, class_of(dataset, row)) for row in rows],
        )
        for pick, rows in zip(picks, near, strict=True)
    ]  # fmt: skip
