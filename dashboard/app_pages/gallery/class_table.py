"""Precision, recall and F1 of each class, and the class it is most often confused with; a click shows the pictures.
A heading sorts, in the browser.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from dashboard.data.classifier_answers import Answers
from dashboard.data.confusion_shares import class_row
from dashboard.parts.own_component import own_component
from dashboard.state import Key

_table = own_component(__file__, '<div class="scroll"><table></table></div>')


def class_table(
    answers: Answers, per_class: list[dict[str, Any]], counts: np.ndarray, key: Key,
    on_pick: Callable[[dict[str, str]], None],
) -> None:  # fmt: skip
    """``per_class`` as ``scores`` gives it, ``counts`` (C, C) with row = truth. ``on_pick`` gets what is clicked."""
    rows = [class_row(answers, index, scored, counts) for index, scored in enumerate(per_class) if scored["n"]]
    _table(data={"rows": rows}, key=key, on_picked_change=key.on("picked", on_pick))
