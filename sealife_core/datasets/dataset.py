"""A data set on disk: ``data/<name>/`` with manifest.csv, dataset.json and images/.

Classes and content hash are derived from the manifest whenever it is opened, so that a crash between writing two files
cannot leave them in disagreement.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from sealife_core.datasets.imports.splits import SPLITS
from sealife_core.datasets.storage import changing, check_name
from sealife_core.durable import replace_file
from sealife_core.errors import DatasetError
from sealife_core.neutral import csv_of, csv_text
from sealife_core.places import data_root

COLUMNS = ("id", "file", "label", "split", "group", "width", "height", "sha256")
MANIFEST, INFO = "manifest.csv", "dataset.json"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images, labels and splits. A row is the place of an image in the manifest, 0 … N-1."""

    folder: Path
    name: str
    classes: tuple[str, ...]
    content_hash: str
    info: dict[str, Any]
    manifest: pd.DataFrame

    def __len__(self) -> int:
        return len(self.manifest)

    @cached_property
    def labels(self) -> np.ndarray:
        """(N,) int64: index into ``classes``; -1 is unlabelled."""
        place = {label: index for index, label in enumerate(self.classes)}
        return np.array([place.get(label, -1) for label in self.manifest["label"]], dtype=np.int64)

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {image_id: row for row, image_id in enumerate(self.manifest["id"])}

    @cached_property
    def _files(self) -> list[str]:
        return self.manifest["file"].tolist()

    def rows(self, split: str, labelled_only: bool = False) -> np.ndarray:
        """(n,) int64: the rows of "train", "val" or "test". Unlabelled images are in "train"."""
        if split not in SPLITS:
            raise DatasetError(f"There is no split {split!r}; expected one of {', '.join(SPLITS)}.")
        wanted = (self.manifest["split"] == split).to_numpy(dtype=bool)
        if labelled_only:
            wanted = wanted & (self.labels >= 0)
        return np.flatnonzero(wanted).astype(np.int64)

    def image_path(self, row: int) -> Path:
        """The image file of ``row``; it may have been removed since (see ``reading.read_rgb``)."""
        return self.folder / self._files[row]

    @cached_property
    def file_names(self) -> list[str]:
        """The name of each image file when it was imported, with its folders; in a drawn set, its file."""
        known = self.manifest["source"] if "source" in self.manifest else self.manifest["file"]
        return [source or file for source, file in zip(known, self._files, strict=True)]

    def row_of(self, image_id: str) -> int:
        """The row of the image with this id. Raises DatasetError for an unknown one."""
        try:
            return self._row_of[image_id]
        except KeyError:
            raise DatasetError(f"Data set {self.name!r} has no image {image_id!r}. Was it imported again?") from None

    @cached_property
    def test_hash(self) -> str:
        """A hash of the test images and their labels: two runs are comparable only if it is equal."""
        test = self.manifest[self.manifest["split"] == "test"]
        return _digest(sorted(zip(test["sha256"], test["label"], strict=True)))

    def with_splits(self, splits: Mapping[int, str], *, first: Callable[[], object] = lambda: None) -> "Dataset":
        """The data set with some rows moved to other splits, written at once; the content hash changes with it.

        Rows that somebody else has moved since this was opened stay moved. ``first`` is called before anything is
        written, while nobody else can move images. Raises DatasetError for an unknown split, an unlabelled image
        outside of "train", rows that somebody else has moved elsewhere, and images that have changed.
        """
        for row, split in splits.items():
            if split not in SPLITS:
                raise DatasetError(f"There is no split {split!r}; expected one of {', '.join(SPLITS)}.")
            if split != "train" and self.labels[row] < 0:
                raise DatasetError(
                    f"Image {self.manifest['id'][row]} has no label: it can only be in 'train', not in {split!r}."
                )
        with changing(self.folder.parent):
            now = _open(self.folder)
            if now.manifest["id"].tolist() != self.manifest["id"].tolist():
                raise DatasetError(f"The images of data set {self.name!r} have changed. Open it again.")
            seen, column = self.manifest["split"].tolist(), now.manifest["split"].tolist()
            moved = [row for row, split in splits.items() if column[row] not in (seen[row], split)]
            if moved:
                raise DatasetError(
                    f"Someone else has just moved {len(moved):,} of these images of {self.name!r}. Check them again."
                )
            for row, split in splits.items():
                column[row] = split
            first()
            return write_dataset(self.folder, now.manifest.assign(split=column), now.info)


def open_dataset(name: str, root: Path | None = None) -> Dataset:
    """The data set ``name`` below ``root`` (``data/`` unless given). Raises DatasetError if missing or damaged."""
    check_name(name)
    folder = (root or data_root()) / name
    if not folder.is_dir():
        have = ", ".join(map(repr, list_datasets(root))) or "none yet"
        raise DatasetError(f"There is no data set {name!r}. You have: {have}. Import it first.")
    return _open(folder)


def list_datasets(root: Path | None = None) -> list[str]:
    """Names of all data sets, damaged ones included (opening one of those says what is wrong)."""
    root = root or data_root()
    if not root.is_dir():
        return []
    folders = (f for f in root.iterdir() if not f.name.startswith(".") and f.is_dir())
    return sorted((f.name for f in folders if (f / INFO).exists() or (f / MANIFEST).exists()), key=str.casefold)


