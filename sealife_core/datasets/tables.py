"""A CSV of pictures: ``file,label[,split][,group]``, file paths relative to the CSV."""

import csv
import io
from pathlib import Path

from sealife_core.datasets.finding import NO_TEST_WITHOUT_LABEL, SPLIT_NAMES, Found, Skipped, clean_label, printable
from sealife_core.errors import DatasetError
from sealife_core.neutral import csv_text

_REQUIRED = ("file", "label")
_TOLD = 10  # problems spelled out before "and 12 more"


def read_table(path: Path) -> tuple[list[Found], Skipped]:
    """The pictures a CSV lists, and the lines that have to be left out.

    Raises DatasetError with all problems of the table together: missing columns, unknown splits, empty file names.
    """
    rows = _rows(path)
    problems: list[str] = []
    found: dict[str, tuple[int, Found]] = {}
    skipped: Skipped = []
    for line, row in rows:
        file, label, group = row["file"], clean_label(row["label"]), clean_label(row.get("group", ""))
        split = SPLIT_NAMES.get(row.get("split", "").casefold(), "")
        if not file:
            problems.append(f"line {line}: 'file' is empty")
            continue
        if row.get("split") and not split:
            problems.append(f"line {line}: split {row['split'][:50]!r} is not one of 'train', 'val', 'test'")
            continue
        item = Found(printable(file), _place(path.parent, file), label, split, group)
        if file in found:
            skipped.append((item.source, _said_twice(line, item, *found[file])))
        elif not item.path.is_file():
            skipped.append((item.source, f"Line {line}: there is no such file."))
        elif not label and split in ("val", "test"):
            skipped.append((item.source, NO_TEST_WITHOUT_LABEL.format(split=split)))
        else:
            found[file] = (line, item)
    if problems:
        raise DatasetError(_told(path, problems))
    return [item for _, item in found.values()], skipped


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Line number and fields of every row that is not blank. Raises DatasetError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DatasetError(f"{path.name!r} cannot be opened ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path.name!r} is not a UTF-8 text. Save it again as 'CSV UTF-8'.") from error
    header = text.partition("\n")[0]
    # Spreadsheets write ';' where the comma is the decimal sign.
    delimiter = next((d for d in (",", ";", "\t") if d in header), ",")
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        columns = [(column or "").strip().casefold() for column in reader.fieldnames or []]
        reader.fieldnames = columns
        missing = [column for column in _REQUIRED if column not in columns]
        if missing:
            raise DatasetError(
                f"{path.name!r} lacks the column {' and '.join(map(repr, missing))}; its first line has"
                f" {', '.join(repr(c[:50]) for c in columns[:_TOLD]) or 'nothing'}. Expected: file,label and, if"
                " wanted, split and group."
            )
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise DatasetError(f"{path.name!r} cannot be read as a CSV ({error}).") from error
    fields = [
        (line, {k: csv_text((v or "").strip()) for k, v in row.items() if isinstance(k, str)}) for line, row in rows
    ]
    return [(line, row) for line, row in fields if any(row.values())]


def _place(base: Path, file: str) -> Path:
    place = base / file.replace("\0", "")
    return place if "\\" not in file or place.exists() else base / file.replace("\\", "/")


def _said_twice(line: int, item: Found, first_line: int, first: Found) -> str:
    same = (item.label, item.split, item.group) == (first.label, first.split, first.group)
    differs = "" if same else f" with other values (label {item.label[:50]!r}, there {first.label[:50]!r})"
    return f"Line {line}: listed in line {first_line} already{differs}; that one is kept."


def _told(path: Path, problems: list[str]) -> str:
    more = len(problems) - _TOLD
    told = "\n".join(problems[:_TOLD]) + (f"\nand {more} more" if more > 0 else "")
    return f"{path.name!r} was not imported; mend these lines and try again:\n{told}"
