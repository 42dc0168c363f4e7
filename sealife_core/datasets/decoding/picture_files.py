"""The pictures of a data set, decoded from their files when they are asked for: for who looks at each of them once.

They are the same to the byte as in the decoded cache, which is worth its room only where pictures are read again.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.reading import read_rgb
from sealife_core.datasets.decoding.squares import DECODED_AT, to_square


class FileImages:
    """What an array of pictures, uint8 (N, S, S, 3), does for a batch: ``len``, ``shape``, ``dtype`` and ``take``."""

    dtype = np.dtype(np.uint8)

    def __init__(self, dataset: Dataset, size_px: int) -> None:
        self._dataset = dataset
        self.shape = (len(dataset), size_px, size_px, 3)
        self._threads = ThreadPoolExecutor(os.cpu_count(), "sealife-decode")

    def __len__(self) -> int:
        return self.shape[0]

    def take(self, index: np.ndarray, axis: int = 0) -> np.ndarray:
        """Copies of the pictures ``index`` (n,) as uint8 (n, S, S, 3). Raises DatasetError for one that is damaged."""
        found = np.empty((len(index), *self.shape[1:]), np.uint8)
        size_px = self.shape[1]

        def decode(place: int) -> None:
            picture = read_rgb(self._dataset.image_path(int(index[place])), at_least_px=DECODED_AT * size_px)
            found[place] = np.asarray(to_square(picture, size_px))

        list(self._threads.map(decode, range(len(index))))  # Pillow decodes without holding Python's lock
        return found
