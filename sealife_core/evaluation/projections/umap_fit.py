"""How umap-learn is asked: what is checked before and after, what it tells meanwhile, what it should keep to itself."""

import re
import warnings
from typing import Any

import numpy as np

from sealife_core.errors import DatasetError
from sealife_core.progress import Progress
from sealife_core.wording import counted

FEWEST = 4  # umap-learn cannot place three points in the plane


def finite(values: np.ndarray) -> np.ndarray:
    """``values`` as float32. Raises DatasetError for NaN or infinity among them."""
    values = np.asarray(values, np.float32)
    if not np.isfinite(values).all():
        raise DatasetError(
            "The embeddings hold NaN or infinity and cannot be projected: training has diverged. Train again with a"
            " lower learning rate, or choose another run."
        )
    return values


def enough(values: np.ndarray) -> np.ndarray:
    """As finite; raises DatasetError for fewer than FEWEST rows too."""
    if len(values) < FEWEST:
        raise DatasetError(
            f"UMAP got {counted(len(values), 'image')}; it needs at least {FEWEST}. Add images, or use PCA."
        )
    return finite(values)


def laid_out(points: np.ndarray) -> np.ndarray:
    """``points`` as float32. Raises DatasetError if one has no place."""
    if not np.isfinite(points).all():
        raise DatasetError(
            "UMAP found no layout: too many of the embeddings are exactly the same. Use PCA, or choose another run."
        )
    return points.astype(np.float32)


def usable_neighbours(n: int, asked: int) -> int:
    """How many neighbours n images allow: those asked for, or n - 1."""
    return min(asked, n - 1)


def quieten() -> None:
    """What umap-learn says about itself, and nobody here can act on; inside ``catch_warnings`` only."""
    warnings.simplefilter("ignore", ImportWarning)  # that TensorFlow is not there
    warnings.filterwarnings("ignore", "precomputed_knn", UserWarning)  # that new images cannot be placed later
    warnings.filterwarnings("ignore", "(?s)Spectral init", UserWarning)  # that it begins from random places instead


def say(progress: Progress | None, stage: str, done: int = 0, total: int = 0) -> None:
    """Tell ``progress``, if there is one; a total of 0 is one that nobody knows."""
    if progress:
        progress(stage, done, total)


def bar(progress: Progress | None) -> dict[str, Any]:
    """Settings of umap-learn's progress bar, the one door through which it tells how far its layout is."""
    if progress is None:
        return {"disable": True}
    return {
        "disable": False,
        "file": _Bar(progress),
        "bar_format": "{n_fmt}/{total_fmt}",
        "mininterval": 0.2,
        "miniters": 1,
    }


class _Bar:
    """A file whose lines ``120/500`` are told as progress."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def write(self, text: str) -> None:
        if said := re.search(r"(\d+)/(\d+)", text):
            self._progress("laying out", int(said[1]), int(said[2]))

    def flush(self) -> None:
        pass
