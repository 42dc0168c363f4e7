"""How good features are, before any classifier is trained on them: neighbours, geometry, collapse, a linear probe."""

from typing import TYPE_CHECKING

import numpy as np

from sealife_core.errors import DatasetError

if TYPE_CHECKING:
    from sealife_core.datasets.dataset import Dataset
    from sealife_core.evaluation.embeddings.stored_embeddings import Embedded

_BLOCK_CELLS = 2**24  # similarities held at once: 64 MiB in float32, however large the bank

# Who votes and who is asked where a page or a projection tells k-NN accuracy: 10⁸ similarities, a second or two, also
# of a million images. With 5,000 asked, accuracy is known to 1.4 points (95 %).
MOST_VOTING, MOST_ASKED = 20_000, 5_000

# Untrained ResNet18s on sea photographs stand at a spread of 0.11 to 0.15 and an effective rank of 10 to 30.
_LEAST_SPREAD, _LEAST_RANK = 0.01, 1.5


def knn_predict(
    bank: np.ndarray, bank_labels: np.ndarray, queries: np.ndarray, k: int = 20, temperature: float | None = 0.1
) -> np.ndarray:
    """The class (n,) that the k nearest of ``bank`` (m, D) by cosine vote for, for each of ``queries`` (n, D).

    A neighbour's vote counts exp(similarity / temperature), as in arXiv 1805.01978, whose followers take 0.1; with
    temperature None every vote counts one. A tie goes to the smaller label. ``bank_labels`` (m,) may be any integers;
    the classes are those of the bank. k is reduced to m. Raises DatasetError if the bank is empty.
    """
    if len(bank) == 0:
        raise DatasetError("The k-NN bank has no labelled images; expected at least one. Label some training images.")
    classes, bank_index = np.unique(np.asarray(bank_labels), return_inverse=True)
    k = min(k, len(bank))
    bank, queries = _unit(bank), _unit(queries)
    chosen = np.empty(len(queries), dtype=np.int64)
    block = max(1, _BLOCK_CELLS // len(bank))
    for start in range(0, len(queries), block):
        similarity = queries[start : start + block] @ bank.T  # (b, m)
        nearest = np.argpartition(similarity, len(bank) - k, axis=1)[:, len(bank) - k :]  # (b, k)
        close = np.take_along_axis(similarity, nearest, axis=1)
        # Shifted by the row's largest, which changes no ranking and keeps exp finite at any temperature.
        weights = (
            np.ones_like(close) if temperature is None else np.exp((close - close.max(1, keepdims=True)) / temperature)
        )
        cell = np.arange(len(close))[:, None] * len(classes) + bank_index[nearest]
        votes = np.bincount(cell.ravel(), weights.ravel(), minlength=len(close) * len(classes))
        chosen[start : start + block] = classes[votes.reshape(len(close), len(classes)).argmax(1)]
    return chosen


def knn_accuracy(
    bank: np.ndarray,
    bank_labels: np.ndarray,
    queries: np.ndarray,
    labels: np.ndarray,
    k: int = 20,
    temperature: float | None = 0.1,
) -> float:
    """Share of ``queries`` (n, D) whose k nearest in the bank vote for their label (n,). As knn_predict."""
    if len(queries) == 0:
        raise DatasetError("There are no labelled images to classify by their neighbours; expected at least one.")
    return float(np.mean(knn_predict(bank, bank_labels, queries, k, temperature) == np.asarray(labels)))


def voters(labels: np.ndarray, splits: np.ndarray, asked: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Places (m,) and (n,), int64, sorted: the labelled training images that vote, and those of split ``asked``.

    labels: (N,) int, -1 has none; splits: (N,) names. Of more than MOST_VOTING or MOST_ASKED a random choice by
    ``seed``: compared with each other, all would cost the square of the images.
    """
    chooser = np.random.default_rng(seed)
    found = []
    for split, most in (("train", MOST_VOTING), (asked, MOST_ASKED)):
        places = np.flatnonzero((np.asarray(splits) == split) & (np.asarray(labels) >= 0))
        found.append(places if len(places) <= most else np.sort(chooser.choice(places, most, replace=False)))
    return found[0], found[1]


def neighbour_votes(embedded: "Embedded", dataset: "Dataset", asked: str = "val") -> tuple[float, int, int] | None:
    """(k-NN accuracy, of how many images of split ``asked``, by how many training images) among stored embeddings.

    None where the data set has no labelled images to ask, or none that vote.
    """
    rows = embedded.rows_in(dataset)
    labels = np.where(rows >= 0, dataset.labels[rows], -1)
    bank, queries = voters(labels, dataset.manifest["split"].to_numpy()[rows], asked)
    if not len(bank) or not len(queries):
        return None
    values = embedded.values
    return knn_accuracy(values[bank], labels[bank], values[queries], labels[queries]), len(queries), len(bank)


def alignment(z0: np.ndarray, z1: np.ndarray, alpha: float = 2.0) -> float:
    """Mean distance^alpha of positive pairs on the unit sphere (arXiv 2005.10242). z0, z1: (N, D). Best is 0."""
    distance = np.linalg.norm(_unit(z0, np.float64) - _unit(z1, np.float64), axis=1)
    return float(np.mean(distance**alpha))


def uniformity(z: np.ndarray, t: float = 2.0) -> float:
    """Log of the mean of exp(−t·distance²) over all pairs on the unit sphere (arXiv 2005.10242). z: (N, D).

    0 when all points are one; the lower the more evenly spread, down to about −2t in many dimensions. NaN below N = 2.
    """
    n = len(z)
    if n < 2:
        return float("nan")
    z = _unit(z, np.float64)
    total, block = 0.0, max(1, _BLOCK_CELLS // (2 * n))
    for start in range(0, n, block):
        part = z[start : start + block]
        squared = np.maximum(2 - 2 * part @ z.T, 0)  # |a − b|² of unit vectors
        kernel = np.exp(-t * squared)
        kernel[np.arange(len(part)), start + np.arange(len(part))] = 0  # no point is its own pair
        total += kernel.sum()
    return float(np.log(total / (n * (n - 1))))


def effective_rank(h: np.ndarray) -> float:
    """Exp of the entropy of the singular values' shares (Roy & Vetterli 2007). h: (N, D). From 1 to min(N, D).

    Not centred, as in RankMe (arXiv 2210.02885). 0 for a matrix of zeros.
    """
    h = np.asarray(h, np.float64)
    gram = h.T @ h if h.shape[0] > h.shape[1] else h @ h.T
    squares = np.linalg.eigvalsh(gram)
    # Squared singular values below this are rounding: they would count as rank.
    squares = squares[squares > len(gram) * np.finfo(np.float64).eps * max(squares.max(initial=0), 0)]
    if len(squares) == 0:
        return 0.0
    share = np.sqrt(squares) / np.sqrt(squares).sum()
    return float(np.exp(-(share * np.log(share)).sum()))


def collapsed(h: np.ndarray) -> str | None:
    """One sentence if the features h (N, D) of different images have become (nearly) the same, else None.

    Fewer than eight images say nothing about it, but that features are not finite.
    """
    h = np.asarray(h)
    if not np.isfinite(h).all():
        return "The features hold NaN or infinity: training has diverged. Lower the learning rate."
    if len(h) < 8:
        return None
    spread = float(_unit(h, np.float64).std(0).mean() * np.sqrt(h.shape[1]))
    rank = effective_rank(h)
    if spread < _LEAST_SPREAD or rank < _LEAST_RANK:
        return (
            f"The features have collapsed: all images look nearly the same to the encoder (spread {spread:.3f} of 1, "
            f"effective rank {rank:.1f} of {min(h.shape)}). Lower the learning rate or raise the temperature."
        )
    return None


def logistic_probe(
    train: np.ndarray,
    labels: np.ndarray,
    test: np.ndarray,
    *,
    classes: int | None = None,
    c: float = 1.0,
    max_iter: int = 1000,
) -> np.ndarray:
    """Probabilities (n, classes) of logistic regression trained on features ``train`` (m, D) with ``labels`` (m,).

    Features are standardised by the training features. ``c`` is the inverse strength of the L2 penalty. A class without
    a training image has probability 0. Raises DatasetError with fewer than two classes.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    labels = np.asarray(labels)
    found = np.unique(labels)
    if len(found) < 2:
        raise DatasetError(f"A linear probe got {len(found)} class(es); it needs at least two. Label more classes.")
    model = make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=max_iter)).fit(train, labels)
    probabilities = np.zeros((len(test), classes or int(found.max()) + 1), np.float32)
    if len(test):
        probabilities[:, found] = model.predict_proba(test)
    return probabilities


def _unit(vectors: np.ndarray, dtype: type = np.float32) -> np.ndarray:
    """Rows (N, D) scaled to length 1; a row of zeros stays."""
    vectors = np.asarray(vectors, dtype)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length == 0, 1, length)
