"""A game for the classroom: name the class first, then see the truth and what the model said, with both scores.

Which pictures come, in which order, and what was guessed are in the URL: a reload or a link goes on where it was.
Nothing that tells the class is sent to the browser before the guess.
"""

from collections.abc import Sequence
from html import escape
from itertools import takewhile

import numpy as np
import streamlit as st

from dashboard.cache import classifiers
from dashboard.data.classifier_answers import Answers
from dashboard.data.guessing_round import model_score, round_of, score
from dashboard.media import thumb_url
from dashboard.parts.pictures.cards import card, show_cards
from dashboard.state import gallery, turn
from dashboard.theme import dot
from dashboard.words import plain, run_name, whole_number
from sealife_core.runs.run import Run
from sealife_core.wording import percent

MOST_BUTTONS = 40


def guessing(run: Run, rival: Run | None) -> None:
    """One picture of the round, or its end."""
    answers = classifiers.answers(run)
    places = round_of(answers, gallery.SEED.number)
    guesses = read_guesses(gallery.GUESSES.value, len(places), len(answers.classes))
    at = len(guesses) if gallery.TURN.value != "told" else max(0, len(guesses) - 1)
    players = [(run_name(one), classifiers.answers(one)) for one in (run, rival) if one is not None]
    _scores(answers, places, guesses, players)
    if at >= len(places):
        _end(answers, places, guesses, players)
        return
    left, right = st.columns([6, 5], gap="large")
    with left:
        place = int(places[at])
        row = int(answers.rows[place])
        about = answers.dataset.manifest.iloc[row]
        st.html(
            f'<img class="guessed" style="--aspect:{int(about["width"]) / int(about["height"]):.4f}"'
            f' alt="Picture {at + 1} of this round" src="{escape(thumb_url(answers.dataset, row, 640))}">'
        )
    with right:
        if at < len(guesses):
            _told(answers, place, guesses[-1], players)
        else:
            _ask(answers, guesses)


def read_guesses(text: str, pictures: int, classes: int) -> list[int]:
    """ "3.0.12" → [3, 0, 12], the class that was guessed for each picture so far; what cannot be is cut off."""
    guesses = (whole_number(part, classes) for part in text.split(".", pictures)[:pictures])
    return list(takewhile(lambda guess: guess < classes, guesses))


def _scores(answers: Answers, places: np.ndarray, guesses: list[int], players: Sequence[tuple[str, Answers]]) -> None:
    done = len(guesses)
    cells = [("You", score(answers, places, guesses))]
    cells += [(name, model_score(model, answers, places[:done])) for name, model in players]
    shown = "".join(
        f'<div><span class="quiet">{escape(name)}</span><strong>{points}</strong>'
        f'<span class="quiet">of {done}</span></div>'
        for name, points in cells
    )
    st.html(f'<div class="tally" role="status">{shown}</div>')
    count = len(places)
    st.progress(done / max(1, count), f"Picture {min(done + 1, count)} of {count}, round {gallery.SEED.number}")


def _ask(answers: Answers, guesses: list[int]) -> None:
    st.subheader("What is it?")
    if len(answers.classes) > MOST_BUTTONS:
        name = st.selectbox("Class", answers.classes, index=None, placeholder="Choose a class")
        index = answers.classes.index(name) if name else 0
        st.button("Submit", type="primary", disabled=not name, on_click=_guess, args=(guesses, index))
        return
    with st.grid(3, min_column_width=120, gap="xsmall"):
        for index, name in enumerate(answers.classes):
            st.button(plain(name), key=gallery.GUESS.of(index), on_click=_guess, args=(guesses, index), width="stretch")
    st.caption("The model has already answered. You see its answer and the true class after you choose a class.")


def _told(answers: Answers, place: int, guess: int, players: Sequence[tuple[str, Answers]]) -> None:
    truth, image_id = int(answers.truth[place]), str(answers.ids[place])
    st.html(
        f'<h2 class="truth">{dot(answers.colour(truth))}'
        f"It is {escape(answers.classes[truth])}</h2>" + _line("You", answers.classes[guess], guess == truth)
    )
    for name, model in players:
        at = model.place_of(image_id)
        if at is not None:
            said, right = model.classes[model.predicted[at]], bool(model.right[at])
            st.html(_line(name, said, right, f", {percent(float(model.confidence[at]))} sure"))
            if not right:
                likely = float(model.probabilities[at][model.truth[at]])
                st.caption(f"It gave the true class a probability of {percent(likely)}.")
    with st.container(horizontal=True):
        st.button(
            "Next", type="primary", icon=":material/arrow_forward:", on_click=gallery.TURN.set, args=("",),
            shortcut="right",
        )  # fmt: skip
        st.button("Enlarge", icon=":material/zoom_in:", on_click=_open, args=(image_id,))


def _line(who: str, said: str, right: bool, sure: str = "") -> str:
    kind, sign = ("right", "✓") if right else ("wrong", "✕")
    return (
        f'<div class="answer"><b>{escape(who)}</b>'
        f' <span class="verdict {kind}">{sign} {escape(said)}{sure}</span></div>'
    )


def _end(answers: Answers, places: np.ndarray, guesses: list[int], players: Sequence[tuple[str, Answers]]) -> None:
    parts = [f"you got **{score(answers, places, guesses)}** of {len(places)} right"]
    parts += [f"{plain(name)} **{model_score(model, answers, places)}**" for name, model in players]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**The round is over:** {', '.join(parts)}. {len(places)} pictures are too few to decide who is better."
            " Play another round."
        )
        again = {gallery.SEED: str(gallery.SEED.number + 1), gallery.GUESSES: "", gallery.TURN: ""}
        st.button("Another round", type="primary", icon=":material/replay:", on_click=turn, args=(again,))
    cards = [card(answers, int(place), []) for place in places]
    for told, guess, place in zip(cards, guesses, places, strict=False):
        state, sign = ("right", "✓") if guess == answers.truth[place] else ("wrong", "✕")
        mine = {"run": "", "state": state, "sign": sign, "text": f"You: {answers.classes[guess]}", "sure": ""}
        models = [line | {"text": f"Model: {line['text']}"} for line in told["said"]]
        told.update(said=[mine, *models], state=state, badge=f"{sign} {state}")
    show_cards(cards, "The pictures of this round", gallery.CARDS, _open)


def _guess(guesses: list[int], index: int) -> None:
    turn({gallery.GUESSES: ".".join(map(str, [*guesses, index])), gallery.TURN: "told"})


def _open(image_id: str) -> None:
    turn({gallery.SHOW: "", gallery.PICTURE: image_id})
