"""A button that opens one picture large, to correct it."""

from dashboard.parts.correcting.correcting import correcting, events
from dashboard.parts.own_component import own_component
from dashboard.parts.pictures.image_grid import grid_picture
from dashboard.state import Key
from sealife_core.datasets.dataset import Dataset

_BUTTON = own_component(
    __file__, '<button type="button" class="action">Correct</button>', shared=("correcting", "lightbox")
)


def correct_button(dataset: Dataset, row: int, key: Key) -> None:
    """The button; its picture opens with what was changed of it and its neighbours."""
    _BUTTON(data={"picture": grid_picture(dataset, row, ""), "correcting": correcting(dataset)}, key=key, **events(key))
