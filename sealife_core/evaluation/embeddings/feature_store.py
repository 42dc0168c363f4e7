"""What frozen encoders made of the images of a data set, computed once: DATA/features/<key>/. Imports no torch.

    rows.npy      (N, D) float32, memory-mapped: a row an image
    about.json    what the key stands for, the sha256 of each row's image, the columns, and a checksum of the rows

The key is made of all that a feature depends on beside the image: weights, picture size, preprocessing, number format,
which varied copy. Images are known by their content, so that a data set whose splits or labels change keeps its rows,
and one that grows computes only the new ones. What is damaged or half written is computed again; together they take at
most a share of the disk, and what was not used for longest goes first.
"""

import hashlib
import json
import os
import shutil
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from sealife_core.durable import remove_set_aside, replace_file, replacing, set_aside, size_bytes

FOLDER = "features"
ACTIVATIONS = "activations"  # what fine-tuning stores of the frozen stages, below FOLDER; it keeps its own bound
ROWS, ABOUT = "rows.npy", "about.json"
MOST_BYTES = 4 * 2**30  # of one data set; 200,000 images of 1,500 numbers take 1.2
_MOST_OF_FREE = 0.2
_FORMAT = 1

Columns = dict[str, int]
"""Name → how many of the D numbers, in their order."""


@dataclass(frozen=True)
class FeatureKey:
    """All that the features of an image depend on, beside the image.

    weights: hash of the encoder's tensors. side_px: at which pictures are decoded. copy: 0 is the centred, unvaried
    picture, k the k-th varied one.
    """

    encoder: str
    stem: str
    weights: str
    image_size_px: int
    side_px: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    precision: str
    copy: int = 0

    @property
    def name(self) -> str:
        """The name of its folder."""
        text = json.dumps(asdict(self), sort_keys=True)
        return f"{self.encoder[:40]}-{self.image_size_px}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Stored:
    """One set of features on the disk, for whoever lists them."""

    encoder: str
    image_size_px: int
    copy: int
    images: int
    size_bytes: int


