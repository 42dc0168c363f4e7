"""Pictures in a grid. The browser fetches each when it comes into sight; a click opens one large, with its file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dashboard.data.pictures import class_of, picture_facts
from dashboard.media import LARGE_PX, thumb_url
from dashboard.parts.correcting.correcting import correcting, events
from dashboard.parts.own_component import own_component
from dashboard.state import Key
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.figures.palette import label_colour

_grid = own_component(__file__, '<div class="pictures"></div>', shared="../correcting/lightbox")


def image_grid(
    dataset: Dataset, rows: Sequence[int], *, key: Key, captions: Sequence[str] | None = None, files: bool = False,
    side_px: int = 128,
) -> None:  # fmt: skip
    """Pictures of ``rows`` with their class, or ``captions``, below each; ``files``: and with their file names."""
    words = captions if captions is not None else [class_of(dataset, row) for row in rows]
    pictures = [grid_picture(dataset, row, text) for row, text in zip(rows, words, strict=True)]
    if files:
        for picture, row in zip(pictures, rows, strict=True):
            picture["lines"] = [["file", Path(dataset.file_names[row]).name]]
    show_grid(pictures, key, dataset, side_px)


def show_grid(
    pictures: Sequence[dict[str, Any]], key: Key, dataset: Dataset, side_px: int = 128, *, correctable: bool = True
) -> None:
    """Pictures of ``dataset`` as :func:`grid_picture` makes them. No name among them is taken for HTML.

    correctable: whether they can be corrected where they are open.
    """
    data = {"pictures": list(pictures), "side": side_px, "correcting": correcting(dataset, correctable=correctable)}
    _grid(data=data, key=key, **events(key))


def grid_picture(dataset: Dataset, row: int, caption: str) -> dict[str, Any]:
    """One picture of a grid. ``lines``, empty here: further [style, text] below it (styles file, right and wrong)."""
    facts = picture_facts(dataset, row)
    return {
        "id": str(dataset.manifest["id"].iat[row]),
        "url": thumb_url(dataset, row),
        "large": thumb_url(dataset, row, LARGE_PX),
        "alt": f"{facts['Class']}, {facts['File']}",
        "title": f"{caption}\n{facts['File']}",
        "colour": label_colour(dataset, int(dataset.labels[row])),
        "caption": caption,
        "lines": [],
        "facts": list(facts.items()),
    }


def picture_strip(dataset: Dataset, rows: Sequence[int], key: Key) -> None:
    """One line of pictures, as many as fit: what the data set looks like at a glance."""
    pictures = [grid_picture(dataset, row, class_of(dataset, row)) for row in rows]
    _grid(data={"pictures": pictures, "strip": True, "correcting": correcting(dataset)}, key=key, **events(key))
