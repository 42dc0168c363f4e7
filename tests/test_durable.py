"""What is reported as saved survives a power cut, and two writers of one file never meet."""

import errno
import multiprocessing
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sealife_core.durable import (
    append_lines,
    flush_tree,
    held,
    remove_leftovers,
    remove_set_aside,
    rename,
    replace_by_path,
    replace_file,
    replacing,
    set_aside,
    size_bytes,
)
from sealife_core.errors import RunError

Calls = list[tuple[str, str]]


@pytest.fixture
def calls(flushes: None, monkeypatch: pytest.MonkeyPatch) -> Calls:
    """What is asked of the system, in order: (fsync, file or folder) and (rename, target). All of it is done."""
    made: Calls = []
    fsync = os.fsync

    def watched_fsync(handle: int) -> None:
        number = handle if isinstance(handle, int) else handle.fileno()
        made.append(("fsync", Path(f"/proc/self/fd/{number}").readlink().name))
        fsync(handle)

    def watched(move: Callable[..., None]) -> Callable[..., None]:
        def moved(source: Path, target: Path) -> None:
            move(source, target)
            made.append(("rename", Path(target).name))

        return moved

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "rename", watched(os.rename))
    monkeypatch.setattr(os, "replace", watched(os.replace))
    return made


def test_replace_file__flushes_the_file_then_renames_it_then_flushes_the_folder(tmp_path: Path, calls: Calls):
    replace_file(tmp_path / "a.json", "{}")
    (first, temporary), *rest = calls
    assert first == "fsync"
    assert temporary.startswith(".a.json.")
    assert rest == [("rename", "a.json"), ("fsync", tmp_path.name)]
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_replace_by_path__flushes_what_a_library_wrote_even_into_another_file(tmp_path: Path, calls: Calls):
    def as_some_libraries_do(path: Path) -> None:
        other = path.with_name("other")
        other.write_text("whole")
        other.replace(path)

    replace_by_path(tmp_path / "model", as_some_libraries_do)
    assert (tmp_path / "model").read_text() == "whole"
    assert [what for what, _ in calls] == ["rename", "fsync", "fsync", "rename", "fsync"]
    assert calls[0][1] == calls[1][1], "the file that took the place of ours is the one that is flushed"
    assert calls[-2:] == [("rename", "model"), ("fsync", tmp_path.name)]


def test_flush_tree__flushes_every_file_and_then_the_folders_from_within(tmp_path: Path, calls: Calls):
    inner = tmp_path / "inner"
    inner.mkdir()
    for number in range(3):
        (inner / f"{number}").write_bytes(b"x")
    told: list[tuple[str, int, int]] = []
    flush_tree(tmp_path, lambda *report: told.append(report))
    names = [name for _, name in calls]
    assert sorted(names[:3]) == ["0", "1", "2"]
    assert names[3:] == ["inner", tmp_path.name]
    assert told == [("Saving", 1, 3), ("Saving", 2, 3), ("Saving", 3, 3)]


def test_rename__flushes_both_parents(tmp_path: Path, calls: Calls):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "file").write_text("x")
    rename(tmp_path / "a" / "file", tmp_path / "b" / "file")
    assert calls == [("rename", "file"), ("fsync", "b"), ("fsync", "a")]


def test_replacing__leaves_the_old_content_and_nothing_else_where_writing_fails(tmp_path: Path):
    path = tmp_path / "array.npy"
    replace_file(path, b"old")
    with pytest.raises(OSError, match="File too large"), replacing(path) as file:
        print(file.write(b"ne"), os.truncate(file.name, 1 << 62))
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["array.npy"]


