"""Matplotlib figures of a run as PNG files: curves, confusion matrix, a page of predictions.

Drawn with ``Figure`` only: pyplot has a global state, and a run must not change that of its caller.
"""

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from jaxtyping import Int
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.thumbnails import thumbnail
from sealife_core.durable import replacing
from sealife_core.errors import SealifeError
from sealife_core.evaluation.figures.lettering import as_it_stands, drawable, shortened

SEA, CORAL, INK, QUIET, FAINT = "#0E7C86", "#C2553A", "#1F2A30", "#6B7A80", "#DDE5E7"
DPI = 150
_COMPRESSION = 1  # of 9: a page of photographs a tenth larger than by 6, the default, in half of the time
_WATER = LinearSegmentedColormap.from_list("water", ["#FFFFFF", "#BFE0E2", SEA, "#084B52"])

# Panel → (key in metrics.jsonl, label, colour, line style), drawn if there are data.
_PANELS: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "Loss": (("train/loss", "training", SEA, "-"), ("val/loss", "validation", CORAL, "-")),
    "Accuracy": (
        ("train/accuracy", "training", SEA, "-"),
        ("train/contrastive_accuracy", "contrastive, training", SEA, "-"),
        ("val/accuracy", "validation", CORAL, "-"),
        ("val/macro_f1", "macro-F1, validation", CORAL, ":"),
        ("val/knn_accuracy", "k-NN, validation", CORAL, "-"),
    ),
    "Learning rate": (("train/learning_rate", "learning rate", QUIET, "-"),),
}


def curves(metrics: Sequence[Mapping[str, Any]], path: Path, *, chance_loss: float | None = None) -> None:
    """Loss, accuracy and learning rate over epochs; dashed line: loss of guessing. ``metrics``: of metrics.jsonl."""
    panels = {name: drawn for name, lines in _PANELS.items() if (drawn := _with_data(metrics, lines))}
    # In inches: to measure the labels for them would take twice as long as to draw all.
    wide, side, above, below, panel = 8.0, (0.8, 0.2), 0.8, 0.55, 1.9
    pitch = panel + 0.65
    height = above + below + panel + pitch * (max(1, len(panels)) - 1)
    figure = Figure(figsize=(wide, height), dpi=DPI, facecolor="white")
    figure.text(0.02, 1 - 0.25 / height, "Training", fontsize=13, color=INK, fontweight="bold", va="center")
    for place, (name, drawn) in enumerate(panels.items(), 1):
        bottom = height - above - panel - pitch * (place - 1)
        box = (side[0] / wide, bottom / height, 1 - sum(side) / wide, panel / height)
        axes = calm(figure.add_axes(box))
        axes.set_title(name, loc="left", y=1, fontsize=10, color=INK)  # a place that is not given is looked for
        for label, x, y, colour, style in drawn:
            _line(axes, x, y, label, colour, style)
        level = chance_loss if name == "Loss" else None
        if level is not None:
            axes.axhline(level, color=QUIET, linewidth=1, linestyle=(0, (5, 4)), label=f"chance {level:.2f}")
        if name != "Loss":  # a share and a rate start at zero
            axes.set_ylim(0, 1 if name == "Accuracy" else None)
        if len(drawn) > 1 or level is not None:
            axes.legend(frameon=False, fontsize=8, labelcolor=INK, loc="best")
        axes.set_xlabel("epoch" if place == len(panels) else "", fontsize=9, color=QUIET)
    if not panels:
        figure.text(0.5, 0.45, "Nothing has been logged yet.", ha="center", color=QUIET, fontsize=11)
    _save(figure, path)


