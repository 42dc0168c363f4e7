"""manifest.csv and dataset.json of a data set: reading, checking, and the hash of what they say."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from sealife_core.datasets.imports.splits import SPLITS
from sealife_core.errors import DatasetError
from sealife_core.neutral import csv_text
from sealife_core.opening import json_in, open_regular

COLUMNS = ("id", "file", "label", "split", "group", "width", "height", "sha256")
TABLE_COLUMN = "table:"  # and the name of a further column of the table that was imported
MANIFEST, INFO = "manifest.csv", "dataset.json"
BLOCK = 64  # rows that are hashed at once: small beside a data set, large beside a call


def read_info(folder: Path) -> dict[str, Any]:
    """dataset.json. Raises DatasetError."""
    try:
        info = json_in(folder / INFO)
    except FileNotFoundError:
        raise damaged(folder, f"{INFO} is missing") from None
    except (OSError, ValueError) as error:
        raise damaged(folder, f"{INFO} cannot be read") from error
    if not isinstance(info, dict) or not isinstance(info.get("counts") or {}, dict):
        raise damaged(folder, f"{INFO} does not describe a data set")
    return info


def read_manifest(folder: Path) -> pd.DataFrame:
    """manifest.csv, a row an image. Raises DatasetError."""
    try:
        with open_regular(folder / MANIFEST) as file:
            manifest = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8")
    except FileNotFoundError:
        raise damaged(folder, f"{MANIFEST} is missing") from None
    except (OSError, ValueError) as error:  # pandas' parser errors are ValueErrors
        raise damaged(folder, f"{MANIFEST} cannot be read") from error
    missing = [column for column in COLUMNS if column not in manifest.columns]
    if missing:
        raise damaged(folder, f"{MANIFEST} lacks {', '.join(missing)}")
    written = [column for column in manifest.columns if column.startswith(TABLE_COLUMN)]
    for column in [*({"label", "group", "source"} & set(manifest.columns)), *written]:  # what a person wrote
        texts = manifest[column].tolist()
        if (read := list(map(csv_text, texts))) != texts:
            manifest[column] = read
    try:
        for side in ("width", "height"):
            manifest[side] = manifest[side].astype("int64")
    except ValueError as error:
        raise damaged(folder, f"{MANIFEST} has a width or height that is not a number") from error
    if not set(manifest["split"].tolist()) <= set(SPLITS):
        raise damaged(folder, f"{MANIFEST} has a split that is not one of {', '.join(SPLITS)}")
    if len(set(manifest["id"].tolist())) < len(manifest):
        raise damaged(folder, f"{MANIFEST} has one id twice")
    if not all(_stays_inside(file) for file in manifest["file"].tolist()):
        raise damaged(folder, f"{MANIFEST} names a file outside of the data set")
    return manifest


def _stays_inside(file: str) -> bool:
    return bool(file) and file[0] != "/" and ".." not in file.split("/") and "\\" not in file and "\0" not in file


def damaged(folder: Path, what: str) -> DatasetError:
    """The error of a data set that cannot be opened."""
    return DatasetError(f"Data set {folder.name!r} is damaged: {what}. Delete it and import it again.")


def classes_of(manifest: pd.DataFrame) -> list[str]:
    """Every label that an image has, in order."""
    return sorted(set(manifest["label"].tolist()) - {""})


def table_cells(columns: Mapping[str, str]) -> dict[str, str]:
    """What the further columns of a table say of an image, as cells of its row."""
    return {TABLE_COLUMN + name: text for name, text in columns.items()}


def content_hash_of(manifest: pd.DataFrame) -> str:
    """16 hex digits over the images, their labels, splits and groups."""
    columns = (manifest[column].tolist() for column in ("id", "sha256", "label", "split", "group"))
    return digest(list(zip(*columns, strict=True)))


def digest(rows: list[tuple[str, ...]]) -> str:
    """16 hex digits over rows of texts; JSON keeps ("ab", "c") and ("a", "bc") apart."""
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]


class ChangingDigest:
    """:func:`digest` of up to ``n`` rows that change: what stands before the first changed one is not hashed again."""

    def __init__(self, n: int) -> None:
        self._rows = [""] * n
        self._blocks = [b""] * -(-n // BLOCK)
        self._before = [hashlib.sha256(b"[")]  # of what stands before each block

    def after(self, changed: Mapping[int, tuple[str, ...] | None]) -> str:
        """The digest with ``changed``: place → its row, None where there is none."""
        texts = {at: "" if row is None else json.dumps(row) for at, row in changed.items()}
        touched = {at // BLOCK for at, text in texts.items() if text != self._rows[at]}
        for at, text in texts.items():
            self._rows[at] = text
        for at in touched:
            rows = self._rows[at * BLOCK : (at + 1) * BLOCK]
            self._blocks[at] = ", ".join(filter(None, rows)).encode()
        first = min(touched, default=len(self._blocks))
        del self._before[first + 1 :]
        for at, block in enumerate(self._blocks[first:], start=first):
            state = self._before[at].copy()
            state.update(b", " + block if block and any(self._blocks[:at]) else block)
            self._before.append(state)
        whole = self._before[-1].copy()
        whole.update(b"]")
        return whole.hexdigest()[:16]
