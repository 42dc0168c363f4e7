"""Every image decoded once: ``pixels-<S>.npy``, memory-mapped uint8 (N, S, S, 3), and beside it ``pixels-<S>.json``.

An import makes the cache of the usual size (early_cache.py); others are made when they are first needed. If the disk
has no room for pixels, the squares are stored as JPEGs (on_demand.py); readers see no difference.

Pictures are squashed to squares; their own width / height is kept, so that a crop can undo the squash. The cache is
identified by the sha256s of the import's images in order, not by their labels or splits: a correction keeps it. An
image that is left out and cannot be read is black in it, and "unread" in its description: it serves until that image is
taken back in.
"""

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from filelock import FileLock
from PIL import Image
from torch import Tensor

from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.on_demand import EncodedImages, FileImages, UncheckedImages, encode
from sealife_core.datasets.decoding.reading import read_rgb
from sealife_core.datasets.decoding.squares import (
    DECODED_AT,
    description,
    head,
    in_order,
    paths,
    room,
    side_px,
    to_square,
)
from sealife_core.durable import remove_leftovers, replace_file, replacing_described
from sealife_core.errors import DatasetError
from sealife_core.opening import json_in
from sealife_core.progress import Progress
from sealife_core.wording import size

_JPEG_SHARE = 0.3  # the most that a picture takes as JPEG, of its size as pixels; a fifth is usual
_BLOCK = 128  # pictures between two reports of progress


@dataclass(frozen=True)
class Pixels:
    """All images of a data set, in the order of its manifest.

    The cache holds excluded images too, so that it stays when one is left out: ``places`` (N,) says where in it each
    row is; None: in the same order.
    """

    array: np.ndarray | EncodedImages | FileImages | UncheckedImages  # uint8 (≥ N, S, S, 3), read-only, on disk
    aspects: np.ndarray  # float32 (N,), width / height of the originals
    places: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.aspects)

    @property
    def size_px(self) -> int:
        """S."""
        return self.array.shape[1]

    def gather(self, rows: np.ndarray | Tensor | Sequence[int]) -> tuple[Tensor, Tensor]:
        """Copies of the images (n, S, S, 3) uint8 and their aspects (n,) float32. ``rows``: (n,) int64."""
        index = np.asarray(rows, dtype=np.int64)
        images = self.array.take(index if self.places is None else self.places[index], axis=0)
        return torch.from_numpy(images), torch.from_numpy(self.aspects[index])


def from_picture(picture: Image.Image, size_px: int) -> tuple[np.ndarray, float]:
    """One RGB picture as in the cache: uint8 (S, S, 3) and its width / height."""
    return np.array(to_square(picture, size_px), dtype=np.uint8), picture.width / picture.height


def cache_size_px(dataset: Dataset, image_size_px: int) -> int:
    """The side of the cache for a network that sees ``image_size_px`` (see ``squares.side_px``)."""
    return side_px(dataset.imported[["width", "height"]].max(axis=1).to_numpy(), image_size_px)


def open_pixels(dataset: Dataset, size_px: int, progress: Progress | None = None) -> Pixels:
    """The decoded images at ``size_px``, made first if they are missing, damaged or of other images.

    Two processes that need it at the same time decode once. Raises DatasetError if an image cannot be read or the disk
    is full.
    """
    if not len(dataset):
        raise DatasetError(f"Data set '{dataset.name}' has no images. Import some first.")
    identity = description(dataset.imported["sha256"].tolist(), size_px)
    pixels = _opened(dataset, size_px, identity)
    if pixels is None:
        with FileLock(dataset.folder / f"pixels-{size_px}.lock"):
            pixels = _opened(dataset, size_px, identity)  # another process may have made it
            if pixels is None:
                _build(dataset, size_px, identity, progress)
                pixels = _opened(dataset, size_px, identity)
    if pixels is None:
        raise DatasetError(f"The decoded images of '{dataset.name}' changed while they were written. Try again.")
    return pixels


def pixels_to_look(dataset: Dataset, size_px: int) -> Pixels:
    """The images at ``size_px`` for reading each once: the decoded cache if it exists, else the files."""
    identity = description(dataset.imported["sha256"].tolist(), size_px)
    return _opened(dataset, size_px, identity) or Pixels(FileImages(dataset, size_px), _aspects(dataset))


def _aspects(dataset: Dataset) -> np.ndarray:
    width, height = (dataset.manifest[side].to_numpy(dtype=np.float32) for side in ("width", "height"))
    return width / height