def test_replace_file__keeps_the_old_file_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    replace_file(tmp_path / "a.json", "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(tmp_path / "a.json", "new")
    assert (tmp_path / "a.json").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_replace_file__many_writers_at_once_never_meet(tmp_path: Path):
    path, whole = tmp_path / "notes.json", ["a" * 5000, "b" * 7000, "c" * 9000]
    replace_file(path, whole[0])
    torn: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            if (found := path.read_text()) not in whole:
                torn.append(found)

    writers = [threading.Thread(target=lambda w=w: [replace_file(path, w) for _ in range(60)]) for w in whole]
    reader = threading.Thread(target=read)
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert torn == []
    assert [found.name for found in tmp_path.iterdir()] == ["notes.json"]


def test_replace_file__is_readable_as_the_umask_says(tmp_path: Path):
    former = os.umask(0o022)
    try:
        replace_file(tmp_path / "a.json", "{}")
    finally:
        os.umask(former)
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o644


def test_replace_file__a_name_as_long_as_the_disk_allows(tmp_path: Path):
    path = tmp_path / ("é" * 125 + ".json")
    replace_file(path, "{}")
    assert path.read_text() == "{}"


def _killed_while_writing(path: Path) -> None:
    with replacing(path) as file:
        file.write(b"half")
        file.flush()
        os.kill(os.getpid(), 9)


@pytest.mark.process
def test_remove_leftovers__takes_those_of_killed_writers_and_spares_those_being_written(tmp_path: Path):
    killed = multiprocessing.get_context("fork").Process(target=_killed_while_writing, args=(tmp_path / "a.npy",))
    killed.start()
    killed.join()
    (leftover,) = tmp_path.iterdir()
    assert size_bytes(tmp_path) == 0, "what nobody can read is not counted"
    with replacing(tmp_path / "b.npy") as file:
        for path in tmp_path.iterdir():
            os.utime(path, (0, 0))
        remove_leftovers(tmp_path)
        assert not leftover.exists()
        file.write(b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["b.npy"]


def test_set_aside__is_out_of_reach_at_once_and_a_killed_removal_is_ended_by_the_next(tmp_path: Path):
    trash = tmp_path / ".trash"
    (trash / "run").mkdir(parents=True)
    (trash / "run" / "model").write_bytes(b"x" * 100)
    set_aside(trash)
    assert not trash.exists()
    set_aside(trash)  # there is none: nothing to do
    assert remove_set_aside(tmp_path) == 100
    assert list(tmp_path.iterdir()) == []


def test_held__keeps_others_out_and_says_what_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sealife_core.durable.PATIENCE_S", 0.05)
    with (
        held(tmp_path / ".lock", "The queue", RunError),
        pytest.raises(RunError, match=r"The queue has been locked"),
        held(tmp_path / ".lock", "The queue", RunError),
    ):
        pass
    with held(tmp_path / ".lock", "The queue", RunError):
        pass


def test_append_lines__flushes_the_log_and_its_folder_unless_told_not_to(tmp_path: Path, calls: Calls) -> None:
    append_lines(tmp_path / "log", b"one\n", flush=False)
    assert calls == []
    append_lines(tmp_path / "log", b"two\n")
    assert calls == [("fsync", "log"), ("fsync", tmp_path.name)]
    assert (tmp_path / "log").read_bytes() == b"one\ntwo\n"


def test_append_lines__removes_a_half_line_of_any_length_first(tmp_path: Path) -> None:
    log = tmp_path / "log"
    for whole in (b"", b"one\n"):
        for half in (b"", b"x", b"x" * 200_000):
            log.write_bytes(whole + half)
            append_lines(log, b"two\nthree\n")
            assert log.read_bytes() == whole + b"two\nthree\n"


@pytest.mark.parametrize("step", ["write", "fsync"])
def test_append_lines__on_a_full_disk_leaves_none_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    log, write = tmp_path / "log", os.write
    log.write_bytes(b"one\n")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, step, full if step == "fsync" else lambda handle, lines: write(handle, lines[:6]))
    with pytest.raises(OSError, match="No space"):
        append_lines(log, b"two\nthree\n")
    assert log.read_bytes() == b"one\n"


def test_rename__that_cannot_be_flushed_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "trash").mkdir()

    def full(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="Input/output"):
        rename(tmp_path / "a", tmp_path / "trash" / "a")
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a", "trash"]
    assert list((tmp_path / "trash").iterdir()) == []


def test_durable__is_the_only_module_that_flushes_and_replaces() -> None:
    sources = Path(__file__).resolve().parents[1]
    files = [*sources.glob("sealife_core/**/*.py"), *sources.glob("dashboard/**/*.py")]
    flushing = {
        file.name for file in files if re.search(r"\bfsync\(|os\.replace\(|mkstemp|NamedTemp", file.read_text())
    }
    assert flushing == {"durable.py"}
