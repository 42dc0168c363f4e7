"""A data set on disk: ``data/<name>/`` with manifest.csv, dataset.json, images/ and the log of corrections.

What holds is the import with the corrections laid over it (``corrections/``). Classes and content hash are derived from
both whenever it is opened, so that a crash between writing two files cannot leave them in disagreement.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sealife_core.datasets.corrections.entries import Entry, in_force, read_log
from sealife_core.datasets.corrections.replay import replay, with_added
from sealife_core.datasets.imports.finding import composed
from sealife_core.datasets.imports.splits import SPLITS
from sealife_core.datasets.manifest import (
    COLUMNS,
    INFO,
    MANIFEST,
    TABLE_COLUMN,
    classes_of,
    content_hash_of,
    damaged,
    digest,
    read_info,
    read_manifest,
)
from sealife_core.datasets.storage import check_name
from sealife_core.durable import replace_file
from sealife_core.errors import DatasetError
from sealife_core.folders import data_root
from sealife_core.neutral import csv_of


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images, labels and splits as corrected. A row is the place of an image in the manifest, 0 … N-1.

    ``imported``: the import's manifest, then the images added since, whatever the version, with a column "excluded"
    ("" or "yes": those were added); ``every``: the same as corrected; ``places`` (N,): where in both each row is.
    ``entries``: the log; ``reviews``: image id → "kept" or "unsure", where a person has looked at a doubtful label.
    """

    folder: Path
    name: str
    classes: tuple[str, ...]
    content_hash: str
    info: dict[str, Any]
    manifest: pd.DataFrame
    imported: pd.DataFrame
    every: pd.DataFrame
    places: np.ndarray
    entries: tuple[Entry, ...]
    reviews: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.manifest)

    @cached_property
    def labels(self) -> np.ndarray:
        """(N,) int64: index into ``classes``; -1 is unlabelled."""
        place = {label: index for index, label in enumerate(self.classes)}
        return np.array([place.get(label, -1) for label in self.manifest["label"].tolist()], dtype=np.int64)

    @cached_property
    def class_numbers(self) -> dict[str, int]:
        """Class → a number that it keeps: those of the import in their order, then as corrections named them.

        A renamed class keeps its number, so that its colour stays and no other class changes its own.
        """
        numbers = {name: number for number, name in enumerate(classes_of(self.imported))}
        held = {entry.number for entry in in_force(self.entries)}
        for entry in self.entries:
            if entry.rename and entry.number in held:
                was, became = entry.rename
                if was in numbers and became not in numbers:
                    numbers[became] = numbers.pop(was)
            for changes in entry.images.values():
                if "label" in changes and (name := changes["label"][1]):
                    numbers.setdefault(name, len(numbers))
        for name in self.classes:
            numbers.setdefault(name, len(numbers))
        return {name: numbers[name] for name in self.classes}

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {image_id: row for row, image_id in enumerate(self.manifest["id"].tolist())}

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
        return [source or file for source, file in zip(known.tolist(), self._files, strict=True)]

    @cached_property
    def table_columns(self) -> dict[str, list[str]]:
        """Further column of the table of its import → what it says of each row; empty where there was none."""
        return {
            str(column).removeprefix(TABLE_COLUMN): self.manifest[column].tolist()
            for column in self.manifest.columns
            if str(column).startswith(TABLE_COLUMN)
        }

    def named(self, part: str) -> np.ndarray:
        """(n,) int64: the rows whose file name in :attr:`file_names` has ``part`` in it, in any case of letters."""
        wanted = composed(part.strip()).casefold()
        found = [row for row, name in enumerate(self.file_names) if wanted in composed(name).casefold()]
        return np.array(found, dtype=np.int64)

    @cached_property
    def original_names(self) -> dict[str, str]:
        """Image id → its file name as in :attr:`file_names`; also of images that are left out by now."""
        return dict(zip(self.imported["id"].tolist(), self.original.file_names, strict=True))

    def has(self, image_id: str) -> bool:
        """Whether it has an image with this id, which is not left out."""
        return image_id in self._row_of

    def row_of(self, image_id: str) -> int:
        """The row of the image with this id. Raises DatasetError for an unknown one."""
        try:
            return self._row_of[image_id]
        except KeyError:
            raise DatasetError(f"Data set {self.name!r} has no image {image_id!r}. Was it imported again?") from None

    @property
    def version(self) -> int:
        """How many entries the log has: 0 is the import."""
        return len(self.entries)

    def version_of(self, content_hash: str) -> int | None:
        """The newest version with that content; None if there was none."""
        imported = self.imported.iloc[np.flatnonzero(self.imported["excluded"] == "")]
        hashes = [content_hash_of(imported), *(entry.content_hash for entry in self.entries)]
        return next((n for n in reversed(range(len(hashes))) if hashes[n] == content_hash), None)

    @cached_property
    def original(self) -> "Dataset":
        """Every image as it came, with the import or later, and without any correction."""
        return replace(self._all(self.imported), entries=(), reviews={})

    @cached_property
    def whole(self) -> "Dataset":
        """The data set as it is, with the images that are left out."""
        return self._all(self.every)

    def _all(self, images: pd.DataFrame) -> "Dataset":
        manifest = images.drop(columns="excluded")
        return replace(
            self, manifest=manifest, every=images, places=np.arange(len(manifest)), classes=tuple(classes_of(manifest)),
            content_hash=content_hash_of(manifest),
        )  # fmt: skip

    def at(self, version: int) -> "Dataset":
        """The data set as it was at ``version``."""
        return self if version == self.version else self.after(self.entries[:version])

    def after(self, entries: Sequence[Entry]) -> "Dataset":
        """The data set with another log. Nothing is written."""
        return _made(self.folder, self.info, self.imported, entries)

    @cached_property
    def test_hash(self) -> str:
        """A hash of the test images and their labels: two runs are comparable only if it is equal."""
        test = self.manifest[self.manifest["split"] == "test"]
        return digest(sorted(zip(test["sha256"].tolist(), test["label"].tolist(), strict=True)))


