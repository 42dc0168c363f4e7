"""JSON, logs and rows of a run, written and read so that a crash at any moment leaves nothing half written.

Whole files are replaced in one step (durable.py); logs grow by whole lines, and a reader stops at the last newline.
"""

import json
import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from reprlib import repr as shortened
from typing import Any

from pydantic import TypeAdapter, ValidationError

from sealife_core.durable import append_lines, replace_file
from sealife_core.neutral import printable
from sealife_core.opening import json_in, open_regular
from sealife_core.runs.contents import ROW_SHAPE

FileMark = tuple[int, int, int]
LOG = "log.txt"  # of a run


class UnreadableFile(ValueError):
    """A file is there but does not hold what it should; the text is a sentence for people."""


def plain(value: Any, text: Callable[[str], str] = printable) -> Any:
    """``value`` as JSON can hold it: arrays and scalars of numpy or torch become lists and numbers, NaN and ∞ null, and
    texts what ``text`` makes of them."""
    if isinstance(value, dict):
        return {text(str(key)): plain(item, text) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, text) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return text(value)
    if value is None or isinstance(value, int):
        return value
    return plain(value.tolist(), text) if hasattr(value, "tolist") else text(str(value))


def replace_json(path: Path, value: dict[str, Any]) -> None:
    """Replace the content of ``path`` by ``value``, made :func:`plain`."""
    replace_file(path, json.dumps(plain(value), indent=1, ensure_ascii=False) + "\n")


def read_json(path: Path, shape: TypeAdapter[Any] | None = None) -> dict[str, Any] | None:
    """The object in ``path``, which fits ``shape``; None where there is no such file. Raises UnreadableFile.

    What :func:`~sealife_core.opening.json_in` refuses counts as damage: :func:`replace_json` writes none of it.
    """
    try:
        value = json_in(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UnreadableFile(f"{path.name} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise UnreadableFile(f"{path.name} cannot be read: it is incomplete or damaged.") from None
    if not isinstance(value, dict):
        raise UnreadableFile(f"{path.name} holds {type(value).__name__} instead of an object: it is damaged.")
    if shape is not None:
        _must_fit(path.name, value, shape)
    return value


def readable_json(path: Path, shape: TypeAdapter[Any] | None = None) -> dict[str, Any]:
    """As :func:`read_json`; {} also where the file cannot be read."""
    try:
        return read_json(path, shape) or {}
    except UnreadableFile:
        return {}


def _must_fit(name: str, value: dict[str, Any], shape: TypeAdapter[Any]) -> None:
    try:
        shape.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])[:80]
        wanted = first["msg"].removeprefix("Input should be ")
        raise UnreadableFile(
            f"{name} is damaged: '{where}' is {shortened(first['input'])}; expected {wanted}."
        ) from None


_SETTLED_S = 2.0  # a file older than this when it is read can no longer change within the same tick of the clock
_MOST_RECALLED = 4096
_recalled: dict[str, tuple[FileMark, dict[str, Any]]] = {}


def recall_json(path: Path, shape: TypeAdapter[Any] | None = None) -> dict[str, Any] | None:
    """As :func:`read_json`, but a file that has not changed is not read again: a page asks hundreds at every click.

    A file is known by its :func:`mark` once it has not changed for a while. The object returned is the caller's own;
    what is nested in it is not. One path is always read with the same ``shape``.
    """
    name, now = str(path), mark(path)
    held = _recalled.get(name)
    if held is None or held[0] != now:
        value = read_json(path, shape)
        if value is None or not now[1] or time.time() - now[1] / 1e9 < _SETTLED_S:
            return value
        if len(_recalled) >= _MOST_RECALLED:
            _recalled.clear()
        held = _recalled[name] = now, value
    return dict(held[1])


def mark(path: Path) -> FileMark:
    """Inode, time (ns) and size of a file, zeros where there is none: as long as they stay, so does its content."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0, 0
    return found.st_ino, found.st_mtime_ns, found.st_size


def written_at(path: Path) -> float | None:
    """When ``path`` was written, unix seconds, by the clock of the disk: on shared storage that of its server."""
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def append_line(path: Path, value: dict[str, Any]) -> None:
    """Append one JSON line, without waiting for the disk."""
    append_lines(path, (json.dumps(plain(value), ensure_ascii=False) + "\n").encode(), flush=False)


_OBJECT = TypeAdapter(dict[str, Any])
_HEAD_BYTES = 256  # of the first rows: a row takes some 100, including its time


class LineReader:
    """Follows a growing file of JSON objects; lines that do not fit ``shape`` are left out."""

    def __init__(self, path: Path, shape: TypeAdapter[Any] = _OBJECT) -> None:
        self.path, self._shape = path, shape
        self._offset = 0
        self._head = b""

    def poll(self) -> Iterator[dict[str, Any] | None]:
        """The objects added since the last call, up to the last newline; None first if the file was replaced."""
        try:
            with open_regular(self.path) as file:
                # A replaced file may have the old inode and be longer; its first row has another time.
                if file.read(len(self._head)) != self._head:
                    self._offset = 0
                    self._head = b""
                    yield None
                file.seek(self._offset)
                added = file.read()
        except OSError:
            return
        whole, newline, _ = added.rpartition(b"\n")
        if self._offset < _HEAD_BYTES:
            self._head = (self._head[: self._offset] + whole + newline)[:_HEAD_BYTES]
        self._offset += len(whole) + len(newline)
        for line in whole.splitlines():
            try:
                yield self._shape.validate_json(line)
            except ValidationError:
                continue


class MetricsReader:
    """Follows metrics.jsonl. ``rows``: those that count."""

    def __init__(self, path: Path) -> None:
        self.rows: list[dict[str, Any]] = []
        self._lines = LineReader(path, ROW_SHAPE)

    def poll(self) -> list[dict[str, Any]]:
        """Rows added since the last call. After a resume, rows that are done again leave ``rows``."""
        added: list[dict[str, Any]] = []
        for line in self._lines.poll():
            if line is None:  # the file was replaced
                self.rows, added = [], []
            elif (step := line.get("resumed_from")) is not None:
                self.rows = [row for row in self.rows if _step(row) <= step]
                added = [row for row in added if _step(row) <= step]
            else:
                self.rows.append(line)
                added.append(line)
        return added


def _step(row: dict[str, Any]) -> float:
    return row.get("step") or 0.0


def last_line(path: Path) -> str:
    """The last line of a log, or that there is none."""
    return (tail(path, 1) or ["the log is empty"])[0].strip()


def tail(path: Path, lines: int) -> list[str]:
    """The last ``lines`` lines of a text, from its last 64 KiB; of a progress bar only its last state."""
    try:
        with open_regular(path) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - (1 << 16)))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    shown = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
    return [line for line in shown if line.strip()][-lines:] if lines > 0 else []