def newest_first(root: Path | None = None) -> list[str]:
    """Names of all data sets, the newest first; by name within one second; last those that mislead or are damaged."""
    root = root or data_root()
    return sorted(list_datasets(root), key=lambda name: _made(root / name), reverse=True)


def _made(folder: Path) -> str:
    try:
        info = _read_info(folder)
        return "" if (info.get("reef") or {}).get("one_background") else str(info.get("made", ""))
    except DatasetError:
        return ""


def write_dataset(folder: Path, manifest: pd.DataFrame, info: Mapping[str, Any]) -> Dataset:
    """Write manifest.csv and dataset.json into ``folder`` (made if absent) and open the result.

    ``manifest`` has COLUMNS (label and group may be ""; ``file`` is relative to ``folder``) and any further ones;
    ``info`` is what else to store (source, seed, …): name, classes, counts and content hash are added here.
    """
    folder.mkdir(parents=True, exist_ok=True)
    columns = [*COLUMNS, *(column for column in manifest.columns if column not in COLUMNS)]
    manifest = manifest.reset_index(drop=True).loc[:, columns]
    labels, splits = manifest["label"].tolist(), manifest["split"].tolist()
    counts = {"images": len(labels), "labelled": len(labels) - labels.count("")}
    counts |= {split: splits.count(split) for split in SPLITS}
    told = {"made": datetime.now(UTC).isoformat(timespec="seconds"), "name": folder.name} | dict(info)
    told |= {"classes": _classes(manifest), "counts": counts, "content_hash": _content_hash(manifest)}
    replace_file(folder / MANIFEST, csv_of(manifest))
    replace_file(folder / INFO, json.dumps(told, indent=1, ensure_ascii=False))
    return _open(folder)


def _open(folder: Path) -> Dataset:
    info = _read_info(folder)
    manifest = _read_manifest(folder)
    expected = (info.get("counts") or {}).get("images")
    if expected is not None and expected != len(manifest):
        raise _damaged(folder, f"{MANIFEST} has {len(manifest)} images where {INFO} says {expected}")
    classes, content_hash = _classes(manifest), _content_hash(manifest)
    info |= {"name": folder.name, "classes": classes, "content_hash": content_hash}
    return Dataset(folder, folder.name, tuple(classes), content_hash, info, manifest)


def _read_info(folder: Path) -> dict[str, Any]:
    try:
        info = json.loads((folder / INFO).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _damaged(folder, f"{INFO} is missing") from None
    except (OSError, ValueError) as error:
        raise _damaged(folder, f"{INFO} cannot be read") from error
    if not isinstance(info, dict) or not isinstance(info.get("counts") or {}, dict):
        raise _damaged(folder, f"{INFO} does not describe a data set")
    return info


def _read_manifest(folder: Path) -> pd.DataFrame:
    try:
        manifest = pd.read_csv(folder / MANIFEST, dtype=str, keep_default_na=False, encoding="utf-8")
    except FileNotFoundError:
        raise _damaged(folder, f"{MANIFEST} is missing") from None
    except (OSError, ValueError) as error:  # pandas' parser errors are ValueErrors
        raise _damaged(folder, f"{MANIFEST} cannot be read") from error
    missing = [column for column in COLUMNS if column not in manifest.columns]
    if missing:
        raise _damaged(folder, f"{MANIFEST} lacks {', '.join(missing)}")
    for column in {"label", "group", "source"} & set(manifest.columns):  # what a person wrote
        manifest[column] = manifest[column].map(csv_text)
    try:
        manifest = manifest.astype({"width": "int64", "height": "int64"})
    except ValueError as error:
        raise _damaged(folder, f"{MANIFEST} has a width or height that is not a number") from error
    if not set(manifest["split"]) <= set(SPLITS):
        raise _damaged(folder, f"{MANIFEST} has a split that is not one of {', '.join(SPLITS)}")
    if len(set(manifest["id"])) < len(manifest):
        raise _damaged(folder, f"{MANIFEST} has one id twice")
    if not all(_stays_inside(file) for file in manifest["file"]):
        raise _damaged(folder, f"{MANIFEST} names a file outside of the data set")
    return manifest


def _stays_inside(file: str) -> bool:
    path = PurePosixPath(file)
    return bool(file) and not path.is_absolute() and ".." not in path.parts and "\\" not in file and "\0" not in file


def _damaged(folder: Path, what: str) -> DatasetError:
    return DatasetError(f"Data set {folder.name!r} is damaged: {what}. Delete it and import it again.")


def _classes(manifest: pd.DataFrame) -> list[str]:
    return sorted(set(manifest["label"]) - {""})


def _content_hash(manifest: pd.DataFrame) -> str:
    columns = (manifest[column].tolist() for column in ("id", "sha256", "label", "split", "group"))
    return _digest(list(zip(*columns, strict=True)))


def _digest(rows: list[tuple[str, ...]]) -> str:
    """16 hex digits over rows of texts; JSON keeps ("ab", "c") and ("a", "bc") apart."""
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]