def confusion(counts: Int[np.ndarray, "classes classes"], classes: Sequence[str], path: Path) -> None:
    """Truth (rows) against prediction (columns). Shades: shares of the row, numbers: images."""
    c, n = len(classes), int(counts.sum())
    images = counts.sum(1, keepdims=True)
    share = np.divide(counts, images, out=np.zeros(counts.shape), where=images > 0)
    side = min(16.0, max(4.0, 0.36 * c + 1.2))
    figure = Figure(figsize=(side + 1.6, side + 0.9), dpi=DPI, layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    shown = axes.imshow(share, cmap=_WATER, vmin=0, vmax=1, interpolation="nearest")
    right = int(np.trace(counts))
    heading = f"Truth against prediction: {right:,} of {n:,} right ({right / n:.1%})" if n else "No images"
    as_it_stands(axes.set_title(heading, loc="left", y=1, fontsize=12, color=INK, fontweight="bold", pad=12))
    size = float(np.clip(9 - c / 16, 3, 9))
    if c <= 120:  # with more classes, names would be too small to read
        # Made drawable here, since an axis creates its labels again whenever it is drawn.
        short = [drawable(shortened(name, 22)) for name in classes]
        named = [f"{name} ({int(m):,})" for name, m in zip(short, images[:, 0], strict=True)]
        axes.set_yticks(range(c), named, fontsize=size, color=INK)
        axes.set_xticks(range(c), short, fontsize=size, color=INK, rotation=90)
    else:
        axes.set_xticks([])
        axes.set_yticks([])
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        as_it_stands(label)
    axes.set_xlabel("predicted", fontsize=10, color=QUIET)
    axes.set_ylabel("truth (images)", fontsize=10, color=QUIET)
    axes.tick_params(length=0)
    axes.spines[:].set_color(FAINT)
    if c <= 40:
        for i, j in zip(*np.nonzero(counts), strict=True):
            colour = "white" if share[i, j] > 0.5 else INK
            axes.text(j, i, f"{counts[i, j]}", ha="center", va="center", fontsize=size * 0.9, color=colour)
    bar = figure.colorbar(shown, ax=axes, shrink=0.6, aspect=30, format=lambda value, _: f"{value:.0%}")
    bar.set_label("share of the true class", fontsize=9, color=QUIET)
    bar.ax.tick_params(length=0, labelsize=8, colors=QUIET)
    bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    _save(figure, path)


def prediction_page(
    dataset: Dataset, predictions: pd.DataFrame, path: Path, *, pictures: int = 24, seed: int = 0
) -> None:
    """Pictures with their label and prediction: half wrong ones, half right ones, drawn at random.

    ``predictions``: of predictions_table. Wrong and right differ by heading, sign (✗, ✓) and line, not only by colour.
    """
    was_right = (predictions["label"] == predictions["predicted"]).to_numpy()
    wrong, right = _balanced(np.flatnonzero(~was_right), np.flatnonzero(was_right), pictures, seed)
    sections = [
        (chosen, f"{sign}: {len(chosen):,}" + _of(len(chosen), total), is_right)
        for chosen, total, sign, is_right in (
            (wrong, int((~was_right).sum()), "✗ Wrong", False),
            (right, int(was_right.sum()), "✓ Right", True),
        )
        if len(chosen)
    ]
    # All lengths in inches, from the top left: a heading, then for each section its own heading and rows of squares.
    columns, side, gap, section_in = 6, 1.6, 0.12, 0.34
    pitch = {False: side + 0.42, True: side + 0.26}  # below a wrong picture are two lines, below a right one one
    width = columns * (side + gap) + 0.4
    height = 0.75 + sum(section_in + pitch[good] * math.ceil(len(chosen) / columns) for chosen, _, good in sections)
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    # One axes for all: an axes of its own for each picture would take longer than the picture.
    page = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0), autoscale_on=False)
    page.set_axis_off()
    heading = (
        f"Predictions against truth: {was_right.sum() / max(1, len(was_right)):.1%} of {len(was_right):,} images right"
    )
    heading = heading if len(was_right) else "There are no predictions."
    page.text(0.02 * width, 0.3, heading, fontsize=13, color=INK, fontweight="bold", va="center")
    top = 0.55
    for chosen, says, good in sections:
        colour = SEA if good else CORAL
        page.text(0.02 * width, top + 0.17, says, fontsize=10, color=colour, fontweight="bold", va="center")
        top += section_in
        for place, position in enumerate(chosen):
            corner = 0.26 + (place % columns) * (side + gap), top + (place // columns) * pitch[good]
            _tile(page, corner, side, dataset, predictions.iloc[position].to_dict(), good)
        top += pitch[good] * math.ceil(len(chosen) / columns)
    _save(figure, path)


def _of(shown: int, total: int) -> str:
    return f" of {total:,}, drawn at random" if shown < total else ""


def _tile(
    page: Axes, corner: tuple[float, float], side: float, dataset: Dataset, row: dict[Any, Any], is_right: bool
) -> None:
    """One whole picture on a square; below it the prediction, and the label if it is different."""
    colour, (left, top) = SEA if is_right else CORAL, corner
    line = {"edgecolor": colour, "linewidth": 2, "linestyle": "-" if is_right else (0, (4, 2))}
    page.add_patch(Rectangle(corner, side, side, facecolor="#F4F7F8", zorder=-1))  # below the picture
    try:
        with Image.open(io.BytesIO(thumbnail(dataset, dataset.row_of(row["id"]), 256))) as picture:
            wide, high = (side * length / max(picture.size) for length in picture.size)
            x, y = left + (side - wide) / 2, top + (side - high) / 2
            page.imshow(np.asarray(picture.convert("RGB")), extent=(x, x + wide, y + high, y), aspect="auto")
    except (SealifeError, OSError):  # the picture has been deleted
        page.text(left + side / 2, top + side / 2, "picture\nis gone", ha="center", va="center", color=QUIET)
    page.add_patch(Rectangle(corner, side, side, fill=False, **line))
    sign, confidence = ("✓", "✗")[not is_right], float(row["confidence"])
    said = f"{sign} {shortened(row['predicted'], 15)} {confidence:.0%}"
    truth = "" if is_right else f"truth: {shortened(row['label'], 17)}"
    as_it_stands(page.text(left, top + 1.03 * side, said, fontsize=8, color=colour, va="top", fontweight="bold"))
    as_it_stands(page.text(left, top + 1.125 * side, truth, fontsize=8, color=INK, va="top"))


def _balanced(wrong: np.ndarray, right: np.ndarray, pictures: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Half of ``pictures`` from each, at random; if one has too few, more from the other."""
    from_wrong = min(len(wrong), max(pictures // 2, pictures - len(right)))
    from_right = min(len(right), pictures - from_wrong)
    chooser = np.random.default_rng(seed)
    return chooser.permutation(wrong)[:from_wrong], chooser.permutation(right)[:from_right]


def _with_data(
    metrics: Sequence[Mapping[str, Any]], lines: tuple[tuple[str, str, str, str], ...]
) -> list[tuple[str, np.ndarray, np.ndarray, str, str]]:
    """(label, epochs (n,), values (n,), colour, style) of the lines that have finite values."""
    found = []
    for key, label, colour, style in lines:
        points = [
            (line.get("epoch") or 0.0, line[key])
            for line in metrics
            if isinstance(line.get(key), int | float) and math.isfinite(line[key])
        ]
        if points:
            x, y = np.array(points, dtype=float).T
            found.append((label, x, y, colour, style))
    return found


def _line(axes: Axes, x: np.ndarray, y: np.ndarray, label: str, colour: str, style: str) -> None:
    """A line; a long one is drawn pale, with its moving average on top."""
    if len(y) > 200:
        axes.plot(x, y, color=colour, linewidth=0.6, alpha=0.25)
        window = len(y) // 50
        y = np.convolve(y, np.ones(window) / window, mode="valid")
        x = x[window // 2 : window // 2 + len(y)]
    marker = "o" if len(y) <= 30 else ""
    axes.plot(x, y, color=colour, linewidth=1.8, linestyle=style, marker=marker, markersize=3.5, label=label)


def calm(axes: Axes, grid: Literal["x", "y", "both"] = "y", size: int = 8) -> Axes:
    """Pale lines: at the bottom, and a ``grid`` behind; no ticks; labels of ``size`` points."""
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.grid(axis=grid, color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=size, colors=QUIET)
    return axes


def _save(figure: Figure, path: Path) -> None:
    """Write the PNG completely or not at all."""
    with replacing(path) as file:
        # savefig() draws twice what has a layout.
        FigureCanvasAgg(figure).print_png(file, pil_kwargs={"compress_level": _COMPRESSION})
