"""The squares of the decoded cache: how a picture becomes one, how large they are, and the file in which they lie.

Both who makes the cache while importing (early_cache.py) and who makes it later (pixels.py) go by this, so that what
they write is the same to the byte.
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

# A JPEG can be decoded at ½, ¼ or ⅛ of its size; twice the side wanted still leaves the filter its work.
DECODED_AT = 2
_METHOD = "squash, lanczos"  # a cache made in another way is made anew
_MOST_OF_DISK = 0.8  # of what is free may go into decoded pixels; runs need room too
_AHEAD = 128  # pictures that may be done before their turn: 14 MB at 192 px, 400 MB at 1024 px
_AT_ONCE = 4  # pictures a thread takes: fewer hand-overs, which hold Python's lock


def to_square(picture: Image.Image, size_px: int) -> Image.Image:
    """An RGB picture squashed to S × S."""
    # The gap lets Pillow halve a big photograph first: several times faster, hardly different.
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
    """What the cache of these images, in this order, says of itself."""
    digest = hashlib.sha256("\n".join(sha256s).encode()).hexdigest()
    return {"images": digest, "count": len(sha256s), "size_px": size_px, "method": _METHOD}


def head(count: int, size_px: int) -> bytes:
    """The beginning of a .npy of uint8 (count, S, S, 3). As long for any count: NumPy leaves room for it to grow."""
    written = io.BytesIO()
    shape = (count, size_px, size_px, 3)
    np.lib.format.write_array_header_1_0(written, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return written.getvalue()


def room(folder: Path, count: int, size_px: int, other_bytes: int = 0) -> tuple[bool, int, int]:
    """Whether the squares fit the disk as pixels; the bytes they need, and those that are free.

    ``other_bytes`` will be written to the same disk besides.
    """
    needed = count * size_px * size_px * 3
    free = shutil.disk_usage(folder).free - other_bytes
    return needed <= _MOST_OF_DISK * free, needed, free


def in_order(threads: Executor, make: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """``make`` of each item, in their order. What is done before its turn is bounded, however slow the reader."""
    waiting: deque[Future[list[R]]] = deque()
    left = iter(items)
    while some := list(islice(left, _AT_ONCE)):
        waiting.append(threads.submit(lambda taken: [make(item) for item in taken], some))
        if len(waiting) * _AT_ONCE >= _AHEAD:
            yield from waiting.popleft().result()
    while waiting:
        yield from waiting.popleft().result()
