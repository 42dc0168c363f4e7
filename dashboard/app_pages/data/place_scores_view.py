"""Accuracy on random pictures and at new places: a sentence, two cards, every place, and the pictures of one."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import state
from dashboard.data.compared import points
from dashboard.data.echarts import chart_frame, interval_line, mark_line
from dashboard.data.pictures import class_of
from dashboard.parts.pictures.image_grid import grid_picture, show_grid
from dashboard.parts.pictures.sheets import sheet
from dashboard.parts.runs.score_cards import score_card
from dashboard.theme import accent, ink
from dashboard.words import between, plain
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.comparison.advice import interval
from sealife_core.evaluation.curation.place_scores import HeldOut, PlaceScore
from sealife_core.wording import counted, percent

MOST_PLACES = 40  # of a chart: the table has all
MOST_WARNED = 3
ROW_PX = 26
UNSEEN, RANDOM = "as a new place", "with random pictures"


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


def place_details(dataset: Dataset, found: HeldOut) -> None:
    """Every place, the worst first, and the pictures of one."""
    _chart(found)
    _only_there(found.each)
    with st.expander("All places as a table"):
        st.dataframe(pd.DataFrame(table_rows(found.each)), hide_index=True, alt="Accuracy at every place")
    _pictures(dataset, found)


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
    for _, at in state.data.PLACES.marks()[:1]:
        if at < len(shown):
            state.data.show_place(shown[at].place)


def places_option(shown: Sequence[PlaceScore], found: HeldOut, colour: str, ink: str) -> dict[str, Any]:
    """ECharts option: a place a row, with a dot and its interval as a new place, and a ring with random pictures."""
    dots, rings, lines = [], [], []
    for at, one in enumerate(shown):
        if one.elsewhere is None or one.random is None:
            continue
        new, random = one.elsewhere, one.random
        says = (
            f"{{b}}<br>{percent(new.value)} ({between(new.low, new.high)}) {UNSEEN}<br>{percent(random.value)} {RANDOM}"
        )
        tooltip = {"tooltip": {"formatter": f"{says}<br>{counted(one.counted, 'picture')}"}, "name": one.place}
        dots.append({"value": [round(100 * new.value, 2), at]} | tooltip)
        rings.append({"value": [round(100 * random.value, 2), at]} | tooltip)
        lines.append(interval_line([100 * new.low, at], [100 * new.high, at], colour))
    overall = found.elsewhere.value
    ends = [100 * min(one.elsewhere.low, one.random.value) for one in shown if one.elsewhere and one.random]
    least = 10 * math.floor(min(ends, default=0) / 10)
    scatter = {"type": "scatter", "selectedMode": "single"}
    return {
        **chart_frame(4, 56, 44, 4),  # the name of the line has room at 100 %
        "legend": {"top": 0, "left": 0, "textStyle": {"color": ink}, "data": [UNSEEN, RANDOM]},
        "xAxis": {"type": "value", "min": least, "max": 100,
                  "axisLabel": {"formatter": "{value} %", "hideOverlap": True}},
        "yAxis": {
            "type": "category", "inverse": True, "axisTick": {"show": False},
            "data": [f"{one.place}  ({one.counted:,})" for one in shown],
            "axisLabel": {"interval": 0, "width": 150, "overflow": "truncate"},
        },
        "series": [
            scatter | {
                "name": UNSEEN, "symbolSize": 12, "color": colour, "data": dots, "z": 4,
                "markLine": mark_line("xAxis", 100 * overall, f"new places {percent(overall, 0)}", "start", ink),
            },
            scatter | {
                "name": RANDOM, "symbolSize": 9, "data": rings, "z": 3,
                "itemStyle": {"color": "transparent", "borderColor": ink, "borderWidth": 2},
            },
            *lines,
        ],
    }  # fmt: skip


def table_rows(each: Sequence[PlaceScore]) -> list[dict[str, Any]]:
    """Every place as words and numbers ready to be read, in the order of the chart."""
    return [
        {
            "Place": one.place,
            "Pictures": one.images,
            "New place": f"{percent(one.elsewhere.value)} ({between(one.elsewhere.low, one.elsewhere.high)})"
            if one.elsewhere else "–",
            "Random pictures": percent(one.random.value if one.random else None),
            "Classes only there": ", ".join(one.alone),
        }
        for one in each
    ]  # fmt: skip


def only_there(one: PlaceScore) -> str:
    """What it means that a place holds whole classes; "" if it does not."""
    if not one.alone:
        return ""
    classes = ", ".join(one.alone)
    if one.elsewhere is None:
        return f"No other place has {classes}. A model that has not seen {one.place} cannot name any picture there."
    lost = one.images - one.counted
    return (
        f"No other place has {classes}. A model that has not seen {one.place} cannot name them:"
        f" {counted(lost, 'picture')} of {one.images:,} there cannot be right and are left out of its accuracy."
    )


def _only_there(each: Sequence[PlaceScore]) -> None:
    said = [plain(only_there(one)) for one in each if one.alone]
    if said:
        more = [f"{len(said) - MOST_WARNED:,} more places like this are in the table."] if said[MOST_WARNED:] else []
        st.warning("\n\n".join([*said[:MOST_WARNED], *more]))


def _pictures(dataset: Dataset, found: HeldOut) -> None:
    """The pictures of one place, first those that are named wrong."""
    names = [one.place for one in found.each]
    asked = state.data.PLACE
    name = asked.value if asked.value in names else names[0]
    st.selectbox(
        "Pictures of", names, key=asked.widget.showing(name), width=320,
        on_change=lambda: state.data.show_place(asked.widget.held()),
    )  # fmt: skip
    rows = place_rows(dataset, name, found)
    sheeted = sheet(rows, state.data.PLACE_PAGE)
    with sheeted.place:
        st.caption(
            f"{sheeted.says}, the wrong ones first. Below each: its class, and what a model says that has not seen"
            " this place."
        )
        show_grid([_pictured(dataset, row, found) for row in sheeted.shown], state.data.PLACE_PICTURES, dataset)


def place_rows(dataset: Dataset, place: str, found: HeldOut) -> np.ndarray:
    """The rows of ``place``: wrong ones first, then right ones, last those that are not counted."""
    rows = np.flatnonzero((dataset.manifest["group"] == place).to_numpy(dtype=bool))
    ids, labels = dataset.manifest["id"].to_numpy()[rows], dataset.manifest["label"].to_numpy()[rows]
    said = [found.predicted.get(image) for image in ids]
    order = [2 if one is None else int(one == label) for one, label in zip(said, labels, strict=True)]
    return rows[np.argsort(order, kind="stable")]


def _pictured(dataset: Dataset, row: int, found: HeldOut) -> dict[str, Any]:
    truth = class_of(dataset, row)
    said = found.predicted.get(str(dataset.manifest["id"].iat[row]))
    lines = [] if said is None else [["right", f"✓ {said}"] if said == truth else ["wrong", f"✗ {said}"]]
    return grid_picture(dataset, row, truth) | {"lines": lines}
