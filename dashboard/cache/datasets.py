"""Data sets, their pictures, and the colours of their classes."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.cache.keeping import Stamp, kept, stamp
from sealife_core.datasets.corrections import versions
from sealife_core.datasets.corrections.entries import LOG
from sealife_core.datasets.corrections.versions import Seen
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.datasets.manifest import INFO, MANIFEST
from sealife_core.errors import SealifeError
from sealife_core.evaluation.figures.palette import class_colours
from sealife_core.folders import data_root

if TYPE_CHECKING:  # it imports torch
    from dashboard.data.previews import Preview


def opened(name: str, *, content_hash: str = "") -> Dataset:
    """As :func:`open_dataset`, read again only when the data set has changed. Raises DatasetError."""
    folder = data_root() / name
    return _opened(str(folder), name, content_hash, *(stamp(folder / file) for file in (MANIFEST, INFO, LOG)))


# A data set is frozen, so all sessions may share one: cache_resource makes no copy of the table.
# As many as a page shows cards of: with fewer, each visit would read them all again.
@st.cache_resource(max_entries=64, show_spinner=False)
def _opened(folder: str, name: str, content_hash: str, manifest: Stamp, info: Stamp, log: Stamp) -> Dataset:
    return open_dataset(name, Path(folder).parent, content_hash=content_hash)


@kept(64)
def seen(dataset: Dataset, content_hash: str) -> Seen:
    """Which version of ``dataset`` has that content, and what was corrected since."""
    return versions.seen(dataset, content_hash)


def class_colours_of(name: str) -> dict[str, str]:
    """Class → its colour, of all classes of a data set; {} if it is gone or damaged."""
    try:
        return class_colours(opened(name))
    except SealifeError:
        return {}


def previews(dataset: Dataset, rows: Sequence[int], image_size_px: int) -> list["Preview"]:
    """The pictures of ``rows`` decoded as training at ``image_size_px`` decodes them; only these, not the data set."""
    from sealife_core.datasets.decoding.pixels import cache_size_px

    side = cache_size_px(dataset, image_size_px)
    return [_preview(dataset, row, side) for row in rows]


@kept(256)
def _preview(dataset: Dataset, row: int, side_px: int) -> "Preview":
    from dashboard.data.previews import preview_of

    return preview_of(dataset, row, side_px)
