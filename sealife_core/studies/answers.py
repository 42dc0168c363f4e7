"""What a study says, in one or two sentences derived from its figures; where seeds do not decide, it says that.

Two spreads are never mixed up. Over *seeds*: another start, other labels, the same test images; one way is called
better than another only if its worst seed is better than the other's best, with two seeds or more. Over *test images*:
how far one accuracy may lie from that on other images; :func:`on_other_images` says it once for the whole study.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

from sealife_core.studies.questions import (
    ALL,
    BATCH_SIZE,
    DEPTH,
    FINE_TUNE,
    HEAD,
    IMBALANCE,
    LABELS,
    RANDOM,
    STRENGTH,
    SWEEPS,
    TEMPERATURE,
    VIEWS,
    WITHOUT,
)
from sealife_core.studies.results import CellResult, PartResult, over_seeds


def answer(question: str, parts: Sequence[PartResult]) -> str:
    """The answer to ``question`` as far as ``parts`` give one; "" before there is anything to say."""
    says = _ANSWERS.get(question, _best_cell)
    return says(parts)


def on_other_images(parts: Sequence[PartResult]) -> str:
    """How far an accuracy may lie from that on other images: "On 100 test images …"; "" before one is known."""
    scored = [part for part in parts if part.cell and part.low is not None and part.high is not None and part.n]
    if not scored:
        return ""
    widest = max((part.high or 0) - (part.low or 0) for part in scored) / 2
    return (
        f"All were tested on the same {scored[0].n:,} images, and seeds say nothing about other images: there each"
        f" accuracy may lie up to {100 * widest:.0f} points away (95 %)."
    )


def told_apart(better: CellResult, worse: CellResult) -> bool:
    """Whether every seed of ``better`` beats every seed of ``worse``, with two seeds or more of both."""
    return min(better.seeds, worse.seeds) > 1 and better.least > worse.greatest


def label_saving(better: Sequence[CellResult], baseline: Sequence[CellResult], share: float) -> float | None:
    """With what share (%) of the labels ``baseline`` reaches what ``better`` does with ``share`` %.

    Both are curves over the cell's "labels". Read off between its points on a logarithmic axis of shares; ∞ if it
    never gets there, None if it is as good already with the fewest labels that were tried.
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
    """(encoder, use) → its cells by share of labels."""
    found: dict[tuple[str, str], list[CellResult]] = {}
    for cell in sorted(cells, key=lambda cell: float(cell.cell["labels"])):
        found.setdefault((str(cell.cell["encoder"]), str(cell.cell["use"])), []).append(cell)
    return found