class FeatureStore:
    """The features beside one data set. ``most_bytes``: what they may take together."""

    def __init__(self, dataset_folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self.folder = dataset_folder / FOLDER
        self._most_bytes = most_bytes

    def rows(
        self, key: FeatureKey, images: Sequence[str], compute: Callable[[np.ndarray], tuple[np.ndarray, Columns]]
    ) -> tuple[np.ndarray, Columns]:
        """Features (N, D) of ``images`` (their sha256s), and what its columns are.

        ``compute`` is asked for those that are not known yet, by their places (n,) in ``images``: (n, D) and columns.
        Who asks while another process computes the same waits for it. What cannot be kept is returned all the same.
        """
        place = self.folder / key.name
        if found := self._all_of(place, images):
            return found
        with suppress(OSError):
            self.folder.mkdir(exist_ok=True)
        with self._computing(key.name):
            if found := self._all_of(place, images):  # another process was faster
                return found
            place_of: dict[str, int] = {}
            for row, image in enumerate(images):
                place_of.setdefault(image, row)

            def made_of(wanted: list[str]) -> tuple[np.ndarray, Columns]:
                return compute(np.array([place_of[image] for image in wanted], np.int64))

            kept, columns, known = self._read(place) or (np.empty((0, 0), np.float32), {}, {})
            missing = [image for image in place_of if image not in known]
            made, made_columns = made_of(missing)
            if known and made_columns != columns:  # nothing that was kept can be used
                known, missing = {}, list(place_of)
                made, made_columns = made_of(missing)
            rows = np.concatenate([kept, made]) if known else made
            known = {image: row for row, image in enumerate([*known, *missing])}
            with suppress(OSError):  # a full disk costs the next run its seconds, this one nothing
                self._write(place, key, rows, made_columns, known)
            return rows[[known[image] for image in images]], made_columns

    def stored(self) -> list[Stored]:
        """What is there, the one used last first."""
        found: list[tuple[float, Stored]] = []
        for place in self._places():
            about = _about(place)
            with suppress(OSError, KeyError, TypeError):
                key, used = about["key"], (place / ABOUT).stat().st_mtime
                number = len(about["images"])
                size = size_bytes(place)
                found.append((used, Stored(key["encoder"], key["image_size_px"], key["copy"], number, size)))
        return [each for _, each in sorted(found, key=lambda pair: -pair[0])]

    def size_bytes(self) -> int:
        """What all of it takes on the disk."""
        return size_bytes(self.folder) if self.folder.is_dir() else 0

    def clear(self) -> int:
        """Delete all features; returns the bytes freed. Runs that need them compute them again."""
        before = self.size_bytes()
        for place in self._places():
            set_aside(place)
        # One by one: a run may be writing another one into that folder.
        for file in (self.folder / ACTIVATIONS).glob("[!.]*.[jn]*"):
            file.unlink(missing_ok=True)
        if self.folder.is_dir():
            remove_set_aside(self.folder)
        return before - self.size_bytes()

    @contextmanager
    def _computing(self, name: str) -> Iterator[None]:
        """One process computes; where the folder cannot be written, each for itself."""
        lock = FileLock(self.folder / f".{name}.lock")
        try:
            lock.acquire()
        except OSError:
            yield
            return
        try:
            yield
        finally:
            lock.release()

    def _places(self) -> list[Path]:
        found = self.folder.glob("[!.]*") if self.folder.is_dir() else ()
        return [path for path in found if path.is_dir() and path.name != ACTIVATIONS]

    def _all_of(self, place: Path, images: Sequence[str]) -> tuple[np.ndarray, Columns] | None:
        found = self._read(place)
        if found is None or not all(image in found[2] for image in images):
            return None
        with suppress(OSError):
            now = time.time_ns()  # finer than the clock of the file system
            os.utime(place / ABOUT, ns=(now, now))
        rows, columns, known = found
        return rows[[known[image] for image in images]], columns

    def _read(self, place: Path) -> tuple[np.ndarray, Columns, dict[str, int]] | None:
        """Rows, columns and the row of each image; None where they are missing or damaged."""
        about = _about(place)
        try:
            rows = np.load(place / ROWS, mmap_mode="r", allow_pickle=False)
            images, columns = about["images"], {str(name): int(width) for name, width in about["columns"].items()}
            sound = (
                about["format"] == _FORMAT
                and rows.dtype == np.float32
                and rows.shape == (len(images), sum(columns.values()))
                and zlib.crc32(np.ascontiguousarray(rows).data) == about["crc32"]
            )
        except (OSError, ValueError, EOFError, KeyError, TypeError, AttributeError):
            return None
        return (rows, columns, {image: row for row, image in enumerate(images)}) if sound else None

    def _write(self, place: Path, key: FeatureKey, rows: np.ndarray, columns: Columns, known: dict[str, int]) -> None:
        self._make_room(place, rows.nbytes)
        place.mkdir(exist_ok=True)
        about = {
            "format": _FORMAT,
            "key": asdict(key),
            "columns": columns,
            "crc32": zlib.crc32(np.ascontiguousarray(rows).data),
            "images": list(known),
        }
        with replacing(place / ROWS) as file:
            np.save(file, rows)
        replace_file(place / ABOUT, json.dumps(about))

    def _make_room(self, place: Path, needed_bytes: int) -> None:
        """Delete what was not used for longest. Raises OSError where ``needed_bytes`` are more than all may take."""
        free = shutil.disk_usage(self.folder).free
        others = sorted((p for p in self._places() if p != place), key=_used)
        held = sum(map(size_bytes, others))
        most = min(self._most_bytes, int(_MOST_OF_FREE * (free + held)))
        if needed_bytes > most:
            raise OSError(f"features of {needed_bytes} bytes are more than the {most} that may be kept")
        for other in others:
            if held + needed_bytes <= most:
                break
            held -= size_bytes(other)
            set_aside(other)
        remove_set_aside(self.folder)


def _about(place: Path) -> dict[str, Any]:
    try:
        found = json.loads((place / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _used(place: Path) -> float:
    try:
        return (place / ABOUT).stat().st_mtime
    except OSError:
        return 0.0
