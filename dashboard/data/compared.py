"""Which runs are compared, and what the comparison of two says class by class and picture by picture."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dashboard.data.pictures import ALL
from dashboard.words import percent_within, plain
from sealife_core.evaluation.comparison.candidates import Candidate, ImageSet, candidates, distinct_names, image_sets
from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow, comparison
from sealife_core.evaluation.comparison.paired import BEYOND_CHANCE, ClassChange, Paired, holm, p_words
from sealife_core.models.facts import title_of
from sealife_core.runs.run import Run
from sealife_core.wording import duration, percent, points

MOST_AT_ONCE = 12  # more lines than this cannot be told apart; a person may still tick more


@dataclass(frozen=True)
class Choice:
    """What is compared. ``rows`` and ``runs`` have one order, the most accurate first.

    ``left_out``: names of runs that were asked for and cannot be compared with these; ``ticked``: ids of the others.
    """

    candidates: list[Candidate]
    sets: list[ImageSet]
    test_hash: str
    rows: list[ComparisonRow]
    runs: list[Run]
    left_out: list[str]
    ticked: list[str]


def choice_of(runs: Sequence[Run], asked: Sequence[str] | None, tests: str) -> Choice:
    """What to compare of ``runs``. asked: the ids that were ticked, None if nobody chose yet; tests: the hash of the
    test pictures that was asked for, "" for those of ``asked``."""
    found = candidates(runs)
    names = distinct_names([run for run in runs if run.id in {one.run_id for one in found}])
    found = [replace(one, name=names[one.run_id]) for one in found]
    sets = image_sets(found)
    wanted = asked or []
    test_hash = _test_hash(found, sets, wanted, tests)
    fitting = [one.run_id for one in found if test_hash and not one.why_not(test_hash)]
    ticked = [run_id for run_id in wanted if run_id in fitting]
    left_out = [one.name for one in found if one.run_id in wanted and one.run_id not in fitting]
    if not ticked and not left_out and (asked is None or wanted):  # nobody chose yet, or what they chose is gone
        ticked = fitting[:MOST_AT_ONCE]
    known = {run.id: run for run in runs}
    rows = comparison([known[run_id] for run_id in ticked], test_hash)
    rows = [replace(row, name=names[row.run_id]) for row in rows if row.comparable]
    return Choice(found, sets, test_hash, rows, [known[row.run_id] for row in rows], left_out, ticked)


def _test_hash(found: Sequence[Candidate], sets: Sequence[ImageSet], ticked: Sequence[str], tests: str) -> str:
    """``tests`` if runs were tested on them, else the test pictures of the first ticked run, else those of most."""
    if tests in {one.test_hash for one in sets}:
        return tests
    tested = {one.run_id: one.test_hash for one in found}
    first = next((tested[run_id] for run_id in ticked if tested.get(run_id)), "")
    return first or (sets[0].test_hash if sets else "")


def score_rows(rows: Sequence[ComparisonRow]) -> list[dict[str, str]]:
    """What the table says: words and numbers ready to be read."""
    return [
        {
            "Run": row.name,
            "Method": row.method,
            "Accuracy": percent_within(row.accuracy, row.low, row.high),
            "Macro-F1": percent_within(row.macro_f1, row.macro_f1_low, row.macro_f1_high),
            "Trained for": duration(row.train_s),
            "Pre-trained for": duration(row.pretrain_s),
            "Parameters trained": "–" if row.parameters_trained is None else f"{row.parameters_trained:,}",
            "Encoder": f"{title_of(row.encoder)}, {row.source}",
            "Guessing": percent(row.chance),
            "Test pictures": f"{row.n:,}",
            "Labels": row.fewer_labels or "all",
        }
        for row in rows
    ]


def believed(changes: Sequence[ClassChange]) -> str:
    """What is left of the single differences when they are corrected for their number, in one sentence."""
    sure = [change for change in changes if change.p_holm < BEYOND_CHANCE]
    if not sure:
        return (
            f"After Holm’s correction for {len(changes)} classes, no class differs significantly. Treat the chart as"
            " a hint."
        )
    words = ", ".join(
        f"{plain(change.label)} ({'gains' if change.difference > 0 else 'loses'}, {p_words(change.p_holm)})"
        for change in sure
    )
    return f"After Holm’s correction for {len(changes)} classes, these differ significantly: {words}."


def class_rows(changes: Sequence[ClassChange]) -> list[dict[str, Any]]:
    """The table: one line a class."""
    return [
        {
            "Class": change.label,
            "Test pictures": change.n,
            "Fixed": change.fixed,
            "Broken": change.broken,
            "Recall before": percent(change.recall_a, 0),
            "Recall now": percent(change.recall_b, 0),
            "Points": points(change.difference, 0),
            "Exact McNemar": p_words(change.p),
            "Holm-corrected": p_words(change.p_holm),
        }
        for change in changes
    ]


def pair_rows(pairs: Sequence[Paired]) -> list[dict[str, Any]]:
    """One line a pair of runs, with p values corrected for their number."""
    return [
        {
            "Compared run": pair.name_b,
            "Baseline": pair.name_a,
            "Fixed": len(pair.fixed),
            "Broken": len(pair.broken),
            "Points": points((len(pair.fixed) - len(pair.broken)) / pair.n),
            "Exact McNemar": p_words(pair.p),
            "Holm-corrected": p_words(p),
        }
        for pair, p in zip(pairs, holm([pair.p for pair in pairs]), strict=True)
    ]


def pile_places(pair: Paired, pile: str, label: str) -> np.ndarray:
    """(n,) places in ``pair`` of one pile, of one class or ALL."""
    wanted = pair.mask(pile)
    return np.flatnonzero(wanted if label == ALL else wanted & (pair.labels == label))
