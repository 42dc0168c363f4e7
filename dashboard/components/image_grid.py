"""Pictures in a grid. The browser fetches each thumbnail when it comes into sight."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard.media import thumb_url
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.palette import class_colour


def image_grid(
    dataset: Dataset, rows: Sequence[int], *, captions: Sequence[str] | None = None, side_px: int = 128
) -> None:
    """Pictures of ``rows`` with their class, or ``captions``, below each. Nothing here is taken for HTML."""
    st.html(grid_html(dataset, rows, captions, side_px))


def grid_html(dataset: Dataset, rows: Sequence[int], captions: Sequence[str] | None, side_px: int) -> str:
    """The grid as HTML, every name escaped."""
    labels = dataset.labels
    cells = []
    for place, row in enumerate(rows):
        index = int(labels[row])
        name = dataset.classes[index] if index >= 0 else "unlabelled"
        text = captions[place] if captions is not None else name
        source = escape(thumb_url(dataset, int(row), 160 if side_px <= 160 else 320))
        cells.append(
            f'<figure><img src="{source}" alt="{escape(name)}, picture {int(row)}" loading="lazy">'
            f'<figcaption title="{escape(text)}">{dot(index)}{escape(text)}</figcaption></figure>'
        )
    return f'<div class="pictures" style="--side:{side_px}px">{"".join(cells)}</div>'


def picture_strip(dataset: Dataset, rows: Sequence[int]) -> None:
    """One line of pictures, as many as fit: what the data set looks like at a glance."""
    names = [dataset.classes[i] if i >= 0 else "unlabelled" for i in dataset.labels[list(rows)]]
    images = "".join(
        f'<img src="{escape(thumb_url(dataset, row))}" alt="{escape(name)}" title="{escape(name)}">'
        for row, name in zip(rows, names, strict=True)
    )
    st.html(f'<div class="picture-strip">{images}</div>')


def dot(index: int) -> str:
    """A small disc in the colour of class ``index``, as HTML."""
    return f'<span class="dot" style="background:{class_colour(index)}"></span>'
