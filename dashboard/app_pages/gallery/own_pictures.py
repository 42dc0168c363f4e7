"""A person's own pictures under the model: the answer, how surely, where it looked, and whether it can know at all.

They stay in this browser tab and the server's memory; nothing is written to disk.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from dashboard.app_pages.gallery.heat_view import heat_view
from dashboard.app_pages.gallery.layer_choice import layer_choice, layer_held
from dashboard.app_pages.gallery.neighbours import neighbours_view
from dashboard.app_pages.gallery.probability_bars import probability_bars
from dashboard.cache import classifiers
from dashboard.data.answers import Answers
from dashboard.media import data_uri
from dashboard.parts.pictures.cards import show_cards
from dashboard.parts.pictures.sheets import A_PAGE, sheet
from dashboard.parts.runs.table import colours_of_all
from dashboard.state import gallery
from dashboard.words import plain
from sealife_core.datasets.decoding.reading import SUFFIXES
from sealife_core.errors import DatasetError
from sealife_core.evaluation.figures.palette import class_colour
from sealife_core.neutral import csv_of
from sealife_core.runs.run import Run
from sealife_core.wording import counted, percent

if TYPE_CHECKING:
    from sealife_core.evaluation.classification.predictor import Prediction

MOST = 1_000  # what `classifiers.own_prediction` remembers


@dataclass(frozen=True)
class OwnPicture:
    """One uploaded picture: ``key`` stands for its content."""

    key: str
    name: str
    content: bytes


def own_pictures(run: Run, rival: Run | None) -> None:
    """The upload, the answers as cards, or one of them large; there, ``rival`` answers too."""
    st.markdown(
        "Upload your own pictures, and the model classifies them. It cannot answer “none of these”: it gives even a"
        " shoe one of its classes. A warning marks pictures that look unlike the training images."
    )
    files = st.file_uploader(
        "Your pictures", type=sorted(suffix[1:] for suffix in SUFFIXES), accept_multiple_files=True,
        key=gallery.OWN_PICTURES, label_visibility="collapsed",
    )  # fmt: skip
    pictures = [OwnPicture(sha256(f.getvalue()).hexdigest()[:20], f.name, f.getvalue()) for f in files or []]
    if not pictures:
        st.caption("Your pictures are not saved on disk. They are gone when you close the page.")
        _whole_folders(run)
        return
    _show(run, rival, pictures)


def _show(run: Run, rival: Run | None, pictures: Sequence[OwnPicture]) -> None:
    answers = classifiers.answers(run)
    told, skipped = _predicted(run, pictures)
    for name, reason in skipped:
        st.warning(f"**{plain(name)}** was skipped. {plain(reason)}", icon=":material/image_not_supported:")
    if not told:
        return
    chosen = next((one for one in told if one.key == gallery.OWN_LARGE.held()), told[0] if len(told) == 1 else None)
    if chosen is not None:
        _large(run, rival, answers, chosen, alone=len(told) == 1)
        return
    found = [(one.name, classifiers.own_prediction(run, one.key, one.content)) for one in told]
    table, unlike = own_table(found), sum(bool(prediction.unlike) for _, prediction in found)
    looks = f"; {counted(unlike, 'looks', 'look')} unlike the training images" if unlike else ""
    left = f" {counted(len(pictures) - MOST, 'more was', 'more were')} skipped." if len(pictures) > MOST else ""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{counted(len(told), 'picture')}**{looks}.{left}", width="stretch")
        st.download_button(
            "Table (CSV)", lambda: csv_of(table), f"{run.id}-own-pictures.csv", "text/csv",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip
    st.caption(plain(_warning(run, None)[1]))
    on_page = sheet(np.arange(len(told)), gallery.OWN_PAGE)
    with on_page.place:
        if len(told) > A_PAGE:
            st.caption(on_page.says)
        cards = [_card(run, answers, told[place]) for place in on_page.shown]
        show_cards(cards, "Your pictures", gallery.CARDS, gallery.choose_own_picture)
    with st.expander("Show as a table", icon=":material/table:"):
        st.dataframe(table, hide_index=True, alt="The prediction for each of your pictures")
    _whole_folders(run)


def _warning(run: Run, score: float | None) -> tuple[str, str]:
    """The warning for a picture of that score ("" without), and what warnings are worth or why there are none."""
    ood, why_not = classifiers.out_of_distribution(run)
    if ood is None:
        return "", f"There are no warnings about pictures unlike the training images. {why_not}"
    return ood.sentence(score) if score is not None else "", ood.caveat


def own_table(told: Sequence[tuple[str, "Prediction"]]) -> pd.DataFrame:
    """One row a picture: its file, the answer, how surely, what is next likeliest, and whether it looks unlike."""
    rows = []
    for name, found in told:
        second = found.ranked(2)[1:]
        rows.append(
            {
                "File": name,
                "Prediction": found.label,
                "Confidence": percent(found.confidence),
                "Second most likely": "".join(f"{label}, {percent(share)}" for label, share in second),
                "Novelty": None if found.ood_score is None else round(found.ood_score, 2),
                "Unlike training": {True: "yes", False: "no", None: ""}[found.unlike],
            }
        )
    return pd.DataFrame(rows)


def _whole_folders(run: Run) -> None:
    """How a shell does the same."""
    st.caption("To classify a whole folder, run this command. It writes the same predictions as a table:")
    st.code(f"python -m sealife_core predict {run.id} FOLDER --csv predictions.csv", language="bash", wrap_lines=True)


def _predicted(run: Run, pictures: Sequence[OwnPicture]) -> tuple[list[OwnPicture], list[tuple[str, str]]]:
    """Those that can be read, predicted once and then remembered; and (name, reason) of the others."""
    told: dict[str, OwnPicture] = {}
    skipped: list[tuple[str, str]] = []
    with st.spinner("Classifying your pictures…", show_time=True):
        for picture in pictures[:MOST]:
            try:
                classifiers.own_prediction(run, picture.key, picture.content)
                told[picture.key] = picture
            except DatasetError as error:
                skipped.append((picture.name, str(error)))
    return list(told.values()), skipped


def _card(run: Run, answers: Answers, picture: OwnPicture) -> dict[str, Any]:
    found = classifiers.own_prediction(run, picture.key, picture.content)
    index = answers.classes.index(found.label) if found.label in answers.classes else -1
    state_of, badge = ("unlike", "! unlike training") if found.unlike else ("", "")
    text = f"{picture.name}: {found.label}, {percent(found.confidence)}" + (", unlike training" if found.unlike else "")
    return {
        "id": picture.key,
        "url": data_uri(classifiers.own_thumbnail(picture.key, picture.content, 320), "image/jpeg"),
        "alt": text,
        "title": text,
        "state": state_of,
        "badge": badge,
        "truth": found.label,
        "colour": answers.colour(index) if index >= 0 else class_colour(-1),
        "said": [{"run": "", "state": "", "sign": "", "text": picture.name, "sure": percent(found.confidence)}],
    }


def _large(run: Run, rival: Run | None, answers: Answers, picture: OwnPicture, *, alone: bool) -> None:
    found = classifiers.own_prediction(run, picture.key, picture.content)
    with st.container(horizontal=True, vertical_alignment="center"):
        if not alone:
            st.button(
                "All my pictures", icon=":material/grid_view:", shortcut="escape", on_click=gallery.choose_own_picture,
                args=("",),
            )  # fmt: skip
        st.markdown(f"**{plain(found.label)}**, {percent(found.confidence)} sure · {plain(picture.name)}")
    warning, caveat = _warning(run, found.ood_score)
    if warning:
        st.warning(plain(warning), icon=":material/warning:")
    asked = gallery.EVIDENCE.value
    evidence = found.classes.index(asked if asked in found.classes else found.label)
    left, right = st.columns([6, 5], gap="large")
    with left:
        _seen(run, picture, evidence, found.classes[evidence])
    with right:
        _bars(run, rival, answers, picture, evidence)
    neighbours_view(answers.dataset, classifiers.own_neighbours(run, picture.key, picture.content))
    st.caption(plain(caveat))


def _seen(run: Run, picture: OwnPicture, evidence: int, name: str) -> None:
    jpeg = classifiers.own_thumbnail(picture.key, picture.content, 640)
    width, height = Image.open(io.BytesIO(jpeg)).size
    heat_view(
        data_uri(jpeg, "image/jpeg"),
        data_uri(classifiers.own_evidence(run, picture.key, picture.content, evidence, layer_held(run)), "image/png"),
        width=width,
        height=height,
        alt=f"{picture.name}, with the evidence for {name}",
        says=f"Bright areas are evidence for “{name}” (Grad-CAM). The network sees only what is inside the square.",
        key=gallery.HEAT,
    )
    layer_choice(run)


def _bars(run: Run, rival: Run | None, answers: Answers, picture: OwnPicture, evidence: int) -> None:
    found = classifiers.own_prediction(run, picture.key, picture.content)
    order = [found.classes.index(name) if name in found.classes else -1 for name in answers.classes]
    models = [(found.probabilities[order], "")]
    if rival is not None:
        other = classifiers.own_prediction(rival, picture.key, picture.content)
        likely = dict(zip(other.classes, other.probabilities.tolist(), strict=True))
        colours = colours_of_all()
        models = [
            (found.probabilities[order], colours[run.id]),
            (np.array([likely.get(name, 0.0) for name in answers.classes], np.float32), colours[rival.id]),
        ]
    asked = answers.classes.index(found.classes[evidence])
    probability_bars(answers, models, truth=None, asked=asked, key=gallery.BARS)
    st.caption("The probability that the model gives each class. Click a class to see the evidence for it.")
