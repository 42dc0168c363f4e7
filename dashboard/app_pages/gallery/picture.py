"""One picture large: the truth, what the model held likely, where it looked, and what it had learned from."""

from html import escape

import numpy as np
import streamlit as st

from dashboard.app_pages.gallery.filters import spoken
from dashboard.app_pages.gallery.heat_view import heat_view
from dashboard.app_pages.gallery.layer_choice import layer_choice, layer_held
from dashboard.app_pages.gallery.neighbours import neighbours_view, training_neighbours
from dashboard.app_pages.gallery.probability_bars import MOST, probability_bars
from dashboard.data.answers import Answers, Filters
from dashboard.media import evidence_url, thumb_url
from dashboard.parts.runs.table import colours_of_all
from dashboard.state import gallery
from dashboard.theme import dot
from dashboard.words import plain, run_name
from sealife_core.errors import SealifeError
from sealife_core.runs.run import Run

LARGE_PX = 640


def large_picture(
    answers: Answers, place: int, places: np.ndarray, shown: Filters, run: Run, rival: tuple[Run, Answers] | None
) -> None:
    """The picture at ``place``; ``places`` are those to step through."""
    _steps(answers, place, places, shown)
    asked = gallery.EVIDENCE.value
    evidence = answers.classes.index(asked) if asked in answers.classes else int(answers.predicted[place])
    left, right = st.columns([6, 5], gap="large")
    with left:
        _seen(answers, place, run, evidence)
    with right:
        _answer(answers, place, run, rival, evidence)
    _neighbours(answers, place, run)


def _steps(answers: Answers, place: int, places: np.ndarray, shown: Filters) -> None:
    at = np.flatnonzero(places == place)
    here = int(at[0]) if len(at) else -1
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.button("All pictures", icon=":material/grid_view:", on_click=_close, shortcut="escape")
        if here >= 0:
            st.markdown(f"**{here + 1:,}** of {len(places):,} {spoken(shown)}", width="stretch")
        else:
            st.markdown("This picture does not match the filters.", width="stretch")
        with st.container(horizontal=True, width="content"):
            for label, step, key, icon in (
                ("Previous", -1, "left", ":material/chevron_left:"),
                ("Next", 1, "right", ":material/chevron_right:"),
            ):
                there = here + step
                valid = here >= 0 and 0 <= there < len(places)
                target = str(answers.ids[places[there]]) if valid else ""
                st.button(label, icon=icon, disabled=not valid, on_click=_step, args=(target,), shortcut=key)


def _seen(answers: Answers, place: int, run: Run, evidence: int) -> None:
    row, name = int(answers.rows[place]), answers.classes[evidence]
    about = answers.dataset.manifest.iloc[row]
    heat_view(
        thumb_url(answers.dataset, row, LARGE_PX),
        evidence_url(run, answers.dataset, row, evidence, layer_held(run)),
        width=int(about["width"]),
        height=int(about["height"]),
        alt=f"{answers.classes[answers.truth[place]]}, with the evidence for {name}",
        says=f"Bright areas are evidence for “{name}” (Grad-CAM). The network sees only what is inside the square.",
        key=gallery.HEAT,
    )
    st.caption(f"{plain(answers.dataset.file_names[row])} · {about['width']:,} × {about['height']:,} px")
    layer_choice(run)


def _answer(answers: Answers, place: int, run: Run, rival: tuple[Run, Answers] | None, evidence: int) -> None:
    truth, colours = int(answers.truth[place]), colours_of_all()
    other = rival[1].place_of(str(answers.ids[place])) if rival else None
    models = [(answers.probabilities[place], "")]
    verdicts = _verdict(answers, place, "")
    if rival and other is not None:
        models = [
            (answers.probabilities[place], colours[run.id]),
            (_reordered(rival[1], other, answers.classes), colours[rival[0].id]),
        ]
        verdicts = "".join(
            f'<div style="padding:.1rem 0">{dot(colours[one.id])}{escape(run_name(one))}'
            f": {_verdict(model, spot, 'inline')}</div>"
            for one, model, spot in ((run, answers, place), (*rival, other))
        )
    name = escape(answers.classes[truth])
    st.html(f'<h2 style="margin:0;padding:0">{dot(answers.colour(truth))}{name}</h2>{verdicts}')
    probability_bars(answers, models, truth=truth, asked=evidence, key=gallery.BARS)
    more = (
        f" The {MOST} most likely of {len(answers.classes)} classes are shown." if len(answers.classes) > MOST else ""
    )
    st.caption(f"The probability that the model gives each class. Click a class to see the evidence for it.{more}")


def _verdict(answers: Answers, place: int, how: str) -> str:
    right = bool(answers.truth[place] == answers.predicted[place])
    name, sure = escape(answers.classes[answers.predicted[place]]), f"{100 * answers.confidence[place]:.0f} % sure"
    text = f"right, {sure}" if right else f"wrong: classified as {name}, {sure}"
    return f'<span class="verdict {"right" if right else "wrong"} {how}">{"✓" if right else "✕"} {text}</span>'


def _reordered(other: Answers, at: int, classes: tuple[str, ...]) -> np.ndarray:
    """The second model's probabilities in the order of the first one's classes; 0 for a class it does not know."""
    index = {name: place for place, name in enumerate(other.classes)}
    return np.array([other.probabilities[at, index[name]] if name in index else 0.0 for name in classes], np.float32)


def _neighbours(answers: Answers, place: int, run: Run) -> None:
    try:
        found = training_neighbours(run, answers.dataset, str(answers.ids[place]))
    except SealifeError as error:
        st.caption(f":material/info: Nearest training pictures: {plain(str(error))}")
        return
    neighbours_view(answers.dataset, found)


def _close() -> None:
    gallery.turn({gallery.PICTURE: "", gallery.EVIDENCE: ""})


def _step(image_id: str) -> None:
    gallery.turn({gallery.PICTURE: image_id, gallery.EVIDENCE: ""})
