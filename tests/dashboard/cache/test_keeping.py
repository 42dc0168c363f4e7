"""What the cache remembers, and what makes it forget."""

import os

import pytest

from dashboard.cache.keeping import keep_newest, kept, shared, stamp
from sealife_core.config import preset
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def asked() -> list[object]:
    return []


@pytest.fixture
def counted(asked):
    """A kept function of a run, which reads its notes.json alone."""

    @kept(2, "notes.json")
    def counted(run: Run, number: int, _aside: object) -> int:
        asked.append((run.id, number))
        return len(asked)

    return counted


def test_kept__computes_once_a_run_and_a_question(counted, asked):
    one, two = create_run(preset("simclr"), name="one"), create_run(preset("simclr"), name="two")
    assert [counted(one, 1, "a"), counted(Run(one.path), 1, "b"), counted(two, 1, "a"), counted(one, 2, "a")] == [
        1, 1, 2, 3,
    ]  # fmt: skip
    assert asked == [(one.id, 1), (two.id, 1), (one.id, 2)]


def test_kept__computes_again_when_a_file_that_it_reads_has_changed(counted, asked):
    run = create_run(preset("simclr"), name="one")
    counted(run, 1, "a")
    (run.path / "other.json").write_text("{}")
    counted(run, 1, "a")
    assert len(asked) == 1
    run.write_notes(name="another name")
    counted(run, 1, "a")
    assert len(asked) == 2


def test_kept__holds_no_more_than_it_is_told(counted, asked):
    runs = [create_run(preset("simclr"), name=str(number)) for number in range(3)]
    for run in (*runs, runs[0]):
        counted(run, 1, "a")
    assert [run_id for run_id, _ in asked] == [run.id for run in (*runs, runs[0])], "the oldest gave way"


def test_stamp__is_another_when_the_size_or_the_time_is(tmp_path):
    file = tmp_path / "file"
    assert stamp(file) == (0, 0)
    file.write_text("a")
    first = stamp(file)
    os.utime(file, ns=(1, 1))
    second = stamp(file)
    file.write_text("ab")
    os.utime(file, ns=(1, 1))
    assert len({(0, 0), first, second, stamp(file)}) == 4


def test_keep_newest__drops_what_was_set_longest_ago():
    held: dict[str, int] = {}
    for number, key in enumerate(["a", "b", "a", "c"]):
        keep_newest(held, key, number, 2)
    assert held == {"a": 2, "c": 3}, "what is set again is new"


def test_shared__is_one_dictionary_a_name():
    shared("one").clear()
    shared("one")["key"] = 1
    assert shared("one") == {"key": 1}
    assert shared("another") == {}
