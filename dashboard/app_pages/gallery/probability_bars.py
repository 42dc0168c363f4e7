"""Every class with how likely the model holds it; a click on one asks for the evidence of that class."""

from collections.abc import Sequence

import numpy as np

from dashboard.data.classifier_answers import Answers
from dashboard.parts.own_component import own_component
from dashboard.state import gallery
from sealife_core.wording import percent

MOST = 30

_bars = own_component(__file__, '<div class="bars" role="group"></div>')


def probability_bars(answers: Answers, models: Sequence[tuple[np.ndarray, str]], truth: int | None, asked: int) -> None:
    """``models``: the probabilities (C,) of one or two models in the order of the classes of ``answers``, and their
    colours ("": each class its own). ``truth`` and ``asked``, the class whose evidence is shown, are indices.

    Beyond MOST classes the least likely are left out.
    """
    rows = []
    for index in shown_classes(models[0][0], truth):
        name, own = answers.classes[index], answers.colour(index)
        bars = [
            {"share": float(values[index]), "percent": percent(float(values[index])), "colour": colour or own}
            for values, colour in models
        ]
        rows.append({"name": name, "colour": own, "truth": index == truth, "pressed": index == asked, "bars": bars})
    _bars(data={"rows": rows}, key=gallery.BARS, on_asked_change=gallery.BARS.on("asked", gallery.EVIDENCE.set))


def shown_classes(probabilities: np.ndarray, truth: int | None) -> list[int]:
    """The likeliest classes first, at most MOST; the truth is always among them."""
    order = np.argsort(-probabilities, kind="stable").tolist()
    kept = order[:MOST]
    return kept if truth is None or truth in kept else [*kept[:-1], truth]
