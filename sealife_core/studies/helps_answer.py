"""The answer of "Does self-supervision help me?": yes, no or cannot tell, and the cost. Needs no torch.

Computed from the test images that each run classified correctly (``predictions.parquet``) and its training time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from sys import intern

import numpy as np

from sealife_core.errors import RunError
from sealife_core.evaluation.comparison.paired import tested
from sealife_core.runs.files import FileMark, mark
from sealife_core.runs.run import PREDICTIONS
from sealife_core.studies.helps import BESIDE, DECIDES, Comparison, Option
from sealife_core.studies.readiness import FINISHED, LEAST_SEEDS
from sealife_core.studies.study_results import CellResult, PartResult, over_seeds
from sealife_core.studies.study_settings import FINE_TUNE, RANDOM, budget
from sealife_core.studies.verdict import (
    CANNOT_TELL,
    GOAL,
    NO,
    WORTH,
    YES,
    Gain,
    Verdict,
    gain,
    labels_needed,
    other_gains,
)
from sealife_core.wording import counted, percent, points_between


@dataclass(frozen=True)
class Compared:
    """A baseline and another option: the mean gain over the numbers of labels that both have, and its cost.

    minutes: how much longer the other option trains, including pre-training; None if unknown. budget: the middle number
    of labels per class, with which the other option has ``accuracy``; needed: how many labels per class the baseline
    needs for that (∞: more than there are; None: no more than ``budget``). kept_start: with every seed the other option
    is the baseline itself, which SimCLR did not improve, and all their answers are the same.
    """

    baseline: Option
    other: Option
    gain: Gain
    budgets: int
    minutes: float | None
    budget: float
    accuracy: float
    needed: float | None
    kept_start: bool = False

    @property
    def verdict(self) -> Verdict:
        """That of the gain; no where there is nothing that could gain."""
        return NO if self.kept_start else self.gain.verdict


@dataclass(frozen=True)
class HelpsFound:
    """The comparison that decides, and the others, each with whether its gain is significant after correction."""

    decides: Compared
    beside: tuple[tuple[Compared, bool], ...]


def helps_found(parts: Sequence[PartResult], root: Path, classes: int) -> HelpsFound | None:
    """The comparisons of a study's finished runs; None if for no comparison of DECIDES both options have two seeds.

    root: the folder of the runs; classes: of the data set. Raises RunError if predictions cannot be read, or if runs
    were tested on different images.
    """
    table = [part for part in parts if part.cell and part.state == FINISHED]
    decides = next((pair for pair in DECIDES if _seeds(table, pair)), None)
    if decides is None:
        return None
    pairs = [pair for pair in dict.fromkeys((decides, *BESIDE)) if _seeds(table, pair)]
    right = {pair: _right_of(table, pair, root) for pair in pairs}
    cells = over_seeds(table)
    beside = other_gains({str(pair): right[pair] for pair in pairs[1:]})
    also = [(_compared(pair, beside[str(pair)][0], table, cells, classes), beside[str(pair)][1]) for pair in pairs[1:]]
    return HelpsFound(_compared(decides, gain(*right[decides]), table, cells, classes), tuple(also))


def decides_sentence(one: Compared) -> str:
    """What the comparison that decides says, and what it costs."""
    said = _kept_start(one) if one.kept_start else _gained(one)
    if one.minutes is not None and one.minutes >= 0.5:
        said += f" It takes {one.minutes:,.0f} min more for each model."
    return said


def beside_sentence(found: HelpsFound) -> str:
    """Which of the other comparisons show a sure gain; "" if there is no other."""
    if not found.beside:
        return ""
    named = [(f"{option_words(c.other)} on {option_words(c.baseline)}", c.gain, is_one) for c, is_one in found.beside]
    sure = [f"{name}: {_points(gained)}" for name, gained, is_one in named if is_one]
    others = [name for name, _, is_one in named if not is_one]
    said = [f"Beside it, a sure gain: {'; '.join(sure)}."] if sure else []
    said += [f"No sure gain: {'; '.join(others)}."] if others else []
    how = "The first comparison was chosen beforehand; the others are judged more strictly, because there are several."
    return " ".join([*said, how])


def _gained(one: Compared) -> str:
    best = one.gain
    ruled_out = f" A gain of {100 * WORTH:.0f} points or more is ruled out."
    return (
        f"{best.verdict.capitalize()}: {option_words(one.other)} gains {_points(best)} on {option_words(one.baseline)}."
        f" This is the mean of {counted(one.budgets, 'number')} of labels, over {counted(best.seeds, 'seed')} and"
        f" {counted(best.images, 'test image')} together."
    ) + {YES: _labels(one), NO: ruled_out, CANNOT_TELL: _could_show(best)}[best.verdict]


def _kept_start(one: Compared) -> str:
    """No gain in any seed, number of labels and image, and none on other images either."""
    return (
        f"No: {option_words(one.other)} is right on the very same test images as {option_words(one.baseline)}, with"
        f" {counted(one.gain.seeds, 'seed')} and {counted(one.budgets, 'number')} of labels. A continued run keeps its"
        " start where SimCLR does not make the features better on validation; so did every one here."
    )


def _labels(one: Compared) -> str:
    """How many labels the gain saves."""
    if one.needed is None:
        return ""
    reaches = f" With {one.budget:,.3g} labels per class it reaches {percent(one.accuracy, 0)};"
    if one.needed == float("inf"):
        return f"{reaches} {option_words(one.baseline)} does not reach that with all labels."
    return f"{reaches} {option_words(one.baseline)} needs about {one.needed:,.2g} for that."


def _could_show(best: Gain) -> str:
    """The smallest gain that these seeds and images could have shown."""
    if best.shows_goal:
        return f" A gain of {100 * best.smallest:.1f} points would have been found in four of five such studies."
    more = "more seeds or more test images" if best.seeds < 10 else "more test images"
    return (
        f" This data set cannot show a gain of {100 * GOAL:.0f} points: with {counted(best.images, 'test image')} and"
        f" {counted(best.seeds, 'seed')}, only one of {100 * best.smallest:.0f} points would be found in four of five"
        f" such studies. It takes {more}."
    )


def _points(one: Gain) -> str:
    return f"{100 * one.value:.1f} points (95 % interval {points_between(one.low, one.high, digits=1)})"


def option_words(option: Option) -> str:
    """An encoder and its use in words: "SimCLR (linear probe)"."""
    encoder, use = option
    return "training from scratch" if (encoder, use) == (RANDOM, FINE_TUNE) else f"{encoder} ({use})"


def _of(parts: Sequence[PartResult], option: Option) -> list[PartResult]:
    return [part for part in parts if (part.cell["encoder"], part.cell["use"]) == option]


def _seeds(table: Sequence[PartResult], pair: Comparison) -> list[int]:
    """The seeds for which both options have a run with every shared number of labels; [] if fewer than two."""
    budgets = _budgets(table, pair)
    there = [{(part.seed, part.cell["labels"]) for part in _of(table, option)} for option in pair]
    seeds = sorted({part.seed for part in table})
    whole = [seed for seed in seeds if all((seed, labels) in options for labels in budgets for options in there)]
    return whole if budgets and len(whole) >= LEAST_SEEDS else []


def _budgets(table: Sequence[PartResult], pair: Comparison) -> list[str | float]:
    """The numbers of labels for which both options have runs, ascending."""
    a, b = ({part.cell["labels"] for part in _of(table, option)} for option in pair)
    return sorted(a & b, key=budget)


def _right_of(table: Sequence[PartResult], pair: Comparison, root: Path) -> tuple[np.ndarray, np.ndarray]:
    """(S, B, N) bool of both options: whether right with this seed, number of labels and image."""
    seeds, budgets = _seeds(table, pair), _budgets(table, pair)
    images: tuple[str, ...] | None = None
    stacks = []
    for option in pair:
        runs = {(part.seed, part.cell["labels"]): part for part in _of(table, option)}
        rows = []
        for key in product(seeds, budgets):
            folder = root / runs[key].run_id
            ids, right = _tested(folder, mark(folder / PREDICTIONS))
            images = images or ids
            if ids != images:
                raise RunError(
                    f"'{runs[key].key}' was tested on other images than the other runs of this study, so they cannot be"
                    " compared image by image. Start the study again."
                )
            rows.append(right)
        stacks.append(np.array(rows).reshape(len(seeds), len(budgets), -1))
    return stacks[0], stacks[1]


@lru_cache(maxsize=4096)  # a page that is drawn again does not read hundreds of files again
def _tested(folder: Path, marked: FileMark) -> tuple[tuple[str, ...], np.ndarray]:
    """The sorted ids of a run's test images, and whether each was classified correctly. marked: the file as it is."""
    from sealife_core.evaluation.classification.predictions import read_predictions

    answers = tested(read_predictions(folder))
    order = np.argsort(answers.ids)
    ids = tuple(map(intern, answers.ids[order]))  # of hundreds of runs the same, held once
    return ids, (answers.predicted == answers.labels)[order]


