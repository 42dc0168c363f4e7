"""The four piles of a comparison as pictures: fixed, broken, both right, both wrong."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from dashboard.cache import datasets
from dashboard.data.compared import pile_places
from dashboard.data.pictures import ALL
from dashboard.error_display import errors_shown
from dashboard.parts.pictures.image_grid import grid_picture, show_grid
from dashboard.parts.pictures.sheets import sheet
from dashboard.state import compare
from dashboard.state.keys import UrlValue
from dashboard.words import plain
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import DatasetError
from sealife_core.evaluation.comparison.paired import PILE_WORDS, PILES, Paired
from sealife_core.evaluation.figures.palette import UNLABELLED_COLOUR

SAYS = {
    "fixed": "{a} is wrong, {b} is right.",
    "broken": "{a} is right, {b} is wrong.",
    "both_right": "Both are right.",
    "both_wrong": "Both are wrong.",
}


def piles_view(pair: Paired, data: str, name_a: str, name_b: str) -> None:
    """Choose a pile and a class; look at its pictures, a sheet at a time."""
    st.subheader("Pictures by outcome", anchor="piles")
    classes = sorted(set(pair.labels.tolist()))
    label = compare.CLASS.value if compare.CLASS.value in classes else ALL
    counts = {pile: len(pile_places(pair, pile, label)) for pile in PILES}
    pile = compare.PILE.value if compare.PILE.value in PILES else PILES[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            "Outcome", PILES, format_func=lambda found: f"{PILE_WORDS[found]} {counts[found]:,}", required=True,
            key=compare.PILE.widget.showing(pile), on_change=_turn, args=(compare.PILE,),
        )  # fmt: skip
        st.selectbox(
            "Class", [ALL, *classes], key=compare.CLASS.widget.showing(label), on_change=_turn, args=(compare.CLASS,),
            width=240,
        )  # fmt: skip
    places = pile_places(pair, pile, label)
    if not len(places):
        st.caption("No pictures. Choose another outcome or class.")
        return
    with errors_shown():
        _sheet(datasets.opened(data), pair, places, SAYS[pile].format(a=name_a, b=name_b))


def _sheet(dataset: Dataset, pair: Paired, places: np.ndarray, says: str) -> None:
    found = sheet(places, compare.SHEET)
    below = "Below each: the true class, the prediction of the baseline and the prediction of the compared run."
    with found.place:
        st.caption(f"{plain(says)} {found.says}. {below}")
        show_grid(pile_pictures(dataset, pair, found.shown), compare.PICTURES, dataset)


def pile_pictures(dataset: Dataset, pair: Paired, places: Sequence[int] | np.ndarray) -> list[dict[str, Any]]:
    """The pictures at ``places`` for a grid, with truth and both answers; one that is gone keeps its place."""
    return [
        _pictured(dataset, str(pair.ids[place]), str(pair.labels[place]))
        | {
            "lines": [
                ["right", f"✓ {said}"] if right else ["wrong", f"✗ {said}"]
                for said, right in (
                    (pair.predicted_a[place], pair.right_a[place]),
                    (pair.predicted_b[place], pair.right_b[place]),
                )
            ]
        }
        for place in places
    ]


def _pictured(dataset: Dataset, image_id: str, truth: str) -> dict[str, Any]:
    try:
        return grid_picture(dataset, dataset.row_of(image_id), truth)
    except DatasetError:
        gone = "No longer in the data set"
        return {"url": "", "alt": gone, "title": f"{gone}: {image_id}", "caption": truth, "colour": UNLABELLED_COLOUR}


def _turn(key: UrlValue) -> None:
    compare.show({key: "" if key.widget.held() == ALL else key.widget.held()})
