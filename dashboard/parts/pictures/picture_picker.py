"""Thumbnails to pick from: a click, or Enter on the focused picture, picks it or puts it back; ⤢ opens it large."""

from collections.abc import Sequence

from dashboard.data.pictures import class_of
from dashboard.parts.correcting.correcting import correcting, events
from dashboard.parts.own_component import own_component
from dashboard.parts.pictures.image_grid import grid_picture
from dashboard.state import Key
from sealife_core.datasets.dataset import Dataset

_picker = own_component(__file__, '<div class="picker"></div>', shared="../correcting/lightbox")


def picture_picker(dataset: Dataset, rows: Sequence[int], picked: Sequence[int], key: Key) -> int | None:
    """Shows ``rows``, those ``picked`` framed. Returns the row that was just clicked, or None."""
    pictures = [
        grid_picture(dataset, row, class_of(dataset, row)) | {"row": int(row), "picked": row in picked} for row in rows
    ]
    data = {"pictures": pictures, "correcting": correcting(dataset)}
    return _picker(data=data, key=key, on_toggled_change=lambda: None, **events(key)).toggled