def open_dataset(name: str, root: Path | None = None, *, content_hash: str = "") -> Dataset:
    """The data set ``name`` below ``root`` (``data/`` unless given). Raises DatasetError if missing or damaged.

    content_hash: that of the version wanted, as a run saw it; where the log of corrections does not lead to it, the
    newest one is opened.
    """
    check_name(name)
    folder = (root or data_root()) / name
    if not folder.is_dir():
        have = ", ".join(map(repr, list_datasets(root))) or "none yet"
        raise DatasetError(f"There is no data set {name!r}. You have: {have}. Import it first.")
    newest = _open(folder)
    if content_hash in ("", newest.content_hash):
        return newest
    version = newest.version_of(content_hash)
    return newest if version is None else newest.at(version)


def dataset_or_none(name: str, *, content_hash: str = "") -> Dataset | None:
    """As :func:`open_dataset`; None if there is none of that name, or it is damaged."""
    try:
        return open_dataset(name, content_hash=content_hash)
    except DatasetError:
        return None


def list_datasets(root: Path | None = None) -> list[str]:
    """Names of all data sets, damaged ones included (opening one of those says what is wrong)."""
    root = root or data_root()
    if not root.is_dir():
        return []
    folders = (f for f in root.iterdir() if not f.name.startswith(".") and f.is_dir())
    return sorted((f.name for f in folders if (f / INFO).exists() or (f / MANIFEST).exists()), key=str.casefold)


def newest_datasets(root: Path | None = None) -> list[str]:
    """Names of all data sets, the newest first; by name within one second; last those that mislead or are damaged."""
    root = root or data_root()
    return sorted(list_datasets(root), key=lambda name: _age(root / name), reverse=True)


def _age(folder: Path) -> str:
    try:
        info = read_info(folder)
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
    told = {"made": datetime.now(UTC).isoformat(timespec="seconds"), "name": folder.name} | dict(info)
    told |= {"classes": classes_of(manifest), "counts": _counts(manifest)}
    told["content_hash"] = content_hash_of(manifest)
    replace_file(folder / MANIFEST, csv_of(manifest))
    replace_file(folder / INFO, json.dumps(told, indent=1, ensure_ascii=False))
    return _open(folder)


def _open(folder: Path) -> Dataset:
    info, imported = read_info(folder), read_manifest(folder)
    expected = (info.get("counts") or {}).get("images")
    if expected is not None and expected != len(imported):
        raise damaged(folder, f"{MANIFEST} has {len(imported)} images where {INFO} says {expected}")
    return _made(folder, info, imported, read_log(folder))


def _made(folder: Path, info: Mapping[str, Any], imported: pd.DataFrame, entries: Sequence[Entry]) -> Dataset:
    imported = with_added(imported, {image: one for entry in entries for image, one in entry.added.items()})
    every, reviews = replay(imported, entries)
    places = np.flatnonzero((every["excluded"] == "").to_numpy(dtype=bool))
    manifest = every.drop(columns="excluded")
    if len(places) < len(manifest):
        manifest = manifest.iloc[places].reset_index(drop=True)
    classes, content_hash = classes_of(manifest), content_hash_of(manifest)
    told = {**info, "name": folder.name, "classes": classes, "content_hash": content_hash, "counts": _counts(manifest)}
    return Dataset(
        folder, folder.name, tuple(classes), content_hash, told, manifest, imported, every, places, tuple(entries),
        reviews,
    )  # fmt: skip


def _counts(manifest: pd.DataFrame) -> dict[str, int]:
    labels, splits = manifest["label"].tolist(), manifest["split"].tolist()
    counts = {"images": len(labels), "labelled": len(labels) - labels.count("")}
    return counts | {split: splits.count(split) for split in SPLITS}
