"""One picture large: the truth, what the model held likely, where it looked, and what it had learned from."""

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from dashboard.app_pages.gallery.evidence_view import evidence_view, layer_choice, layer_held
from dashboard.app_pages.gallery.filters import spoken
from dashboard.app_pages.gallery.probability_bars import MOST, probability_bars
from dashboard.cache import classifiers, embeddings
from dashboard.data.classifier_answers import Answers, Filters, in_order
from dashboard.media import evidence_url, thumb_url
from dashboard.parts.buttons import following, previous
from dashboard.parts.correcting.correct_here import correct_here
from dashboard.parts.pictures.large_pictures import told
from dashboard.parts.pictures.neighbours_view import neighbours_view
from dashboard.parts.runs.table import colours_of_all
from dashboard.state import gallery, turn
from dashboard.theme import dot
from dashboard.words import plain, run_name
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import RunError, SealifeError
from sealife_core.evaluation.embeddings.training_images import Neighbour
from sealife_core.runs.run import Run
from sealife_core.wording import percent

LARGE_PX, NEIGHBOURS = 640, 8
Model = tuple[Run, Answers]


def large_picture(models: Sequence[Model], place: int, places: np.ndarray, shown: Filters) -> None:
    """The picture at ``place`` of the first of one or two ``models``; ``places`` are those to step through."""
    run, answers = models[0]
    _steps(answers, place, places, shown)
    asked = gallery.EVIDENCE.value
    evidence = answers.classes.index(asked) if asked in answers.classes else int(answers.predicted[place])
    left, right = st.columns([6, 5], gap="large")
    with left:
        _seen(answers, place, run, evidence)
    with right:
        _answer(models, place, evidence)
    try:
        found = _training_neighbours(run, answers.dataset, str(answers.ids[place]))
    except SealifeError as error:
        st.caption(f":material/info: Nearest training pictures: {plain(str(error))}")
    else:
        neighbours_view(answers.dataset, found, gallery.NEIGHBOURS)


def _training_neighbours(run: Run, dataset: Dataset, image_id: str) -> list[Neighbour]:
    """The training images nearest to one image of the data set. Raises RunError where the run has no embeddings."""
    embedded = embeddings.stored(run, "h")
    if image_id not in embedded.ids:
        raise RunError("This picture was not in the data set when the model was trained, so it has no embedding.")
    features = np.asarray(embedded.values[embedded.ids.index(image_id)], np.float32)
    return classifiers.training_images(run, dataset).nearest(features, NEIGHBOURS)


def _steps(answers: Answers, place: int, places: np.ndarray, shown: Filters) -> None:
    at = np.flatnonzero(places == place)
    here = int(at[0]) if len(at) else -1
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.button("All pictures", icon=":material/grid_view:", on_click=_show, args=("",), shortcut="escape")
        if here >= 0:
            st.markdown(f"**{here + 1:,}** of {len(places):,} {spoken(shown, len(places))}", width="stretch")
        else:
            st.markdown("This picture does not match the filters.", width="stretch")
        with st.container(horizontal=True, width="content"):
            previous(_show, str(answers.ids[places[here - 1]]) if here > 0 else "", gallery.TURNER)
            following(_show, str(answers.ids[places[here + 1]]) if 0 <= here < len(places) - 1 else "", gallery.TURNER)


def _seen(answers: Answers, place: int, run: Run, evidence: int) -> None:
    row, dataset = int(answers.rows[place]), answers.dataset
    about = dataset.manifest.iloc[row]
    width, height = int(about["width"]), int(about["height"])
    evidence_view(
        thumb_url(dataset, row, LARGE_PX), evidence_url(run, dataset, row, evidence, layer_held(run)),
        width=width, height=height, of=answers.classes[answers.truth[place]], name=answers.classes[evidence],
        opens_as=told(dataset, row),
    )  # fmt: skip
    correct_here(dataset, row, gallery.CORRECT)
    layer_choice(run)


def _answer(models: Sequence[Model], place: int, evidence: int) -> None:
    answers, colours = models[0][1], colours_of_all()
    truth, image_id = int(answers.truth[place]), str(answers.ids[place])
    found = [(one, model, at) for one, model in models if (at := model.place_of(image_id)) is not None]
    if len(found) == 1:
        verdicts = _verdict(answers, place, "")
        likely = [(answers.probabilities[place], "")]
    else:
        verdicts = "".join(
            f'<div class="answer">{dot(colours[one.id])}{escape(run_name(one))}: {_verdict(model, at, "inline")}</div>'
            for one, model, at in found
        )
        likely = [
            (in_order(model.probabilities[at], model.classes, answers.classes), colours[one.id])
            for one, model, at in found
        ]
    name = escape(answers.classes[truth])
    st.html(f"<h2>{dot(answers.colour(truth))}{name}</h2>{verdicts}")
    probability_bars(answers, likely, truth, evidence)
    count = len(answers.classes)
    more = f" The {MOST} most likely of {count} classes are shown." if count > MOST else ""
    st.caption(f"The probability that the model gives each class. Click a class to see the evidence for it.{more}")


def _verdict(answers: Answers, place: int, how: str) -> str:
    right = bool(answers.right[place])
    name, sure = escape(answers.classes[answers.predicted[place]]), percent(float(answers.confidence[place]), 0)
    text = f"{'right' if right else f'wrong: classified as {name}'}, {sure} sure"
    return f'<span class="verdict {"right" if right else "wrong"} {how}">{"✓" if right else "✕"} {text}</span>'


def _show(image_id: str) -> None:
    """This picture with the evidence for what is predicted, or ("") all pictures."""
    turn({gallery.PICTURE: image_id, gallery.EVIDENCE: ""})
