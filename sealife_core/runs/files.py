"""How files of a run are written and read so that a crash, at any moment, leaves nothing half-told.

Whole files are replaced in one step; logs grow by whole lines, and a reader stops at the last newline.
"""

import json
import math
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from reprlib import repr as shortened
from typing import Any, BinaryIO

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

MOST_BYTES = 1 << 28  # of one JSON file: the index of a million embeddings takes a tenth of it


class UnreadableFile(ValueError):
    """A file is there but does not hold what it should; the text is a sentence for people."""


def plain(value: Any) -> Any:
    """``value`` as JSON knows it: arrays and scalars of numpy or torch become lists and numbers, NaN and ∞ null."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    return plain(value.tolist()) if hasattr(value, "tolist") else str(value)


def replace_text(path: Path, text: str) -> None:
    """:func:`replace_bytes` for text."""
    replace_bytes(path, text.encode())


def replace_bytes(path: Path, content: bytes | memoryview) -> None:
    """Write ``path`` whole or not at all: whoever reads sees the old content or the new one."""
    replace_by(path, lambda file: file.write(content))


def replace_by(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """As :func:`replace_bytes`, of what ``write`` puts into a file: for what is too large to be there twice."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def replace_json(path: Path, value: dict[str, Any]) -> None:
    """Replace ``path`` by ``value``, made plain."""
    replace_text(path, json.dumps(plain(value), indent=1, ensure_ascii=False) + "\n")


def read_json(path: Path, shape: TypeAdapter[Any] | None = None) -> dict[str, Any] | None:
    """The object in ``path``, which fits ``shape``; None where there is no such file. Raises UnreadableFile.

    NaN, infinities, lone surrogates and nesting beyond some 200 levels count as damage: :func:`replace_json` writes
    none of them.
    """
    try:
        with open_regular(path) as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise UnreadableFile(f"{path.name} holds more than {MOST_BYTES / 1e6:.0f} MB: it is damaged.")
        value = from_json(content, allow_inf_nan=False)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnreadableFile:
        raise
    except OSError as error:
        raise UnreadableFile(f"{path.name} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise UnreadableFile(f"{path.name} cannot be read: it is half written or damaged.") from None
    if not isinstance(value, dict):
        raise UnreadableFile(f"{path.name} holds {type(value).__name__} instead of an object: it is damaged.")
    if shape is not None:
        _must_fit(path.name, value, shape)
    return value


def open_regular(path: Path) -> BinaryIO:
    """``path`` opened for reading. Raises UnreadableFile of what is no file: a pipe or a device would never end."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise UnreadableFile(f"{path.name} cannot be read: it is no regular file.")
    return path.open("rb")


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


_SETTLED_S = 2.0  # a file older than this when it was read has no second content of the same time
_MOST_RECALLED = 4096
_recalled: dict[str, tuple[tuple[int, int, int], dict[str, Any]]] = {}


def recall_json(path: Path, shape: TypeAdapter[Any] | None = None) -> dict[str, Any] | None:
    """As :func:`read_json`, but a file that has not changed is not read again: a page asks hundreds at every click.

    Only what has not been touched for a while is trusted to be known by its inode, time and size. The object returned
    is the caller's own; what is nested in it is not. One path is always asked for with the same ``shape``.
    """
    name = str(path)
    try:
        found = path.stat()
    except OSError:
        _recalled.pop(name, None)
        return read_json(path, shape)
    mark = found.st_ino, found.st_mtime_ns, found.st_size
    held = _recalled.get(name)
    if held is None or held[0] != mark:
        value = read_json(path, shape)
        if value is None or time.time() - found.st_mtime < _SETTLED_S:
            return value
        if len(_recalled) >= _MOST_RECALLED:
            _recalled.clear()
        held = _recalled[name] = mark, value
    return dict(held[1])


def append_line(path: Path, value: dict[str, Any]) -> None:
    """Add one JSON line in one write. A half-written last line, left by a crash, is closed first."""
    line = (json.dumps(plain(value), ensure_ascii=False) + "\n").encode()
    with path.open("ab+") as file:
        end = file.seek(0, os.SEEK_END)
        if end:
            file.seek(end - 1)
            line = line if file.read(1) == b"\n" else b"\n" + line
        file.write(line)


_OBJECT = TypeAdapter(dict[str, Any])


class LineReader:
    """Follows a growing file of JSON objects that fit ``shape``. ``skipped`` counts the lines that were none."""

    def __init__(self, path: Path, shape: TypeAdapter[Any] = _OBJECT) -> None:
        self.path, self._shape = path, shape
        self.skipped = 0
        self._offset = 0
        self._inode = 0

    def poll(self) -> Iterator[dict[str, Any] | None]:
        """The objects added since the last call, up to the last newline; None first if the file began anew."""
        try:
            with open_regular(self.path) as file:
                about = os.fstat(file.fileno())
                if self._offset and (about.st_size < self._offset or about.st_ino != self._inode):
                    self._offset = self.skipped = 0
                    yield None
                self._inode = about.st_ino
                file.seek(self._offset)
                added = file.read()
        except (OSError, UnreadableFile):
            return
        whole, newline, _ = added.rpartition(b"\n")
        self._offset += len(whole) + len(newline)
        for line in whole.splitlines():
            try:
                yield self._shape.validate_json(line)
            except ValidationError:
                self.skipped += bool(line.strip())


def tail(path: Path, lines: int, most_bytes: int = 1 << 16) -> list[str]:
    """The last ``lines`` lines of a text, of at most ``most_bytes``. Of a progress bar only its last state is kept."""
    try:
        with open_regular(path) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - most_bytes))
            text = file.read().decode("utf-8", errors="replace")
    except (OSError, UnreadableFile):
        return []
    shown = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
    return [line for line in shown if line.strip()][-lines:] if lines > 0 else []


def size_bytes(folder: Path) -> int:
    """What the files below ``folder`` take on the disk; a file that goes away meanwhile counts nothing."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(where) / name).lstat().st_size
            except OSError:
                continue
    return total
