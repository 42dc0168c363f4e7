"""Copies in two splits are brought together, and every class keeps its share of every split."""

import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealife_core.datasets.checks import Checks, DuplicateGroup
from sealife_core.datasets.corrections.editing import move
from sealife_core.datasets.dataset import Dataset, open_dataset, write_dataset
from sealife_core.datasets.imports.splits import SPLITS
from sealife_core.datasets.mending import mend, plan_mending, undo_mending
from sealife_core.errors import DatasetError


def made(folder: Path, labels: list[str], splits: list[str], groups: list[str] | None = None) -> Dataset:
    """A data set without files behind it."""
    n = len(labels)
    manifest = pd.DataFrame(
        {
            "id": [f"i{row}" for row in range(n)],
            "file": [f"images/{row}.jpg" for row in range(n)],
            "label": labels,
            "split": splits,
            "group": groups or [""] * n,
            "width": 4,
            "height": 3,
            "sha256": [f"{row:064x}" for row in range(n)],
        }
    )
    return write_dataset(folder, manifest, {})


def found(dataset: Dataset, *groups: tuple[int, ...]) -> Checks:
    """Checks that found these groups of copies."""
    splits = dataset.manifest["split"].tolist()
    copies = [DuplicateGroup(rows, len({splits[row] for row in rows}) > 1, False) for rows in groups]
    return Checks(copies, [], [], [])


def counts(dataset: Dataset) -> dict[str, int]:
    return {split: len(dataset.rows(split)) for split in SPLITS}


@pytest.fixture
def leaky(home: Path) -> tuple[Dataset, Checks]:
    """60 images of two classes, 44 / 8 / 8, in 16 groups of copies each of which is in two splits."""
    splits = (["train"] * 22 + ["val"] * 4 + ["test"] * 4) * 2
    labels = ["crab"] * 30 + ["ray"] * 30
    dataset = made(home / "data" / "bay", labels, splits)
    groups = []
    for first in (0, 30):  # every image of validation and test has a copy or two in training
        held_out = range(first + 22, first + 30)
        groups += [(first + 2 * n, first + 2 * n + 1, row) for n, row in enumerate(held_out)]
    return dataset, found(dataset, *groups)


def test_mend__keeps_each_splits_share_of_every_class(leaky: tuple[Dataset, Checks]):
    dataset, checks = leaky
    mending = plan_mending(dataset, checks)
    mended = mend(dataset, mending)
    assert (counts(dataset), mending.groups, mending.left) == ({"train": 44, "val": 8, "test": 8}, 16, ())
    shares = Counter(zip(mended.manifest["label"], mended.manifest["split"], strict=True))
    for label in ("crab", "ray"):
        for split, before in (("train", 22), ("val", 4), ("test", 4)):
            assert abs(shares[label, split] - before) <= 2, "at most half a group off"
    split_of = mended.manifest["split"]
    assert all(len({split_of[row] for row in group.rows}) == 1 for group in checks.exact)


def test_mend__brings_each_group_to_where_most_of_it_lies_where_the_shares_allow_it(home: Path):
    dataset = made(home / "data" / "bay", ["crab"] * 100, ["train"] * 60 + ["val"] * 10 + ["test"] * 30)
    training = [(2 * n, 2 * n + 1, 70 + n) for n in range(10)]
    tested = [(20 + n, 80 + 2 * n, 81 + 2 * n) for n in range(10)]
    groups = [group for both in zip(training, tested, strict=True) for group in both]
    mending = plan_mending(dataset, found(dataset, *groups))
    assert mending.moves == {group[2]: "train" for group in training} | {group[0]: "test" for group in tested}
    assert mending.before == mending.after


def test_mend__what_was_shown_is_what_moves(leaky: tuple[Dataset, Checks]):
    dataset, checks = leaky
    mending = plan_mending(dataset, checks)
    assert open_dataset("bay").content_hash == dataset.content_hash, "nothing moves before it was shown"
    mended = mend(dataset, mending)
    pairs = zip(dataset.manifest["split"], mended.manifest["split"], strict=True)
    assert mending.between == Counter((a, b) for a, b in pairs if a != b)
    assert (mending.before, mending.after) == (counts(dataset), counts(mended))
    assert any("from training to" in sentence for sentence in mending.sentences)
    assert any("training 44 → " in sentence for sentence in mending.sentences)


def test_unmend__gives_back_every_split_one_mending_after_the_other(leaky: tuple[Dataset, Checks]):
    dataset, checks = leaky
    first = mend(dataset, plan_mending(dataset, checks, checks.exact[:1]))
    second = mend(first, plan_mending(first, found(first, *(g.rows for g in checks.exact))))
    assert undo_mending("bay")[0].content_hash == first.content_hash != second.content_hash
    assert undo_mending("bay")[0].content_hash == dataset.content_hash
    with pytest.raises(DatasetError, match="no mending of data set 'bay'"):
        undo_mending("bay")


