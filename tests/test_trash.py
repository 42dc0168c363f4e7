"""What is deleted can be restored until the trash is emptied, the last deleted first."""

import secrets
import time
from contextlib import nullcontext
from datetime import datetime, tzinfo
from pathlib import Path

import pytest

from sealife_core import trash


def made(path: Path, content: str) -> Path:
    path.mkdir()
    (path / "file").write_text(content)
    return path


def test_free_name__is_that_of_nothing_there_and_of_nothing_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    digits = iter(["aaaa", "aaaa", "bbbb", "aaaa", "bbbb", "cccc"])
    strftime = time.strftime  # which datetime calls too, with a time
    monkeypatch.setattr(time, "strftime", lambda shape, *at: strftime(shape, *at) if at else "20261130-011500")
    monkeypatch.setattr(secrets, "token_hex", lambda count: next(digits))
    first = made(tmp_path / trash.free_name(tmp_path, "probe-"), "")
    assert first.name == "20261130-011500-probe-aaaa"
    trash.put(made(tmp_path / trash.free_name(tmp_path, "probe-"), ""))
    assert trash.free_name(tmp_path, "probe-") == "20261130-011500-probe-cccc"


def test_put__of_one_name_again_and_again_comes_back_the_last_first(tmp_path: Path):
    for content in ("first", "second", "third"):
        trash.put(made(tmp_path / "run", content))
    assert [trash.name_of(entry) for entry in trash.entries(tmp_path)] == ["run"] * 3
    for content in ("third", "second", "first"):
        entry = trash.find(tmp_path, "run")
        assert entry is not None
        back = trash.take_out(entry)
        assert (back / "file").read_text() == content
        back.rename(tmp_path / content)
    assert trash.find(tmp_path, "run") is None


def test_put__after_the_clock_was_set_back_is_the_last_deleted_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    years = iter([2027, 2026, 2026, 2028])

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime(next(years), 1, 1, tzinfo=tz)

    monkeypatch.setattr(trash, "datetime", Clock)
    for content in ("first", "second", "third", "fourth"):
        trash.put(made(tmp_path / "run", content))
    found = [(entry / "file").read_text() for entry in trash.entries(tmp_path)]
    assert found == ["fourth", "third", "second", "first"]


def test_entries__of_older_versions_are_found_by_their_names(tmp_path: Path):
    (tmp_path / trash.TRASH).mkdir()
    for name in ("20250101-000000-probe-abcd", "20250101-000000-probe-abcd~1764000000000000000", "a~b"):
        made(tmp_path / trash.TRASH / name, name)
    trash.put(made(tmp_path / "a~b", "new"))
    names = [trash.name_of(entry) for entry in trash.entries(tmp_path)]
    assert names[:2] == ["a~b", "20250101-000000-probe-abcd"]
    assert sorted(names[2:]) == ["20250101-000000-probe-abcd", "a~b"]


def test_name_of__leaves_names_outside_of_the_trash_alone(tmp_path: Path):
    assert trash.name_of(tmp_path / "a~1") == "a~1"


def test_put__a_name_as_long_as_the_disk_allows(tmp_path: Path):
    name = "x" * 255
    trash.put(made(tmp_path / name, ""))
    assert [trash.name_of(entry) for entry in trash.entries(tmp_path)] == [name]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_take_out__replaces_nothing(tmp_path: Path, kind: str):
    path = tmp_path / "a"
    for content in ("old", "new"):
        path.write_text(content) if kind == "file" else made(path, content)
        if content == "old":
            trash.put(path)
    entry = trash.find(tmp_path, "a")
    assert entry is not None
    with pytest.raises(FileExistsError):
        trash.take_out(entry)
    assert entry.exists()
    assert (path if kind == "file" else path / "file").read_text() == "new"


def test_empty__frees_the_bytes_and_leaves_no_trash(tmp_path: Path):
    assert trash.empty(tmp_path / "nowhere", lambda _: nullcontext()) == 0
    assert trash.empty(tmp_path, lambda _: nullcontext()) == 0
    trash.put(made(tmp_path / "run", "x" * 100))
    assert trash.empty(tmp_path, lambda _: nullcontext()) == 100
    assert list(tmp_path.iterdir()) == []
