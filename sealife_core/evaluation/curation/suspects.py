"""Labels that may be wrong, the most suspicious first: what a probe and the neighbours of each image say without it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Float64, Int, Int64

from sealife_core.datasets.duplicates import links, units
from sealife_core.errors import DatasetError, RunError
from sealife_core.evaluation.curation.doubt import doubt
from sealife_core.evaluation.curation.out_of_fold import FOLDS, grouped_folds, out_of_fold_probabilities
from sealife_core.evaluation.embeddings.feature_quality import votes
from sealife_core.evaluation.embeddings.neighbours import nearest

if TYPE_CHECKING:
    from sealife_core.datasets.dataset import Dataset
    from sealife_core.evaluation.embeddings.stored_embeddings import Embedded

NEIGHBOURS = 20  # as k-NN accuracy elsewhere; 30 find as many flipped labels, within two points
_PROBE_COUNTS = 2 / 3  # against the neighbours' third: on photographs a point more is found than half and half


@dataclass(frozen=True)
class Judged:
    """What is believed of n labelled images without their own labels and groups.

    probabilities: the probe's. neighbours: places, the nearest first; -1 where the other groups have too few.
    shares: of those neighbours that have the image's label. doubt: see ``doubt.doubt``. judgeable: whether
    the image's class has enough groups to say anything about its labels.
    """

    probabilities: Float[np.ndarray, "n c"]
    neighbours: Int64[np.ndarray, "n k"]
    shares: Float64[np.ndarray, " n"]
    doubt: Float64[np.ndarray, " n"]
    judgeable: Bool[np.ndarray, " n"]


@dataclass(frozen=True)
class Suspect:
    """An image whose label may be wrong. probability: of ``predicted``; neighbours: ids, the most similar first."""

    id: str
    file: str
    label: str
    predicted: str
    probability: float
    label_probability: float
    neighbour_share: float
    neighbours: tuple[str, ...]
    doubt: float
    review: str


@dataclass(frozen=True)
class Suspects:
    """``ranked``: the most suspicious first. too_rare: classes with too few images to judge theirs; kept: how many
    images are left out because a person has looked at them."""

    ranked: tuple[Suspect, ...]
    too_rare: tuple[str, ...]
    kept: int


def judge(
    features: Float[np.ndarray, "n d"], labels: Int[np.ndarray, " n"], groups: Int[np.ndarray, " n"], seed: int = 0
) -> Judged:
    """Judge every label 0 … c-1 by images of other groups. Raises DatasetError if no class can be judged."""
    classes = int(labels.max(initial=-1)) + 1
    of_class, _ = np.unique(np.stack([labels, groups]), axis=1)
    enough = np.bincount(of_class, minlength=classes) >= FOLDS
    folds = grouped_folds(labels, groups, seed) if enough.any() else np.zeros(len(labels), int)
    learned = [np.unique(labels[folds != fold]) for fold in np.unique(folds)]
    if min(map(len, learned)) < 2:
        raise DatasetError(
            f"No label can be doubted here: at least two classes are needed, and {FOLDS} images of a class that are"
            " neither copies nor of one group. Label more images."
        )
    probabilities = out_of_fold_probabilities(features, labels, folds)
    places, similarity = nearest(features, features, NEIGHBOURS, groups=(groups, groups))
    others = groups[places] != groups[:, None]
    voted = votes(labels[places], np.where(others, similarity, -np.inf), classes)
    voted = (voted + 1 / classes) / (voted.sum(1, keepdims=True) + 1)  # a vote more, of nobody: no class gets 0
    believed = _PROBE_COUNTS * probabilities + (1 - _PROBE_COUNTS) * voted
    shares = (others & (labels[places] == labels[:, None])).sum(1) / others.sum(1)
    return Judged(probabilities, np.where(others, places, -1), shares, doubt(believed, labels), enough[labels])


def suspects(dataset: "Dataset", embedded: "Embedded", copies: Iterable[Sequence[int]] = ()) -> Suspects:
    """The labelled images of ``dataset`` by doubt, without those that were reviewed as "kept".

    copies: rows of one picture each, as checks find them. Raises DatasetError if no label can be judged, RunError if
    the embeddings are of other images.
    """
    if not (dataset.labels >= 0).any():
        raise DatasetError(f"No image of {dataset.name!r} has a label that could be doubted. Label some first.")
    rows = embedded.rows_in(dataset)
    of_run = np.flatnonzero((rows >= 0) & (dataset.labels[rows] >= 0))
    if not len(of_run):
        raise RunError(f"These features are of none of the labelled images of {dataset.name!r}. Choose another run.")
    rows = rows[of_run]
    labels = dataset.labels[rows]
    together = units(links(copies), dataset.manifest["group"].tolist())
    found = judge(np.asarray(embedded.values[of_run]), labels, together[rows])
    ids, files = dataset.manifest["id"].to_numpy(), dataset.file_names
    predicted = found.probabilities.argmax(1)
    kept = np.array([dataset.reviews.get(image) == "kept" for image in ids[rows]], dtype=bool)
    order = np.argsort(-found.doubt, kind="stable")
    ranked = tuple(
        Suspect(
            id=str(ids[rows[i]]),
            file=files[rows[i]],
            label=dataset.classes[labels[i]],
            predicted=dataset.classes[predicted[i]],
            probability=float(found.probabilities[i, predicted[i]]),
            label_probability=float(found.probabilities[i, labels[i]]),
            neighbour_share=float(found.shares[i]),
            neighbours=tuple(str(ids[rows[other]]) for other in found.neighbours[i] if other >= 0),
            doubt=float(found.doubt[i]),
            review=dataset.reviews.get(str(ids[rows[i]]), ""),
        )
        for i in order[(found.judgeable & ~kept)[order]]
    )
    too_rare = tuple(dataset.classes[index] for index in np.unique(labels[~found.judgeable]))
    return Suspects(ranked, too_rare, int(kept.sum()))
