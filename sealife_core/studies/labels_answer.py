"""The answer to "How many labels do I need?": how many labels a pre-trained encoder saves."""

import itertools
import math
from collections.abc import Sequence

from sealife_core.studies.building import FINE_TUNE, RANDOM, budget
from sealife_core.studies.readiness import clearly_better
from sealife_core.studies.results import CellResult, PartResult, over_seeds


def label_saving(better: Sequence[CellResult], baseline: Sequence[CellResult], share: float) -> float | None:
    """The share (%) of the labels with which ``baseline`` reaches the accuracy of ``better`` with ``share`` %.

    Both are curves over the cell's "labels", interpolated on a logarithmic axis of shares. ∞ if the baseline never
    reaches it, None if it does so with the fewest labels that were tried.
    """
    goal = next((cell.mean for cell in better if cell.cell["labels"] == share), None)
    points = sorted((float(cell.cell["labels"]), cell.mean) for cell in baseline)
    if goal is None or not points or points[0][1] >= goal:
        return None
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if y1 >= goal:
            return math.exp(math.log(x0) + (math.log(x1) - math.log(x0)) * (goal - y0) / (y1 - y0))
    return math.inf


def curves(cells: Sequence[CellResult]) -> dict[tuple[str, str], list[CellResult]]:
    """(encoder, use) → its cells in the order of their labels."""
    found: dict[tuple[str, str], list[CellResult]] = {}
    for cell in sorted(cells, key=lambda cell: budget(cell.cell["labels"])):
        found.setdefault((str(cell.cell["encoder"]), str(cell.cell["use"])), []).append(cell)
    return found


def labels_sentence(parts: Sequence[PartResult]) -> str:
    """The answer in words; "" if the study has no pre-trained encoder or no training from scratch to compare."""
    by_option = curves(over_seeds(parts))
    scratch = by_option.get((RANDOM, FINE_TUNE), [])
    savings = []
    for (encoder, use), cells in by_option.items():
        if encoder == RANDOM or not scratch:
            continue
        for cell in cells:
            share = float(cell.cell["labels"])
            same = next((other for other in scratch if other.cell["labels"] == share), None)
            needed = label_saving(cells, scratch, share)
            if needed is not None and needed > share and same is not None and clearly_better(cell, same):
                savings.append((needed / share, share, needed, encoder, use))
    if not scratch or len(by_option) < 2:
        return ""
    if not savings:
        return (
            "This study shows no saving of labels: no pre-trained encoder is surely better than training from"
            " scratch, at any share of the labels."
        )
    most = max(float(cell.cell["labels"]) for cell in scratch)
    saved = [saving for saving in savings if saving[1] < most]
    if not saved:
        _, share, _, encoder, use = savings[0]
        return (
            f"{encoder} ({use}) is better than training from scratch with {most:g} % of the labels, with every seed."
            " With fewer labels, the runs do not decide."
        )
    times, share, needed, encoder, use = max(saved, key=lambda saving: (saving[0], -saving[1]))
    if math.isinf(times):
        return (
            f"{encoder} ({use}) with {share:g} % of the labels is better than training from scratch with {most:g} %,"
            " with every seed."
        )
    return (
        f"{encoder} ({use}) with {share:g} % of the labels equals training from scratch with about"
        f" {_round(needed)} %: {_round(times)} times as many."
    )


def _round(value: float) -> str:
    """Two digits: an interpolation is not more precise."""
    return f"{float(f'{value:.2g}'):g}"