def test_mend__refuses_what_would_take_a_class_out_of_a_split(home: Path):
    dataset = made(home / "data" / "bay", ["crab"] * 6 + ["ray"] * 6, ["train"] * 4 + ["val", "test"] + ["train"] * 6)
    checks = found(dataset, (0, 1, 2, 3, 4, 5))
    mending = plan_mending(dataset, checks)
    assert (mending.moves, mending.groups) == ({}, 0)
    with pytest.raises(DatasetError, match="1 group stays in more than one split: otherwise class 'crab'"):
        mend(dataset, mending)
    assert counts(open_dataset("bay")) == {"train": 10, "val": 1, "test": 1}


def test_mend__does_what_can_be_done_and_names_what_is_left(home: Path):
    labels = ["crab"] * 3 + ["ray"] * 20
    dataset = made(
        home / "data" / "bay", labels, ["train", "val", "test"] + ["train"] * 16 + ["val"] * 2 + ["test"] * 2
    )
    mending = plan_mending(dataset, found(dataset, (0, 1, 2), (3, 4, 22)))
    assert mending.groups == 1
    assert set(mending.moves) <= {3, 4, 22}
    assert "'crab'" in mending.left[0]


def test_mend__takes_the_series_and_further_copies_along(home: Path):
    splits = ["train"] * 10 + ["test"] * 10
    groups = [""] * 20
    groups[1] = groups[2] = "dive"
    dataset = made(home / "data" / "bay", ["crab"] * 20, splits, groups)
    mended = mend(dataset, plan_mending(dataset, found(dataset, (1, 19), (2, 3)), None))
    assert len(set(mended.manifest["split"][[1, 2, 3, 19]])) == 1


def test_mend__an_unlabelled_image_is_trained_on_with_its_copies(home: Path):
    dataset = made(home / "data" / "bay", ["crab"] * 9 + [""], ["train"] * 5 + ["test"] * 4 + ["train"])
    mended = mend(dataset, plan_mending(dataset, found(dataset, (8, 9))))
    assert mended.manifest["split"][[8, 9]].tolist() == ["train", "train"]


@pytest.mark.slow
def test_mend__two_people_at_once_both_get_what_they_were_told(leaky: tuple[Dataset, Checks]):
    dataset, checks = leaky
    mendings = [plan_mending(dataset, checks, [group]) for group in checks.exact]
    both_ready = threading.Barrier(len(mendings))

    def one(mending) -> None:
        both_ready.wait(30)
        mend(dataset, mending)

    threads = [threading.Thread(target=one, args=(mending,)) for mending in mendings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    now = open_dataset("bay")
    for mending in mendings:
        assert {row: now.manifest["split"][row] for row in mending.moves} == mending.moves
    for _ in mendings:
        back, _ = undo_mending("bay")
    assert back.content_hash == dataset.content_hash


def test_move__refuses_rows_that_somebody_else_has_moved_and_other_images(leaky: tuple[Dataset, Checks]):
    dataset, _ = leaky
    move(dataset, {0: "val"})
    with pytest.raises(DatasetError, match="Someone else has just changed 1 of these images"):
        move(dataset, {0: "test"})
    write_dataset(dataset.folder, dataset.manifest.iloc[1:], dataset.info)
    with pytest.raises(DatasetError, match=r"no image 'i0'\. Was it imported again?"):
        move(dataset, {0: "val"})


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), copies=st.integers(2, 4), classes=st.integers(1, 4))
def test_mend__never_empties_a_class_and_stays_near_its_shares(tmp_path_factory, seed: int, copies: int, classes: int):
    rng = np.random.default_rng(seed)
    n = 120
    labels = [f"class {c}" for c in rng.integers(0, classes, n)]
    splits = rng.choice(SPLITS, n, p=(0.8, 0.1, 0.1)).tolist()
    dataset = made(tmp_path_factory.mktemp("data") / "bay", labels, splits)
    rows = rng.permutation(n)[: copies * int(rng.integers(1, n // copies))]
    checks = found(dataset, *(tuple(sorted(map(int, group))) for group in rows.reshape(-1, copies)))
    mending = plan_mending(dataset, checks)
    after = [mending.moves.get(row, split) for row, split in enumerate(splits)]
    had, has = Counter(zip(labels, splits, strict=True)), Counter(zip(labels, after, strict=True))
    assert all(has[cell] for cell in had)
    if not mending.left:
        assert all(len({after[row] for row in group.rows}) == 1 for group in checks.exact)
