"""How good features are before any classifier is trained on them: k-NN accuracy, geometry, collapse."""

import numpy as np
from jaxtyping import Float, Float64, Int, Int64, Shaped

from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import DatasetError
from sealife_core.evaluation.embeddings.neighbours import blocks, nearest, unit_rows
from sealife_core.evaluation.embeddings.stored_embeddings import Embedded

_BLOCK_CELLS = 2**23  # similarities held at once: 64 MiB in float64, however many points there are

# Limits of the bank and of the queries for the k-NN accuracy on pages and of projections: 10⁸ similarities, 1 to 2 s,
# even for a million images. With 5,000 queries, the 95 % interval of the accuracy is ± 1.4 points.
MOST_VOTING, MOST_ASKED = 20_000, 5_000

_TEMPERATURE = 0.1  # of the votes of neighbours

# Untrained ResNet18s on sea photographs have a spread of 0.11 to 0.15 and an effective rank of 10 to 30.
_LEAST_SPREAD, _LEAST_RANK = 0.01, 1.5


def knn_predict(
    bank: Float[np.ndarray, "m d"],
    bank_labels: Shaped[np.ndarray, " m"],
    queries: Float[np.ndarray, "n d"],
    k: int = 20,
) -> Shaped[np.ndarray, " n"]:
    """k-NN classification by cosine similarity: the class of each query by a vote of the k nearest in the bank.

    A vote has the weight exp(similarity / 0.1) (arXiv 1805.01978). A tie goes to the smaller label. Only classes of the
    bank are predicted. k is reduced to m. Raises DatasetError if the bank is empty.
    """
    if len(bank) == 0:
        raise DatasetError("The k-NN bank has no labelled images; expected at least one. Label some training images.")
    classes, bank_index = np.unique(bank_labels, return_inverse=True)
    rows, similarity = nearest(bank, queries, k)  # (n, k), best first
    return classes[votes(bank_index[rows], similarity, len(classes)).argmax(1)]


def votes(
    labels: Int[np.ndarray, "n k"], similarity: Float[np.ndarray, "n k"], classes: int
) -> Float64[np.ndarray, "n {classes}"]:
    """The votes of neighbours, best first, for each of the ``classes``; the nearest one of each row has the weight 1.

    The shift changes no ranking and keeps exp in its range. A neighbour of similarity -inf has no vote.
    """
    weights = np.exp((similarity - similarity[:, :1]) / _TEMPERATURE)
    cell = np.arange(len(labels))[:, None] * classes + labels
    found = np.bincount(cell.ravel(), weights.ravel(), minlength=len(labels) * classes)
    return found.reshape(len(labels), classes)


def knn_accuracy(
    bank: Float[np.ndarray, "m d"],
    bank_labels: Shaped[np.ndarray, " m"],
    queries: Float[np.ndarray, "n d"],
    labels: Shaped[np.ndarray, " n"],
    k: int = 20,
) -> float:
    """Accuracy of :func:`knn_predict` on ``queries``. Raises DatasetError without queries."""
    if len(queries) == 0:
        raise DatasetError("There are no labelled images to classify by their neighbours; expected at least one.")
    return float(np.mean(knn_predict(bank, bank_labels, queries, k) == labels))


def voters(
    labels: Int[np.ndarray, " n"], splits: Shaped[np.ndarray, " n"], asked: str, seed: int = 0
) -> tuple[Int64[np.ndarray, " bank"], Int64[np.ndarray, " queries"]]:
    """Sorted places of the bank (labelled training images) and of the queries (those of split ``asked``).

    labels: -1: no label; splits: names. If there are more than MOST_VOTING or MOST_ASKED, a random
    subset by ``seed``, because the cost of k-NN is the product of the two.
    """
    chooser = np.random.default_rng(seed)
    found = []
    for split, most in (("train", MOST_VOTING), (asked, MOST_ASKED)):
        places = np.flatnonzero((splits == split) & (labels >= 0))
        found.append(places if len(places) <= most else np.sort(chooser.choice(places, most, replace=False)))
    return found[0], found[1]


def neighbour_votes(embedded: Embedded, dataset: Dataset) -> tuple[float, int, int] | None:
    """(k-NN accuracy, of how many validation images, by how many training images) among stored embeddings.

    None where the data set has no labelled images to ask, or none that vote.
    """
    rows = embedded.rows_in(dataset)
    labels = np.where(rows >= 0, dataset.labels[rows], -1)
    bank, queries = voters(labels, dataset.manifest["split"].to_numpy()[rows], "val")
    if not len(bank) or not len(queries):
        return None
    values = embedded.values
    return knn_accuracy(values[bank], labels[bank], values[queries], labels[queries]), len(queries), len(bank)


def alignment(z0: Float[np.ndarray, "n d"], z1: Float[np.ndarray, "n d"]) -> float:
    """Mean squared distance of positive pairs on the unit sphere (arXiv 2005.10242). Best is 0."""
    distance = np.linalg.norm(_unit(z0) - _unit(z1), axis=1)
    return float(np.mean(distance**2))


def uniformity(z: Float[np.ndarray, "n d"]) -> float:
    """Log of the mean of exp(−2·distance²) over all pairs on the unit sphere (arXiv 2005.10242).

    0 if all points are the same, lower for a more even spread, down to about −4 in many dimensions. NaN for n < 2.
    """
    n = len(z)
    if n < 2:
        return float("nan")
    z = _unit(z)
    total, each = 0.0, np.arange(n)
    for rows in blocks(n, n, _BLOCK_CELLS):
        squared = np.maximum(2 - 2 * z[rows] @ z.T, 0)  # |a − b|² of unit vectors
        kernel = np.exp(-2 * squared)
        kernel[each[: len(kernel)], each[rows]] = 0  # no point is its own pair
        total += kernel.sum()
    return float(np.log(total / (n * (n - 1))))


def effective_rank(h: Float[np.ndarray, "n d"]) -> float:
    """Exp of the entropy of the singular values' shares (Roy & Vetterli 2007), from 1 to min(n, d).

    Not centred, as in RankMe (arXiv 2210.02885). 0 for a matrix of zeros.
    """
    h = np.asarray(h, np.float64)
    gram = h.T @ h if h.shape[0] > h.shape[1] else h @ h.T
    squares = np.linalg.eigvalsh(gram)
    # Squared singular values below this are rounding errors, which must not count as rank.
    squares = squares[squares > len(gram) * np.finfo(np.float64).eps * max(squares.max(initial=0), 0)]
    if len(squares) == 0:
        return 0.0
    share = np.sqrt(squares) / np.sqrt(squares).sum()
    return float(np.exp(-(share * np.log(share)).sum()))


def collapsed(h: Float[np.ndarray, "n d"]) -> str | None:
    """A warning if the features of different images are (nearly) the same or not finite, else None.

    With fewer than eight images only the second is checked.
    """
    if not np.isfinite(h).all():
        return "The features hold NaN or infinity: training has diverged. Lower the learning rate."
    if len(h) < 8:
        return None
    spread = float(_unit(h).std(0).mean() * np.sqrt(h.shape[1]))
    rank = effective_rank(h)
    if spread < _LEAST_SPREAD or rank < _LEAST_RANK:
        return (
            f"The features have collapsed: all images look nearly the same to the encoder (spread {spread:.3f} of 1, "
            f"effective rank {rank:.1f} of {min(h.shape)}). Lower the learning rate or raise the temperature."
        )
    return None


def _unit(vectors: Float[np.ndarray, "n d"]) -> Float64[np.ndarray, "n d"]:
    return unit_rows(np.asarray(vectors, np.float64))
