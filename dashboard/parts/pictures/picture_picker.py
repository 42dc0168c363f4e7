"""Thumbnails to pick from: a click, or Enter on the focused picture, picks it or puts it back."""

from collections.abc import Sequence

from dashboard.data.pictures import class_of
from dashboard.media import thumb_url
from dashboard.parts.own_component import own_component
from dashboard.state import Key
from sealife_core.datasets.dataset import Dataset

_picker = own_component(__file__, '<div class="picker"></div>')


def picture_picker(dataset: Dataset, rows: Sequence[int], picked: Sequence[int], key: Key) -> int | None:
    """Shows ``rows``, those ``picked`` framed. Returns the row that was just clicked, or None."""
    pictures = [
        {"row": int(row), "url": thumb_url(dataset, int(row)), "name": class_of(dataset, row), "picked": row in picked}
        for row in rows
    ]
    clicked = _picker(data={"pictures": pictures}, key=key, on_toggled_change=lambda: None)
    return clicked.toggled
