"""Features of the images of a data set by frozen encoders, computed once: DATA/features/<key>/. Imports no torch.

    rows.npy      (N, D) float32: a row an image
    about.json    what the key stands for, the sha256 of each row's image, the columns, and a checksum of the rows

The key covers everything beside the image that a feature depends on: weights, picture size, preprocessing, number
format, which augmented copy. Images are identified by their content: a data set whose splits or labels change keeps its
rows, and one that grows computes only the new ones. Damaged or incomplete rows are computed again.
"""

import hashlib
import json
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from sealife_core.durable import size_bytes
from sealife_core.evaluation.embeddings.array_store import ArrayStore

FOLDER = "features"
ACTIVATIONS = "activations"  # of the frozen stages in fine-tuning, below FOLDER
MOST_BYTES = 4 * 2**30  # of one data set; 200,000 images of 1,500 numbers take 1.2
MOST_ACTIVATION_BYTES = 4_000_000_000  # of one data set: 16 copies of 3,000 images before a network's last two stages
_MOST_OF_FREE, _ACTIVATIONS_OF_FREE = 0.2, 0.5
_FORMAT = 1

Columns = dict[str, int]
"""Name → number of columns, in their order."""


@dataclass(frozen=True)
class FeatureKey:
    """Everything that the features of an image depend on, beside the image.

    weights: hash of the encoder's tensors. side_px: the size at which pictures are decoded. copy: 0 is the centre crop
    without augmentation, k the k-th augmented copy, drawn by the recipe ``views`` (as JSON).
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
    views: str = ""

    @property
    def name(self) -> str:
        """The name of its folder."""
        text = json.dumps({part: value for part, value in asdict(self).items() if value != ""}, sort_keys=True)
        return f"{self.encoder[:40]}-{self.image_size_px}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Stored:
    """One set of features on the disk."""

    encoder: str
    image_size_px: int
    copy: int
    images: int
    size_bytes: int


class FeatureStore:
    """The features of one data set. ``most_bytes``: their maximum total size."""

    def __init__(self, dataset_folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self.folder = dataset_folder / FOLDER
        self._arrays = ArrayStore(self.folder, most_bytes, _MOST_OF_FREE)

    def rows(
        self, key: FeatureKey, images: Sequence[str],
        compute: Callable[[Int[np.ndarray, " n"]], tuple[Float[np.ndarray, "n d"], Columns]],
        waits: Callable[[], object] = lambda: None,
    ) -> tuple[Float[np.ndarray, "images d"], Columns]:  # fmt: skip
        """Features of ``images`` (their sha256s), and their columns.

        ``compute`` gets the places (n,) in ``images`` of those that are not stored, and returns (n, D) and columns. If
        another process computes the same, this waits for it (``waits``: as of ``computing``). Features that cannot be
        stored are returned nevertheless.
        """
        if found := self._all_of(key.name, images):
            return found
        with self._arrays.computing(key.name, waits):
            if found := self._all_of(key.name, images):  # another process was faster
                return found
            place_of: dict[str, int] = {}
            for row, image in enumerate(images):
                place_of.setdefault(image, row)

            def made_of(wanted: list[str]) -> tuple[np.ndarray, Columns]:
                return compute(np.array([place_of[image] for image in wanted], np.int64))

            kept, columns, known = self._read(key.name) or (np.empty((0, 0), np.float32), {}, {})
            missing = [image for image in place_of if image not in known]
            made, made_columns = made_of(missing)
            if known and made_columns != columns:  # nothing that was kept can be used
                known, missing = {}, list(place_of)
                made, made_columns = made_of(missing)
            rows = np.concatenate([kept, made]) if known else made
            known = {image: row for row, image in enumerate([*known, *missing])}
            with suppress(OSError):  # a full disk costs the next run its seconds, this one nothing
                self._write(key, rows, made_columns, known)
            return rows[[known[image] for image in images]], made_columns

    def stored(self) -> list[Stored]:
        """The sets on the disk, the most recently used first."""
        found = []
        for name in self._arrays.names():
            about = self._arrays.about(name)
            with suppress(KeyError, TypeError):
                key, size = about["key"], size_bytes(self.folder / name)
                found.append(Stored(key["encoder"], key["image_size_px"], key["copy"], len(about["images"]), size))
        return found

    def size_bytes(self) -> int:
        """Bytes that all features and activations take on the disk."""
        return size_bytes(self.folder)

    def clear(self) -> int:
        """Delete all features and activations; returns the bytes freed. Runs that need them compute them again."""
        before = self.size_bytes()
        self._arrays.clear()
        activation_store(self.folder.parent).clear()
        return before - self.size_bytes()

    def _all_of(self, name: str, images: Sequence[str]) -> tuple[np.ndarray, Columns] | None:
        found = self._read(name)
        if found is None or not all(image in found[2] for image in images):
            return None
        rows, columns, known = found
        return rows[[known[image] for image in images]], columns

    def _read(self, name: str) -> tuple[np.ndarray, Columns, dict[str, int]] | None:
        """Rows, columns and the row of each image; None where they are missing or damaged."""
        about, rows = self._arrays.about(name), self._arrays.rows(name)
        if rows is None:
            return None
        try:
            images, columns = about["images"], {str(name): int(width) for name, width in about["columns"].items()}
            sound = (
                about["format"] == _FORMAT
                and rows.dtype == np.float32
                and rows.shape == (len(images), sum(columns.values()))
                and zlib.crc32(np.ascontiguousarray(rows).data) == about["crc32"]
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
        return (rows, columns, {image: row for row, image in enumerate(images)}) if sound else None

    def _write(self, key: FeatureKey, rows: np.ndarray, columns: Columns, known: dict[str, int]) -> None:
        about = {
            "format": _FORMAT,
            "key": asdict(key),
            "columns": columns,
            "crc32": zlib.crc32(np.ascontiguousarray(rows).data),
            "images": list(known),
        }
        self._arrays.write(key.name, about, [rows], rows.shape, "<f4")


def activation_store(dataset_folder: Path) -> ArrayStore:
    """Stored activations of the frozen stages (``training/fine_tuning/activations.py``), with a limit of their own.

    Files of earlier releases, directly in the folder, are removed: a run that needs them computes them again.
    """
    store = ArrayStore(dataset_folder / FOLDER / ACTIVATIONS, MOST_ACTIVATION_BYTES, _ACTIVATIONS_OF_FREE)
    for old in store.folder.glob("[!.]*.*"):
        if old.is_file():
            old.unlink(missing_ok=True)
    return store
