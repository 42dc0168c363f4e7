"""The look in one place: the accent, a colour for every run, and the rules of CSS."""

import hashlib
from collections.abc import Sequence
from html import escape
from pathlib import Path

import streamlit as st

from sealife_core.evaluation.figures.palette import CLASS_COLOURS

ACCENT_LIGHT, ACCENT_DARK = "#0B7285", "#5CC4D4"
LIGHT_PAPER = "#FFFFFF"
LINE_CONTRAST = 3.5  # above what WCAG 2 asks of a graphic: some lines are thin
_RULES = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")


def run_colours(run_ids: list[str]) -> dict[str, str]:
    """The colour of each run, by its id alone, so that it survives every other run's deletion.

    Where the colours of runs shown together would clash, the older run keeps its own and the newer takes the next.
    """
    taken: dict[str, str] = {}
    for run_id in sorted(run_ids):
        first = hashlib.sha256(run_id.encode()).digest()[0]
        order = [CLASS_COLOURS[(first + step) % 16] for step in range(16)]  # the first 16 are the furthest apart
        taken[run_id] = next((colour for colour in order if colour not in taken.values()), order[0])
    return taken


def on_page(colour: str, page: str) -> str:
    """``colour`` as a line is drawn in on ``page``: on a dark one, as much lighter as LINE_CONTRAST takes."""
    dark = luminance(page) < 0.2
    for share in range(0, 100, 5) if dark else ():
        mixed = [round(value + (255 - value) * share / 100) for value in _rgb(colour)]
        lighter = "#{:02X}{:02X}{:02X}".format(*mixed)
        if (luminance(lighter) + 0.05) / (luminance(page) + 0.05) >= LINE_CONTRAST:
            return lighter
    return colour


def luminance(colour: str) -> float:
    """Relative luminance of "#RRGGBB", 0 to 1 (WCAG 2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in _rgb(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def dot(colour: str) -> str:
    """A small disc as HTML."""
    return f'<span class="dot" style="background:{colour}"></span>'


def name_legend(entries: Sequence[tuple[str, str]]) -> str:
    """(name, colour) of what is drawn, as one line of HTML."""
    return "".join(f'<span class="legend-name">{dot(colour)}{escape(name)}</span>' for name, colour in entries)


def is_dark() -> bool:
    """Whether the dark theme is on."""
    return st.context.theme.type == "dark"


def accent() -> str:
    """The colour of a chart that has only one, for the theme that is on."""
    return ACCENT_DARK if is_dark() else ACCENT_LIGHT


def ink() -> str:
    """The colour of lines and lettering in a chart, for the theme that is on."""
    return "#A9BCC3" if is_dark() else "#5B6F77"


def lettering() -> str:
    """The colour of numbers on a coloured background in a chart, for the theme that is on."""
    return "#F0F6F8" if is_dark() else "#14262E"


def paper() -> str:
    """The colour of the page, for the theme that is on."""
    return "#0E1B22" if is_dark() else LIGHT_PAPER


def apply() -> None:
    """Put the rules of ``theme.css`` on the page."""
    st.html(f"<style>:root {{ --paper: {paper()}; --accent: {accent()}; }}{_RULES}</style>")
