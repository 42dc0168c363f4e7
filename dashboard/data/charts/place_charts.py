"""Accuracy at every place, ready to be drawn and read; and which pictures of a place are named wrong."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from dashboard.data.charts.echarts import chart_frame, in_percent, interval_line, mark_line, percent_axis, row_axis
from dashboard.words import percent_within
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.curation.place_scores import HeldOut, PlaceScore
from sealife_core.wording import counted, percent

UNSEEN, RANDOM = "as a new place", "with random pictures"


def places_option(shown: Sequence[PlaceScore], found: HeldOut, colour: str, ink: str) -> dict[str, Any]:
    """A place a row, with a dot and its interval as a new place, and a ring with random pictures."""
    dots, rings, lines = [], [], []
    for at, one in enumerate(shown):
        if one.elsewhere is None or one.random is None:
            continue
        new, random = one.elsewhere, one.random
        scored = percent_within(new.value, new.low, new.high)
        says = f"{{b}}<br>{scored} {UNSEEN}<br>{percent(random.value)} {RANDOM}"
        tooltip = {"tooltip": {"formatter": f"{says}<br>{counted(one.counted, 'picture')}"}, "name": one.place}
        dots.append({"value": [in_percent(new.value), at]} | tooltip)
        rings.append({"value": [in_percent(random.value), at]} | tooltip)
        lines.append(interval_line([100 * new.low, at], [100 * new.high, at], colour))
    overall = found.elsewhere.value
    ends = [100 * min(one.elsewhere.low, one.random.value) for one in shown if one.elsewhere and one.random]
    least = 10 * math.floor(min(ends, default=0) / 10)
    scatter = {"type": "scatter", "selectedMode": "single"}
    return {
        **chart_frame(4, 56, 44, 4),  # the name of the line has room at 100 %
        "legend": {"top": 0, "left": 0, "textStyle": {"color": ink}, "data": [UNSEEN, RANDOM]},
        "xAxis": percent_axis(min=least, max=100),
        "yAxis": row_axis([f"{one.place}  ({one.counted:,})" for one in shown]),
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


def place_table(each: Sequence[PlaceScore]) -> list[dict[str, Any]]:
    """Every place as words and numbers ready to be read, in the order of the chart."""
    return [
        {
            "Place": one.place,
            "Pictures": one.images,
            "New place": percent_within(new.value, new.low, new.high) if (new := one.elsewhere) else "–",
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


def place_rows(dataset: Dataset, places: Sequence[str], place: str, found: HeldOut) -> np.ndarray:
    """The rows of ``place``, one of ``places`` of every row: wrong ones first, then right ones, last those that are not
    counted."""
    rows = np.array([row for row, of in enumerate(places) if of == place], int)
    ids, labels = dataset.manifest["id"].to_numpy()[rows], dataset.manifest["label"].to_numpy()[rows]
    said = [found.predicted.get(image) for image in ids]
    order = [2 if one is None else int(one == label) for one, label in zip(said, labels, strict=True)]
    return rows[np.argsort(order, kind="stable")]
