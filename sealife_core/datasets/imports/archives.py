"""Unpacking an untrusted zip: names of entries never become paths, and its size is bounded while it unpacks."""

import os
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Container
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from sealife_core.datasets.imports.finding import TABLES, Files, Skipped, reason_to_skip
from sealife_core.datasets.imports.zip_names import entry_names
from sealife_core.errors import DatasetError
from sealife_core.neutral import printable
from sealife_core.opening import open_regular
from sealife_core.progress import Progress

# Photographs hardly shrink in a zip, and uncompressed drawings some tenfold; a bomb shrinks a thousandfold.
LARGEST_RATIO = 100
# Below this nothing counts as a bomb, however well it is packed.
HARMLESS_BYTES = 64 * 2**20
# Share of the free space: each picture is unpacked and then copied to its place.
_MOST_OF_DISK = 0.45
# The list of entries is read whole and takes 20 times its size in memory; this is enough for some 300,000 pictures.
MOST_LISTED_BYTES = 32 * 2**20
_CHUNK_BYTES = 2**20
# What a camera writes into these lies in front, in a JPEG in its first 64 KiB or behind a profile.
# Others are read whole.
_HEAD_BYTES, _IN_FRONT = 2**18, {".jpg", ".jpeg", ".jpe", ".jfif", ".png"}
_END_BYTES, _END64_BYTES = 22, 76  # the record at the end of a zip, and with the one before it in a large zip (Zip64)


def unpack(
    archive: Path | BinaryIO, folder: Path, progress: Progress | None = None, *, heads: Container[int] | None = None
) -> tuple[Files, Skipped, list[str]]:
    """Unpack the pictures in ``archive`` to ``folder`` as 0, 1, 2, …; returned with their own paths.

    The last value has notes on how names were read. ``heads``: for a look at what is in it, unpack only tables, and the
    pictures with these numbers as far as needed to know when they were taken; of the others nothing. An opened file has
    a ``name``. Raises DatasetError if the file is no zip, is encrypted, lists too many entries, or unpacks to far more
    than it should.
    """
    if isinstance(archive, Path):
        with open_regular(archive) as file:
            return _unpack(file, archive.name, folder, progress, heads)
    return _unpack(archive, archive.name, folder, progress, heads)


def _unpack(
    file: BinaryIO, called: str, folder: Path, progress: Progress | None, heads: Container[int] | None
) -> tuple[Files, Skipped, list[str]]:
    folder.mkdir(parents=True)
    allowed = _Allowance(called, file.seek(0, os.SEEK_END), folder)
    unpacked: Files = []
    skipped: Skipped = []
    try:
        with _opened(file, called) as opened:
            entries = [entry for entry in opened.infolist() if not entry.is_dir()]
            if any(entry.flag_bits & 0x1 for entry in entries):
                raise DatasetError(f"{called!r} is encrypted. Unpack it with its password and import the folder.")
            names, notes = entry_names(entries)
            for number, (entry, name) in enumerate(zip(entries, names, strict=True)):
                place = PurePosixPath(name.replace("\\", "/"))
                target = folder / str(number)
                most_bytes = None
                if heads is not None and number not in heads and place.suffix.lower() not in TABLES:
                    most_bytes = 0
                elif heads is not None and place.suffix.lower() in _IN_FRONT:
                    most_bytes = _HEAD_BYTES
                reason = _refused(entry, place) or reason_to_skip(place)
                if reason is None:
                    reason = _unpack_entry(opened, entry, target, allowed, most_bytes)
                if reason is None:
                    unpacked.append((place, target))
                else:
                    skipped.append((printable(str(place)), reason))
                if progress:
                    progress("Unpacking", number + 1, len(entries))
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        raise DatasetError(
            f"{called!r} is not a zip file, or is damaged. Download or pack it again, or import a folder."
        ) from error
    return unpacked, skipped, notes


def _opened(file: BinaryIO, called: str) -> zipfile.ZipFile:
    listed = _listed_bytes(file)
    if listed > MOST_LISTED_BYTES:
        raise DatasetError(
            f"{called!r} lists its files in {listed / 2**20:,.0f} MiB; expected"
            f" {MOST_LISTED_BYTES / 2**20:,.0f} MiB at most. It holds too many files for one zip. Unpack it"
            " yourself and import the folder."
        )
    return zipfile.ZipFile(file)


def _listed_bytes(file: BinaryIO) -> int:
    """Bytes of the list of entries, found as zipfile finds it; 0 if the file does not end as a zip does."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2**16 - _END_BYTES - _END64_BYTES))  # before the longest comment
    tail = file.read()
    plain = tail[-_END_BYTES:]
    without_comment = plain.startswith(b"PK\5\6") and plain.endswith(b"\0\0")
    at = len(tail) - _END_BYTES if without_comment else tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) < at + _END_BYTES:
        return 0
    end64 = at - _END64_BYTES
    if end64 >= 0 and tail[end64 : end64 + 4] == b"PK\6\6":
        return struct.unpack_from("<Q", tail, end64 + 40)[0]
    return struct.unpack_from("<L", tail, at + 12)[0]


class _Allowance:
    """How many bytes may still be unpacked."""

    def __init__(self, called: str, size_bytes: int, folder: Path) -> None:
        self.called, self.size_bytes = called, size_bytes
        self.most_bytes = max(HARMLESS_BYTES, LARGEST_RATIO * size_bytes)
        self.free_bytes = int(shutil.disk_usage(folder).free * _MOST_OF_DISK)
        self.used_bytes = 0

    def take(self, size_bytes: int) -> None:
        self.used_bytes += size_bytes
        if self.used_bytes > self.most_bytes:
            raise DatasetError(
                f"{self.called!r} unpacks to more than {self.most_bytes / 2**20:,.0f} MiB from"
                f" {self.size_bytes / 2**20:,.2f} MiB: this looks like a zip bomb. Nothing was imported."
                " If it is not, unpack it yourself and import the folder."
            )
        if self.used_bytes > self.free_bytes:
            raise DatasetError(
                f"The disk has no space to unpack {self.called!r}. Nothing was imported. Free some space."
            )


def _refused(entry: zipfile.ZipInfo, place: PurePosixPath) -> str | None:
    if place.is_absolute() or ".." in place.parts or (place.parts and place.parts[0].endswith(":")):
        return "Its path leads out of the zip."
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "A link to another file, not a picture."
    return None


def _unpack_entry(
    opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, allowed: _Allowance, most_bytes: int | None
) -> str | None:
    """Why the entry could not be unpacked, or None. ``most_bytes``: of its beginning; None is all."""
    if most_bytes == 0:
        return None
    try:
        with opened.open(entry) as source, target.open("wb") as copy:
            while chunk := source.read(most_bytes or _CHUNK_BYTES):
                allowed.take(len(chunk))
                copy.write(chunk)
                if most_bytes:
                    break
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        target.unlink(missing_ok=True)
        return f"Damaged inside the zip ({str(error).rstrip('.')})."
    return None
