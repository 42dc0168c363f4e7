"""Which training labels a run may use."""

import numpy as np

from sealife_core.config import ClassifierConfig, preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.launching.data_checks import DatasetLabels, labelled_rows


def probe(**settings: object) -> ClassifierConfig:
    config = preset("probe", **settings)
    assert isinstance(config, ClassifierConfig)
    return config


def test_labelled_rows__are_so_many_of_each_class_and_nested(tiny_reef: Dataset) -> None:
    two, four = (labelled_rows(probe(labels_per_class=n, seed=3), tiny_reef) for n in (2, 4))
    assert set(two) < set(four) < set(tiny_reef.rows("train"))
    assert set(np.bincount(tiny_reef.labels[two])) == {2}
    assert set(np.bincount(tiny_reef.labels[four])) == {4}
    assert set(two) != set(labelled_rows(probe(labels_per_class=2, seed=4), tiny_reef))
    every = labelled_rows(probe(labels_per_class=100_000), tiny_reef)
    assert np.array_equal(every, tiny_reef.rows("train", labelled_only=True))


def test_labelled_rows__of_a_long_tail_are_a_share_of_what_it_leaves(tiny_reef: Dataset) -> None:
    tail = labelled_rows(probe(imbalance=4, seed=3), tiny_reef)
    half = labelled_rows(probe(imbalance=4, label_fraction=50, seed=3), tiny_reef)
    whole, left, fewer = (np.bincount(tiny_reef.labels[rows]) for rows in (tiny_reef.rows("train"), tail, half))
    assert left.max() == whole.max()
    assert left.min() == round(whole.min() / 4)
    assert np.abs(fewer - left / 2).max() <= 0.5
    assert set(half) < set(tail) < set(tiny_reef.rows("train"))


def test_labels_learned__are_counted_for_each_number_per_class(tiny_reef: Dataset) -> None:
    labels = DatasetLabels(tiny_reef)
    assert [labels.used(probe(labels_per_class=n)) for n in (2, 4)] == [20, 40]
