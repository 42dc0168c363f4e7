"""Against scikit-learn, naive loops in float64 and matrices whose answer is known."""

import numpy as np
import pytest
from scipy.stats import ortho_group
from sklearn.neighbors import KNeighborsClassifier

from sealife_core.errors import DatasetError
from sealife_core.evaluation.embeddings import feature_quality, neighbours
from sealife_core.evaluation.embeddings.feature_quality import (
    alignment,
    collapsed,
    effective_rank,
    knn_accuracy,
    knn_predict,
    neighbour_votes,
    uniformity,
    voters,
)
from sealife_core.evaluation.embeddings.stored_embeddings import Embedded


def _clusters(n: int, seed: int, classes: int = 5, dim: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Overlapping clouds: (n, dim) and their classes (n,). The centres are the same for every seed."""
    centres = np.random.default_rng(99).normal(size=(classes, dim))
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, classes, n)
    return (centres[labels] + draw.normal(scale=1.5, size=(n, dim))).astype(np.float32), labels


@pytest.mark.parametrize("k", [1, 7, 20])
def test_knn_predict__agrees_with_scikit_learn(k: int) -> None:
    bank, bank_labels = _clusters(300, 0)
    queries, _ = _clusters(200, 1)

    def votes(distance: np.ndarray) -> np.ndarray:
        return np.exp((1 - distance.astype(np.float64)) / 0.1)

    peer = KNeighborsClassifier(k, metric="cosine", weights=votes, algorithm="brute")
    expected = peer.fit(bank, bank_labels).predict(queries)
    found = knn_predict(bank, bank_labels, queries, k)
    assert (found == expected).all()
    assert len(np.unique(found)) == 5


def test_knn_predict__is_the_same_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    bank, bank_labels = _clusters(300, 0)
    queries, _ = _clusters(101, 1)
    whole = knn_predict(bank, bank_labels, queries)
    monkeypatch.setattr(neighbours, "_BLOCK_CELLS", 300 * 7)
    assert (knn_predict(bank, bank_labels, queries) == whole).all()


def test_knn_predict__reduces_k_to_the_bank() -> None:
    bank = np.array([[1.0, 0], [0, 1], [0.1, 1]], np.float32)
    assert knn_predict(bank, np.array([4, 9, 9]), bank, k=200).tolist() == [4, 9, 9]


def test_knn_predict__counts_classes_from_the_bank() -> None:
    bank, labels = np.eye(3, dtype=np.float32), np.array([7, 100, 3])
    assert knn_predict(bank, labels, bank, k=1).tolist() == [7, 100, 3]
    # A query of a class that the bank lacks is simply wrong.
    assert knn_accuracy(bank, labels, bank, np.array([7, 100, 5]), k=1) == pytest.approx(2 / 3)


def test_knn_predict__ignores_lengths_and_survives_zeros() -> None:
    bank, labels = _clusters(50, 0)
    queries = np.concatenate([1000 * bank[:5], np.zeros((1, bank.shape[1]), np.float32)])
    assert (knn_predict(bank, labels, queries, k=1)[:5] == labels[:5]).all()


@pytest.mark.parametrize(("bank", "queries"), [(0, 3), (3, 0)])
def test_knn_accuracy__without_images_says_so(bank: int, queries: int) -> None:
    with pytest.raises(DatasetError, match="at least one"):
        knn_accuracy(np.ones((bank, 2)), np.zeros(bank), np.ones((queries, 2)), np.zeros(queries))


def test_voters__are_all_labelled_images_where_they_are_few() -> None:
    labels = np.array([0, -1, 2, 1, 0, -1, 1])
    splits = np.array(["train", "train", "train", "val", "test", "val", "val"], dtype=object)
    voting, asked = voters(labels, splits, "val")
    assert (voting.tolist(), asked.tolist()) == ([0, 2], [3, 6])
    assert voters(labels, splits, "test")[1].tolist() == [4]


def test_voters__of_many_are_a_choice_that_stays_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_quality, "MOST_VOTING", 40)
    monkeypatch.setattr(feature_quality, "MOST_ASKED", 30)
    values, labels = _clusters(4000, 0)
    splits = np.where(np.arange(4000) % 5 == 0, "val", "train")
    voting, asked = voters(labels, splits, "val")
    assert (len(set(voting)), len(set(asked))) == (40, 30)
    assert set(splits[voting]) == {"train"}
    assert set(splits[asked]) == {"val"}
    assert voting.max() > 3000, "taken from all of them, not from the first"
    assert np.array_equal(voters(labels, splits, "val")[0], voting)
    assert not np.array_equal(voters(labels, splits, "val", seed=1)[0], voting)
    chosen = knn_accuracy(values[voting], labels[voting], values[asked], labels[asked], k=5)
    assert chosen > 2 / 5, "far above the chance of five classes"


def test_alignment__matches_a_loop() -> None:
    draw = np.random.default_rng(0)
    z0, z1 = draw.normal(size=(2, 30, 8))
    total = 0.0
    for a, b in zip(z0, z1, strict=True):
        total += float(np.sum((a / np.sqrt((a * a).sum()) - b / np.sqrt((b * b).sum())) ** 2))
    assert alignment(z0, z1) == pytest.approx(total / 30, rel=1e-12)
    assert alignment(z0, 5 * z0) == pytest.approx(0, abs=1e-30)
    assert alignment(z0, -z0) == pytest.approx(4)


@pytest.mark.parametrize("cells", [2**24, 64])
def test_uniformity__matches_a_loop(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_quality, "_BLOCK_CELLS", cells)
    z = np.random.default_rng(1).normal(size=(25, 6)).astype(np.float32)
    unit = [v / np.sqrt((v.astype(np.float64) ** 2).sum()) for v in z.astype(np.float64)]
    kernel = [np.exp(-2 * ((unit[i] - unit[j]) ** 2).sum()) for i in range(25) for j in range(i)]
    assert uniformity(z) == pytest.approx(np.log(np.mean(kernel)), rel=1e-10)


def test_uniformity__is_zero_for_one_point_and_low_for_many_directions() -> None:
    assert uniformity(np.ones((9, 4))) == pytest.approx(0, abs=1e-12)
    assert uniformity(np.random.default_rng(0).normal(size=(400, 512))) == pytest.approx(-4, abs=0.05)
    assert np.isnan(uniformity(np.ones((1, 4))))


def test_effective_rank__of_known_matrices() -> None:
    draw = np.random.default_rng(0)
    assert effective_rank(np.eye(7)) == pytest.approx(7)
    assert effective_rank(np.outer(draw.normal(size=40), draw.normal(size=9))) == pytest.approx(1, abs=1e-6)
    assert effective_rank(np.zeros((5, 3))) == 0
    # Singular values 3 and 1: shares ¾ and ¼, entropy 2 ln 2 − ¾ ln 3.
    assert effective_rank(np.diag([3.0, 1.0])) == pytest.approx(4 / 3**0.75)


@pytest.mark.parametrize("shape", [(40, 9), (9, 40)])
def test_effective_rank__is_that_of_the_singular_values(shape: tuple[int, int]) -> None:
    h = np.random.default_rng(0).normal(size=shape)
    values = np.linalg.svd(h, compute_uv=False)
    share = values / values.sum()
    assert effective_rank(h) == pytest.approx(np.exp(-(share * np.log(share)).sum()), rel=1e-9)
    turned = h @ ortho_group.rvs(shape[1], random_state=0)
    assert effective_rank(1e-4 * turned) == pytest.approx(effective_rank(h), rel=1e-9)


def test_collapsed__is_silent_on_features_that_differ() -> None:
    healthy = np.maximum(np.random.default_rng(0).normal(size=(200, 64)), 0)
    assert collapsed(healthy) is None
    assert collapsed(np.ones((7, 64))) is None, "seven images are too few to tell"


@pytest.mark.parametrize(
    ("features", "says"),
    [
        (np.ones((50, 8)) + 1e-5 * np.random.default_rng(0).normal(size=(50, 8)), "collapsed"),
        (np.zeros((50, 8)), "collapsed"),
        (np.outer(np.random.default_rng(0).uniform(1, 9, 50), np.ones(8)), "collapsed"),  # one direction
        (np.full((50, 8), np.nan), "diverged"),
    ],
)
def test_collapsed__says_so_in_one_plain_sentence(features: np.ndarray, says: str) -> None:
    sentence = collapsed(features)
    assert sentence is not None
    assert says in sentence


def test_neighbour_votes__ask_validation_images_of_training_images_and_pass_over_what_is_gone(tiny_reef):
    corners = 3 * np.eye(16, dtype=np.float32)[tiny_reef.labels]
    ids = [*tiny_reef.manifest["id"][:-1], "gone"]
    found = neighbour_votes(Embedded(tuple(ids), corners, "reef", ""), tiny_reef)
    kept = tiny_reef.manifest["split"][:-1].tolist()
    assert found == (1.0, kept.count("val"), kept.count("train"))
    assert neighbour_votes(Embedded(("gone",), corners[:1], "reef", ""), tiny_reef) is None
