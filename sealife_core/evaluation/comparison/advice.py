"""One or two sentences on which run to use, from the scores; nothing about what the data do not decide."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from scipy.stats import norm

from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow
from sealife_core.evaluation.comparison.paired import BEYOND_CHANCE, PairRow, all_pairs, holm, p_words
from sealife_core.evaluation.comparison.resampling import Interval
from sealife_core.wording import duration, listed, percent, points

if TYPE_CHECKING:
    import pandas as pd

POWER = 0.8  # the usual statistical power: four in five such studies would find the difference
MOST_TIMES = 10  # a number of more than ten times the existing images would not help anybody
MOST_NAMED = 4  # runs in a sentence; nobody reads a longer list
UNTRAINED = "Untrained probe"


def advice(rows: Sequence[ComparisonRow], tables: "Mapping[str, pd.DataFrame]") -> str:
    """What to do, from tested ``rows`` and their predictions (run id → table); "" with fewer than two comparable ones.

    Every pair of runs is compared by the exact McNemar test with Holm's correction over all pairs. A run is better only
    if the corrected p is below 5 %; all that are not worse than the most accurate run remain candidates.
    """
    rows = sorted((row for row in rows if row.comparable and row.run_id in tables), key=lambda row: -row.accuracy)
    if len(rows) < 2:
        return ""
    rows = _by_name(rows)
    best, n = rows[0], rows[0].n
    if best.low <= best.chance:
        return (
            f"Do not use any of these runs yet: the best, {run_label(best)}, classifies {percent(best.accuracy)} of"
            f" {n:,} test images correctly. That is not significantly better than guessing ({percent(best.chance)})."
            " Train longer, or label more images."
        )
    pairs = all_pairs({row.run_id: tables[row.run_id] for row in rows}, {row.run_id: run_label(row) for row in rows})
    against = {other.run_id: _pair(pairs, best.run_id, other.run_id) for other in rows[1:]}
    tied = [row for row in rows[1:] if against[row.run_id].p_holm >= BEYOND_CHANCE]
    corrected = f", Holm-corrected over {len(pairs)} pairs" if len(pairs) > 1 else ""
    if tied:
        return _undecided(best, tied, rows, against, len(pairs), corrected)
    second = against[rows[1].run_id]
    sure = f"{interval(_of(second, best.run_id))}; {p_words(second.p_holm)}{corrected}; {n:,} test images"
    ahead = f"{signed(_of(second, best.run_id).value)} points"
    if best.method == UNTRAINED:
        said = (
            f"Do not use the trained encoders as they are: the accuracy of {run_label(best)} is {ahead} higher than"
            f" that of the best of them, {run_label(rows[1])} ({sure}). Train longer, or check the pairs of views: they"
            " may hide what distinguishes your classes."
        )
    else:
        said = (
            f"Use {run_label(best)}: its accuracy is {ahead} higher than that of the next best, {run_label(rows[1])}"
            f" ({sure})."
        )
    return said + _rare_classes(best, rows[1:], against)


def images_needed(fixed: int, broken: int, n: int, alpha: float = BEYOND_CHANCE) -> int | None:
    """Test images with which McNemar's test would find a difference of this size; None if there is no difference.

    Connor, Biometrics 43, 1987, eq. 1; ``fixed`` and ``broken`` of ``n`` images are discordant.
    """
    discordant, difference = (fixed + broken) / n, abs(fixed - broken) / n
    if difference == 0:
        return None
    at_level, at_power = norm.isf(alpha / 2), norm.isf(1 - POWER)
    spread = math.sqrt(max(0.0, discordant - difference**2))
    return math.ceil(((at_level * math.sqrt(discordant) + at_power * spread) / difference) ** 2)


def run_label(row: ComparisonRow) -> str:
    """The run's name, in quotes if it contains a comma, with its number of labels if the name does not have it and not
    all labels are used."""
    name, fewer = (f"“{row.name}”" if ", " in row.name else row.name), row.fewer_labels
    return f"{name} ({fewer})" if fewer and fewer not in row.name else name


def interval(found: Interval) -> str:
    """ "95 % interval 2.1 to 12.3": of a difference of accuracies, in points."""
    return f"95 % interval {signed(found.low)} to {signed(found.high)}"


def signed(share: float) -> str:
    """A share in percent with a minus sign, not a hyphen: "−2.1", "12.3"."""
    return points(share).removeprefix("+")


def _undecided(
    best: ComparisonRow,
    tied: list[ComparisonRow],
    rows: Sequence[ComparisonRow],
    against: Mapping[str, PairRow],
    pairs: int,
    corrected: str,
) -> str:
    """The remaining candidates, how far apart they may be, the cheapest one, and how many images would decide."""
    closest = against[tied[0].run_id]
    apart = _of(closest, best.run_id)
    two = "The two" if len(tied) == 1 else "The first two"
    said = (
        f"The {best.n:,} test images do not decide between {_listed([run_label(row) for row in (best, *tied)])}."
        f" {two} are {signed(apart.value)} points apart ({interval(apart)}; {p_words(closest.p_holm)}{corrected})."
    )
    beaten = [run_label(row) for row in rows[1:] if row not in tied]
    if beaten:
        said += f" {run_label(best)} is significantly better than {_listed(beaten)}."
    if all(row.train_s is not None for row in (best, *tied)):
        said += f" Until this is decided, choose by cost: {_cheapest((best, *tied))}"
    if len(tied) == 1:
        pair = closest.paired
        needed = images_needed(len(pair.fixed), len(pair.broken), pair.n, BEYOND_CHANCE / pairs)
        if needed is not None and pair.n < needed <= MOST_TIMES * pair.n:
            said += (
                f" If the difference is as large as it looks, about {_rounded(needed - pair.n)} more test images"
                " would show it."
            )
    return said


def _rare_classes(best: ComparisonRow, others: Sequence[ComparisonRow], against: Mapping[str, PairRow]) -> str:
    """A warning if a run is significantly better by macro-F1, which counts every class the same; Holm-corrected too."""
    found = [_of(against[other.run_id], best.run_id, macro=True) for other in others]
    corrected = holm([_p(one) for one in found])
    sure = [
        (other, one)
        for other, one, p in zip(others, found, corrected, strict=True)
        if one.value < 0 and p < BEYOND_CHANCE
    ]
    if not sure:
        return ""
    other, most = min(sure, key=lambda one: one[1].value)
    return (
        f" But if rare classes matter to you, use {run_label(other)}: its macro-F1, which counts every class the same,"
        f" is {signed(-most.value)} points higher ({interval(-most)})."
    )


def _p(found: Interval) -> float:
    """Two-sided p of no difference, from the side of a 95 % interval that lies towards it; as if that were normal."""
    reach = found.value - found.low if found.value > 0 else found.high - found.value
    return 2 * float(norm.sf(norm.isf(0.025) * abs(found.value) / reach))


def _by_name(rows: Sequence[ComparisonRow]) -> list[ComparisonRow]:
    """``rows``, with the id added to names that occur twice: no sentence may compare a name with itself."""
    names = Counter(run_label(row) for row in rows)
    return [replace(row, name=f"{row.name} ({row.run_id})") if names[run_label(row)] > 1 else row for row in rows]


def _pair(pairs: Sequence[PairRow], one: str, other: str) -> PairRow:
    return next(pair for pair in pairs if {pair.a, pair.b} == {one, other})


def _of(pair: PairRow, run_id: str, *, macro: bool = False) -> Interval:
    """The difference from the side of ``run_id``: positive if it is better."""
    found = pair.paired.macro_f1_difference if macro else pair.paired.accuracy_difference
    return found if pair.b == run_id else -found


def _cost_s(row: ComparisonRow) -> float:
    return (row.train_s or 0.0) + (row.pretrain_s or 0.0)


def _cheapest(rows: Sequence[ComparisonRow]) -> str:
    """Which of ``rows`` takes the least time in total; and, if another one, which trains fastest after pre-training."""
    least, quickest = min(rows, key=_cost_s), min(rows, key=lambda row: row.train_s or 0.0)
    before = f", including {duration(least.pretrain_s)} of pre-training" if least.pretrain_s else ""
    said = f"{run_label(least)} takes the least time in total ({duration(_cost_s(least))}{before})"
    if quickest.run_id == least.run_id or duration(quickest.train_s) == duration(least.train_s):
        return f"{said}."
    return (
        f"{said}; {run_label(quickest)} trains in {duration(quickest.train_s)}, on an encoder whose pre-training takes"
        f" {duration(quickest.pretrain_s)}."
    )


def _rounded(count: int) -> str:
    """Two digits: more would suggest a precision that the estimate does not have."""
    return f"{int(float(f'{count:.2g}')):,}"


def _listed(names: Sequence[str]) -> str:
    """All names if there are few, else the first ones and how many more."""
    if len(names) > MOST_NAMED:
        names = [*names[: MOST_NAMED - 1], f"{len(names) - MOST_NAMED + 1} others"]
    return listed(names)
