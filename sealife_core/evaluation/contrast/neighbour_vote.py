"""What an encoder is worth on pictures that it was never trained on: nearest neighbours vote, nothing is fitted."""

from dataclasses import dataclass

import numpy as np

from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.pixels import cache_size_px, pixels_to_look
from sealife_core.evaluation.classification.scores import chance, wilson
from sealife_core.evaluation.contrast.view_encoder import ViewEncoder
from sealife_core.evaluation.embeddings.compute import embed
from sealife_core.evaluation.embeddings.feature_quality import knn_predict
from sealife_core.evaluation.embeddings.neighbours import nearest

MOST, NEIGHBOURS, VOTERS = 240, 5, 20


@dataclass(frozen=True)
class Vote:
    """How often the neighbours were right, with the 95 % interval, and the rows nearest to each row that was asked.

    bank, voters: how many pictures could vote, and how many did on each.
    """

    accuracy: float
    low: float
    high: float
    chance: float
    bank: int
    voters: int
    neighbours: dict[int, list[int]]


def vote(encoder: ViewEncoder, dataset: Dataset, seed: int = 0) -> Vote | None:
    """Half of at most MOST labelled training images vote on the class of the other half.

    None where fewer than 20 are labelled, or all are of one class.
    """
    labelled = dataset.rows("train", labelled_only=True)
    rows = np.random.default_rng(seed).permutation(labelled)[:MOST]
    bank, asked = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    labels = dataset.labels
    if len(rows) < 20 or len(np.unique(labels[rows])) < 2:
        return None
    px, network = encoder.image_size_px, encoder.encoder
    pixels = pixels_to_look(dataset, cache_size_px(dataset, px))
    h = embed(network, pixels, rows, image_size_px=px, mean=network.mean, std=network.std)
    voting, queries = h[: len(bank)], h[len(bank) :]
    right = knn_predict(voting, labels[bank], queries, VOTERS) == labels[asked]
    near, _ = nearest(voting, queries, NEIGHBOURS)
    low, high = wilson(int(right.sum()), len(asked))
    by_row = {int(row): bank[places].tolist() for row, places in zip(asked, near, strict=True)}
    return Vote(
        float(right.mean()),
        low,
        high,
        chance(labels[asked], len(dataset.classes)),
        len(bank),
        min(VOTERS, len(bank)),
        by_row,
    )
