"""PCA against scikit-learn, trustworthiness against its definition, UMAP on blobs that nobody can miss."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA

from sealife_core.config import describe, parse
from sealife_core.errors import ConfigError, DatasetError
from sealife_core.evaluation.projections import reduction
from sealife_core.evaluation.projections.reduction import (
    ProjectionSettings,
    clusters,
    fit_umap,
    pca,
    sample,
    trustworthiness,
)


def _blobs(each: int = 25, dim: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Three far clouds: (3 · each, dim) and which one each row is of."""
    labels = np.repeat(np.arange(3), each)
    noise = np.random.default_rng(seed).normal(size=(len(labels), dim))
    return (np.eye(dim)[labels] * 20 + noise).astype(np.float32), labels


def _same_neighbour(points: np.ndarray, labels: np.ndarray) -> float:
    """Share of points whose nearest other point is of the same label."""
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    return float((labels[apart.argmin(1)] == labels).mean())


def test_settings__are_described_for_a_form_and_checked() -> None:
    assert {s.path for s in describe(ProjectionSettings)} == set(ProjectionSettings.model_fields)
    with pytest.raises(ConfigError, match="'neighbours' is 1; expected a whole number from 2 to 200"):
        parse(ProjectionSettings, {"neighbours": 1})


def test_key__stands_for_the_settings() -> None:
    key = ProjectionSettings().key
    assert ProjectionSettings(neighbours=15, seed=0).key == key
    others = [ProjectionSettings(seed=1), ProjectionSettings(dims=3), ProjectionSettings(metric="euclidean")]
    assert len({key, *(other.key for other in others)}) == 4
    assert len(key) == 12
    assert int(key, 16)


@pytest.mark.parametrize("shape", [(40, 7), (9, 30)], ids=["tall", "wide"])
def test_pca__agrees_with_scikit_learn(shape: tuple[int, int]) -> None:
    values = (np.random.default_rng(0).normal(size=shape) * np.linspace(3, 1, shape[1]) + 5).astype(np.float32)
    points, shares = pca(values, 3)
    peer = PCA(3, svd_solver="full").fit(values.astype(np.float64))
    expected = peer.transform(values.astype(np.float64))
    turned = expected * np.sign((expected * points).sum(0))
    np.testing.assert_allclose(points, turned, atol=1e-3)
    np.testing.assert_allclose(shares, peer.explained_variance_ratio_, atol=1e-5)
    assert points.dtype == np.float32


def test_pca__turns_so_that_the_largest_weight_is_positive() -> None:
    values = np.array([[-3, 0, 0], [3, 0, 0], [0, 1, 0], [0, -1, 0]], np.float32)
    np.testing.assert_allclose(pca(values)[0], values[:, :2], atol=1e-6)
    np.testing.assert_allclose(pca(-values)[0], -values[:, :2], atol=1e-6)


def test_pca__of_a_file_is_read_a_block_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).normal(size=(20_001, 40)).astype(np.float32) * np.linspace(3, 1, 40, dtype="f4")
    np.save(tmp_path / "values.npy", values)
    mapped = np.load(tmp_path / "values.npy", mmap_mode="r")
    whole, shares = pca(values)
    monkeypatch.setattr(reduction, "_BLOCK_CELLS", 40_000)  # a thousand rows at a time
    tracemalloc.start()
    points, blockwise = pca(mapped)
    most_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_allclose(points, whole, atol=1e-3)
    np.testing.assert_allclose(blockwise, shares, rtol=1e-4)
    assert most_bytes < values.nbytes / 2
    values[20_000, 3] = np.nan
    with pytest.raises(DatasetError, match="NaN or infinity"):
        pca(values)


def test_pca__gives_zeros_where_there_is_nothing_to_see() -> None:
    points, shares = pca(np.ones((5, 2), np.float32), 3)
    assert (points == 0).all()
    assert (shares == 0).all()
    assert pca(np.ones((1, 4)))[0].tolist() == [[0, 0]]


def test_trustworthiness__agrees_with_its_definition() -> None:
    """Venna & Kaski 2001: 1 - 2 / (n k (2n - 3k - 1)) · Σ over intruders of (rank - k), ranks by cosine distance."""
    draw = np.random.default_rng(0)
    values, points, k = draw.normal(size=(30, 6)), draw.normal(size=(30, 2)), 4
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    penalty = 0
    for i in range(30):
        others = [j for j in range(30) if j != i]
        by_data = sorted(others, key=lambda j: 1 - unit[i] @ unit[j])
        by_picture = sorted(others, key=lambda j: np.linalg.norm(points[i] - points[j]))
        penalty += sum(max(0, by_data.index(j) + 1 - k) for j in by_picture[:k])
    expected = 1 - 2 / (30 * k * (60 - 3 * k - 1)) * penalty
    assert trustworthiness(values, points, k) == pytest.approx(expected, abs=1e-6)


