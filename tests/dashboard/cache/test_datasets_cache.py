"""A data set is read again once it has changed, a picture is decoded once."""

from dashboard.cache import datasets
from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.dataset import Dataset, write_dataset
from sealife_core.evaluation.figures.palette import class_colour


def test_opened__is_one_object_until_it_changes(tiny_reef: Dataset) -> None:
    held = datasets.opened("reef")
    assert datasets.opened("reef") is held
    manifest = tiny_reef.manifest.assign(label=tiny_reef.classes[0])
    write_dataset(tiny_reef.folder, manifest, {})
    assert datasets.opened("reef") is not held
    assert datasets.class_colours_of("reef") == {tiny_reef.classes[0]: class_colour(0)}
    assert datasets.class_colours_of("nobody") == {}


def test_opened__knows_a_correction_at_once(tiny_reef: Dataset) -> None:
    before = datasets.opened("reef")
    correct(tiny_reef, {before.manifest["id"][0]: {"label": ""}})
    after = datasets.opened("reef")
    assert (before.version, after.version) == (0, 1)
    assert after.labels[0] == -1
    assert datasets.seen(after, before.content_hash).version == 0


def test_previews__are_decoded_once_each(tiny_reef: Dataset) -> None:
    first, second = datasets.previews(tiny_reef, [3, 5], 32)
    assert (first.row, second.row) == (3, 5)
    assert first.name == tiny_reef.classes[tiny_reef.labels[3]]
    assert datasets.previews(tiny_reef, [5], 32)[0] is second
