"""Embeddings and snapshots on disk."""

from pathlib import Path

import numpy as np
import pytest

from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import RunError
from sealife_core.evaluation.embeddings.array_store import write_array
from sealife_core.evaluation.embeddings.stored_embeddings import (
    has_embeddings,
    pair_epochs,
    read_embeddings,
    read_pairs,
    read_snapshots,
    snapshot_epochs,
    write_embeddings,
    write_pairs,
    write_snapshot,
)
from sealife_core.runs.run import SNAPSHOTS


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "some-run"
    folder.mkdir()
    return folder


def test_embeddings__come_back_with_their_images(run: Path, tiny_reef: Dataset) -> None:
    h = np.random.default_rng(0).normal(size=(len(tiny_reef), 5)).astype(np.float32)
    write_embeddings(run, tiny_reef, h, h[:, :2])
    found = read_embeddings(run)
    np.testing.assert_array_equal(found.values, h)
    assert found.ids == tuple(tiny_reef.manifest["id"])
    assert (found.data, found.data_hash) == (tiny_reef.name, tiny_reef.content_hash)
    np.testing.assert_array_equal(read_embeddings(run, "z").values, h[:, :2])
    np.testing.assert_array_equal(found.rows_in(tiny_reef), np.arange(len(tiny_reef)))


def test_embeddings__written_again_without_z_leave_no_old_z(run: Path, tiny_reef: Dataset) -> None:
    h = np.zeros((len(tiny_reef), 3), np.float32)
    write_embeddings(run, tiny_reef, h, h)
    write_embeddings(run, tiny_reef, h)
    assert has_embeddings(run)
    assert not has_embeddings(run, "z")


def test_embeddings__of_another_number_of_images_are_refused(run: Path, tiny_reef: Dataset) -> None:
    with pytest.raises(ValueError, match="expected one an image"):
        write_embeddings(run, tiny_reef, np.zeros((3, 3), np.float32))
    assert not has_embeddings(run)


def test_embeddings__missing_say_how_to_make_them(run: Path) -> None:
    with pytest.raises(RunError, match="launch an 'embed' run"):
        read_embeddings(run)


@pytest.mark.parametrize("content", [b"", b"not an array", b"\x93NUMPY\x01\x00"])
def test_embeddings__damaged_say_so(run: Path, tiny_reef: Dataset, content: bytes) -> None:
    write_embeddings(run, tiny_reef, np.zeros((len(tiny_reef), 3), np.float32))
    (run / "embeddings.npy").write_bytes(content)
    with pytest.raises(RunError, match="damaged"):
        read_embeddings(run)


def test_snapshots__come_back_in_the_order_of_their_epochs(run: Path) -> None:
    for epoch in (10, 0, 5):
        write_snapshot(run, ("a", "b"), epoch, np.full((2, 3), epoch, np.float32))
    assert snapshot_epochs(run) == (0, 5, 10)
    found = read_snapshots(run)
    assert found.ids == ("a", "b")
    assert found.epochs == (0, 5, 10)
    assert found.values[:, 0, 0].tolist() == [0, 5, 10]
    assert found.values.dtype == np.float32


def test_snapshots__keep_values_beyond_half_precision(run: Path) -> None:
    write_snapshot(run, ("a", "b"), 0, np.ones((2, 3)))
    write_snapshot(run, ("a", "b"), 1, np.full((2, 3), -1e6))
    assert read_snapshots(run).values[:, 0, 0].tolist() == [1, -1e6]


def test_snapshots__of_different_images_are_damaged(run: Path) -> None:
    write_snapshot(run, ("a", "b"), 0, np.zeros((2, 3)))
    write_snapshot(run, ("a", "b", "c"), 1, np.zeros((3, 3)))
    with pytest.raises(RunError, match="damaged"):
        read_snapshots(run)


def test_snapshots__missing_say_who_keeps_them(run: Path) -> None:
    with pytest.raises(RunError, match="SimCLR runs keep them"):
        read_snapshots(run)


def _paired(run: Path, epoch: int, z: np.ndarray) -> None:
    write_pairs(run, epoch, z)
    write_snapshot(run, ("a", "b"), epoch, np.ones((2, 3)))


def test_pairs__come_back_in_the_order_of_their_epochs(run: Path) -> None:
    z = np.random.default_rng(0).normal(size=(2, 4, 3))
    for epoch in (10, 0):
        _paired(run, epoch, z + epoch)
    write_pairs(run, 20, z)  # its snapshot is still to come
    assert pair_epochs(run) == (0, 10)
    found = read_pairs(run)
    assert found.epochs == (0, 10)
    np.testing.assert_allclose(found.values, [z, z + 10], rtol=1e-3, atol=1e-3)
    assert snapshot_epochs(run) == (0, 10)
    assert read_snapshots(run).ids == ("a", "b")


def test_pairs__tell_of_a_divergence(run: Path) -> None:
    _paired(run, 0, np.ones((2, 4, 3)))
    _paired(run, 1, np.full((2, 4, 3), np.nan))
    assert np.isfinite(read_pairs(run).values).all(axis=(1, 2, 3)).tolist() == [True, False]


def test_pairs__of_an_older_run_are_missing(run: Path) -> None:
    write_snapshot(run, ("a", "b"), 0, np.ones((2, 3)))
    with pytest.raises(RunError, match="has no pairs of views"):
        read_pairs(run)


@pytest.mark.parametrize("damage", [b"", b"no array"])
def test_pairs__damaged_say_so(run: Path, damage: bytes) -> None:
    _paired(run, 0, np.ones((2, 4, 3)))
    (run / "snapshots" / "pairs-00000.npy").write_bytes(damage)
    with pytest.raises(RunError, match="pairs of views of run 'some-run' are damaged"):
        read_pairs(run)


def test_pairs__of_another_shape_are_damaged(run: Path) -> None:
    _paired(run, 0, np.ones((2, 4, 3)))
    _paired(run, 1, np.ones((2, 4, 3)))
    write_array(run / SNAPSHOTS / "pairs-00001.npy", np.ones((3, 4, 3)))
    with pytest.raises(RunError, match="are damaged"):
        read_pairs(run)
