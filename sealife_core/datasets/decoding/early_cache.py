"""The decoded cache of a data set that is being imported, made while its pictures are in memory anyway.

The size of its squares depends on the median size of the pictures, which is known only when all have been read. It is
predicted from a sample of their headers; if that turns out wrong, or the disk is too small, nothing is kept and
``open_pixels`` makes the cache when a run needs it.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from sealife_core.config import SimclrConfig
from sealife_core.datasets.decoding.reading import header_size
from sealife_core.datasets.decoding.squares import description, head, paths, room, side_px, to_square
from sealife_core.durable import replace_file

USUAL_IMAGE_SIZE_PX: int = SimclrConfig.model_fields["image_size_px"].default
_SAMPLE = 500  # headers: 30 ms


class EarlyCache:
    """``pixels-<S>.npy``, written picture by picture. Leaving the block without ``keep`` removes it.

    files: those that may become pictures of the data set in ``folder``; image_size_px: what the network sees.
    """

    def __init__(self, folder: Path, files: Sequence[Path], image_size_px: int) -> None:
        self._image_size_px = image_size_px
        self.size_px = side_px(_sampled_longer_px(files), image_size_px)
        self._array, self._about = paths(folder, self.size_px)
        self._count = 0
        self._file: BinaryIO | None = None
        # The copies of the files are written to the same disk.
        if room(folder, len(files), self.size_px, other_bytes=sum(map(_bytes, files)))[0]:
            with suppress(OSError):
                self._file = self._array.open("wb")
                self._file.write(head(len(files), self.size_px))

    def __enter__(self) -> "EarlyCache":
        return self

    def __exit__(self, *_: object) -> None:
        self._drop()

    def square(self, picture: Image.Image) -> bytes:
        """The bytes that ``add`` takes for an RGB picture; empty if there is no cache. Safe in threads."""
        return to_square(picture, self.size_px).tobytes() if self._file else b""

    def add(self, square: bytes) -> None:
        """Append the next picture of the manifest."""
        if self._file:
            try:
                self._file.write(square)
                self._count += 1
            except OSError:  # the disk is full after all: the rest of it is for the pictures
                self._drop()

    def keep(self, sha256s: Sequence[str], longer_px: np.ndarray) -> None:
        """All pictures have been added: keep the cache if its squares are of the right size.

        sha256s: of the files, in the manifest's order; longer_px: (N,), the longer sides of the upright pictures.
        """
        if not self._file or side_px(longer_px, self._image_size_px) != self.size_px:
            return
        about = description(sha256s, self.size_px)
        try:
            self._file.seek(0)
            self._file.write(head(self._count, self.size_px))
            self._file.close()  # whoever builds the data set flushes all of it to the disk
            replace_file(self._about, json.dumps(about))
        except OSError:
            return
        self._file = None

    def _drop(self) -> None:
        file, self._file = self._file, None
        if file:
            with suppress(OSError):  # of data that could not be written before
                file.close()
            self._array.unlink(missing_ok=True)


def _sampled_longer_px(files: Sequence[Path]) -> np.ndarray:
    """(n,) the longer sides of evenly spaced pictures in px, from their headers."""
    sizes = (header_size(file) for file in files[:: len(files) // _SAMPLE + 1])
    return np.array([max(size) for size in sizes if size])


def _bytes(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
