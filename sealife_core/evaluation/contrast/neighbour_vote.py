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
A_CLASS = 8  # pictures of a class are enough, where there are many classes


@dataclass(frozen=True)
class Vote:
    """How often the neighbours were right, with the 95 % interval, and the rows nearest to each row that was asked.

    bank, voters: how many pictures could vote, and how many did on each. classes: of how many they are.
    """

    accuracy: float
    low: float
    high: float
    chance: float
    bank: int
    voters: int
    classes: int
    neighbours: dict[int, list[int]]


def vote(encoder: ViewEncoder, dataset: Dataset) -> Vote | None:
    """Half of at most MOST labelled training images vote on the class of the other half, class by class.

    None where there are fewer than 20, or all are of one class.
    """
    labels = dataset.labels
    halves = _halves(labels, np.random.default_rng(0).permutation(dataset.rows("train", labelled_only=True)))
    bank, asked = (np.concatenate([half[side] for half in halves] or [np.zeros(0, int)]) for side in (0, 1))
    rows = np.concatenate([bank, asked])
    if len(rows) < 20 or len(halves) < 2:
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
        len(halves),
        by_row,
    )


def _halves(labels: np.ndarray, rows: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of each class with two of ``rows`` or more: those that vote, and those that are asked; in all at most MOST.

    With so many classes that few pictures of each would be drawn, as many classes as have room: of a class that nobody
    votes for, none could be right.
    """
    classes = [rows[labels[rows] == label] for label in dict.fromkeys(labels[rows].tolist())]  # in a random order
    classes = [of_class for of_class in classes if len(of_class) > 1]
    most = max(A_CLASS, MOST // max(1, len(classes)))
    found, left = [], MOST
    for of_class in classes:
        drawn = of_class[: min(most, left)]
        if len(drawn) > 1:
            found.append((drawn[: -(-len(drawn) // 2)], drawn[-(-len(drawn) // 2) :]))
            left -= len(drawn)
    return found
