"""Class by class: how many pictures the second run fixes, and how many it breaks."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cache
from dashboard.data.compared import believed, class_rows
from dashboard.data.echarts import chart_frame
from dashboard.parts.class_bars import BAR_PX, MOST_CLASSES
from dashboard.state import compare
from dashboard.theme import ink
from sealife_core.evaluation.comparison.paired import ClassChange, Paired, class_changes
from sealife_core.evaluation.figures.palette import UNLABELLED_COLOUR


def class_view(pair: Paired, data: str) -> None:
    """The chart, what can be believed of it, and the table behind it."""
    changes = class_changes(pair)
    shown = [change for change in changes if change.fixed or change.broken]
    st.subheader("By class")
    if not shown:
        st.caption("Both runs classify the same pictures correctly.")
        return
    half = MOST_CLASSES // 2  # of both ends: the largest changes
    drawn = shown if len(shown) <= MOST_CLASSES else [*shown[:half], *shown[-half:]]
    st.echarts_chart(
        class_option(drawn, cache.colours_of_classes(data), ink()), height=64 + BAR_PX * len(drawn), key=compare.BARS,
        on_select=lambda: _pick(drawn),
        alt="; ".join(f"{change.label}: {change.fixed} fixed, {change.broken} broken" for change in drawn),
    )  # fmt: skip
    st.caption(
        "To the right (fixed): pictures that only the compared run classifies correctly. To the left (broken):"
        " pictures that only the baseline classifies correctly. In brackets: the test pictures of the class. Click"
        f" a bar to see its pictures. {believed(changes)}"
        + (f" The {len(drawn)} largest changes of {len(shown)} classes are shown." if len(drawn) < len(shown) else "")
    )
    with st.expander("Recall of each class, with p values"):
        st.dataframe(pd.DataFrame(class_rows(changes)), hide_index=True, alt="Change of each class")


def class_option(changes: Sequence[ClassChange], colour_of: Mapping[str, str], ink: str) -> dict[str, Any]:
    """The ECharts option: two bars a class, away from the middle, in its colour; what is broken is half transparent."""
    colours = [colour_of.get(change.label, UNLABELLED_COLOUR) for change in changes]
    most = max(max(change.fixed, change.broken) for change in changes)
    sides = (
        ("fixed", [change.fixed for change in changes], "FF", "right"),
        ("broken", [-change.broken for change in changes], "80", "left"),
    )
    title = {"top": 6, "textStyle": {"fontSize": 13, "color": ink}}
    return {
        **chart_frame(4, 16, 40, 4, tooltip=False),
        "title": [title | {"text": "← broken", "right": "55%"}, title | {"text": "fixed →", "right": 16}],
        # The labels show the counts: a tick of −3 pictures would make no sense.
        "xAxis": {"type": "value", "min": -1.15 * most, "max": 1.15 * most, "axisLabel": {"show": False},
                  "splitLine": {"show": False}},
        "yAxis": {
            "type": "category", "inverse": True, "data": [f"{change.label} ({change.n})" for change in changes],
            "axisTick": {"show": False}, "axisLine": {"onZero": False, "show": False},
            "axisLabel": {"interval": 0, "width": 150, "overflow": "truncate"},
        },
        "series": [
            {
                "type": "bar", "name": name, "stack": "both", "barWidth": "66%", "selectedMode": "single",
                "data": [
                    {
                        "value": value, "itemStyle": {"color": colour + shade},
                        "label": {"show": value != 0, "position": side, "formatter": f"{abs(value)}", "color": ink},
                    }
                    for value, colour in zip(values, colours, strict=True)
                ],
            }
            for name, values, shade, side in sides
        ],
    }  # fmt: skip


def _pick(drawn: Sequence[ClassChange]) -> None:
    for series, place in compare.BARS.marks()[-1:]:
        if place < len(drawn):
            compare.turn({compare.PILE: ("fixed", "broken")[series], compare.CLASS: drawn[place].label})
