"""The confusion matrix as a table of buttons: a click, or Enter, on a cell or a name shows the pictures behind it.

Arrow keys move within it. What is right stands on the diagonal in the accent; mistakes are warm, so that they are seen.
"""

from collections.abc import Callable, Sequence

import numpy as np

from dashboard.data.classifier_answers import Answers
from dashboard.data.confusion_shares import as_shares
from dashboard.parts.own_component import own_component
from dashboard.state import Key

SHARES = {"": "Counts", "truth": "Share of each true class", "said": "Share of each predicted class"}
STRONGEST = 0.7  # how much of its tint the fullest cell takes: with more, its number could not be read

_matrix = own_component(__file__, '<div class="scroll"><table></table></div>')


def confusion_matrix(
    answers: Answers, counts: np.ndarray, shown: Sequence[int], shares: str, key: Key,
    on_pick: Callable[[dict[str, str]], None],
) -> None:  # fmt: skip
    """``counts`` (C, C), row = truth; ``shown``: the classes of it, in order; ``shares``: a key of SHARES.

    ``on_pick`` is called with what is clicked: truth, predicted or both.
    """
    part = np.ix_(shown, shown)
    values = as_shares(counts, shares)[part]
    texts = [[f"{100 * value if shares else value:.0f}" if value else "" for value in row] for row in values]
    data = {
        "classes": [
            {"name": answers.classes[i], "colour": answers.colour(i), "count": int(counts[i].sum())} for i in shown
        ],
        "counts": counts[part].tolist(),
        "texts": texts,
        # The square root: one mistake in thirty must still be seen.
        "shades": np.round(np.sqrt(values / max(values.max(), 1e-9)) * STRONGEST, 3).tolist(),
    }
    _matrix(data=data, key=key, on_picked_change=key.on("picked", on_pick))
