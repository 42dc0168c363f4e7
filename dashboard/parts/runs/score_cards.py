"""Accuracies as small cards: the number, its 95 % interval, the chance line and the number of images."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard.parts.runs.table import colours_of_all
from dashboard.words import between
from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow
from sealife_core.evaluation.comparison.resampling import Interval
from sealife_core.wording import percent


def score_cards(rows: Sequence[ComparisonRow]) -> None:
    """One card a tested classifier."""
    colours = colours_of_all()
    st.html(f'<div class="scores">{"".join(_card(row, colours[row.run_id]) for row in rows)}</div>')


def _card(row: ComparisonRow, colour: str) -> str:
    says = f"{row.n:,} test images of {row.data}; chance {percent(row.chance, 0)}"
    found = Interval(row.accuracy, row.low, row.high)
    return score_card(row.method, row.name, "accuracy", found, says, colour, row.chance)


def score_card(
    title: str, name: str, what: str, found: Interval, says: str, colour: str, chance: float | None = None
) -> str:
    """One card as HTML, for a ``div`` of the class "scores". what: is measured; says: on which images."""
    scored = measured(f"{title}: {what}", found, colour, chance, f" (95 % interval), {says}")
    return f'<div class="score"><b>{escape(title)}</b><span class="quiet">{escape(name)}</span>{scored}</div>'


def measured(what: str, found: Interval, colour: str, chance: float | None, after: str) -> str:
    """The number, its interval as a bar and in words as HTML, for a ``div`` of the class "score"."""
    low, high = 100 * found.low, 100 * found.high
    label = f"{what} {found.value:.3f}, between {found.low:.3f} and {found.high:.3f}"
    line = f'<i class="chance" style="left:{chance:.1%}"></i>' if chance is not None else ""
    return (
        f"<strong>{percent(found.value)}</strong>"
        f'<div class="scale" role="img" aria-label="{escape(label)}'
        f'{f", chance {chance:.3f}" if chance is not None else ""}">{line}'
        f'<i class="interval" style="left:{low:.1f}%;width:{high - low:.1f}%;background:{colour}"></i>'
        f'<i class="value" style="left:{found.value:.1%}"></i></div>'
        f'<span class="quiet">{between(found.low, found.high)}{escape(after)}</span>'
    )
