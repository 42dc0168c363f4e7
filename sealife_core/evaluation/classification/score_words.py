"""A classifier's results in words: the classes that it confuses, and how its penalty was chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sealife_core.wording import counted, percent

FEW_A_CLASS = 10  # validation images: with fewer, one image changes macro-F1 as much as another penalty does


@dataclass(frozen=True)
class Confusion:
    """``count`` of the ``of`` images of the class ``truth`` were classified as ``predicted``."""

    truth: str
    predicted: str
    count: int
    of: int

    @property
    def says(self) -> str:
        """ "3 of 15 Seal classified as Otter"."""
        return f"{self.count:,} of {self.of:,} {self.truth} classified as {self.predicted}"


def worst_confusions(scored: Mapping[str, Any], most: int = 5) -> list[Confusion]:
    """The pairs of classes with the most mistakes; ties: the larger share of the true class first. Pairs with a single
    mistake are listed only if no pair has more.

    ``scored``: a split of results.json, with ``confusion`` (C, C), row = truth, and ``per_class``.
    """
    names = [str(row.get("label")) for row in scored.get("per_class") or []]
    counts = np.array(scored.get("confusion") or [], np.int64)
    if counts.shape != (len(names), len(names)):
        return []
    of = counts.sum(1)
    wrong = [(i, j) for i, j in zip(*np.nonzero(counts), strict=True) if i != j]
    wrong = [at for at in wrong if counts[at] > 1] or wrong
    wrong.sort(key=lambda at: (-counts[at], -counts[at] / of[at[0]], at))
    return [Confusion(names[i], names[j], int(counts[i, j]), int(of[i])) for i, j in wrong[:most]]


def penalty_words(results: Mapping[str, Any]) -> str:
    """How the L2 penalty of a probe was chosen, in sentences; "" for a run without one.

    ``results``: of results.json.
    """
    penalty, tried = results.get("penalty"), _complete(results.get("penalties") or [])
    if penalty is None:
        return ""
    if not tried:
        return f"L2 penalty {penalty:g}, fixed."
    val = results.get("val") or {}
    n, classes = val.get("n") or 0, len(val.get("per_class") or [])
    scores = [one["macro_f1"] for one in tried]
    said = (
        f"L2 penalty {penalty:g}, chosen from {len(tried)} on {counted(n, 'validation image')}: macro-F1"
        f" {percent(max(scores))}, with the others {percent(min(scores))} or more."
    )
    if n < FEW_A_CLASS * classes:
        said += (
            f" These are few for {counted(classes, 'class', 'classes')}: another split could choose another penalty."
        )
    return said


def _complete(tried: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [one for one in tried if one.get("penalty") is not None and one.get("macro_f1") is not None]
