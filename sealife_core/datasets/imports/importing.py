"""Folder, zip or CSV → a data set on disk, whole or not at all; every skipped file is listed with its reason."""

import csv
import hashlib
import io
import os
import shutil
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import pandas as pd

from sealife_core.datasets.dataset import Dataset, open_dataset, write_dataset
from sealife_core.datasets.decoding.early_cache import USUAL_IMAGE_SIZE_PX, EarlyCache
from sealife_core.datasets.decoding.reading import FORMATS, READABLE, decode
from sealife_core.datasets.decoding.squares import DECODED_AT, in_order
from sealife_core.datasets.duplicates import hashed_pixels, perceptual_hashes
from sealife_core.datasets.grouping.exif import written_in
from sealife_core.datasets.grouping.patterns import Pattern, groups_of
from sealife_core.datasets.grouping.preview import preview_of
from sealife_core.datasets.imports.finding import (
    TABLES,
    ClassFolder,
    FoundFile,
    Skipped,
    columns_of,
    note_on_columns,
)
from sealife_core.datasets.imports.sources import find_pictures
from sealife_core.datasets.imports.splits import check_seed, complete_splits
from sealife_core.datasets.manifest import table_cells
from sealife_core.datasets.storage import building, check_new_name
from sealife_core.durable import replace_file
from sealife_core.errors import DatasetError, disk_errors
from sealife_core.neutral import csv_of, csv_text, printable
from sealife_core.opening import open_regular
from sealife_core.progress import Progress
from sealife_core.wording import counted

SKIPPED = "skipped.csv"
_LARGEST_FILE_BYTES = 2**30  # larger files are films or scans that no network here uses
_BLOCK_BYTES = 2**20
_NEARLY_BLACK = 20  # grey levels: the range of 12 bits that were written as 16, and what resizing makes brighter
_UNPACKED = "unpacked"
_HASHED_AT_ONCE = 256  # pictures: one by one, NumPy's calls would cost more than its work


@dataclass(frozen=True)
class ImportReport:
    """What an import did. ``skipped``: (file, reason) of everything that is not in the data set."""

    dataset: Dataset
    imported: int
    skipped: list[tuple[str, str]]
    notes: list[str]


def import_images(
    source: Path,
    name: str,
    *,
    root: Path | None = None,
    seed: int = 0,
    image_size_px: int = USUAL_IMAGE_SIZE_PX,
    group_by: Pattern | None = None,
    class_folder: ClassFolder = "first",
    progress: Progress | None = None,
    files: Sequence[FoundFile] | None = None,
    notes: Sequence[str] = (),
) -> ImportReport:
    """Import a folder, a zip or a CSV as data set ``name`` below ``root`` (``data/`` unless given).

    Existing splits are kept; otherwise images are split 80/10/10 by ``seed``. Files are copied unchanged. Files
    that cannot be decoded are skipped and listed. The decoded cache for a network that sees ``image_size_px`` is
    made at the same time if the disk has room. ``group_by``: what images are grouped by, instead of the groups of a
    CSV; images of one group stay in one split. class_folder: which folder around a picture is its class. files:
    what to import; ``source`` then only says where it came from. notes: what to say of them besides what is found.
    Raises DatasetError if nothing can be imported, and leaves nothing behind.
    """
    source = Path(source)
    came_from = printable(str(source))
    check_new_name(name)
    check_seed(seed)
    stopped = disk_errors(DatasetError, f"The import of {name!r} stopped, and nothing was imported.")
    with stopped, building(name, root, progress) as folder:
        if files is None:
            found, skipped, said = find_pictures(source, folder / _UNPACKED, progress, class_folder)
        else:
            found, skipped, said = list(files), [], []
        said = [*notes, *said]
        if group_by is not None:
            found = _grouped(found, group_by, progress)
        said += note_on_columns(columns_of(found), group_by.column if group_by else "")
        with EarlyCache(folder, [item.path for item in found], image_size_px) as cache:
            rows, unreadable, remarks = _take_all(found, folder / "images", cache, progress)
            skipped += unreadable
            if not rows:
                raise DatasetError(nothing_imported(source, skipped))
            manifest = pd.DataFrame(rows)
            cache.keep(manifest["sha256"].tolist(), manifest[["width", "height"]].max(axis=1).to_numpy())
        labels, groups, given = (manifest[column].tolist() for column in ("label", "group", "split"))
        if group_by is not None:
            said += preview_of(groups, manifest["source"].tolist(), labels).sentences
        manifest["split"], split_notes = complete_splits(labels, groups, given, seed)
        said += split_notes + remarks
        replace_file(folder / SKIPPED, csv_of(pd.DataFrame(skipped, columns=["file", "reason"])))
        told = {"name": name, "source": came_from, "seed": seed, "notes": said}
        write_dataset(folder, manifest, told | ({"group_by": str(group_by)} if group_by else {}))
        shutil.rmtree(folder / _UNPACKED, ignore_errors=True)
    return ImportReport(open_dataset(name, root), len(rows), skipped, said)


def read_skipped(dataset: Dataset) -> list[tuple[str, str]]:
    """(file, reason) of what was skipped when ``dataset`` was imported; empty for one that was drawn."""
    try:
        text = (dataset.folder / SKIPPED).read_bytes().decode()
    except FileNotFoundError:
        return []
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if len(row) == 2]
    return [(csv_text(file), csv_text(reason)) for file, reason in rows[1:]]


