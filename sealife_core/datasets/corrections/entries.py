"""``corrections.jsonl``: what people have changed since the import. A line an entry; lines are only ever added.

An entry is a correction, or the undoing or redoing of one. A crash leaves the last whole line: a reader stops at the
last newline, and the next writer removes what a crash has left behind it.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sealife_core.datasets.imports.finding import clean_label, looks_like
from sealife_core.durable import append_lines
from sealife_core.errors import DatasetError
from sealife_core.opening import read_regular

LOG = "corrections.jsonl"
FORMAT = 4
FIELDS = ("label", "split", "group", "excluded", "review", "opinion")
MOST_BYTES = 1 << 30
QUEUE = "queue"  # why: it was asked next
PREDICTION = "prediction"  # a model had said something of it
PLACE = "place"  # it is of a place held out
WHYS = ("hand", "duplicate", "suspect", QUEUE, PREDICTION, "pattern", PLACE, "agreement", "blind", "file")

Said = Literal["label", "opinion"]


class AddedImage(BaseModel):
    """What the manifest says of an image that was added after the import."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Annotated[str, Field(pattern=r"^images/[^/\\\x00]+$")]
    source: str
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    sha256: str
    phash: str = ""
    columns: Mapping[str, str] = {}  # what the further columns of its table say of it


Change = tuple[str, str]
"""From, to. Of "excluded" they are "" and "yes"; of "review" "", "kept" or "unsure". An "opinion" is the label that a
person gave without seeing the one in force, which stays; it is from ""."""


class Entry(BaseModel):
    """One line. ``number`` counts from 1, and is the version of the data set that the entry makes; 0 is the import.

    Exactly one is set of ``images`` (image id → field → from, to), ``rename`` (a class: from, to; it is a merger where
    both exist), ``undo`` and ``redo`` (the number of a correction). ``added``: image id → an image that came after the
    import; it is left out until ``images`` of the same entry take it in. ``at``: UTC, ISO 8601. ``applied``: when it
    was added here, if it was made elsewhere or earlier. ``content_hash``: that of the data set with this entry, so that
    a run can tell which version it saw. ``why``: one of WHYS, perhaps with a pattern behind it: "pattern:stem".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # 2: with ``applied`` or an opinion; 3: with ``added``; 4: those with columns. Earlier programs do not know them.
    format: Literal[1, 2, 3, 4]
    number: Annotated[int, Field(ge=1)]
    at: str
    applied: str = ""
    by: str
    why: str
    images: Mapping[str, Mapping[Literal["label", "split", "group", "excluded", "review", "opinion"], Change]] = {}
    added: Mapping[str, AddedImage] = {}
    rename: Change | None = None
    undo: int | None = None
    redo: int | None = None
    content_hash: str = ""

    @property
    def corrects(self) -> bool:
        """Whether it is a correction, which can be undone."""
        return self.undo is None and self.redo is None

    @property
    def reason(self) -> str:
        """``why`` without a pattern."""
        return self.why.partition(":")[0]

    @property
    def pattern(self) -> str:
        """What images were grouped or held out by, for those that are added later; "" if that is not told."""
        return self.why.partition(":")[2]


class _Version(BaseModel):
    format: int


class People:
    """Who is who in a log: names that look the same, whatever their capitals and spaces, are one person's, who is
    called as first written."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._called: dict[str, str] = {}
        for entry in entries:
            self.called(entry.by)

    def called(self, by: str) -> str:
        """The name of ``by`` here, on one line; "" for one of which nothing is seen."""
        looks = looks_like(by)
        return looks and self._called.setdefault(looks, clean_label(by))


def read_log(folder: Path) -> tuple[Entry, ...]:
    """The entries of the data set in ``folder``, the oldest first, with names as :class:`People` calls them; none if
    nothing was changed.

    Raises DatasetError for a damaged line, and for a log of a newer version: to leave entries out would bring back
    labels that a person has corrected.
    """
    try:
        text = read_regular(folder / LOG, MOST_BYTES)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise DatasetError(f"{LOG} of data set {folder.name!r} cannot be read ({error.strerror}).") from None
    people = People()
    entries = (_entry(folder, number, line) for number, line in enumerate(text.split(b"\n")[:-1], start=1))
    return tuple(
        entry if (by := people.called(entry.by)) == entry.by else entry.model_copy(update={"by": by})
        for entry in entries
    )


