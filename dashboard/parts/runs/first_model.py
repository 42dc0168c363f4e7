"""What a first model reached: accuracy, the classes it confuses, some of its predictions, and what to do next."""

import numpy as np
import streamlit as st

from dashboard import state
from dashboard.cache import classifiers, datasets
from dashboard.data.classifier_answers import Answers
from dashboard.error_display import errors_shown
from dashboard.parts.pictures.cards import card, show_cards
from dashboard.parts.runs.score_cards import score_cards
from dashboard.state import UrlKey
from dashboard.words import plain
from sealife_core.config import IN_MINUTES, AnyConfig, inherited
from sealife_core.errors import SealifeError
from sealife_core.evaluation.classification.score_words import penalty_words, worst_confusions
from sealife_core.evaluation.comparison.comparison_rows import comparison
from sealife_core.runs.run import Run
from sealife_core.wording import counted

SHOWN_PREDICTIONS, SHOWN_CONFUSIONS = 7, 5  # seven fill a row


def first_model(run: Run) -> None:
    """All of it, for a run that has finished."""
    scored = comparison([run])
    if not scored:
        st.caption("There are no labelled test pictures, so nothing says how good this model is.")
    else:
        score, confused = st.columns([2, 3], gap="large")
        with score:
            score_cards(scored)
            how_chosen(run)
        with confused:
            confusions(run)
        _predictions(run)
    next_steps(run)


def how_chosen(run: Run) -> None:
    """How the penalty of a probe came about; nothing for another run."""
    if said := penalty_words(run.results() or {}):
        st.caption(plain(said))


def confusions(run: Run) -> None:
    """The pairs of classes with the most mistakes on test, each a way to its pictures."""
    found = worst_confusions((run.results() or {}).get("test") or {}, SHOWN_CONFUSIONS)
    if not found:
        return
    st.markdown("**Most frequent confusions**")
    with st.container(gap="xxsmall", key=f"confusions.{run.id}"):
        for place, one in enumerate(found):
            label = f"{one.truth} classified as {one.predicted}: {one.count:,} of {one.of:,}"
            key = state.runs.CONFUSION.of(run.id, place)
            if st.button(plain(label), type="tertiary", icon=":material/imagesmode:", key=key):
                _open_gallery(run, {state.gallery.TRUTH: one.truth, state.gallery.PREDICTED: one.predicted})


@errors_shown()
def _predictions(run: Run) -> None:
    """A few of its test pictures, drawn evenly over the classes; a click opens one in the Gallery."""
    answers = classifiers.answers(run)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown("**Predictions for test pictures**", width="content")
        if st.button("All in the Gallery", icon=":material/arrow_forward:", type="tertiary"):
            _open_gallery(run, {})
    cards = [card(answers, int(place), ()) for place in some_answers(answers)]
    key = state.runs.PREDICTIONS.of(run.id)
    clicked = key.of("clicked")  # a callback cannot leave for another page
    show_cards(cards, "Some predictions", key, clicked.hold)
    if picture := clicked.take():
        _open_gallery(run, {state.gallery.PICTURE: picture})


def _open_gallery(run: Run, filters: dict[UrlKey, str]) -> None:
    state.go("gallery", {state.gallery.RUN: run.id, **filters})


def some_answers(answers: Answers) -> np.ndarray:
    """(n,) places of test answers: as many classes as there is room for, mistakes as often as they occur."""
    places = np.flatnonzero(answers.test)
    order = places[np.lexsort((answers.ids[places].astype(str), answers.truth[places]))]
    return order[np.linspace(0, len(order) - 1, min(SHOWN_PREDICTIONS, len(order))).astype(int)]


def next_steps(run: Run) -> None:
    """Three ways on: a better model, the question about SimCLR, more labels."""
    config = run.config()
    better, helps, labels = st.columns(3, gap="medium")
    with better, st.container(border=True, height="stretch"):
        _make_better(run, config)
    with helps, st.container(border=True, height="stretch"):
        st.markdown(
            "**Does SimCLR help me?**  \nA study compares SimCLR's features with these, on the same pictures, with few"
            " labels and with many."
        )
        if st.button("Ask the question", icon=":material/science:"):
            asked = {state.studies.STUDY: state.studies.NEW, state.studies.QUESTION: "helps"}
            state.go("studies", {**asked, state.data.DATASET: config.data})
    with labels, st.container(border=True, height="stretch"):
        _label_more(run, config.data)


def _make_better(run: Run, config: AnyConfig) -> None:
    """Fine-tuning by the clock. What it usually gains: "A first model of photographs" in benchmarks/RESULTS.md."""
    st.markdown(
        "**Make it better**  \nFine-tuning trains the last stages of the network too, and keeps what is better on the"
        " validation pictures: it or this model. On 3,450 photographs it gained 4 points in 5 minutes, and hardly more"
        " in 20."
    )
    minutes: int = st.segmented_control("Minutes on this machine", list(IN_MINUTES), default=5, required=True)
    values = IN_MINUTES[minutes]
    st.caption(f"Trains the last {counted(stages, 'stage') if (stages := values['trained_stages']) > 1 else 'stage'}.")
    if st.button("Fine-tune it", icon=":material/tune:"):
        state.train.set_form_values("finetune", values | inherited(config) | {"weights": f"run:{run.id}"})
        state.go("train", {state.train.TASK: "finetune", state.data.DATASET: config.data})


def _label_more(run: Run, data: str) -> None:
    try:
        unlabelled = int((datasets.opened(data).labels < 0).sum())
    except SealifeError:
        unlabelled = 0
    if unlabelled:
        st.markdown(
            f"**Label more**  \n{counted(unlabelled, 'picture has', 'pictures have')} no label. You are asked first for"
            " those from which a model learns most; a key labels one."
        )
        if st.button("Label pictures", icon=":material/label:"):
            state.go("label", {state.data.DATASET: data})
        return
    st.markdown(
        "**Label more**  \nThe model learns most from photographs like those it is least certain about. Add some to the"
        " folders of their classes."
    )
    if st.button("Least certain pictures", icon=":material/label:"):
        _open_gallery(run, {state.gallery.ORDER: "uncertain"})
