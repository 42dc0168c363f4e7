from collections import Counter

import numpy as np
import pytest

from sealife_core.datasets.imports.splits import (
    complete_splits,
    long_tailed,
    split_rows,
    stratified_count,
    stratified_fraction,
)


def counts(labels: list[str], splits: list[str], label: str) -> tuple[int, int, int]:
    of = Counter(split for split, own in zip(splits, labels, strict=True) if own == label)
    return of["train"], of["val"], of["test"]


def test_split_rows__gives_eighty_ten_ten_of_every_class():
    labels = ["crab"] * 150 + ["ray"] * 50
    splits, notes = split_rows(labels, [""] * 200, seed=0)
    assert counts(labels, splits, "crab") == (120, 15, 15)
    assert counts(labels, splits, "ray") == (40, 5, 5)
    assert notes == []


def test_split_rows__stays_near_eighty_ten_ten_over_many_odd_classes():
    labels = [f"class {n}" for n in range(60) for _ in range(14)]
    splits, _ = split_rows(labels, [""] * len(labels), seed=0)
    assert Counter(splits) == {"train": 672, "val": 84, "test": 84}


def test_split_rows__repeats_with_its_seed_and_differs_with_another():
    labels = ["crab"] * 40 + ["ray"] * 40
    first = split_rows(labels, [""] * 80, seed=3)[0]
    assert first == split_rows(labels, [""] * 80, seed=3)[0]
    assert first != split_rows(labels, [""] * 80, seed=4)[0]


@pytest.mark.parametrize("images", range(3, 12))
def test_split_rows__small_class_is_in_every_split(images: int):
    splits, notes = split_rows(["eel"] * images + ["ray"] * 30, [""] * (images + 30), seed=0)
    assert set(splits[:images]) == {"train", "val", "test"}
    assert notes == []


@pytest.mark.parametrize("images", [1, 2])
def test_split_rows__tiny_class_is_trained_on_only_and_said_so(images: int):
    splits, notes = split_rows(["eel"] * images + ["ray"] * 30, [""] * (images + 30), seed=0)
    assert set(splits[:images]) == {"train"}
    assert len(notes) == 1
    assert "'eel'" in notes[0]
    assert "used for training, but no score counts them" in notes[0]


def test_split_rows__no_group_straddles_and_sizes_are_near():
    rng = np.random.default_rng(0)
    groups = [f"dive {n}" for n in range(60) for _ in range(rng.integers(1, 9))]
    labels = [["crab", "ray", "eel"][int(group.split()[1]) % 3] for group in groups]
    splits, _ = split_rows(labels, groups, seed=0)
    homes = {group: {s for s, g in zip(splits, groups, strict=True) if g == group} for group in groups}
    assert all(len(where) == 1 for where in homes.values())
    share = Counter(splits)["train"] / len(splits)
    assert 0.75 < share < 0.85
    for label in ("crab", "ray", "eel"):
        assert min(counts(labels, splits, label)) > 0


def test_split_rows__unlabelled_images_and_their_groups_are_trained_on():
    labels = ["crab"] * 40 + [""] * 10 + ["crab"] * 5
    groups = [""] * 40 + [""] * 5 + ["dive"] * 10
    splits, _ = split_rows(labels, groups, seed=0)
    assert set(splits[40:]) == {"train"}
    assert counts(labels, splits, "crab")[1:] == (4, 4)
    dives = [f"dive {n // 3}" for n in range(90)]
    assert set(split_rows(["crab", "crab", ""] * 30, dives, seed=0)[0]) == {"train"}, "one of each has no label"


def test_split_rows__tells_of_one_class_and_of_no_labels():
    assert "one class ('crab')" in split_rows(["crab"] * 10, [""] * 10, seed=0)[1][0]
    assert "No image has a label" in split_rows([""] * 3, [""] * 3, seed=0)[1][0]