def _labels(parts: Sequence[PartResult]) -> str:
    by_way = curves(over_seeds(parts))
    scratch = by_way.get((RANDOM, FINE_TUNE), [])
    savings = []
    for (encoder, use), cells in by_way.items():
        if encoder == RANDOM or not scratch:
            continue
        for cell in cells:
            share = float(cell.cell["labels"])
            same = next((other for other in scratch if other.cell["labels"] == share), None)
            needed = label_saving(cells, scratch, share)
            if needed is not None and needed > share and same is not None and told_apart(cell, same):
                savings.append((needed / share, share, needed, encoder, use))
    if not scratch or len(by_way) < 2:
        return ""
    if not savings:
        return (
            "No label is saved for certain: at no share of the labels does a pre-trained encoder beat training from"
            " scratch with every seed."
        )
    most = max(float(cell.cell["labels"]) for cell in scratch)
    saved = [saving for saving in savings if saving[1] < most]
    if not saved:
        _, share, _, encoder, use = savings[0]
        return (
            f"{encoder} ({use}) is better than training from scratch with all labels, with every seed; with fewer the"
            " seeds do not decide."
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


def _depth(parts: Sequence[PartResult]) -> str:
    cells = over_seeds(parts)
    frozen = next((cell for cell in cells if cell.cell["stages"] == 0), None)
    if frozen is None or len(cells) < 2:
        return ""
    best = max(cells, key=lambda cell: cell.mean)
    enough = min((cell for cell in cells if not told_apart(best, cell)), key=lambda cell: float(cell.cell["stages"]))
    if enough.cell["stages"] == 0:
        return (
            f"Leave the encoder frozen: no depth beats it with every seed. Frozen it reaches {_percent(frozen)}, with"
            f" {best.cell['stages']:g} stages trained {_percent(best)}."
        )
    return (
        f"Train {enough.cell['stages']:g} of the five stages: {_percent(enough)} against {_percent(frozen)} frozen."
        + (
            ""
            if enough is best
            else f" More brings nothing that every seed would show: {best.cell['stages']:g} reach {_percent(best)}."
        )
    )


def _views(parts: Sequence[PartResult]) -> str:
    cells = over_seeds(parts)
    whole = next((cell for cell in cells if cell.cell["views"] == ALL), None)
    without = [cell for cell in cells if cell.cell["views"] == WITHOUT]
    if whole is None or not without:
        return ""
    worst, best = min(without, key=lambda c: c.mean), max(without, key=lambda c: c.mean)
    said = f"With all augmentations the probe reaches {_percent(whole)}."
    if told_apart(whole, worst):
        lost = 100 * (whole.mean - worst.mean)
        said += f" Most is lost without {worst.cell['first']}: {lost:.0f} points, with every seed."
    else:
        said += " Leaving out any one of them costs nothing that every seed would show."
    if told_apart(best, whole):
        gained = 100 * (best.mean - whole.mean)
        said += f" Without {best.cell['first']} it is better here, by {gained:.0f} points."
    return said


def _sweep(question: str) -> Callable[[Sequence[PartResult]], str]:
    words = {TEMPERATURE: "temperature", HEAD: "head", BATCH_SIZE: "batch size", STRENGTH: "colour strength"}

    def says(parts: Sequence[PartResult]) -> str:
        cells = over_seeds(parts)
        if len(cells) < 2:
            return ""
        best = max(cells, key=lambda cell: cell.mean)
        same = [cell for cell in cells if cell is not best and not told_apart(best, cell)]
        said = f"The best {words[question]} here is {_value(best.cell[question])}: {_percent(best)} by linear probe"
        if same:
            others = ", ".join(_value(cell.cell[question]) for cell in same)
            return f"{said}, but the seeds do not tell it from {others}."
        return f"{said}, with every seed."

    return says


def _imbalance(parts: Sequence[PartResult]) -> str:
    cells = over_seeds(parts, "macro_f1")
    if not cells:
        return ""
    worst_ratio = max(float(cell.cell["ratio"]) for cell in cells)
    here = [cell for cell in cells if float(cell.cell["ratio"]) == worst_ratio]
    plain = next((cell for cell in here if cell.cell["loss"] == "cross-entropy"), None)
    best = max(here, key=lambda cell: cell.mean)
    if plain is None or len(here) < 2:
        return ""
    rare = {str(c.cell["loss"]): c for c in over_seeds(parts, "rarest_f1") if float(c.cell["ratio"]) == worst_ratio}
    if best is plain or not told_apart(best, plain):
        said = (
            f"At 1 : {worst_ratio:g} nothing helps for certain: the best, {best.cell['loss']}, has macro-F1"
            f" {_percent(best)}, plain cross-entropy {_percent(plain)}."
        )
    else:
        said = (
            f"At 1 : {worst_ratio:g}, {best.cell['loss']} is better than plain cross-entropy with every seed: macro-F1"
            f" {_percent(best)} against {_percent(plain)}."
        )
    if rare:
        top = max(rare.values(), key=lambda cell: cell.mean)
        said += f" The rarest class has its best F1, {_percent(top)}, with {top.cell['loss']}."
    return said


def _best_cell(parts: Sequence[PartResult]) -> str:
    cells = over_seeds(parts) or over_seeds(parts, "knn_accuracy")
    if len(cells) < 2:
        return ""
    best = max(cells, key=lambda cell: cell.mean)
    same = [cell for cell in cells if cell is not best and not told_apart(best, cell)]
    said = f"The best is {_cell_words(best.cell)}: {_percent(best)}"
    return f"{said}; the seeds do not tell it from {len(same)} of the others." if same else f"{said}, with every seed."


def _cell_words(cell: dict[str, Any]) -> str:
    return ", ".join(f"{axis} {_value(value)}" for axis, value in cell.items())


def _percent(cell: CellResult) -> str:
    """ "41 % (38 to 44 over 3 seeds)"."""
    mean = f"{100 * cell.mean:.0f} %"
    if cell.seeds == 1:
        return f"{mean} (one seed)"
    return f"{mean} ({100 * cell.least:.0f} to {100 * cell.greatest:.0f} over {cell.seeds} seeds)"


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _round(value: float) -> str:
    """Two digits are all that can be read off between points."""
    return f"{float(f'{value:.2g}'):g}"


_ANSWERS: dict[str, Callable[[Sequence[PartResult]], str]] = {
    LABELS: _labels,
    DEPTH: _depth,
    VIEWS: _views,
    IMBALANCE: _imbalance,
    **{question: _sweep(question) for question in SWEEPS},
}
