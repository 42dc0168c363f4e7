"""Pictures that are decoded when a batch asks for them: from JPEGs of their squares, or from the files themselves.

Where a data set does not fit the disk as pixels, its decoded cache is kept as JPEGs: ``encoded-<S>.jpegs`` holds one
after the other, ``encoded-<S>.npy`` where each begins and the last one ends. Some 1,000 pictures of 192 px a second and
core are decoded from it, and it takes a fifth of the disk. Code that needs each picture once reads the files instead:
they give the same pixels as the decoded cache, which is worth its disk only where pictures are read again and again.
"""

import io
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.reading import read_rgb
from sealife_core.datasets.decoding.squares import DECODED_AT, to_square
from sealife_core.errors import DatasetError

QUALITY = 90  # with full chroma: a pixel is off by 2.5 of 255 steps, as measured on photographs


class _OnDemand:
    """Stands in for an array of pictures, uint8 (N, S, S, 3): ``len``, ``shape``, ``dtype`` and ``take``."""

    dtype = np.dtype(np.uint8)

    def __init__(self, count: int, size_px: int) -> None:
        self.shape = (count, size_px, size_px, 3)
        self._threads = ThreadPoolExecutor(os.cpu_count(), "sealife-decode")

    def __len__(self) -> int:
        return self.shape[0]

    def take(self, index: np.ndarray, axis: int = 0) -> np.ndarray:
        """Copies of the pictures ``index`` (n,) as uint8 (n, S, S, 3). Raises IndexError for negative places, and
        DatasetError for a file that is damaged."""
        if len(index) and (index.min() < 0 or index.max() >= len(self)):
            raise IndexError(f"pictures are numbered 0 to {len(self) - 1}, got {index.min()} to {index.max()}")
        found = np.empty((len(index), *self.shape[1:]), np.uint8)

        def decode(place: int) -> None:
            found[place] = self._decoded(int(index[place]))

        list(self._threads.map(decode, range(len(index))))  # Pillow decodes without holding Python's lock
        return found

    def _decoded(self, row: int) -> np.ndarray:
        """Picture ``row``, uint8 (S, S, 3)."""
        raise NotImplementedError


class EncodedImages(_OnDemand):
    """The JPEGs in ``path``. bounds: int64 (N + 1,), where each begins and ends. Raises ValueError if they disagree."""

    def __init__(self, path: Path, bounds: np.ndarray, size_px: int) -> None:
        if path.stat().st_size != bounds[-1]:
            raise ValueError(f"{path.name} has {path.stat().st_size} bytes instead of {bounds[-1]}")
        super().__init__(len(bounds) - 1, size_px)
        self._bytes, self._bounds = np.memmap(path, np.uint8, "r"), bounds

    def _decoded(self, row: int) -> np.ndarray:
        encoded = self._bytes[self._bounds[row] : self._bounds[row + 1]]
        with Image.open(io.BytesIO(encoded.tobytes())) as picture:
            return np.asarray(picture)


class FileImages(_OnDemand):
    """The image files of a data set, squashed to squares of ``size_px``."""

    def __init__(self, dataset: Dataset, size_px: int) -> None:
        super().__init__(len(dataset), size_px)
        self._dataset = dataset

    def _decoded(self, row: int) -> np.ndarray:
        size_px = self.shape[1]
        picture = read_rgb(self._dataset.image_path(row), at_least_px=DECODED_AT * size_px)
        return np.asarray(to_square(picture, size_px))


class UncheckedImages(_OnDemand):
    """Files that no import has looked at; ``read`` makes the square of one and its width / height.

    A file for which it raises DatasetError is black, and ``problems`` has the reason. ``aspects`` (N,) float32: the
    width / height of those that have been read.
    """

    def __init__(self, files: Sequence[Path], size_px: int, read: Callable[[Path], tuple[np.ndarray, float]]) -> None:
        super().__init__(len(files), size_px)
        self.aspects = np.ones(len(files), np.float32)
        self.problems: dict[int, str] = {}
        self._files, self._read = files, read

    def _decoded(self, row: int) -> np.ndarray:
        try:
            square, self.aspects[row] = self._read(self._files[row])
        except DatasetError as error:
            self.problems[row] = str(error)
            return np.zeros(self.shape[1:], np.uint8)
        return square


def encode(square: np.ndarray) -> bytes:
    """One picture, uint8 (S, S, 3), as it is in the file of JPEGs."""
    held = io.BytesIO()
    Image.fromarray(square).save(held, "JPEG", quality=QUALITY, subsampling=0)
    return held.getvalue()
