"""Precision, recall and F1 of each class, with what it is taken for most; a name or a mix-up leads to its pictures.
A heading sorts, in the browser.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from dashboard import state
from dashboard.data.answers import Answers
from dashboard.parts.own_component import own_component
from sealife_core.evaluation.figures.palette import class_colour

_table = own_component(__file__, '<div class="scroll"><table></table></div>')


def class_table(
    answers: Answers,
    per_class: list[dict[str, Any]],
    counts: np.ndarray,
    key: str,
    on_pick: Callable[[dict[str, str]], None],
) -> None:
    """``per_class`` as ``scores`` gives it, ``counts`` (C, C) with row = truth. ``on_pick`` is told what is clicked."""
    rows = [_row(answers, index, scored, counts) for index, scored in enumerate(per_class) if scored["n"]]

    def picked() -> None:
        if cell := state.told(key, "picked"):
            on_pick(dict(cell))

    _table(data={"rows": rows}, key=key, on_picked_change=picked)


def _row(answers: Answers, index: int, scored: dict[str, Any], counts: np.ndarray) -> dict[str, Any]:
    from sealife_core.evaluation.classification.scores import wilson

    others = counts[index].copy()
    others[index] = 0
    low, high = wilson(int(counts[index, index]), int(counts[index].sum()))
    return {
        "name": scored["label"],
        "colour": class_colour(answers.colour_index(index)),
        "n": scored["n"],
        "recall": scored["recall"],
        "precision": scored["precision"],
        "f1": scored["f1"],
        "interval": f"{100 * low:.0f} to {100 * high:.0f} %",
        "mistakes": int(others.max(initial=0)),
        "taken_for": answers.classes[int(others.argmax())] if len(others) else "",
    }
