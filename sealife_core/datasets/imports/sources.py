"""The sources of an import: a folder, a zip or a CSV, and how their pictures get labels."""

import errno
import zipfile
from collections.abc import Container
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from sealife_core.datasets.imports.archives import unpack
from sealife_core.datasets.imports.finding import (
    TABLES,
    ClassFolder,
    Files,
    FoundFile,
    Skipped,
    arrange,
    find_in_folder,
    notes_on_classes,
)
from sealife_core.datasets.imports.tables import among, read_table
from sealife_core.datasets.storage import proposed_name
from sealife_core.errors import DatasetError
from sealife_core.neutral import printable
from sealife_core.opening import is_folder, open_regular
from sealife_core.progress import Progress

_LONGEST_PATH = 300  # characters of a path that are shown


def find_pictures(
    source: Path | BinaryIO,
    unpacked: Path,
    progress: Progress | None,
    class_folder: ClassFolder = "first",
    heads: Container[int] | None = None,
) -> tuple[list[FoundFile], Skipped, list[str]]:
    """The pictures of ``source``, whose kind follows from its content and not only its name; what is skipped; notes.

    A zip, which an opened file is, is unpacked to ``unpacked``; ``heads``: see ``archives.unpack``. Raises DatasetError
    for anything but a folder, zip or CSV.
    """
    if not isinstance(source, Path):
        return _arranged(*unpack(source, unpacked, progress, heads=heads), class_folder)
    shown = printable(str(source)[:_LONGEST_PATH])
    if is_folder(source):
        files, skipped = find_in_folder(source)
        return _arranged(files, skipped, [], class_folder)
    try:
        zipped = is_zip(source)
    except OSError as error:
        nothing = error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)
        what = f"There is nothing at '{shown}'." if nothing else f"'{shown}' cannot be opened ({error.strerror})."
        raise DatasetError(f"{what} Expected a folder, a zip or a CSV.") from error
    if zipped:
        return _arranged(*unpack(source, unpacked, progress, heads=heads), class_folder)
    if source.suffix.lower() in TABLES:
        listed, skipped = read_table(source)
        return listed, skipped, notes_on_classes(item.label for item in listed)
    raise DatasetError(
        f"'{printable(source.name)}' cannot be imported. Expected a folder, a zip or a CSV (file,label)."
    )


def name_of(source: Path) -> str:
    """What the data set of ``source`` is called if nobody says: as the folder, or as the file without its ending."""
    source = source.resolve()
    return proposed_name(source.name if source.is_dir() else source.stem)


def is_zip(source: Path) -> bool:
    """Whether a file is a zip, by its content or its name. Raises OSError if it is no regular file."""
    with open_regular(source) as file:
        return zipfile.is_zipfile(file) or source.suffix.lower() == ".zip"


def files_in(source: Path, unpacked: Path, progress: Progress | None = None) -> tuple[Files, Skipped]:
    """Every file of a folder or a zip that may be a picture, whatever its class; or ``source`` alone, if it is neither.

    A zip is unpacked to ``unpacked``. Raises DatasetError.
    """
    if is_folder(source):
        return find_in_folder(source)
    zipped = False
    with suppress(OSError):  # a pipe or a device: reading it as a picture gives the reason
        zipped = is_zip(source)
    if not zipped:
        return [(PurePosixPath(source.name), source)], []
    files, skipped, _ = unpack(source, unpacked, progress)
    return sorted(files), sorted(skipped)


def _arranged(
    files: Files, skipped: Skipped, notes: list[str], class_folder: ClassFolder
) -> tuple[list[FoundFile], Skipped, list[str]]:
    """Labels from the one table that came with the pictures, else from their folders."""
    pictures = sorted((place, path) for place, path in files if place.suffix.lower() not in TABLES)
    tables = sorted((place, path) for place, path in files if place.suffix.lower() in TABLES)
    usable: list[tuple[str, list[FoundFile], Skipped]] = []
    for place, path in tables:
        name = printable(str(place))
        try:
            listed, left_out = read_table(path, among(pictures, place.parent), name)
        except DatasetError as error:
            skipped.append((name, str(error)))
            notes.append(f"The table {name!r} was not used. {error}")
            continue
        if listed:
            usable.append((name, listed, left_out))
        else:
            skipped.append((name, "This table lists none of the pictures."))
    if len(usable) == 1:
        name, listed, left_out = usable[0]
        notes.append(f"The labels come from the table {name!r}; folder names were not used.")
        taken = {item.path for item in listed}
        told = {source for source, _ in left_out}
        unlisted = [
            (printable(str(place)), f"Not listed in {name!r}.") for place, path in pictures if path not in taken
        ]
        left_out += [(source, reason) for source, reason in unlisted if source not in told]
        return listed, skipped + left_out, notes + notes_on_classes(item.label for item in listed)
    if usable:
        names = ", ".join(repr(name) for name, _, _ in usable)
        skipped += [(name, "One of several tables; none was used.") for name, _, _ in usable]
        notes.append(
            f"Several tables list pictures and labels ({names}), so none was used: the folders are the classes. Keep"
            " one table, or import the right one."
        )
    found, left_out, said = arrange(pictures, class_folder)
    return found, skipped + left_out, notes + said + notes_on_classes(item.label for item in found)
