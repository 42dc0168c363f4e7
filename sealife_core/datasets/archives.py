"""Unpacking a zip that nobody vouches for: entry names never become paths, and its size is bounded while it unpacks."""

import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from sealife_core.errors import DatasetError

# Photographs hardly shrink in a zip, and uncompressed drawings some tenfold; a bomb shrinks a thousandfold.
LARGEST_RATIO = 100
# Below this nothing is called a bomb, however well it is packed.
HARMLESS_BYTES = 64 * 2**20
# Each costs a file on the disk and a kilobyte of memory, however small; the largest sets of photographs have as many.
MOST_ENTRIES = 500_000
_CHUNK_BYTES = 2**20

Unpacked = list[tuple[PurePosixPath, Path]]
Skipped = list[tuple[str, str]]


def unpack(
    archive: Path,
    folder: Path,
    *,
    skips: Callable[[PurePosixPath], str | None],
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Unpacked, Skipped]:
    """Unpack the pictures in ``archive`` to ``folder`` as 0, 1, 2, …; their own paths come back beside them.

    ``skips`` gives the reason to leave an entry out, or None. Raises DatasetError if the file is no zip, is encrypted,
    or unpacks to far more than it should.
    """
    folder.mkdir(parents=True)
    allowed = _Allowance(archive, folder)
    unpacked: Unpacked = []
    skipped: Skipped = []
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = [entry for entry in opened.infolist() if not entry.is_dir()]
            if len(entries) > MOST_ENTRIES:
                raise DatasetError(
                    f"{archive.name!r} holds {len(entries):,} files; expected {MOST_ENTRIES:,} at most. Nothing was"
                    " imported. Unpack it yourself and import the folder."
                )
            if any(entry.flag_bits & 0x1 for entry in entries):
                raise DatasetError(f"{archive.name!r} is encrypted. Unpack it with its password and import the folder.")
            for number, entry in enumerate(entries):
                place = PurePosixPath(entry.filename.replace("\\", "/"))
                target = folder / str(number)
                reason = _refused(entry, place) or skips(place)
                if reason is None:
                    reason = _unpack_entry(opened, entry, target, allowed)
                if reason is None:
                    unpacked.append((place, target))
                else:
                    skipped.append((str(place), reason))
                if progress:
                    progress(number + 1, len(entries))
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        raise DatasetError(
            f"{archive.name!r} is not a zip file, or is damaged. Download or pack it again, or import a folder."
        ) from error
    return unpacked, skipped


class _Allowance:
    """How many bytes may still be unpacked."""

    def __init__(self, archive: Path, folder: Path) -> None:
        self.archive = archive
        self.most_bytes = max(HARMLESS_BYTES, LARGEST_RATIO * archive.stat().st_size)
        # Until the import ends each picture is there twice, unpacked and copied, and others use the disk too.
        self.free_bytes = int(shutil.disk_usage(folder).free * 0.45)
        self.used_bytes = 0

    def take(self, size_bytes: int) -> None:
        self.used_bytes += size_bytes
        if self.used_bytes > self.most_bytes:
            raise DatasetError(
                f"{self.archive.name!r} unpacks to more than {self.most_bytes / 2**20:,.0f} MiB from"
                f" {self.archive.stat().st_size / 2**20:,.2f} MiB: this looks like a zip bomb. Nothing was imported."
                " If it is not, unpack it yourself and import the folder."
            )
        if self.used_bytes > self.free_bytes:
            raise DatasetError(f"There is no room on the disk to unpack {self.archive.name!r}. Nothing was imported.")


def _refused(entry: zipfile.ZipInfo, place: PurePosixPath) -> str | None:
    if place.is_absolute() or ".." in place.parts or (place.parts and place.parts[0].endswith(":")):
        return "Its path leads out of the zip."
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "A link to another file, not a picture."
    return None


def _unpack_entry(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, allowed: _Allowance) -> str | None:
    """Why the entry could not be unpacked, or None."""
    try:
        with opened.open(entry) as source, target.open("wb") as copy:
            while chunk := source.read(_CHUNK_BYTES):
                allowed.take(len(chunk))
                copy.write(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        target.unlink(missing_ok=True)
        return f"Damaged inside the zip ({str(error).rstrip('.')})."
    return None
