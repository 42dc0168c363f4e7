"""Accuracies as small cards: the number, its 95 % interval, the chance line and the number of images."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard.parts.runs.table import colours_of_all
from sealife_core.evaluation.comparison.rows import ComparisonRow
from sealife_core.wording import percent


def score_cards(rows: Sequence[ComparisonRow]) -> None:
    """One card a tested classifier."""
    colours = colours_of_all()
    st.html(f'<div class="scores">{"".join(_card(row, colours[row.run_id]) for row in rows)}</div>')


def _card(row: ComparisonRow, colour: str) -> str:
    low, high = 100 * row.low, 100 * row.high
    label = f"{row.method}: accuracy {row.accuracy:.3f}, between {row.low:.3f} and {row.high:.3f}"
    return (
        f'<div class="score"><b>{escape(row.method)}</b><span class="quiet">{escape(row.name)}</span>'
        f"<strong>{percent(row.accuracy)}</strong>"
        f'<div class="scale" role="img" aria-label="{escape(label)}, chance {row.chance:.3f}">'
        f'<i class="chance" style="left:{row.chance:.1%}"></i>'
        f'<i class="interval" style="left:{low:.1f}%;width:{high - low:.1f}%;background:{colour}"></i>'
        f'<i class="value" style="left:{row.accuracy:.1%}"></i></div>'
        f'<span class="quiet">{low:.0f} to {high:.0f} % (95 % interval), {row.n:,} test images of'
        f" {escape(row.data)}; chance {percent(row.chance, 0)}</span></div>"
    )
