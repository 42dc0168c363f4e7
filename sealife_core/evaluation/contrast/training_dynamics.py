"""How a SimCLR run came to tell pictures apart: cosines of stored pairs of views, epoch by epoch. Without torch."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int, Int64
from scipy.special import logsumexp

from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import RunError
from sealife_core.evaluation.classification.left_out_classes import auroc
from sealife_core.evaluation.classification.scores import chance
from sealife_core.evaluation.embeddings.feature_quality import (
    alignment,
    effective_rank,
    knn_predict,
    uniformity,
    voters,
)
from sealife_core.evaluation.embeddings.neighbours import nearest, unit_rows
from sealife_core.evaluation.embeddings.stored_embeddings import Snapshots, read_pairs, read_snapshots, rows_of

BINS = 50  # of cosines from −1 to 1
_RANKED = 256  # images whose h is ranked: of 1,000 it would take half a second an epoch


@dataclass(frozen=True)
class Moment:
    """What a run makes of the same n pairs of views after ``epoch`` epochs.

    positives, negatives: shares of their cosines in BINS bins from −1 to 1; positive, negative: their means.
    overlap: how often a positive pair is more similar than a negative one (AUROC; 0.5: no better than chance).
    accuracy, loss: as in training, among these 2n views, the loss in nats; of dot products unless ``normalised``.
    rank_z, rank_h: effective ranks; most_rank: what rank_z could be; views: 2n; rank_h is of at most 256 of the single
    images. All are NaN (the shares 0) where the projections are not finite.
    """

    epoch: int
    positives: Float[np.ndarray, " bins"]
    negatives: Float[np.ndarray, " bins"]
    positive: float
    negative: float
    overlap: float
    alignment: float
    uniformity: float
    accuracy: float
    loss: float
    rank_z: float
    rank_h: float
    most_rank: int
    views: int
    normalised: bool = True

    @property
    def finite(self) -> bool:
        """Whether the projections were numbers: False once training has diverged."""
        return bool(np.isfinite(self.negative))


def moments(folder: Path, temperature: float, *, normalised: bool = True) -> list[Moment]:
    """Those of the run in ``folder``, in order. Raises RunError if its pairs are missing or damaged.

    temperature, normalised: of its loss. rank_h is NaN where no features can be read, as after a divergence.
    """
    pairs = read_pairs(folder)
    h_of: dict[int, np.ndarray | None] = dict.fromkeys(pairs.epochs)
    with suppress(RunError):
        films = read_snapshots(folder)
        some = np.linspace(0, len(films.ids) - 1, min(_RANKED, len(films.ids))).round().astype(int)
        h_of = dict(zip(films.epochs, films.values[:, some], strict=True))
    return [
        moment(epoch, z, h_of[epoch], temperature, normalised=normalised)
        for epoch, z in zip(pairs.epochs, pairs.values, strict=True)
    ]


def moment(
    epoch: int,
    z: Float[np.ndarray, "2 n d"],
    h: Float[np.ndarray, "m k"] | None,
    temperature: float,
    *,
    normalised: bool = True,
) -> Moment:
    """Of projections z of two views of n images, n at least 2, and of features h of single images, if known.

    normalised: the run trained on cosines; else on dot products, of which its accuracy and loss are then.
    """
    rank_h = effective_rank(h) if h is not None and np.isfinite(h).all() else np.nan
    most_rank = min(2 * z.shape[1], z.shape[2])
    n = z.shape[1]
    if not np.isfinite(z).all():
        return Moment(
            epoch, np.zeros(BINS), np.zeros(BINS), *[np.nan] * 8, rank_h=rank_h, most_rank=most_rank, views=2 * n,
            normalised=normalised,
        )  # fmt: skip
    views = np.concatenate([z[0], z[1]]).astype(np.float64)
    unit = unit_rows(views)
    cosine = np.clip(unit @ unit.T, -1, 1)
    partner = np.arange(2 * n).reshape(2, n)[::-1].ravel()
    first, second = np.triu_indices(2 * n, 1)
    is_pair = partner[first] == second
    alike = cosine[first, second]
    compared = cosine if normalised else views @ views.T
    np.fill_diagonal(compared, -np.inf)  # a view is no negative of its own
    of_partner = compared[np.arange(2 * n), partner]
    return Moment(
        epoch,
        _shares(alike[is_pair]),
        _shares(alike[~is_pair]),
        positive=float(alike[is_pair].mean()),
        negative=float(alike[~is_pair].mean()),
        overlap=auroc(alike, is_pair),
        alignment=alignment(z[0], z[1]),
        uniformity=uniformity(z[0]),
        accuracy=float((compared.argmax(axis=1) == partner).mean()),
        loss=float(np.asarray(logsumexp(compared / temperature, axis=1)).mean() - of_partner.mean() / temperature),
        rank_z=effective_rank(unit),
        rank_h=rank_h,
        most_rank=most_rank,
        views=2 * n,
        normalised=normalised,
    )


def neighbours_by_epoch(
    snapshots: Snapshots, asked: Int64[np.ndarray, " q"], k: int
) -> Int64[np.ndarray, "epochs q k"]:
    """The k images with the most similar h for each of the images ``asked``, best first, itself left out.

    All are places in ``snapshots.ids``. Fewer than k where there are not as many others.
    """
    found = []
    for h in snapshots.values:
        near, _ = nearest(h, h[asked], k + 1)
        # Its own copy comes first unless another is as similar: what is left out is looked for, not assumed.
        order = np.argsort(near == asked[:, None], axis=1, kind="stable")
        found.append(np.take_along_axis(near, order, axis=1)[:, :-1])
    return np.stack(found)


def fixed_pictures(labels: Int[np.ndarray, " n"], count: int) -> Int64[np.ndarray, " q"]:
    """Places of ``count`` pictures of as many classes as possible: the first of each class, then the second …

    With more classes than ``count``: one picture each of classes spread evenly over all of them, of those with several
    pictures where these are enough.
    labels: −1 for none; pictures without a label come last.
    """
    turn, several = np.zeros(len(labels), np.int64), np.zeros(len(labels), bool)
    for label in np.unique(labels):
        of_class = labels == label
        turn[of_class], several[of_class] = np.arange(of_class.sum()), of_class.sum() > 1
    order = np.lexsort((labels, turn, labels < 0)).astype(np.int64)
    firsts = order[(turn[order] == 0) & (labels[order] >= 0)]
    if several[firsts].sum() >= count:
        firsts = firsts[several[firsts]]
    if len(firsts) >= count:
        return firsts[np.linspace(0, len(firsts) - 1, count).astype(int)]
    return order[:count]


def knn_right_by_epoch(
    snapshots: Snapshots, dataset: Dataset, k: int = 20
) -> tuple[Bool[np.ndarray, "epochs q"], float]:
    """Which validation images of the snapshots their k nearest training images there name right, after each epoch; and
    the share that guessing would.

    Asked are those of whose class some can vote: no other could be right. q is 0 where there are none: without labels.
    """
    rows = rows_of(snapshots.ids, dataset)
    labels = np.where(rows >= 0, dataset.labels[rows], -1)
    bank, queries = voters(labels, dataset.manifest["split"].to_numpy()[rows], "val")
    queries = queries[np.isin(labels[queries], labels[bank])]
    if not len(queries):
        return np.zeros((len(snapshots.epochs), 0), bool), 0.0
    named = [knn_predict(h[bank], labels[bank], h[queries], k) for h in snapshots.values]
    return np.stack(named) == labels[queries], chance(labels[queries], len(dataset.classes))


def _shares(cosines: Float[np.ndarray, " m"]) -> Float[np.ndarray, " bins"]:
    counts, _ = np.histogram(cosines, BINS, (-1, 1))
    return counts / max(1, len(cosines))
