"""One of a person's own pictures large: the answer, how surely, where the model looked, what is near."""

import io
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st
from PIL import Image

from dashboard.app_pages.gallery.evidence_view import evidence_view, layer_choice, layer_held
from dashboard.app_pages.gallery.probability_bars import probability_bars
from dashboard.cache import classifiers
from dashboard.data.classifier_answers import Answers, in_order
from dashboard.media import data_uri
from dashboard.parts.pictures.neighbours_view import neighbours_view
from dashboard.parts.runs.table import colours_of_all
from dashboard.state import gallery
from dashboard.words import plain
from sealife_core.runs.run import Run
from sealife_core.wording import percent

if TYPE_CHECKING:
    from sealife_core.evaluation.classification.predictor import Prediction


class OwnPicture(NamedTuple):
    """One uploaded picture that can be read, and what the model makes of it. ``key`` stands for name and content."""

    key: str
    name: str
    content: bytes
    found: "Prediction"


def own_picture(run: Run, name: str, content: bytes) -> OwnPicture:
    """A picture of that name, predicted once and then remembered. Raises DatasetError."""
    key = sha256(name.encode(errors="surrogatepass") + content).hexdigest()[:20]
    return OwnPicture(key, name, content, classifiers.own_prediction(run, key, content))


def large_view(
    run: Run,
    rival: Run | None,
    answers: Answers,
    picture: OwnPicture,
    *,
    alone: bool,
    acts: Callable[[], object] = bool,
) -> None:
    """``picture`` under the model of ``run``, and of ``rival``. alone: there are no others to go back to; acts: draws
    what can be done with it."""
    found = picture.found
    with st.container(horizontal=True, vertical_alignment="center"):
        if not alone:
            st.button(
                "All my pictures", icon=":material/grid_view:", shortcut="escape", on_click=gallery.choose_own_picture,
                args=("",),
            )  # fmt: skip
        st.markdown(f"**{plain(found.label)}**, {percent(found.confidence)} sure · {plain(picture.name)}")
    acts()
    warning, caveat = warning_of(run, found.ood_score)
    if warning:
        st.warning(plain(warning), icon=":material/warning:")
    asked = gallery.EVIDENCE.value if gallery.EVIDENCE.value in found.classes else found.label
    left, right = st.columns([6, 5], gap="large")
    with left:
        _seen(run, picture, asked)
    with right:
        _bars(run, rival, answers, picture, asked)
    neighbours_view(answers.dataset, classifiers.own_neighbours(run, found), gallery.NEIGHBOURS)
    st.caption(plain(caveat))


def _seen(run: Run, picture: OwnPicture, asked: str) -> None:
    key, name, content, found = picture
    jpeg = classifiers.own_thumbnail(key, content, 640)
    width, height = Image.open(io.BytesIO(jpeg)).size
    heat = classifiers.own_evidence(run, key, content, found.classes.index(asked), layer_held(run))
    evidence_view(
        data_uri(jpeg, "image/jpeg"), data_uri(heat, "image/png"), width=width, height=height, of=name, name=asked,
        opens_as={"facts": [("File", name)]},
    )  # fmt: skip
    layer_choice(run)


def _bars(run: Run, rival: Run | None, answers: Answers, picture: OwnPicture, asked: str) -> None:
    found = [picture.found]
    colours = [""]
    if rival is not None:
        found.append(classifiers.own_prediction(rival, picture.key, picture.content))
        colours = [colours_of_all()[one.id] for one in (run, rival)]
    likely = [in_order(one.probabilities, one.classes, answers.classes) for one in found]
    probability_bars(answers, list(zip(likely, colours, strict=True)), None, answers.classes.index(asked))
    st.caption("The probability that the model gives each class. Click a class to see the evidence for it.")


def warning_of(run: Run, score: float | None) -> tuple[str, str]:
    """The warning for a picture of that score ("" without), and what warnings are worth or why there are none."""
    ood, why_not = classifiers.out_of_distribution(run)
    if ood is None:
        return "", f"There are no warnings about pictures unlike the training images. {why_not}"
    return ood.sentence(score) if score is not None else "", ood.caveat
