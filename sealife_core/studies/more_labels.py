"""The forecast of each option of a study with more labels, and a sentence on the best."""

from collections.abc import Sequence

import numpy as np

from sealife_core.studies.building import budget
from sealife_core.studies.helps import HELPS
from sealife_core.studies.helps_answer import option_words, per_class
from sealife_core.studies.learning_curve import AccuracyForecast, forecast
from sealife_core.studies.questions import LABELS
from sealife_core.studies.readiness import unfinished
from sealife_core.studies.results import PartResult, over_seeds

TIMES = (2, 4)


def forecasts(parts: Sequence[PartResult], classes: int) -> dict[tuple[str, str], list[AccuracyForecast]]:
    """(encoder, use) → accuracy with TIMES the most labels per class it was trained with; {} without a forecast."""
    found = {}
    for option in dict.fromkeys((str(p.cell["encoder"]), str(p.cell["use"])) for p in parts if p.cell):
        own = [p for p in parts if p.cell and (p.cell["encoder"], p.cell["use"]) == option and p.accuracy is not None]
        cells = sorted(over_seeds(own), key=lambda cell: budget(cell.cell["labels"]))
        labels = [per_class(cell, classes) for cell in cells]
        if any(b <= a for a, b in zip([0.0, *labels], labels, strict=False)):
            continue  # unknown, or the same labels twice
        by_seed = {(p.seed, p.cell["labels"]): p.accuracy for p in own}
        seeds = sorted({p.seed for p in own})
        table = [[by_seed.get((seed, cell.cell["labels"]), np.nan) for cell in cells] for seed in seeds]
        if labels and (told := forecast(labels, np.array(table, float), [times * labels[-1] for times in TIMES])):
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
            f"with {times} × as many labels ({one.labels:,.3g} per class) expect {100 * one.value:.0f} %"
            f" ({100 * one.low:.0f} to {100 * one.high:.0f})"
            for times, one in zip(TIMES, found, strict=True)
        ]
        return f"Forecast for {option_words(best)}: {', '.join(expected)}. Four of five such intervals hold what comes."
    return ""
