"""The squares of the decoded cache: how they are made, their size, and their file.

Used both while importing (early_cache.py) and later (pixels.py), so that both write the same bytes.
"""

import hashlib
import io
import math
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image

T = TypeVar("T")
R = TypeVar("R")

# A JPEG can be decoded at ½, ¼ or ⅛ of its size; at twice the wanted side the filter still works as it should.
DECODED_AT = 2
_METHOD = "squash, lanczos"  # a cache that was made in another way is made again
_MOST_OF_DISK = 0.8  # of the free space, for decoded pixels; runs need room too
_AHEAD = 128  # pictures that may be finished before their turn: 14 MB at 192 px, 400 MB at 1024 px
_AT_ONCE = 4  # pictures a task: fewer tasks, because each takes Python's lock


def to_square(picture: Image.Image, size_px: int) -> Image.Image:
    """An RGB picture squashed to S × S."""
    # The gap lets Pillow halve a big photograph first: several times faster, with hardly any difference.
    return picture.resize((size_px, size_px), Image.Resampling.LANCZOS, reducing_gap=3.0)


def side_px(longer_px: np.ndarray, image_size_px: int) -> int:
    """S for a network that sees ``image_size_px`` and pictures whose longer sides are ``longer_px`` (N,).

    Twice the network's, so that a crop of a quarter of the picture still has every pixel it needs; but not more than
    the originals have, and never less than the network's.
    """
    there_is = 32 * math.ceil(float(np.median(longer_px)) / 32) if len(longer_px) else image_size_px
    return max(image_size_px, min(2 * image_size_px, there_is))


def paths(folder: Path, size_px: int, kind: str = "pixels") -> tuple[Path, Path]:
    """The array and its description; ``kind`` is "pixels" or "encoded"."""
    return folder / f"{kind}-{size_px}.npy", folder / f"{kind}-{size_px}.json"


def description(sha256s: Sequence[str], size_px: int) -> dict[str, Any]:
    """The description of the cache of these images, in this order."""
    digest = hashlib.sha256("\n".join(sha256s).encode()).hexdigest()
    return {"images": digest, "count": len(sha256s), "size_px": size_px, "method": _METHOD}


def head(count: int, size_px: int) -> bytes:
    """The beginning of a .npy of uint8 (count, S, S, 3). The same length for any count: NumPy leaves room."""
    written = io.BytesIO()
    shape = (count, size_px, size_px, 3)
    np.lib.format.write_array_header_1_0(written, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return written.getvalue()


def room(folder: Path, count: int, size_px: int, other_bytes: int = 0) -> tuple[bool, int, int]:
    """Whether the squares fit the disk as pixels; the bytes they need, and those that are free.

    other_bytes: what else will be written to the same disk.
    """
    needed = count * size_px * size_px * 3
    free = shutil.disk_usage(folder).free - other_bytes
    return needed <= _MOST_OF_DISK * free, needed, free


def in_order(threads: Executor, make: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """``make`` of each item, in order. Results that wait for a slow reader are bounded."""
    waiting: deque[Future[list[R]]] = deque()
    left = iter(items)
    while some := list(islice(left, _AT_ONCE)):
        waiting.append(threads.submit(lambda taken: [make(item) for item in taken], some))
        if len(waiting) * _AT_ONCE >= _AHEAD:
            yield from waiting.popleft().result()
    while waiting:
        yield from waiting.popleft().result()
