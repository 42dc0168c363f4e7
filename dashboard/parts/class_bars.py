"""Bars, one a class, each in the colour that the class has everywhere."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard import state
from dashboard.data.charts.classifier_charts import balance_option, per_class_option
from sealife_core.wording import SPLIT_WORDS

MOST_CLASSES = 60  # nobody reads a chart of 500 bars: a sentence says how many are not shown
BAR_PX = 24


def balance_bars(counts: Mapping[str, Mapping[str, int]], colours: Mapping[str, str]) -> None:
    """Pictures of each class, stacked by split; a click on a bar shows them. ``counts``: class → split →
    pictures; ``colours``: class → its colour."""
    order = sorted(colours, key=lambda name: -sum(counts[name].values()))
    shown = order[:MOST_CLASSES]
    st.echarts_chart(
        balance_option(counts, shown, colours), height=60 + BAR_PX * len(shown),
        key=state.data.BALANCE, on_select=lambda: _show(shown),
        alt=f"Pictures of each of {len(shown)} classes by split; most: {shown[0]}, fewest: {order[-1]}",
    )  # fmt: skip
    if len(order) > len(shown):
        st.caption(f"The {len(shown)} largest of {len(order)} classes are shown.")


def _show(shown: Sequence[str]) -> None:
    if mark := state.data.BALANCE.mark(shown):
        series, name = mark
        state.data.show_pictures(name, list(SPLIT_WORDS)[series])


def per_class_bars(per_class: Sequence[Mapping[str, Any]], colours: Mapping[str, str]) -> None:
    """Recall as a bar, precision as a tick, weakest class first: where the network needs help."""
    scored = [row for row in per_class if isinstance(row.get("recall"), int | float)]
    rows = sorted(scored, key=lambda row: row["recall"])[:MOST_CLASSES]
    if not rows:
        return
    st.echarts_chart(
        per_class_option(rows, colours), height=60 + BAR_PX * len(rows), key=state.runs.PER_CLASS,
        alt=f"Recall and precision of {len(rows)} classes; weakest {rows[0]['label']}, strongest {rows[-1]['label']}",
    )  # fmt: skip
    if len(scored) > len(rows):
        st.caption(f"The {len(rows)} weakest of {len(scored)} classes are shown.")
