"""What is known of the one picture of a page, below it, and the keys that correct it; see lightbox.js."""

from functools import partial
from typing import Any

from dashboard.cache import datasets
from dashboard.parts.correcting.correcting import correcting, events
from dashboard.parts.notice import say_corrected
from dashboard.parts.own_component import own_component
from dashboard.parts.pictures.image_grid import grid_picture
from dashboard.state import Key
from sealife_core.datasets.dataset import Dataset

_here = own_component(__file__, '<div class="here"></div>', shared="lightbox")


def correct_here(dataset: Dataset, row: int, key: Key) -> None:
    """Class, split, group and history of the picture in ``row``, and the form and keys that correct it."""
    picture = grid_picture(dataset, row, "")
    called: dict[str, Any] = events(key) | {"on_corrected_change": partial(_say_if_gone, dataset.name, picture["id"])}
    _here(data={"picture": picture, "correcting": correcting(dataset)}, key=key, **called)


def _say_if_gone(name: str, image: str) -> None:
    """A picture that was left out is not on its page any more: what was done, and its undo, are said instead."""
    dataset = datasets.opened(name)
    if not dataset.has(image):
        say_corrected(dataset)
