"""Class by class: how many pictures the second run fixes, and how many it breaks."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard.cache import datasets
from dashboard.data.charts.comparison_charts import class_option
from dashboard.data.compared import believed, class_rows
from dashboard.parts.class_bars import BAR_PX, MOST_CLASSES
from dashboard.state import compare
from dashboard.theme import ink
from sealife_core.evaluation.comparison.paired import ClassChange, Paired, class_changes


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
        class_option(drawn, datasets.class_colours_of(data), ink()), height=64 + BAR_PX * len(drawn), key=compare.BARS,
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


def _pick(drawn: Sequence[ClassChange]) -> None:
    if mark := compare.BARS.mark(drawn):
        series, change = mark
        compare.show({compare.PILE: ("fixed", "broken")[series], compare.CLASS: change.label})
