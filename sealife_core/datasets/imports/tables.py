"""A CSV of pictures: ``file,label[,split][,group]``, file paths relative to the CSV. Further columns are kept."""

import csv
import io
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TypeVar

from sealife_core.datasets.imports.finding import (
    NO_TEST_WITHOUT_LABEL,
    SPLIT_NAMES,
    FoundFile,
    Skipped,
    clean_label,
    composed,
    too_long,
)
from sealife_core.errors import DatasetError
from sealife_core.neutral import csv_text, printable
from sealife_core.opening import is_folder, read_regular

_REQUIRED, _OPTIONAL = ("file", "label"), ("split", "group")
_COUNTED = (*_REQUIRED, *_OPTIONAL)
DELIMITERS = ",;\t|"
_MOST_BYTES = 256 * 2**20  # some 3 million lines
_TOLD = 10  # problems spelled out before "and 12 more"
_LONGEST_PATH = 4096  # characters: no system opens a longer one
_LONGEST_NAME = 300  # characters of a name that are shown
_LONGEST_COLUMN = 100  # characters of its name
_MOST_COLUMNS = 1000
# Python refuses the whole table for one longer field; here each line is judged alone. This is global to the process.
csv.field_size_limit(_MOST_BYTES)

T = TypeVar("T")
Places = Callable[[str], Path | None]
"""Where the file is that a table calls so; None if there is none."""


def read_table(path: Path, places: Places | None = None, name: str = "") -> tuple[list[FoundFile], Skipped]:
    """The pictures that a CSV lists, and the lines that are skipped.

    ``places``: where files are, by default below the folder of the CSV; ``name``: of the table, by default its file's.
    Raises DatasetError with all problems of the table: missing or repeated columns, unknown splits, empty file names.
    """
    places, name = places or OnDisk(path.parent), name or printable(path.name)
    problems: list[str] = []
    found: dict[str, tuple[int, FoundFile]] = {}
    skipped: Skipped = []
    for line, row in _rows(path, name):
        file, label, group = row["file"], clean_label(row["label"]), clean_label(row.get("group", ""))
        split = SPLIT_NAMES.get(row.get("split", "").casefold(), "")
        if not file:
            problems.append(f"line {line}: 'file' is empty")
            continue
        if row.get("split") and not split:
            problems.append(f"line {line}: split {row['split'][:50]!r} is not one of 'train', 'val', 'test'")
            continue
        called, place = printable(file), places(file)
        if place is None:
            skipped.append((_shortened(called), f"Line {line}: there is no such file."))
            continue
        if reason := too_long("class", label) or too_long("group", group):
            skipped.append((called, f"Line {line}: {reason} Is a quotation mark missing?"))
            continue
        columns = {name: clean_label(text) for name, text in row.items() if name not in _COUNTED}
        item = FoundFile(called, place, label, split, group, columns)
        key = os.path.normpath(place)  # the path of one picture may be written in two ways
        if key in found:
            skipped.append((item.source, _said_twice(line, item, *found[key])))
        elif not label and split in ("val", "test"):
            skipped.append((item.source, NO_TEST_WITHOUT_LABEL.format(split=split)))
        else:
            found[key] = (line, item)
    if problems:
        raise DatasetError(_told(name, problems))
    return [item for _, item in found.values()], skipped


class OnDisk:
    """Files below ``base``, also if the table composes accents differently from the disk, or writes '\\' or other
    capitals, as Windows allows."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._listed: dict[Path, dict[str, str]] = {}

    def __call__(self, file: str) -> Path | None:
        """Where the table's ``file`` is."""
        if len(file) > _LONGEST_PATH:
            return None
        for written in (file, file.replace("\\", "/")):
            place = self._base / written
            if os.path.lexists(place) or os.path.lexists(place := self._with_its_accents(Path(written))):
                return None if is_folder(place) else place
        return None

    def _with_its_accents(self, file: Path) -> Path:
        path = self._base
        for part in file.parts:
            # If both compositions exist, the written one is meant.
            there = os.path.lexists(path / part)
            path = path / (part if there else _found(self._names_in(path), part) or part)
        return path

    def _names_in(self, folder: Path) -> dict[str, str]:
        """The entries of ``folder``, by what they may be called."""
        if folder not in self._listed:
            try:
                self._listed[folder] = _called((there.name, there.name) for there in folder.iterdir())
            except (OSError, ValueError):
                self._listed[folder] = {}
        return self._listed[folder]


