"""Around a call of umap-learn: checks of its input and output, its progress, its warnings."""

import re
import warnings
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from sealife_core.errors import DatasetError
from sealife_core.progress import Progress
from sealife_core.wording import counted

FEWEST = 4  # umap-learn cannot place three points in the plane


def checked_finite(values: Shaped[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """``values`` as float32. Raises DatasetError for NaN or infinity."""
    values = np.asarray(values, np.float32)
    if not np.isfinite(values).all():
        raise DatasetError(
            "The embeddings hold NaN or infinity and cannot be projected: training has diverged. Train again with a"
            " lower learning rate, or choose another run."
        )
    return values


def checked_rows(values: Shaped[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    """:func:`checked_finite`, which also raises DatasetError for fewer than FEWEST rows."""
    if len(values) < FEWEST:
        raise DatasetError(
            f"UMAP got {counted(len(values), 'image')}; it needs at least {FEWEST}. Add images, or use PCA."
        )
    return checked_finite(values)


def checked_layout(points: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """``points`` as float32. Raises DatasetError if one is not finite."""
    if not np.isfinite(points).all():
        raise DatasetError(
            "UMAP found no layout: too many of the embeddings are exactly the same. Use PCA, or choose another run."
        )
    return points.astype(np.float32)


def usable_neighbours(n: int, asked: int) -> int:
    """The number of neighbours ``asked`` for, at most n - 1."""
    return min(asked, n - 1)


def ignore_warnings() -> None:
    """Ignore warnings of umap-learn that a user cannot act on. Only inside ``catch_warnings``."""
    warnings.simplefilter("ignore", ImportWarning)  # that TensorFlow is not there
    warnings.filterwarnings("ignore", "precomputed_knn", UserWarning)  # that new images cannot be placed later
    warnings.filterwarnings("ignore", "(?s)Spectral init", UserWarning)  # that it begins from random places instead


def report(progress: Progress | None, stage: str, done: int = 0, total: int = 0) -> None:
    """Call ``progress`` if it is given; a total of 0 means unknown."""
    if progress:
        progress(stage, done, total)


def progress_bar(progress: Progress | None) -> dict[str, Any]:
    """Settings of umap-learn's progress bar, its only way to report the progress of the layout."""
    if progress is None:
        return {"disable": True}
    shape = "{n_fmt}/{total_fmt}"
    return {"disable": False, "file": _Bar(progress), "bar_format": shape, "mininterval": 0.2, "miniters": 1}


class _Bar:
    """A file that reports lines such as ``120/500`` as progress."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def write(self, text: str) -> None:
        if said := re.search(r"(\d+)/(\d+)", text):
            self._progress("laying out", int(said[1]), int(said[2]))

    def flush(self) -> None:
        pass
