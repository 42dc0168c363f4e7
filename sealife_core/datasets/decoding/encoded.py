"""The squares of the decoded cache as JPEGs in one file, for data sets that do not fit the disk as pixels.

``encoded-<S>.jpegs`` holds one after the other, ``encoded-<S>.npy`` where each begins and the last one ends. A batch is
decoded when it is asked for: some 1,000 pictures of 192 px a second and core, in a fifth of the room.
"""

import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

QUALITY = 90  # with colour in full: of 255 steps a pixel is 2.5 off, as measured on photographs


class EncodedImages:
    """What an array of pictures, uint8 (N, S, S, 3), does for a batch: ``len``, ``shape``, ``dtype`` and ``take``.

    bounds: int64 (N + 1,), where in ``path`` each picture begins and ends.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, path: Path, bounds: np.ndarray, size_px: int) -> None:
        if path.stat().st_size != bounds[-1]:
            raise ValueError(f"{path.name} has {path.stat().st_size} bytes instead of {bounds[-1]}")
        self._bytes = np.memmap(path, np.uint8, "r")
        self._bounds = bounds
        self.shape = (len(bounds) - 1, size_px, size_px, 3)
        self._threads = ThreadPoolExecutor(os.cpu_count(), "sealife-jpeg")

    def __len__(self) -> int:
        return self.shape[0]

    def take(self, index: np.ndarray, axis: int = 0) -> np.ndarray:
        """Copies of the pictures ``index`` (n,) as uint8 (n, S, S, 3). Negative places are refused (IndexError)."""
        if len(index) and (index.min() < 0 or index.max() >= len(self)):
            raise IndexError(f"pictures are numbered 0 to {len(self) - 1}, got {index.min()} to {index.max()}")
        found = np.empty((len(index), *self.shape[1:]), np.uint8)

        def decode(place: int) -> None:
            begin, end = self._bounds[index[place]], self._bounds[index[place] + 1]
            with Image.open(io.BytesIO(self._bytes[begin:end].tobytes())) as picture:
                found[place] = np.asarray(picture)

        list(self._threads.map(decode, range(len(index))))  # Pillow decodes without holding Python's lock
        return found


def encode(square: np.ndarray) -> bytes:
    """One picture, uint8 (S, S, 3), as it lies in the file."""
    held = io.BytesIO()
    Image.fromarray(square).save(held, "JPEG", quality=QUALITY, subsampling=0)
    return held.getvalue()
