"""Break it: one part of contrastive learning broken on purpose, a prediction first, and both runs over each other."""

import streamlit as st

from dashboard.app_pages.contrast.broken_outcome import SIDES, show_curves, show_outcome
from dashboard.cache import datasets
from dashboard.data.contrast.ablation_findings import ANSWERS, questions, read_guess, written
from dashboard.error_display import errors_shown
from dashboard.parts.forms.dataset_choice import dataset_choice, draw_reef
from dashboard.parts.forms.launch import launch_lines
from dashboard.parts.forms.time_needed import measuring_lines
from dashboard.parts.runs import detail
from dashboard.parts.runs.run_progress import pace_s, progress_sentence, progress_share
from dashboard.state import contrast
from sealife_core.config import BROKEN
from sealife_core.datasets.dataset import Dataset, list_datasets
from sealife_core.runs.costs.estimates import estimate_on
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.studies.ablation_pairs import (
    BACKGROUND,
    ONE_BACKGROUND,
    REEF,
    SWITCHES,
    Pair,
    Planned,
    ensure_one_background,
    launch_pair,
    pair_of,
    planned,
)
from sealife_core.wording import duration

ICON = ":material/heart_broken:"


def breaking() -> None:
    """The switches as cards; or the one that was chosen, from the prediction to what happened."""
    key = contrast.SWITCH.value
    if key not in SWITCHES:
        st.caption(
            "What is each part for? Break one: you predict what happens, then two small runs train, one intact and one"
            " broken. A broken run is marked wherever it appears."
        )
        _cards()
        return
    background = SWITCHES[key].kind == BACKGROUND
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        with st.container(width="content", gap="xsmall"):
            st.subheader(_title(key))
            st.markdown(SWITCHES[key].says)
        with st.container(horizontal=True, vertical_alignment="bottom", width="content"):
            with st.container(width=220):
                name = REEF if background else dataset_choice("Data set")
            st.button("All switches", icon=":material/arrow_back:", on_click=_choose, args=("",))
    there = [one for one in (name, *([ONE_BACKGROUND] if background else [])) if one in list_datasets()]
    if background and len(there) < 2:
        _draw_first()
        return
    data, other = datasets.opened(there[0]), datasets.opened(there[-1])
    plan = planned(key, data, other)
    pair, guess = pair_of(plan), read_guess(contrast.GUESS.value)
    if guess is None or pair.both is None:
        _predict(key, plan, pair, data, guess)
        return
    intact, broken = pair.both
    if all(run.state() is State.FINISHED for run in (intact, broken)):
        show_outcome(key, (intact, broken), (data, other), guess)
    elif pace := pace_s(intact, broken):
        st.fragment(_progress, run_every=pace)((intact, broken))
    if not background:  # solved at once, so there is nothing to watch
        show_curves((intact, broken))


def _cards() -> None:
    with st.grid(4, min_column_width=230, gap="small"):
        for key, switch in SWITCHES.items():
            with st.container(gap="xsmall"):
                st.button(
                    _title(key), key=contrast.BREAK.of(key), icon=ICON, on_click=_choose, args=(key,), width="stretch"
                )  # fmt: skip
                st.caption(switch.says)


def _title(key: str) -> str:
    return BROKEN[key][0].upper() + BROKEN[key][1:]


def _choose(key: str) -> None:
    contrast.SWITCH.set(key)
    contrast.GUESS.set("")


def _draw_first() -> None:
    st.markdown("The pictures for this are drawn on demand: a second reef, in which each class has a place of its own.")
    pressed = st.button("Draw them", type="primary", icon=":material/draw:")
    if pressed and draw_reef() and draw_reef(ensure_one_background):
        st.rerun()


def _predict(key: str, plan: Planned, pair: Pair, data: Dataset, guess: tuple[int, int] | None) -> None:
    """Two questions, what the runs will take, and the button that launches those that are missing."""
    for run in pair.ended:
        detail.problem(run)
    with st.container(border=True):
        st.markdown("**First a prediction:** in the broken run, compared with the intact one …")
        answers = []
        asked = questions(key).values()
        for place, (column, question) in enumerate(zip(st.columns(2), asked, strict=True)):
            with column:
                answers.append(st.segmented_control(
                    question, list(ANSWERS), format_func=ANSWERS.__getitem__, default=guess[place] if guess else None,
                    key=contrast.PREDICTION.of(key, place),
                ))  # fmt: skip
        possible = launch_lines(*pair.missing)  # a probe that would fail need not wait for its SimCLR to say so
        st.caption(_cost(pair, data))
        if pair.missing and estimate_on(pair.missing[0], data).seconds is None:
            measuring_lines("auto")
        label = "Break it" if pair.missing else "See what happened"
        ready = possible and None not in answers
        # Not by a callback: its arguments would be those of the last drawing, before what was chosen just now.
        if st.button(label, type="primary", icon=ICON, disabled=not ready) and ready:
            contrast.GUESS.set(written([answer for answer in answers if answer is not None]))
            with errors_shown():
                launch_pair(key, plan)
                st.rerun()


def _cost(pair: Pair, data: Dataset) -> str:
    """What is left to train, and how long that takes on this machine."""
    if not pair.missing:
        return "Both runs were launched before, so nothing more has to be trained."
    seconds = [estimate_on(config, data).seconds for config in pair.missing]
    known = sum(each for each in seconds if each is not None)
    time = f"about {duration(known)}" if None not in seconds else "a time that is not known yet"
    intact = "The intact run is there already. " if pair.intact else ""
    return f"{intact}{len(seconds)} small {'run' if len(seconds) == 1 else 'runs'} to train: {time} on this machine."


def _progress(runs: tuple[Run, Run]) -> None:
    """How far both are; the page is drawn again once both have finished, or one never will."""
    states = [run.state() for run in runs]
    ended = [state for state in states if not state.active]
    if len(ended) == len(states) or any(state is not State.FINISHED for state in ended):
        st.rerun(scope="app")
    for run, what, state in zip(runs, SIDES, states, strict=True):
        if state.active:
            st.progress(progress_share(run.status()), f"**{what}** · {progress_sentence(run)}")
