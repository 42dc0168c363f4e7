"""Which pictures to label next: one of each cluster without labels, typical of it, and uncertain to the present model.

The typical picture of each of the largest clusters without labels is what a model learns most from while labels are
few (TypiClust, Hacohen et al. 2022, arXiv 2202.02794). Once there is a model, each picture counts by how uncertain it
is, in the size of a cluster and, after how typical it is, in the choice within it; a cluster with labels counts the
less the more it has.
"""

import warnings

import numpy as np
from jaxtyping import Bool, Float, Int64
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression

from sealife_core.evaluation.embeddings.neighbours import unit_rows

PENALTY = 0.1  # of the preset probe's six, the best on photographs with 50 to 1,000 labels
CLUSTERED = 64  # principal components: distances in more of them are mostly noise
# A label of photographs buys most with half as many clusters as labels; with more than 100, those are a handful of
# pictures each, and the queue goes from one odd picture to the next.
LABELS_A_CLUSTER, MOST_CLUSTERS = 2, 100
NEIGHBOURS = 20  # that a picture is typical of, as in TypiClust
# What a model doubts most in a cluster are the odd pictures at its edge: within a cluster, being typical counts more.
TYPICAL_POWER = 4


def fitted(values: Float[np.ndarray, "n d"], labels: Int64[np.ndarray, " n"]) -> LogisticRegression | None:
    """A classifier of labelled pictures; None with fewer than two classes."""
    if len(np.unique(labels)) < 2:
        return None
    model = LogisticRegression(C=1 / (PENALTY * len(labels)), tol=1e-3, max_iter=300)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The number of unique classes")  # one label a class is how a queue begins
        return model.fit(values, labels)


def uncertainty(probabilities: Float[np.ndarray, "n classes"]) -> Float[np.ndarray, " n"]:
    """1 less the margin between the two likeliest classes: 0 is sure, 1 a tie."""
    best = np.sort(probabilities, axis=1)[:, -2:]
    return 1 - (best[:, 1] - best[:, 0])


def next_places(
    values: Float[np.ndarray, "n d"],
    labelled: Bool[np.ndarray, " n"],
    candidates: Bool[np.ndarray, " n"],
    doubt: Float[np.ndarray, " n"],
    count: int,
    seed: int,
) -> Int64[np.ndarray, " picks"]:
    """The places of at most ``count`` of the ``candidates``, the best first.

    values: of every picture, labelled ones too; doubt: the uncertainty of each, or ones while there is no model.
    """
    count, chosen, taken = min(count, int(candidates.sum())), np.empty(0, np.int64), np.zeros(len(values), bool)
    while len(chosen) < count:  # again where there are fewer clusters with candidates than picks
        left = count - len(chosen)
        more = _best_of_each_cluster(values, labelled | taken, candidates & ~taken, doubt, left, seed)
        chosen = np.concatenate([chosen, more])
        taken[more] = True
    return chosen


def _best_of_each_cluster(
    values: np.ndarray, labelled: np.ndarray, candidates: np.ndarray, doubt: np.ndarray, count: int, seed: int
) -> Int64[np.ndarray, " picks"]:
    """As :func:`next_places`, one pick of each cluster; several where fewer pictures differ than are asked for."""
    points = unit_rows(values[:, :CLUSTERED]).astype(np.float64)
    wanted = int(labelled.sum()) // LABELS_A_CLUSTER + count
    clusters = min(wanted, max(MOST_CLUSTERS, count), len(np.unique(points, axis=0)))
    of = KMeans(clusters, max_iter=30, random_state=seed).fit_predict(points)
    most = -(-count // clusters)
    worth, best = np.zeros(clusters), np.full((clusters, most), -1, np.int64)
    for cluster in np.unique(of[candidates]):
        members = np.flatnonzero(of == cluster)
        offered = members[candidates[members]]
        scores = typicality(points, offered, members) ** TYPICAL_POWER * doubt[offered]
        found = offered[np.argsort(-scores, kind="stable")[:most]]
        best[cluster, : len(found)] = found
        worth[cluster] = doubt[offered].sum() / (1 + labelled[members].sum()) ** 2
    chosen = best[np.argsort(-worth, kind="stable")].T.ravel()
    return chosen[chosen >= 0][:count]


def typicality(
    points: Float[np.ndarray, "n d"], asked: Int64[np.ndarray, " asked"], members: Int64[np.ndarray, " members"]
) -> Float[np.ndarray, " asked"]:
    """1 / the mean distance of each of ``asked`` to its NEIGHBOURS among the ``members`` of its cluster, itself one."""
    one, other = points[asked], points[members]
    squares = (one**2).sum(1)[:, None] + (other**2).sum(1) - 2 * one @ other.T
    distances = np.sort(np.sqrt(np.maximum(squares, 0)), axis=1)[:, 1 : NEIGHBOURS + 1]
    return 1 / (distances.mean(1) + 1e-9) if distances.shape[1] else np.ones(len(asked))
