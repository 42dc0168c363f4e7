"""A comparison as Matplotlib figures: runs by encoder, changes by class, accuracy against the trained stages.

For reports and notebooks. Drawn with ``Figure`` only, as in run_figures.py; each function returns an unsaved figure.
"""

import io
import re
from collections.abc import Sequence
from typing import Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow, by_encoder
from sealife_core.evaluation.comparison.paired import ClassChange
from sealife_core.evaluation.figures.lettering import as_it_stands, drawable, shortened
from sealife_core.evaluation.figures.run_figures import CORAL, FAINT, INK, QUIET, SEA, calm

Score = Literal["accuracy", "macro_f1"]
SCORES: dict[Score, str] = {"accuracy": "Accuracy", "macro_f1": "Macro-F1"}
_ROW_IN = 0.42


def scored(row: ComparisonRow, score: Score) -> tuple[float, float, float]:
    """(value, low, high) of ``score``: Wilson's interval for accuracy, a bootstrap interval for macro-F1."""
    if score == "accuracy":
        return row.accuracy, row.low, row.high
    return row.macro_f1, row.macro_f1_low, row.macro_f1_high


def comparison_figure(rows: Sequence[ComparisonRow], score: Score = "accuracy") -> Figure:
    """A dot and its 95 % interval for each of ``rows``, by encoder; dashed: guessing."""
    places, labels, bold = [], [], []
    for encoder, group in by_encoder(rows, score):
        bold.append(len(labels))
        labels.append(shortened(encoder, 44))
        for row in group:
            places.append((len(labels), row))
            labels.append(shortened(row.name, 40))
    figure, axes = _axes(len(labels))
    for place, row in places:
        value, low, high = (100 * number for number in scored(row, score))
        axes.plot([low, high], [place, place], color=SEA, linewidth=4, alpha=0.4, solid_capstyle="round")
        axes.plot([value], [place], "o", color=SEA, markersize=8)
        axes.annotate(
            f"{value:.1f} %", (value, place), (0, 7), textcoords="offset points", ha="center", fontsize=8, color=INK
        )
    if score == "accuracy" and rows:
        chance = 100 * max(row.chance for row in rows)
        axes.axvline(chance, color=QUIET, linewidth=1, linestyle=(0, (5, 4)))
        axes.annotate(
            f"guessing {chance:.0f} %", (chance, -0.6), (4, 0), textcoords="offset points", fontsize=8, color=QUIET
        )
    _named(axes, labels, bold)
    axes.set_xlim(0, 100)
    n = f" on {rows[0].n:,} test images" if rows else ""
    axes.set_xlabel(f"{SCORES[score]}{n}, %; lines are 95 % intervals", fontsize=9, color=QUIET)
    return figure


def class_figure(changes: Sequence[ClassChange]) -> Figure:
    """For each class, the images that b fixes (to the right) and those that it breaks (to the left)."""
    figure, axes = _axes(len(changes))
    for place, change in enumerate(changes):
        axes.barh(place, change.fixed, color=SEA, height=0.62)
        axes.barh(place, -change.broken, color=CORAL, height=0.62, hatch="///", edgecolor="white", linewidth=0)
    axes.axvline(0, color=INK, linewidth=0.8)
    _named(axes, [f"{shortened(change.label, 30)} ({change.n})" for change in changes], [])
    most = max([1, *(max(change.fixed, change.broken) for change in changes)])
    axes.set_xlim(-1.1 * most, 1.1 * most)
    axes.xaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    axes.set_xlabel("← broken      test images      fixed →", fontsize=9, color=QUIET)
    return figure


def ladder_figure(ladder: Sequence[tuple[int, ComparisonRow]]) -> Figure:
    """Accuracy against the number of trained stages of the encoder; ``ladder``: of differences.ladders."""
    figure, axes = _axes(6)
    points = [(stages, *(100 * number for number in scored(row, "accuracy"))) for stages, row in ladder]
    depths, values, lows, highs = zip(*points, strict=True)
    axes.plot(depths, values, "o-", color=SEA, markersize=7)
    axes.vlines(depths, lows, highs, color=SEA, linewidth=4, alpha=0.4)
    axes.set_xticks(range(6))
    axes.set_xlabel("trained stages: 0 is a linear probe, 5 is everything", fontsize=9, color=QUIET)
    axes.set_ylabel("Accuracy, %", fontsize=9, color=QUIET)
    axes.invert_yaxis()  # _axes counts rows from the top
    axes.set_ylim(0, 100)
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    return figure


def as_svg(figure: Figure, salt: str) -> str:
    """The figure as an ``<svg>`` element for a page: no prologue, no metadata, nothing to load.

    ``salt`` makes the ids of several figures on one page different. The same figure always gives the same text.
    """
    held = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": salt, "svg.fonttype": "path"}):
        figure.savefig(held, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = held.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    # Ids that Matplotlib numbers (axes_1, line2d_3, DejaVuSans-41) are the same in every figure.
    text = re.sub(r'\bid="([^"]+)"', rf'id="{salt}-\1"', text)
    text = re.sub(r'href="#([^"]+)"', rf'href="#{salt}-\1"', text)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{salt}-\1)", text)


def _axes(rows: int) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(8, _ROW_IN * max(rows, 2) + 1.0), layout="constrained", facecolor="white")
    axes = calm(figure.add_subplot(), "x", size=9)
    axes.set_ylim(rows - 0.4, -0.8)
    return figure, axes


def _named(axes: Axes, labels: Sequence[str], bold: Sequence[int]) -> None:
    """Label the rows; those of ``bold`` are headings."""
    axes.set_yticks(range(len(labels)), [drawable(label) for label in labels], fontsize=9, color=INK)
    for place, label in enumerate(axes.get_yticklabels()):
        as_it_stands(label)
        label.set_fontweight("bold" if place in bold else "normal")