def _opened(dataset: Dataset, size_px: int, identity: dict[str, Any]) -> Pixels | None:
    """The cache on disk, or None if it is not complete, or not of these images and this size."""
    array = _array(dataset, size_px, identity, "pixels")
    if array is None and (bounds := _array(dataset, size_px, identity, "encoded")) is not None:
        with suppress(OSError, ValueError):
            array = EncodedImages(_jpegs(dataset, size_px), bounds, size_px)
    if array is None or array.shape != (len(dataset.imported), size_px, size_px, 3) or array.dtype != np.uint8:
        return None
    complete = len(dataset) == len(dataset.imported)
    return Pixels(array, _aspects(dataset), None if complete else dataset.places)


def _array(dataset: Dataset, size_px: int, identity: dict[str, Any], kind: str) -> np.ndarray | None:
    array_path, about_path = paths(dataset.folder, size_px, kind)
    try:
        about = json_in(about_path)
        if about | {"unread": []} != identity | {"unread": []}:
            return None
        if not set(dataset.places.tolist()).isdisjoint(about.get("unread", [])):
            return None
        return np.load(array_path, mmap_mode="r")  # refuses a file shorter than its header says
    except (OSError, ValueError, EOFError, TypeError):
        return None


def _jpegs(dataset: Dataset, size_px: int) -> Path:
    return dataset.folder / f"encoded-{size_px}.jpegs"


def _build(dataset: Dataset, size_px: int, identity: dict[str, Any], progress: Progress | None) -> None:
    """Make the cache: pixels if they fit, else JPEGs. The caller holds the lock."""
    remove_leftovers(dataset.folder)
    count, left_out = len(dataset.imported), set(range(len(dataset.imported))) - set(dataset.places.tolist())
    files, unread = dataset.imported["file"].tolist(), list[int]()
    fits, needed, free = room(dataset.folder, count, size_px)

    def decoded(place: int) -> Image.Image:
        try:
            return to_square(read_rgb(dataset.folder / files[place], at_least_px=DECODED_AT * size_px), size_px)
        except DatasetError as error:
            if place not in left_out:  # an image may have been excluded because it cannot be read
                raise DatasetError(f"{dataset.original.file_names[place]!r}: {error}") from error
            unread.append(place)
            return Image.new("RGB", (size_px, size_px))

    if fits:
        first = _first_squares(dataset, size_px)
        array_path, about_path = paths(dataset.folder, size_px)
        with replacing_described(array_path, about_path) as file:
            file.write(head(count, size_px))
            _write_all(file, lambda row: (first[row] if row < len(first) else decoded(row)).tobytes(), count, progress)
    elif needed * _JPEG_SHARE <= free:
        bounds_path, about_path = paths(dataset.folder, size_px, "encoded")
        with replacing_described(_jpegs(dataset, size_px), about_path) as file:
            lengths = _write_all(file, lambda row: encode(np.asarray(decoded(row))), count, progress)
        with replacing_described(bounds_path, about_path) as file:
            np.save(file, np.cumsum([0, *lengths], dtype=np.int64))
    else:
        raise DatasetError(
            f"The decoded images of '{dataset.name}' need {size(needed)} in {dataset.folder}, or"
            f" {size(int(needed * _JPEG_SHARE))} as JPEGs, but {size(free)} are free. Free some space or"
            " choose a smaller image size."
        )
    replace_file(about_path, json.dumps(identity | ({"unread": sorted(unread)} if unread else {})))


def _first_squares(dataset: Dataset, size_px: int) -> np.ndarray:
    """The squares (n, S, S, 3) that the cache has of the first n images, from before others were added."""
    none = np.empty((0, size_px, size_px, 3), np.uint8)
    try:
        about = json_in(paths(dataset.folder, size_px)[1])
        count, unread = about["count"], about.get("unread")
        identity = description(dataset.imported["sha256"].tolist()[:count], size_px)
    except (OSError, ValueError, LookupError, TypeError):
        return none
    array = _array(dataset, size_px, identity, "pixels")
    known = array is not None and not unread and array.shape == (count, *none.shape[1:]) and array.dtype == np.uint8
    return array if array is not None and known else none


def _write_all(file: BinaryIO, make: Callable[[int], bytes], count: int, progress: Progress | None) -> list[int]:
    """Write ``make`` of every row, in order; returns their lengths in bytes."""
    lengths: list[int] = []
    # Threads are enough: Pillow decodes and resizes without holding Python's lock.
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for done, made in enumerate(in_order(threads, make, range(count)), start=1):
            file.write(made)
            lengths.append(len(made))
            if progress and (done % _BLOCK == 0 or done == count):
                progress("decoding images", done, count)
    return lengths
