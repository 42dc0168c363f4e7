"""What labels are worth: how many of them a pre-trained encoder saves, and what more of them would bring."""

import math
from collections.abc import Sequence

import numpy as np

from sealife_core.evaluation.comparison.learning_curve import AccuracyForecast, forecast
from sealife_core.studies.helps import HELPS
from sealife_core.studies.helps_answer import option_words, per_class
from sealife_core.studies.questions import LABELS
from sealife_core.studies.readiness import LEAST_SEEDS, clearly_better, unfinished
from sealife_core.studies.study_results import CellResult, PartResult, over_seeds
from sealife_core.studies.study_settings import FINE_TUNE, RANDOM, budget
from sealife_core.studies.verdict import labels_at
from sealife_core.wording import percent

TIMES = (2, 4)  # more labels that an accuracy is forecast for


def label_saving(better: CellResult, baseline: Sequence[CellResult]) -> tuple[float, float] | None:
    """(Share (%) of the labels that ``better`` learned from, share with which ``baseline`` reaches its accuracy).

    Shares are counted in the labels that were used, where these are known: of a class with ten images, 5 % is one of
    ten. ``baseline``: a curve over the cell's "labels", in their order. None and ∞ as in
    :func:`~sealife_core.studies.verdict.labels_at`.
    """
    own, *known = [cell.labels for cell in (better, *baseline)]
    shares = [float(cell.cell["labels"]) for cell in baseline]
    of_one, taught = float(better.cell["labels"]), shares
    if own is not None and None not in known:
        percent = (known[-1] or 0) / shares[-1]
        of_one, taught = own / percent, [(labels or 0) / percent for labels in known]
    needed = labels_at(better.mean, taught, [cell.mean for cell in baseline])
    return None if needed is None else (of_one, needed)


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
    if not scratch or len(by_option) < 2:
        return ""
    savings = []
    for (encoder, use), cells in by_option.items():
        if encoder == RANDOM:
            continue
        for cell in cells:
            same = next((other for other in scratch if other.cell["labels"] == cell.cell["labels"]), None)
            if (found := label_saving(cell, scratch)) is None or same is None:
                continue
            share, needed = found
            if needed == math.inf and not clearly_better(cell, scratch[-1]):
                needed = float(scratch[-1].cell["labels"])  # above it on average, and not surely
            if needed > share and clearly_better(cell, same):
                savings.append((needed / share, share, needed, encoder, use))
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
            f"{encoder} ({use}) with {_round(share)} % of the labels is better than training from scratch with"
            f" {most:g} %, with every seed."
        )
    return (
        f"{encoder} ({use}) with {_round(share)} % of the labels equals training from scratch with about"
        f" {_round(needed)} %: {_round(times)} times as many."
    )


def _round(value: float) -> str:
    """Two digits: an interpolation is not more precise."""
    return f"{float(f'{value:.2g}'):g}"


def forecasts(parts: Sequence[PartResult], classes: int) -> dict[tuple[str, str], list[AccuracyForecast]]:
    """(encoder, use) → accuracy with TIMES the most labels per class it was trained with; {} without a forecast."""
    found = {}
    for option, cells in curves(over_seeds(parts)).items():
        labels = [per_class(cell, classes) for cell in cells]
        if any(b <= a for a, b in zip([0.0, *labels], labels, strict=False)):
            continue  # unknown, or the same labels twice
        own = [part for part in parts if part.cell and (part.cell["encoder"], part.cell["use"]) == option]
        scores = {(part.seed, part.cell["labels"]): part.accuracy for part in own if part.accuracy is not None}
        seeds = sorted({seed for seed, _ in scores})
        if len(seeds) < LEAST_SEEDS:
            continue  # nothing is known of how much chance there is in these accuracies
        table = [[scores.get((seed, cell.cell["labels"]), np.nan) for cell in cells] for seed in seeds]
        if told := forecast(labels, np.array(table, float), [times * labels[-1] for times in TIMES]):
            found[option] = told
    return found


def forecasts_of_best(parts: Sequence[PartResult], classes: int) -> dict[tuple[str, str], list[AccuracyForecast]]:
    """:func:`forecasts` of the option with the highest accuracy at twice the labels; {} until all runs have ended."""
    if unfinished(parts) or not (found := forecasts(parts, classes)):
        return {}
    best = max(found, key=lambda option: found[option][0].value)
    return {best: found[best]}


def forecast_says(question: str, parts: Sequence[PartResult], classes: int) -> str:
    """ "Forecast for SimCLR (linear probe): with 2 × as many labels (240 per class) expect 82 % (80 to 84), …" for the
    best option, if the question is about labels; "" without a forecast."""
    told = forecasts_of_best(parts, classes) if question in (LABELS, HELPS) else {}
    for best, found in told.items():
        expected = [
            f"with {times} × as many labels ({one.labels:,.3g} per class) expect {percent(one.value, 0)}"
            f" ({100 * one.low:.0f} to {100 * one.high:.0f})"
            for times, one in zip(TIMES, found, strict=True)
        ]
        return f"Forecast for {option_words(best)}: {', '.join(expected)}. Four of five such intervals hold what comes."
    return ""