def _entry(folder: Path, number: int, line: bytes) -> Entry:
    try:
        entry = Entry.model_validate_json(line)
    except ValidationError:
        raise DatasetError(_problem(folder, number, line)) from None
    if entry.number != number:
        raise DatasetError(
            f"{LOG} of data set {folder.name!r} is damaged: line {number} is entry {entry.number}; expected {number}."
            " Put back a copy of this file."
        )
    return entry


def _problem(folder: Path, number: int, line: bytes) -> str:
    try:
        newer = _Version.model_validate_json(line).format > FORMAT
    except ValidationError:
        newer = False
    where = f"Line {number} of {LOG} of data set {folder.name!r}"
    if newer:
        return f"{where} was written by a newer version of this program. Update the program to open this data set."
    return f"{where} is damaged. Put back a copy of this file, or delete that line and what follows."


def append_entries(folder: Path, entries: Sequence[Entry]) -> None:
    """Add ``entries``, and flush them to the disk. The caller holds the lock of the data sets. Raises OSError."""
    lines = [f"{entry.model_dump_json(exclude_defaults=True)}\n" for entry in entries]
    if lines:
        append_lines(folder / LOG, "".join(lines).encode())


def lines_in(folder: Path) -> int:
    """How many whole lines the log of the data set in ``folder`` has. Raises OSError."""
    try:
        return read_regular(folder / LOG, MOST_BYTES).count(b"\n")
    except FileNotFoundError:
        return 0


def in_force(entries: Sequence[Entry]) -> list[Entry]:
    """The corrections that are not undone, the oldest first."""
    last: dict[int, bool] = {}
    for entry in entries:
        if entry.undo is not None:
            last[entry.undo] = False
        elif entry.redo is not None:
            last[entry.redo] = True
        else:
            last[entry.number] = True
    return [entry for entry in entries if last.get(entry.number, False)]


def labels_by(entries: Sequence[Entry], field: Said = "label") -> dict[str, dict[str, str]]:
    """Person → image id → the last label that the person gave it and has not taken away; as its class is called now.

    field: "opinion" for those given without seeing the one in force.
    """
    said: dict[str, dict[str, str]] = {}
    for entry in in_force(entries):
        hear(said, entry, field)
    return {by: labels for by, labels in not_taken_away(said).items() if labels}


def hear(said: dict[str, dict[str, str]], entry: Entry, field: Said) -> None:
    """Add to ``said`` (as :func:`labels_by`; "" for a label taken away) what one correction says."""
    if entry.rename:
        was, became = entry.rename
        for labels in said.values():
            labels.update({image: became for image, label in labels.items() if label == was})
    for image, changes in entry.images.items():
        if field in changes:
            said.setdefault(entry.by, {})[image] = changes[field][1]


def not_taken_away(said: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """``said`` without labels that were taken away, or whose class was removed."""
    return {by: {image: label for image, label in labels.items() if label} for by, labels in said.items()}


def changed(fields: Mapping[Any, Change]) -> dict[str, Change]:
    """What an entry changed of an image: a label that stays was confirmed; all else that stays was told with it."""
    return {field: pair for field, pair in fields.items() if field == "label" or pair[0] != pair[1]}


def pattern_of(entries: Sequence[Entry], reason: str) -> str:
    """The pattern of the newest correction in force that was made for ``reason``; "" if that tells none."""
    return next((one.pattern for one in reversed(in_force(entries)) if one.reason == reason), "")


def holding_last(entries: Sequence[Entry]) -> Entry | None:
    """The newest correction in force that holds places out."""
    return next((entry for entry in reversed(in_force(entries)) if entry.reason == PLACE), None)


def for_test(holding: Entry | None) -> set[str]:
    """The images of the places that a correction holds out."""
    told = holding.images.items() if holding else ()
    return {image for image, fields in told if fields.get("split", ("", ""))[1] == "test"}


def newest_of(entries: Sequence[Entry], why: str, field: str) -> int | None:
    """The number of the newest correction in force that was made for ``why`` and changed ``field`` of images."""
    made = [one.number for one in in_force(entries) if one.why == why and any(field in i for i in one.images.values())]
    return made[-1] if made else None
