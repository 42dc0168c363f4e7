"""Projections as Matplotlib figures for reports and notebooks, drawn with ``Figure`` only, as in run_figures.py."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Int, Num
from matplotlib.figure import Figure

from sealife_core.errors import DatasetError
from sealife_core.evaluation.figures.lettering import as_it_stands, drawable, shortened
from sealife_core.evaluation.figures.palette import UNLABELLED_COLOUR
from sealife_core.evaluation.figures.run_figures import FAINT, INK


def projection_figure(
    points: Num[np.ndarray, "..."], labels: Int[np.ndarray, "..."], colours: Mapping[str, str], title: str = ""
) -> Figure:
    """Pictures as points in the colours of their classes. labels: -1: none.

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