def among(files: Iterable[tuple[PurePosixPath, Path]], base: PurePosixPath) -> Places:
    """Files that came with a table in ``base``: found by their paths relative to it, not by those on the disk."""
    known = _called((str(place), path) for place, path in files)
    return lambda file: _found(known, os.path.normpath(base / file.replace("\\", "/")))


def _called(files: Iterable[tuple[str, T]]) -> dict[str, T]:
    """Files by their composed (NFC) names, and by these whatever their capitals where no two are alike."""
    known = {composed(name): file for name, file in files}
    alike = Counter(name.casefold() for name in known)
    return known | {_any_case(name): file for name, file in known.items() if alike[name.casefold()] == 1}


def _any_case(name: str) -> str:
    return f"\0{name.casefold()}"  # what no file can be called


def _found(files: Mapping[str, T], name: str) -> T | None:
    written = composed(name)
    return files.get(written, files.get(_any_case(written)))


def _rows(path: Path, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and fields of every row that is not blank. Raises DatasetError."""
    try:
        text = read_regular(path, _MOST_BYTES).decode("utf-8-sig")
    except OSError as error:
        raise DatasetError(f"{name!r} cannot be opened ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{name!r} is not a UTF-8 text. Save it again as 'CSV UTF-8'.") from error
    # Spreadsheets write ';' if the comma is the decimal sign; Excel may announce it in a first line of its own.
    first, _, rest = text.partition("\n")
    said = first.strip().strip('"').lower()
    says = len(said) == len("sep=;") and said.startswith("sep=")
    text, delimiters = (rest, said[-1]) if says else (text, DELIMITERS)
    begins = 1
    try:
        readers = [csv.reader(io.StringIO(text, newline=""), delimiter=d, strict=True) for d in delimiters]
        headers = [_header(reader) for reader in readers]
        best = max(range(len(headers)), key=lambda n: sum(column in headers[n] for column in _REQUIRED))
        columns, reader = _checked(name, headers[best]), readers[best]
        begins = reader.line_num + 1
        for cells in reader:
            begins = reader.line_num + 1
            if any(cell.strip() for cell in cells):
                row = {column: csv_text(cells[n].strip()) if n < len(cells) else "" for column, n in columns.items()}
                yield reader.line_num + says, row
    except csv.Error as error:
        raise DatasetError(
            f"{name!r} cannot be read as a CSV from line {begins + says} on ({error}). Does a quotation mark stand"
            " alone there? Correct it, and try again."
        ) from error


def _header(reader: Iterator[list[str]]) -> list[str]:
    try:
        return [column.strip().casefold() for column in next(reader, [])]
    except csv.Error:  # the delimiter is not that of this table
        return []


def _checked(name: str, header: list[str]) -> dict[str, int]:
    """The index of each column: those that count, then the first of each further name. Raises DatasetError if one that
    counts is missing or repeated, or if there are too many."""
    missing = [column for column in _REQUIRED if column not in header]
    if missing:
        raise DatasetError(
            f"{name!r} lacks the column {' and '.join(map(repr, missing))}; its first line has"
            f" {', '.join(repr(c[:50]) for c in header[:_TOLD]) or 'nothing'}. Expected: file,label and, if"
            " wanted, split and group."
        )
    if len(header) > _MOST_COLUMNS:
        raise DatasetError(f"{name!r} has {len(header):,} columns; expected at most {_MOST_COLUMNS:,}.")
    known = [column for column in _COUNTED if column in header]
    if doubled := [column for column in known if header.count(column) > 1]:
        raise DatasetError(
            f"{name!r} has the column {' and '.join(map(repr, doubled))} more than once. Rename or remove all but"
            " the one that counts, and try again."
        )
    places = {column: header.index(column) for column in known}
    for n, column in enumerate(header):
        if called := clean_label(csv_text(column))[:_LONGEST_COLUMN]:
            places.setdefault(called, n)
    return places


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


def _said_twice(line: int, item: FoundFile, first_line: int, first: FoundFile) -> str:
    same = (item.label, item.split, item.group) == (first.label, first.split, first.group)
    differs = "" if same else f" with other values (label {item.label[:50]!r} here, {first.label[:50]!r} there)"
    return f"Line {line}: already listed in line {first_line}{differs}; line {first_line} is kept."


def _told(name: str, problems: list[str]) -> str:
    more = len(problems) - _TOLD
    told = "\n".join(problems[:_TOLD]) + (f"\nand {more} more" if more > 0 else "")
    return f"{name!r} was not imported; correct these lines and try again:\n{told}"
