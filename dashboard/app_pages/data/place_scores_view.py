"""Accuracy on random pictures and at new places: a sentence, two cards, every place, and the pictures of one."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import state
from dashboard.data.charts.place_charts import only_there, place_rows, place_table, places_option
from dashboard.data.pictures import class_of
from dashboard.parts.pictures.image_grid import grid_picture, show_grid
from dashboard.parts.pictures.sheets import sheet
from dashboard.parts.runs.score_cards import score_card
from dashboard.theme import accent, ink
from dashboard.words import plain
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.comparison.advice import interval
from sealife_core.evaluation.curation.place_scores import HeldOut, PlaceScore
from sealife_core.wording import counted, percent, points

MOST_PLACES = 40  # of a chart: the table has all
MOST_WARNED = 3
ROW_PX = 26


def score_summary(found: HeldOut, unplaced: int) -> None:
    """What follows, both scores side by side, their difference, what to know. unplaced: pictures without a place."""
    st.markdown(f"**{plain(found.meaning)}**")
    says = f"{counted(found.images, 'picture')} of {counted(found.places, 'place')}; chance {percent(found.chance, 0)}"
    cards = [
        score_card("Random pictures", "of places it knows", "accuracy", found.random, says, ink(), found.chance),
        score_card("New places", "never seen", "accuracy", found.elsewhere, says, accent(), found.chance),
    ]
    st.html(f'<div class="scores halves">{"".join(cards)}</div>')
    st.markdown(
        f"Difference at new places: **{points(found.difference.value)} points** ({interval(found.difference)}, over"
        " places)."
    )
    notes = [
        f"Both scores are of a linear probe that learned from {counted(found.trained_on, 'picture')}, on features that"
        " know no labels.",
        *found.notes,
        *([f"{counted(unplaced, 'picture has', 'pictures have')} no place and are left out."] if unplaced else []),
    ]
    st.caption(plain(" ".join(notes)))


def place_details(dataset: Dataset, places: Sequence[str], found: HeldOut) -> None:
    """Every place, the worst first, and the pictures of one. places: of every row."""
    _chart(found)
    _only_there(found.each)
    with st.expander("All places as a table"):
        st.dataframe(pd.DataFrame(place_table(found.each)), hide_index=True, alt="Accuracy at every place")
    _pictures(dataset, places, found)


def _chart(found: HeldOut) -> None:
    scored = [one for one in found.each if one.elsewhere is not None]
    shown = scored[:MOST_PLACES]
    st.markdown("**Accuracy at each place, the worst first**")
    st.echarts_chart(
        places_option(shown, found, accent(), ink()), height=70 + ROW_PX * len(shown), key=state.data.PLACES,
        on_select=lambda: _choose(shown),
        alt=f"Accuracy at each of {len(shown)} places; worst: {shown[0].place}, best of these: {shown[-1].place}",
    )  # fmt: skip
    more = f" The {len(shown)} worst of {len(scored)} places are shown." if len(scored) > len(shown) else ""
    st.caption(
        "In brackets: how many pictures count. The line is the 95 % interval (Wilson). Click a dot to see the pictures"
        f" of a place below.{more}"
    )


def _choose(shown: Sequence[PlaceScore]) -> None:
    if mark := state.data.PLACES.mark(shown):
        state.data.show_place(mark[1].place)


def _only_there(each: Sequence[PlaceScore]) -> None:
    said = [plain(only_there(one)) for one in each if one.alone]
    if said:
        more = [f"{len(said) - MOST_WARNED:,} more places like this are in the table."] if said[MOST_WARNED:] else []
        st.warning("\n\n".join([*said[:MOST_WARNED], *more]))


def _pictures(dataset: Dataset, places: Sequence[str], found: HeldOut) -> None:
    """The pictures of one place, first those that are named wrong."""
    names = [one.place for one in found.each]
    asked = state.data.PLACE
    name = asked.value if asked.value in names else names[0]
    st.selectbox(
        "Pictures of", names, key=asked.widget.showing(name), width=320,
        on_change=lambda: state.data.show_place(asked.widget.held()),
    )  # fmt: skip
    rows = place_rows(dataset, places, name, found)
    sheeted = sheet(rows, state.data.PLACE_PAGE)
    with sheeted.place:
        st.caption(
            f"{sheeted.says}, the wrong ones first. Below each: its class, and what a model says that has not seen"
            " this place."
        )
        show_grid([_pictured(dataset, row, found) for row in sheeted.shown], state.data.PLACE_PICTURES, dataset)


def _pictured(dataset: Dataset, row: int, found: HeldOut) -> dict[str, Any]:
    truth = class_of(dataset, row)
    said = found.predicted.get(str(dataset.manifest["id"].iat[row]))
    lines = [] if said is None else [["right", f"✓ {said}"] if said == truth else ["wrong", f"✗ {said}"]]
    return grid_picture(dataset, row, truth) | {"lines": lines}
