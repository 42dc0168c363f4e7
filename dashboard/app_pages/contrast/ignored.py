"""What encoders ignore: each change of the views at growing strength, and how similar the picture stays to them."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard import state
from dashboard.cache import datasets
from dashboard.cache.contrast import held_responses, is_grey, responses
from dashboard.data.contrast.encoder_sources import EncoderSource, trained_otherwise
from dashboard.data.contrast.ignored_charts import COSINE, KEPT, EncoderLine, sample_sentence, unseen_rows
from dashboard.error_display import errors_shown
from dashboard.parts.contrast.encoder_choice import encoders_choice
from dashboard.parts.contrast.invariance_charts import invariance_charts
from dashboard.parts.forms.dataset_choice import dataset_choice
from dashboard.state import contrast
from dashboard.theme import on_page, paper, run_colours
from dashboard.words import plain, unbroken
from sealife_core.config import RECIPES
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast.invariance import MINIMUM, Response
from sealife_core.evaluation.contrast.invariance_words import Looked, comparisons, head_comparisons
from sealife_core.evaluation.embeddings.stored_embeddings import Space

COUNTS = {"16": 16, "32": 32, "64": 64}
FEATURES = {"h": "h", "z": "z", "both": "h and z"}
MEASURES = {KEPT: "Similarity kept", COSINE: "Cosine"}
HOW_TO_READ = {
    KEPT: "**100 %**: to the encoder, the changed picture is still the same. **0 %**: it is as unlike the original as"
    " two different pictures are on average.",
    COSINE: "Cosine of the features of original and changed picture. Thin line: of two *different* pictures, which"
    " is high where an encoder finds all pictures alike. Only what lies above it counts.",
}
FEATURES_HELP = "h: the features of the encoder. z: what SimCLR's projection head makes of them, drawn dashed."
SAID_OF = "**Similarity kept** by pictures changed as strongly as the recipe SimCLR does at most (95 % interval):"
NO_HEAD = "None of these encoders has a projection head, as a SimCLR run has: its z would be shown."
NO_TELLING = "These pictures leave open what the encoders ignore. More pictures may tell."

Found = list[tuple[EncoderSource, dict[Space, Response]]]


def ignored() -> None:
    """Choices on top; charts, with each encoder as soon as it is there, and sentences once all are."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=180):
            dataset = datasets.opened(dataset_choice("Data set"))
        sources = encoders_choice()
    count, features, measure = _choices()
    rows = unseen_rows(dataset, count)
    if len(rows) < MINIMUM:
        st.info(f"At least {MINIMUM} pictures are needed to compare encoders; this data set has {len(rows)}.")
        return
    if not any(source.run for source in sources):
        _offer_training(bool(sources))
    place = st.container()
    known = [(source, held_responses(source, dataset, tuple(rows))) for source in sources]
    found = [(source, held) for source, held in known if held is not None]
    text, charts = st.columns([2, 5], gap="large")
    if found:
        text.caption(HOW_TO_READ[measure])
    with charts:
        if lines := _lines(found, sources, features):
            st.fragment(_charts)(lines, measure, dataset, rows)
    with place:
        _compute([source for source, held in known if held is None], dataset, tuple(rows))
    if found:
        with text:
            _text(found, features, is_grey(dataset, tuple(rows)))
            differs = [trained_otherwise(source, dataset.name, RECIPES["SimCLR"]) for source, _ in found]
            same = "Every encoder sees the same, at its own size."
            st.caption(plain(" ".join([sample_sentence(dataset, rows), same, *filter(None, differs)])))


def _choices() -> tuple[int, str, str]:
    shared: dict[str, Any] = {"required": True, "bind": "query-params"}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        count = st.segmented_control("Pictures", list(COUNTS), default="32", key=contrast.CHANGED_PICTURES, **shared)
        features = st.segmented_control(
            "Features", list(FEATURES), default="h", key=contrast.FEATURES.among(FEATURES), help=FEATURES_HELP,
            format_func=FEATURES.__getitem__, **shared,
        )  # fmt: skip
        measure = st.segmented_control(
            "Measure", list(MEASURES), default=KEPT, key=contrast.MEASURE.among(MEASURES),
            format_func=MEASURES.__getitem__, **shared,
        )  # fmt: skip
    return COUNTS[count or "32"], features or "h", measure or KEPT


def _offer_training(others: bool) -> None:
    """What is missing without a SimCLR run, and the button that makes it."""
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(
            "**No SimCLR run is chosen.** What contrastive learning makes an encoder ignore is seen on one"
            + (", beside these." if others else "."),
            width="stretch",
        )
        if st.button("Train SimCLR", type="primary", icon=":material/arrow_forward:"):
            state.go("train", {state.train.TASK: "simclr"})


def _compute(sources: Sequence[EncoderSource], dataset: Dataset, rows: tuple[int, ...]) -> None:
    """Ask the first of ``sources``, with a progress bar, and draw the page again with its answer.

    Returns only where there is none to ask, or where all fail, which is said.
    """
    bar = st.empty()
    for source in sources:

        def report(stage: str, done: int, total: int, title: str = plain(source.title)) -> None:
            bar.progress(done / total, f"{title}: {stage.lower()}, {done} of {total} ways")

        with errors_shown():
            responses(source, dataset, rows, report)
            st.rerun()


def _lines(found: Found, sources: Sequence[EncoderSource], features: str) -> list[EncoderLine]:
    colours = run_colours([source.spec for source in sources])  # of all: none changes when the next one is there
    spaces: tuple[Space, ...] = ("h", "z")
    return [
        EncoderLine(
            f"{source.title}, {space}" if features == "both" else source.title,
            on_page(colours[source.spec], paper()), of[space], dashed=space == "z",
        )
        for source, of in found
        for space in spaces
        if features in (space, "both") and space in of and not of[space].collapsed  # that one has no curve
    ]  # fmt: skip


def _sentences(found: Found, features: str, grey: bool) -> list[str]:
    if features == "both":
        heads = [(source, of["h"], of["z"]) for source, of in found if "z" in of]
        learned = [head_comparisons(source.title, h, z) for source, h, z in heads if source.epoch != 0]
        return [sentence for said in learned for sentence in said] if heads else [NO_HEAD]
    space: Space = "z" if features == "z" else "h"
    having = [(source, of[space]) for source, of in found if space in of]
    if not having:
        return [NO_HEAD]
    first = having[0][0]
    looked = [
        Looked(source.title, response, before=source.epoch == 0 and first.epoch != 0 and source.run == first.run)
        for source, response in having
    ]
    return comparisons(looked[0], looked[1:], grey=grey)


def _text(found: Found, features: str, grey: bool) -> None:
    """What the charts say."""
    without = [source.title for source, of in found if "z" not in of]
    if features == "z" and without:
        st.caption(plain(f"Not shown, as it has no projection head: {', '.join(without)}."))
    said = _sentences(found, features, grey)
    st.markdown(unbroken("\n\n".join([SAID_OF, *map(plain, said)])) if said else NO_TELLING)


def _charts(lines: list[EncoderLine], measure: str, dataset: Dataset, rows: list[int]) -> None:
    invariance_charts(lines, measure, dataset, rows, contrast.POINT.value, contrast.CHARTS, contrast.POINT.set)
