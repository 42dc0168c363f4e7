"""What the cache remembers, and what makes it forget."""

import os

import pytest

from dashboard import cache
from dashboard.cache import kept, stamp
from sealife_core.config import preset
from sealife_core.datasets.dataset import write_dataset
from sealife_core.evaluation.figures.palette import class_colour
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from tests.dashboard.answers_made import table

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


def test_dataset__is_one_object_until_it_changes(tiny_reef):
    held = cache.dataset("reef")
    assert cache.dataset("reef") is held
    manifest = tiny_reef.manifest.assign(label=tiny_reef.classes[0])
    write_dataset(tiny_reef.folder, manifest, {})
    assert cache.dataset("reef") is not held
    assert cache.colours_of_classes("reef") == {tiny_reef.classes[0]: class_colour(0)}
    assert cache.colours_of_classes("nobody") == {}


def test_predictions__of_a_run_that_has_none_are_none_until_it_has(tiny_reef):
    from sealife_core.evaluation.classification.predictions import write_predictions

    run = create_run(preset("scratch", data="reef"), name="one")
    assert cache.predictions_or_none(run) is None
    write_predictions(table(tiny_reef, [0, 1], [0.5, 0.6]), run.path)
    found = cache.predictions_or_none(run)
    assert found is not None
    assert len(found) == 2
    assert cache.predictions(run) is found


def test_previews__are_decoded_once_each(tiny_reef):
    first, second = cache.previews(tiny_reef, [3, 5], 32)
    assert (first.row, second.row) == (3, 5)
    assert first.name == tiny_reef.classes[tiny_reef.labels[3]]
    assert cache.previews(tiny_reef, [5], 32)[0] is second
