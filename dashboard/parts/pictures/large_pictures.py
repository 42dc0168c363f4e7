"""Pictures that stand in HTML open large, on every page: see large_pictures.js and, for what opens, lightbox.js."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from dashboard.parts.correcting.correcting import correcting
from dashboard.parts.own_component import own_component
from dashboard.parts.pictures.image_grid import grid_picture
from dashboard.state.navigation import LARGE_PICTURES
from sealife_core.datasets.dataset import Dataset

_large_pictures = own_component(__file__, "<i></i>", shared="../correcting/lightbox")


def large_pictures() -> None:
    """Open what is clicked, for as long as the page is open."""
    _large_pictures(data={}, key=LARGE_PICTURES, height=1, on_corrected_change=lambda: None)


def opens(picture: Mapping[str, Any]) -> str:
    """Attributes that make an ``<img>``, or what is around one, open large. ``picture``: as of :func:`told`, or what of
    it is known: ``large`` (else the address of the image), ``facts`` ([name, value]), ``pixels`` (show each)."""
    return f' data-opens="{escape(json.dumps(picture))}" role="button" tabindex="0"'


def told(dataset: Dataset, row: int) -> dict[str, Any]:
    """A picture of ``dataset`` with what is known of it, to be corrected where it is open."""
    return grid_picture(dataset, row, "") | {"correcting": correcting(dataset)}