def _grouped(found: list[FoundFile], pattern: Pattern, progress: Progress | None) -> list[FoundFile]:
    names, columns = [item.source for item in found], columns_of(found)
    groups = groups_of(pattern, names, lambda: written_in([item.path for item in found], progress), columns)
    return [replace(item, group=group) for item, group in zip(found, groups, strict=True)]


def _take_all(
    found: list[FoundFile], images: Path, cache: EarlyCache, progress: Progress | None
) -> tuple[list[dict[str, Any]], Skipped, list[str]]:
    """Decode and copy everything in order.

    The last value has notes on what the pictures look like.
    """
    rows: list[dict[str, Any]] = []
    skipped: Skipped = []
    ids: set[str] = set()
    unhashed: list[bytes] = []
    hashes: list[str] = []
    dark: list[str] = []
    with closing(taken_in_order(found, images, cache, progress)) as all_taken:
        for done, (item, taken) in enumerate(all_taken, start=1):
            if isinstance(taken, str):
                skipped.append((item.source, taken))
            elif taken.row["id"] in ids:  # a zip may hold one path twice
                skipped.append((item.source, "The same file under the same name again."))
            else:
                ids.add(taken.row["id"])
                rows.append(taken.row)
                cache.add(taken.square)
                if max(taken.hashed_pixels) < _NEARLY_BLACK:
                    dark.append(item.source)
                unhashed.append(taken.hashed_pixels)
            if len(unhashed) == _HASHED_AT_ONCE or done == len(found):
                hashes += perceptual_hashes(unhashed)
                unhashed.clear()
    taken_rows = [row | {"phash": phash} for row, phash in zip(rows, hashes, strict=True)]
    return taken_rows, skipped, _notes_on_pictures(dark)


class Taken(NamedTuple):
    """A picture that was copied: its row of the manifest, what its hash is made of, its square of the decoded cache."""

    row: dict[str, Any]
    hashed_pixels: bytes
    square: bytes


def taken_in_order(
    found: Sequence[FoundFile], images: Path, cache: EarlyCache | None, progress: Progress | None
) -> Generator[tuple[FoundFile, Taken | str]]:
    """Each picture, decoded and copied to ``images`` (made); or the reason why it is skipped.

    On several threads: Pillow decodes without holding Python's lock. They end when this is closed.
    """
    images.mkdir()
    pool = ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1))
    try:
        all_taken = in_order(pool, lambda item: _take(item, images, cache), found)
        for done, pair in enumerate(zip(found, all_taken, strict=True), start=1):
            yield pair
            if progress:
                progress("Reading pictures", done, len(found))
    finally:
        pool.shutdown(cancel_futures=True)


def _take(item: FoundFile, images: Path, cache: EarlyCache | None) -> Taken | str:
    """A picture, copied to ``images``; or the reason why it is skipped."""
    try:
        file = open_regular(item.path)
    except OSError as error:
        return f"Cannot be opened ({error.strerror})."
    with file:
        size_bytes = os.fstat(file.fileno()).st_size
        if size_bytes > _LARGEST_FILE_BYTES:
            return f"Larger than {_LARGEST_FILE_BYTES / 2**30:.0f} GiB."
        if not size_bytes:
            return "Empty: 0 bytes."
        try:
            picture = decode(file, at_least_px=DECODED_AT * (cache.size_px if cache else USUAL_IMAGE_SIZE_PX))
        except DatasetError as error:
            return str(error)
        file.seek(0)
        copy, digest = _copied(file, images)
    # From name and content, so that importing the same folder again gives the same ids. 64 bits: no two of a million
    # images get the same one by chance.
    image_id = hashlib.sha256(f"{item.source}\0{digest}".encode()).hexdigest()[:16]
    copy = copy.replace(images / f"{image_id}{FORMATS[picture.format]}")
    row = {
        "id": image_id, "file": f"{images.name}/{copy.name}", "label": item.label, "split": item.split,
        "group": item.group, "width": picture.width, "height": picture.height, "sha256": digest,
        "source": item.source, **table_cells(item.columns),
    }  # fmt: skip
    return Taken(row, hashed_pixels(picture.rgb), cache.square(picture.rgb) if cache else b"")


def _copied(file: BinaryIO, images: Path) -> tuple[Path, str]:
    """A copy of the rest of ``file``, cut at the largest size, and the SHA-256 of the copy."""
    digest, left_bytes = hashlib.sha256(), _LARGEST_FILE_BYTES
    copy = images / f".{threading.get_ident()}"  # a thread takes one picture at a time
    with copy.open("wb") as copied:
        while block := file.read(min(_BLOCK_BYTES, left_bytes)):
            digest.update(block)
            copied.write(block)
            left_bytes -= len(block)
    return copy, digest.hexdigest()


def _notes_on_pictures(dark: list[str]) -> list[str]:
    if not dark:
        return []
    pictures = counted(len(dark), "picture is", "pictures are")
    return [
        f"{pictures} nearly black ({dark[0]!r}{', …' if len(dark) > 1 else ''}). 12-bit values in a 16-bit file look"
        " like this. If they should be brighter, scale the values to the full range and import them again."
    ]


def nothing_imported(source: Path, skipped: Skipped) -> str:
    """What to say of a source that holds no picture that can be read."""
    if not skipped and source.suffix.lower() in TABLES and not source.is_dir():
        return f"'{printable(source.name)}' lists no picture. Expected a line for each below 'file,label'."
    if not skipped:
        return f"'{printable(source.name)}' holds no picture. Expected {READABLE}, in one folder per class."
    file, reason = skipped[0]
    files = counted(len(skipped), "file was", "files were")
    name = printable(source.name)
    return f"'{name}' holds no picture that can be read; {files} skipped. {file[:200]!r}: {reason}"