def test_trustworthiness__is_one_where_nothing_is_lost() -> None:
    values = np.random.default_rng(0).normal(size=(40, 2))
    assert trustworthiness(values, values, metric="euclidean") == 1


def test_trustworthiness__is_of_a_sample_where_there_are_more() -> None:
    draw = np.random.default_rng(0)
    values, points = draw.normal(size=(60, 6)), draw.normal(size=(60, 2))
    rows = sample(60, 20, seed=3)
    assert trustworthiness(values, points, 5, most=20, seed=3) == trustworthiness(values[rows], points[rows], 5)
    assert len(rows) == 20
    assert (np.diff(rows) > 0).all()


def test_trustworthiness__reduces_k_and_needs_three_images() -> None:
    values = np.array([[1, 0], [0, 1], [-1, 0]], np.float32)
    assert trustworthiness(values, values, k=15) == 1
    with pytest.raises(DatasetError, match=r"2 images; it needs at least three"):
        trustworthiness(values[:2], values[:2])


def test_clusters__finds_the_blobs_and_names_the_largest_first() -> None:
    values, labels = _blobs()
    kept = np.r_[0:10, 25:50, 50:65]  # 10, 25 and 15 of the three
    assert clusters(values[kept], 3).tolist() == np.array([2, 0, 1])[labels[kept]].tolist()


def test_clusters__are_the_same_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    values, _ = _blobs()
    whole = clusters(values, 3)
    monkeypatch.setattr(reduction, "_BLOCK_CELLS", 100)  # eight rows at a time
    assert clusters(values, 3).tolist() == whole.tolist()


def test_clusters__assigns_all_to_the_centres_of_a_sample() -> None:
    values, labels = _blobs()
    found = clusters(values, 3, most=30)
    assert len(set(zip(found.tolist(), labels.tolist(), strict=True))) == 3


def test_clusters__are_fewer_where_images_are_alike() -> None:
    assert set(clusters(np.ones((6, 3)), 4).tolist()) == {0}
    assert sorted(clusters(np.eye(3), 9).tolist()) == [0, 1, 2]


@pytest.mark.slow
def test_umap__keeps_far_blobs_apart_and_repeats_itself_by_its_seed() -> None:
    values, labels = _blobs()
    settings = ProjectionSettings(neighbours=8)
    points = fit_umap(values, settings)
    assert points.shape == (75, 2)
    assert points.dtype == np.float32
    assert _same_neighbour(points, labels) == 1
    assert trustworthiness(values, points, 5) > 0.9
    np.testing.assert_array_equal(fit_umap(values, settings), points)
    assert not np.allclose(fit_umap(values, ProjectionSettings(neighbours=8, seed=1)), points)


@pytest.mark.slow
def test_umap__tells_how_far_its_layout_is() -> None:
    said: list[tuple[str, int, int]] = []
    fit_umap(_blobs()[0], ProjectionSettings(neighbours=8), lambda *told: said.append(told))
    assert list(dict.fromkeys(stage for stage, _, _ in said)) == [
        "finding neighbours",
        "loading UMAP",
        "building the graph",
        "laying out",
    ]
    assert said[-1] == ("laying out", 500, 500)


@pytest.mark.slow
@pytest.mark.parametrize("n", [4, 5, 8, 10])
@pytest.mark.parametrize("dims", [2, 3])
def test_umap__reduces_neighbours_to_what_few_images_allow(n: int, dims: int) -> None:
    settings = ProjectionSettings(dims=dims, neighbours=15)  # pyright: ignore[reportArgumentType]
    points = fit_umap(np.random.default_rng(0).normal(size=(n, 6)), settings)
    assert points.shape == (n, dims)
    assert np.isfinite(points).all()


def test_umap__says_what_it_cannot_project() -> None:
    with pytest.raises(DatasetError, match=r"UMAP got 3 images; it needs at least 4"):
        fit_umap(np.ones((3, 2)), ProjectionSettings())
    broken = _blobs()[0]
    broken[7, 2] = np.nan
    for project in (lambda: fit_umap(broken, ProjectionSettings()), lambda: pca(broken)):
        with pytest.raises(DatasetError, match=r"NaN or infinity.*lower learning rate"):
            project()
