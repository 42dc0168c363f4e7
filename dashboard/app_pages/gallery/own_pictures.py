"""A person's own pictures under the model: the answer, how surely, where it looked, and whether it can know at all.

They stay in this browser tab and the server's memory; nothing is written to disk.
"""

import io
from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from dashboard.app_pages.gallery.evidence_view import evidence_view, layer_choice, layer_held
from dashboard.app_pages.gallery.probability_bars import probability_bars
from dashboard.cache import classifiers
from dashboard.data.answers import Answers, in_order
from dashboard.media import data_uri
from dashboard.parts.pictures.cards import show_cards
from dashboard.parts.pictures.neighbours import neighbours_view
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


class OwnPicture(NamedTuple):
    """One uploaded picture that can be read, ``key`` standing for its content; and what the model makes of it."""

    key: str
    name: str
    content: bytes
    found: "Prediction"


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
    if files:
        _show(run, rival, [(f.name, f.getvalue()) for f in files])
    else:
        st.caption("Your pictures are not saved on disk. They are gone when you close the page.")
        _whole_folders(run)


def _show(run: Run, rival: Run | None, files: Sequence[tuple[str, bytes]]) -> None:
    answers = classifiers.answers(run)
    told, skipped = _predicted(run, files)
    for name, reason in skipped:
        st.warning(f"**{plain(name)}** was skipped. {plain(reason)}", icon=":material/image_not_supported:")
    if not told:
        return
    alone = len(told) == 1
    chosen = next((one for one in told if one.key == gallery.OWN_LARGE.held()), told[0] if alone else None)
    if chosen is not None:
        _large(run, rival, answers, chosen, alone)
        return
    table, unlike = own_table(told), sum(bool(one.found.unlike) for one in told)
    looks = f"; {counted(unlike, 'looks', 'look')} unlike the training images" if unlike else ""
    left = f" {counted(len(files) - MOST, 'more was', 'more were')} skipped." if len(files) > MOST else ""
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
        cards = [_card(answers, told[place]) for place in on_page.shown]
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


def own_table(told: Sequence[OwnPicture]) -> pd.DataFrame:
    """One row a picture: its file, the answer, how surely, what is next likeliest, and whether it looks unlike."""
    return pd.DataFrame(
        {
            "File": name,
            "Prediction": found.label,
            "Confidence": percent(found.confidence),
            "Second most likely": "".join(f"{label}, {percent(share)}" for label, share in found.ranked(2)[1:]),
            "Novelty": None if found.ood_score is None else round(found.ood_score, 2),
            "Unlike training": {True: "yes", False: "no", None: ""}[found.unlike],
        }
        for _, name, _, found in told
    )


def _whole_folders(run: Run) -> None:
    """How a shell does the same."""
    st.caption("To classify a whole folder, run this command. It writes the same predictions as a table:")
    st.code(f"python -m sealife_core predict {run.id} FOLDER --csv predictions.csv", language="bash", wrap_lines=True)


def _predicted(run: Run, files: Sequence[tuple[str, bytes]]) -> tuple[list[OwnPicture], list[tuple[str, str]]]:
    """Those that can be read, predicted once and then remembered; and (name, reason) of the others."""
    told: dict[str, OwnPicture] = {}
    skipped: list[tuple[str, str]] = []
    with st.spinner("Classifying your pictures…", show_time=True):
        for name, content in files[:MOST]:
            key = sha256(content).hexdigest()[:20]
            try:
                told[key] = OwnPicture(key, name, content, classifiers.own_prediction(run, key, content))
            except DatasetError as error:
                skipped.append((name, str(error)))
    return list(told.values()), skipped


def _card(answers: Answers, picture: OwnPicture) -> dict[str, Any]:
    key, name, content, found = picture
    index = answers.classes.index(found.label) if found.label in answers.classes else -1
    text = f"{name}: {found.label}, {percent(found.confidence)}" + (", unlike training" if found.unlike else "")
    return {
        "id": key,
        "url": data_uri(classifiers.own_thumbnail(key, content, 320), "image/jpeg"),
        "alt": text,
        "title": text,
        "state": "unlike" if found.unlike else "",
        "badge": "! unlike training" if found.unlike else "",
        "truth": found.label,
        "colour": answers.colour(index) if index >= 0 else class_colour(-1),
        "said": [{"run": "", "state": "", "sign": "", "text": name, "sure": percent(found.confidence)}],
    }


def _large(run: Run, rival: Run | None, answers: Answers, picture: OwnPicture, alone: bool) -> None:
    found = picture.found
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
        data_uri(jpeg, "image/jpeg"), data_uri(heat, "image/png"), width=width, height=height, of=name, name=asked
    )
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
