"""Thumbnails to pick from: a click, or Enter on the focused picture, picks it or puts it back."""

from collections.abc import Sequence

import numpy as np

from dashboard.media import thumb_url
from dashboard.parts.own_component import own_component
from dashboard.parts.pictures.image_grid import class_of
from sealife_core.datasets.dataset import Dataset

_picker = own_component(__file__, '<div class="picker"></div>')


def picture_picker(dataset: Dataset, rows: Sequence[int], picked: Sequence[int], key: str) -> int | None:
    """Shows ``rows``, those ``picked`` framed. Returns the row that was just clicked, or None."""
    pictures = [
        {"row": int(row), "url": thumb_url(dataset, int(row)), "name": class_of(dataset, row), "picked": row in picked}
        for row in rows
    ]
    clicked = _picker(data={"pictures": pictures}, key=key, on_toggled_change=lambda: None)
    return clicked.toggled


def some_rows(dataset: Dataset, seed: int, count: int) -> list[int]:
    """Up to ``count`` random rows, one of each class before the second of any: the same for the same seed; a larger
    count begins with a smaller one's."""
    order = np.random.default_rng(seed).permutation(len(dataset.manifest))
    seen: dict[int, int] = {}
    turn: list[int] = []
    for label in dataset.labels[order].tolist():
        seen[label] = seen.get(label, -1) + 1
        turn.append(seen[label])
    return order[np.argsort(turn, kind="stable")][:count].tolist()
