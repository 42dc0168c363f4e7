"""What encoders ignore, ready to draw: a chart an augmentation, a line an encoder."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.data.pictures import ALL, chosen_rows
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast.augmentations import AUGMENTATIONS, BY_NAME
from sealife_core.evaluation.contrast.invariance import Response, kept_curve
from sealife_core.wording import SPLIT_WORDS

KEPT, COSINE = "kept", "cosine"
LOWEST = -0.2  # the end of the axis: how far below "unlike" a picture falls is not worth the room
_UNSEEN_FIRST = ("test", "val", "train")


@dataclass(frozen=True)
class EncoderLine:
    """The features h or z of an encoder in every chart; z is dashed."""

    name: str
    colour: str
    response: Response
    dashed: bool = False


def unseen_rows(dataset: Dataset, count: int) -> list[int]:
    """Up to ``count`` rows, the classes in turn; pictures that no run has trained on come first."""
    rows = [row for split in _UNSEEN_FIRST for row in chosen_rows(dataset, ALL, split).tolist()]
    return rows[:count]


def sample_sentence(dataset: Dataset, rows: Sequence[int]) -> str:
    """ "16 of 1,000 pictures: 10 test, 6 validation." """
    counts = Counter(dataset.manifest["split"].iloc[list(rows)])
    parts = ", ".join(f"{counts[split]} {SPLIT_WORDS[split]}" for split in _UNSEEN_FIRST if counts[split])
    return f"{len(rows):,} of {len(dataset):,} pictures: {parts}."


def chart_data(lines: Sequence[EncoderLine], measure: str) -> dict[str, Any]:
    """What the component draws. Values are shares where ``measure`` is KEPT, cosines where it is COSINE."""
    panels = [
        {
            "name": one.name, "title": one.title, "levels": [one.says(level) for level in range(len(one.amounts))],
            "strongest": one.strongest, "lines": [_line(line.response, one.name, measure) for line in lines],
        }
        for one in AUGMENTATIONS
    ]  # fmt: skip
    lowest = min((min(line["tenth"]) for panel in panels for line in panel["lines"]), default=0.0)
    return {
        "panels": panels,
        "lines": [{"name": line.name, "colour": line.colour, "dashed": line.dashed} for line in lines],
        "percent": measure == KEPT,
        "unrelated": [0.0 if measure == KEPT else round(line.response.unrelated, 4) for line in lines],
        "low": max(LOWEST, min(0.0, np.floor(10 * lowest) / 10)),
    }


def _line(response: Response, name: str, measure: str) -> dict[str, list[float]]:
    if measure == KEPT:
        found = vars(kept_curve(response, name))
    else:
        tenth, ninetieth = np.percentile(response.cosines[name], (10, 90), axis=1)
        found = {"mean": response.cosines[name].mean(1), "tenth": tenth, "ninetieth": ninetieth}
    return {key: np.round(values, 6).tolist() for key, values in found.items()}


def shown_places(response: Response, name: str, level: int, count: int) -> list[int]:
    """Places of a few of the pictures, from the one that changes most to the encoder to the one that changes least."""
    order = np.argsort(response.cosines[name][level], kind="stable")
    return order[np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int)].tolist()


def point_of(text: str) -> tuple[str, int] | None:
    """The augmentation and level of a link, "hue.3"; None if there is no such."""
    name, _, level = text.partition(".")
    known = name in BY_NAME and level in map(str, range(len(BY_NAME[name].amounts)))
    return (name, int(level)) if known else None
