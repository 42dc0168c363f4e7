"""Projections and calibration as Matplotlib figures for reports and notebooks.

Drawn with ``Figure`` only, as in run_figures.py; each function returns an unsaved figure.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sealife_core.errors import DatasetError
from sealife_core.evaluation.figures.lettering import as_it_stands, drawable, shortened
from sealife_core.evaluation.figures.palette import UNLABELLED_COLOUR
from sealife_core.evaluation.figures.run_figures import FAINT, INK, QUIET, SEA, calm


def projection_figure(points: np.ndarray, labels: np.ndarray, colours: Mapping[str, str], title: str = "") -> Figure:
    """Pictures as points in the colours of their classes. points: (n, 2); labels: (n,), -1: none.

    colours: class → its colour, in the order of the labels (:func:`palette.class_colours`).

    Raises DatasetError if the points are not two-dimensional or not as many as the labels.
    """
    points, labels = np.asarray(points), np.asarray(labels)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) != len(labels):
        raise DatasetError(
            f"The figure got points of shape {points.shape} and {len(labels)} labels; it needs (n, 2) and n. Project"
            " to two dimensions."
        )
    classes = [*colours.items()]
    figure = Figure(figsize=(8, 6), layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    for index in np.unique(labels):
        of = labels == index
        name, colour = classes[index] if index >= 0 else ("unlabelled", UNLABELLED_COLOUR)
        said = drawable(shortened(name, 24))
        axes.scatter(*points[of].T, s=14, color=colour, alpha=0.8, linewidths=0, label=said)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_color(FAINT)
    as_it_stands(axes.set_title(title or f"{len(points):,} pictures", loc="left", fontsize=12, color=INK))
    legend = axes.legend(frameon=False, fontsize=8, labelcolor=INK, loc="center left", bbox_to_anchor=(1, 0.5))
    for text in legend.get_texts():
        as_it_stands(text)
    return figure


def reliability_figure(before: pd.DataFrame, after: pd.DataFrame | None = None) -> Figure:
    """Accuracy with its 95 % interval (y) against confidence (x); on the dashed line both are equal.

    before, after: tables of ``calibration.reliability``, as trained and after temperature scaling.
    """
    tables = {"as trained": before}
    if after is not None:
        tables["with temperature"] = after
    figure = Figure(figsize=(4.2 * len(tables) + 0.6, 4.4), layout="constrained", facecolor="white")
    for place, (name, table) in enumerate(tables.items(), 1):
        axes = figure.add_subplot(1, len(tables), place)
        _reliability(axes, table.loc[table["n"] > 0, :])
        axes.set_title(name, loc="left", fontsize=10, color=INK)
    return figure


def _reliability(axes: Axes, table: pd.DataFrame) -> None:
    calm(axes, "both", left=True)
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1, linestyle=(0, (5, 4)))
    axes.vlines(table["confidence"], table["accuracy_low"], table["accuracy_high"], color=SEA, linewidth=3, alpha=0.4)
    share = table["n"] / table["n"].max() if len(table) else table["n"]
    axes.scatter(table["confidence"], table["accuracy"], s=20 + 180 * share, color=SEA, zorder=3)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel("confidence", fontsize=9, color=QUIET)
    axes.set_ylabel("right", fontsize=9, color=QUIET)