def test_complete_splits__keeps_what_is_given():
    labels = ["a", "b"] * 30
    given = (["train"] * 40) + ["val"] * 10 + ["test"] * 10
    splits, notes = complete_splits(labels, [""] * 60, given, seed=0)
    assert splits == given
    assert notes == ["The splits that came with the images are kept."]


def test_complete_splits__draws_a_missing_validation_split_from_train_only():
    labels = ["a", "b"] * 30
    given = ["train"] * 40 + ["test"] * 20
    splits, notes = complete_splits(labels, [""] * 60, given, seed=0)
    assert splits[40:] == ["test"] * 20
    assert Counter(splits[:40]) == {"train": 36, "val": 4}
    assert any("no validation split" in note for note in notes)


def test_complete_splits__draws_a_missing_split_by_whole_groups():
    groups = [f"dive {n // 4}" for n in range(160)]
    labels = ["crab" if n < 80 else "ray" for n in range(160)]
    given = ["test" if n % 80 < 16 else "train" for n in range(160)]
    splits, _ = complete_splits(labels, groups, given, seed=0)
    assert Counter(splits) == {"train": 112, "val": 16, "test": 32}
    homes = {group: {s for s, g in zip(splits, groups, strict=True) if g == group} for group in groups}
    assert {len(where) for where in homes.values()} == {1}


def test_complete_splits__draws_all_where_only_train_is_given():
    assert set(complete_splits(["a"] * 30, [""] * 30, ["train"] * 30, seed=0)[0]) == {"train", "val", "test"}


def test_complete_splits__tells_of_groups_that_straddle():
    given = ["train", "test", "val"] * 10
    _, notes = complete_splits(["a", "a", "b"] * 10, ["dive", "dive", ""] * 10, given, seed=0)
    assert any("'dive'" in note and "too good" in note for note in notes)


def test_stratified_fraction__is_nested_and_stratified():
    labels = np.repeat([0, 1, 2, -1], [100, 50, 3, 40])
    chosen = {percent: stratified_fraction(labels, percent, seed=0) for percent in (1, 10, 50, 100)}
    assert set(chosen[1]) <= set(chosen[10]) <= set(chosen[50]) <= set(chosen[100])
    assert np.bincount(labels[chosen[10]]).tolist() == [10, 5, 1]
    assert np.bincount(labels[chosen[1]]).tolist() == [1, 1, 1]
    assert len(chosen[100]) == 153
    assert not np.array_equal(chosen[10], stratified_fraction(labels, 10, seed=1))


def test_stratified_count__is_nested_takes_all_of_a_small_class_and_belongs_to_the_shares():
    labels = np.repeat([0, 1, 2, -1], [100, 50, 3, 40])
    chosen = {count: stratified_count(labels, count, seed=0) for count in (1, 2, 5, 50, 1000)}
    assert set(chosen[1]) < set(chosen[2]) < set(chosen[5]) < set(chosen[50]) < set(chosen[1000])
    assert np.bincount(labels[chosen[5]]).tolist() == [5, 5, 3]
    assert len(chosen[1000]) == 153
    assert set(chosen[5]) <= set(stratified_fraction(labels, 10, seed=0)) | set(chosen[5][labels[chosen[5]] == 2])
    assert not np.array_equal(chosen[5], stratified_count(labels, 5, seed=1))


def test_long_tailed__falls_by_a_power_from_the_largest_class_to_the_smallest():
    labels = np.repeat([0, 1, 2, -1], [80, 100, 90, 40])
    chosen = {ratio: long_tailed(labels, ratio, seed=0) for ratio in (1, 4, 16, 1000)}
    counts = {ratio: np.bincount(labels[rows], minlength=3).tolist() for ratio, rows in chosen.items()}
    assert counts == {1: [80, 100, 90], 4: [20, 100, 45], 16: [5, 100, 22], 1000: [1, 100, 3]}
    assert set(chosen[1000]) < set(chosen[16]) < set(chosen[4]) < set(chosen[1])
    assert np.all(np.diff(chosen[4]) > 0)
    assert not np.array_equal(chosen[4], long_tailed(labels, 4, seed=1))
