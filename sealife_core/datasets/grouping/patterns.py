"""Patterns that tell from the name of a picture what it belongs to: a dive, a film, a site.

parent                the name of the folder that the file is in
grandparent           the name of the folder around that one: the site in "site A/crab/1.jpg"
part:N, part:N:_-     the N-th part of the file name, between any of these characters; -1 is the last
stem                  the file name without the number at its end: frames of one film
date, camera          the day, or which camera it is, as the camera wrote it into the file
column:NAME           what that column of the table says with which the pictures came: a site, a dive
regex:EXPRESSION      what the one group ( ) of the expression matches in the name with its folders
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from sealife_core.datasets.grouping.exif import READ, Written
from sealife_core.datasets.grouping.expressions import matched
from sealife_core.datasets.imports.finding import clean_label
from sealife_core.errors import DatasetError

EXPECTED = "parent, grandparent, part:N, part:N:SEPARATORS, stem, date, camera, column:NAME or regex:EXPRESSION"
COLUMN = "column"
_LONGEST = 100  # characters of a group; a longer one is cut, always at the same place, so that later images join it
SEPARATORS = "_- ."
_DIGITS = "0123456789"
_AROUND_NUMBER = " _-.()"
_SIMPLE = ("parent", "grandparent", "stem", *READ)


@dataclass(frozen=True)
class Pattern:
    """``kind``: one of those above; ``part`` and ``separators`` of "part", ``expression`` of "regex", ``column``."""

    kind: str
    part: int = 0
    separators: str = SEPARATORS
    expression: str = ""
    column: str = ""

    def __str__(self) -> str:
        if self.kind == "part":
            return f"part:{self.part}" + ("" if self.separators == SEPARATORS else f":{self.separators}")
        return {"regex": f"regex:{self.expression}", COLUMN: f"{COLUMN}:{self.column}"}.get(self.kind, self.kind)


def parse_pattern(text: str) -> Pattern:
    """The pattern that ``text`` writes, as above; :class:`str` undoes it. Raises DatasetError for any other."""
    kind, _, rest = text.partition(":")
    if text in _SIMPLE:
        return Pattern(kind)
    if kind == "regex" and rest:
        return Pattern(kind, expression=rest)
    if kind == COLUMN and rest.strip():
        return Pattern(kind, column=rest.strip().casefold())
    if kind == "part":
        number, _, separators = rest.partition(":")
        digits = number.removeprefix("-")
        if digits.isascii() and digits.isdigit() and 0 < int(digits[:9]) < 100:
            return Pattern(kind, part=int(number), separators=separators or SEPARATORS)
        raise DatasetError(f"'part' needs a number from 1 (or -1, from the end) to 99; got {number[:20]!r}.")
    raise DatasetError(f"{text[:100]!r} does not say what pictures are grouped by; expected {EXPECTED}.")


def groups_of(
    pattern: Pattern,
    names: Sequence[str],
    written: Callable[[], Sequence[Written]],
    columns: Mapping[str, Sequence[str]] | None = None,
) -> list[str]:
    """The group of each picture, "" for none. names: of the files when they were imported, with their folders.

    ``written`` gives what cameras wrote into them; it is called only where that is asked for. columns: further columns
    of their table. Raises DatasetError for an expression that cannot be used, and for a column that there is not.
    """
    if pattern.kind == COLUMN:
        return [_as_name(text) for text in _said_in(pattern.column, columns or {})]
    if pattern.kind in READ:
        return [_as_name(getattr(one, pattern.kind)) for one in written()]
    slashed = [name.replace("\\", "/") for name in names]
    if pattern.kind == "regex":
        found = matched(pattern.expression, slashed)
    elif pattern.kind == "parent":
        found = [PurePosixPath(name).parent.name for name in slashed]
    elif pattern.kind == "grandparent":
        found = [PurePosixPath(name).parent.parent.name for name in slashed]
    elif pattern.kind == "stem":
        found = [(numbered(PurePosixPath(name).stem) or ("",))[0] for name in slashed]
    else:
        found = [_part(PurePosixPath(name).stem, pattern) for name in slashed]
    return [_as_name(text) for text in found]


def numbered(stem: str) -> tuple[str, int] | None:
    """("dive 3", 17) of "dive 3_0017" and "dive 3 (17)"; None where there is no number at the end."""
    end = stem.rstrip(_AROUND_NUMBER)
    head = end.rstrip(_DIGITS)
    return None if head == end else (head.rstrip(_AROUND_NUMBER), int(end[len(head) :][-18:]))


def _said_in(column: str, columns: Mapping[str, Sequence[str]]) -> Sequence[str]:
    if column not in columns:
        have = f"It has {', '.join(map(repr, list(columns)[:20]))}" if columns else "It has no further columns"
        raise DatasetError(f"The table of these images has no column {column[:100]!r} to group by. {have}.")
    return columns[column]


def _part(stem: str, pattern: Pattern) -> str:
    table = str.maketrans(dict.fromkeys(pattern.separators, "\0"))
    parts = [part for part in stem.translate(table).split("\0") if part]
    place = pattern.part - 1 if pattern.part > 0 else pattern.part
    return parts[place] if -len(parts) <= place < len(parts) else ""


def _as_name(text: str) -> str:
    """``text`` as a group can be called: as :func:`clean_label`, and told from others where too long."""
    name = clean_label(text)
    if len(name) <= _LONGEST:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: _LONGEST - len(digest) - 1]}…{digest}"