def _compared(
    pair: Comparison, gained: Gain, table: Sequence[PartResult], cells: Sequence[CellResult], classes: int
) -> Compared:
    budgets = _budgets(table, pair)
    curves = [{c.cell["labels"]: c for c in cells if (c.cell["encoder"], c.cell["use"]) == option} for option in pair]
    own = sorted(curves[0].values(), key=lambda cell: budget(cell.cell["labels"]))
    middle = budgets[(len(budgets) - 1) // 2]
    reached = curves[1][middle]
    needed = labels_needed(reached.mean, [per_class(cell, classes) for cell in own], [cell.mean for cell in own])
    at = per_class(curves[0][middle], classes)
    took = [_seconds(_of(table, option), budgets) for option in pair]
    minutes = None if took[0] is None or took[1] is None else (took[1] - took[0]) / 60
    kept_start = not gained.differing and all(part.kept_start for part in _of(table, pair[1]))
    return Compared(
        *pair, gained, len(budgets), minutes, at, reached.mean,
        needed if needed is None or needed > at else None, kept_start,
    )  # fmt: skip


def per_class(cell: CellResult, classes: int) -> float:
    """The average number of training labels per class."""
    return (cell.labels or 0) / max(1, classes)


def _seconds(parts: Sequence[PartResult], budgets: Sequence[str | float]) -> float | None:
    """Mean training time of one model, including its encoder's pre-training; None if unknown."""
    took = [
        part.train_s + (part.pretrain_s or 0.0)
        for part in parts
        if part.cell["labels"] in budgets and part.train_s is not None
    ]
    return float(np.mean(took)) if took else None
