"""What the colour of a point says: its class, split, predicted class, right or wrong, confidence, loss or cluster."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dashboard.theme import SPLIT_COLOURS, SPLIT_WORDS
from sealife_core.evaluation.figures.palette import CLASS_COLOURS, UNLABELLED_COLOUR, class_colour

CLASS, SPLIT, PREDICTED, RIGHT, CONFIDENCE, LOSS, CLUSTER = (
    "class", "split", "predicted class", "right or wrong", "confidence", "loss", "k-means cluster",
)  # fmt: skip
ALWAYS = (CLASS, SPLIT, CLUSTER)
PREDICTING = (PREDICTED, RIGHT, CONFIDENCE, LOSS)
MEANS = {
    CLASS: "the label of the picture. The encoder of a SimCLR run never saw it.",
    SPLIT: "training, validation or test. Training pictures that lie far from the others are a sign of overfitting.",
    PREDICTED: "the predicted class. Training pictures are grey: their predictions are not saved.",
    RIGHT: "circles are classified correctly, crosses wrongly. Crosses often lie between groups.",
    CONFIDENCE: "how sure the classifier is of its answer, right or wrong.",
    LOSS: "minus the logarithm of the probability of the true class. It is high where the classifier is sure but"
    " wrong.",
    CLUSTER: "groups that k-means finds in the original space, without labels.",
}
_NO_PREDICTION = "no prediction"


@dataclass(frozen=True)
class ImageFacts:
    """What is known of each of n points; unknown numbers are -1 and NaN. All are (n,)."""

    rows: np.ndarray
    labels: np.ndarray
    splits: np.ndarray  # place in SPLIT_WORDS
    predicted: np.ndarray
    confidence: np.ndarray
    loss: np.ndarray
    clusters: np.ndarray

    def custom(self) -> np.ndarray:
        """(n, 7) float32, the row first: what the browser is told of each point."""
        known = (self.rows, self.labels, self.splits, self.predicted, self.confidence, self.loss, self.clusters)
        return np.column_stack(known).astype(np.float32)  # whole numbers are exact up to 2²⁴

    def only(self, places: np.ndarray) -> "ImageFacts":
        """The same of the points at ``places``."""
        return ImageFacts(*(getattr(self, name)[places] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Group:
    """Points of one colour. ``members`` (m,) are their places."""

    name: str
    colour: str
    members: np.ndarray
    symbol: str = "circle"
    opacity: float = 0.8


@dataclass(frozen=True)
class Scale:
    """A number for every point, NaN where it is unknown; colours run from ``low`` to ``high``."""

    values: np.ndarray
    title: str
    low: float
    high: float
    format: str
    reverse: bool = False


@dataclass(frozen=True)
class Colouring:
    """Groups, drawn first to last; then a scale, if there is one."""

    groups: tuple[Group, ...]
    scale: Scale | None = None


def colouring(by: str, facts: ImageFacts, classes: tuple[str, ...]) -> Colouring:
    """Colour the points of ``facts`` by one of the words above. Empty groups are left out."""
    return _HOW[by](facts, classes)


def _by_class(facts: ImageFacts, classes: tuple[str, ...]) -> Colouring:
    return _named(facts.labels, classes, "unlabelled")


def _by_prediction(facts: ImageFacts, classes: tuple[str, ...]) -> Colouring:
    return _named(facts.predicted, classes, _NO_PREDICTION)


def _named(index: np.ndarray, classes: tuple[str, ...], unknown: str) -> Colouring:
    groups = [_grey(np.flatnonzero(index < 0), unknown)]
    groups += [Group(name, class_colour(i), np.flatnonzero(index == i)) for i, name in enumerate(classes)]
    return _filled(groups)


def _by_split(facts: ImageFacts, classes: tuple[str, ...]) -> Colouring:
    words = list(SPLIT_WORDS.values())
    symbols = ("circle", "diamond", "square")
    return _filled(
        [
            Group(words[i], SPLIT_COLOURS[i], np.flatnonzero(facts.splits == i), symbols[i], 0.55 if i == 0 else 0.9)
            for i in range(len(words))
        ]
    )


def _by_outcome(facts: ImageFacts, classes: tuple[str, ...]) -> Colouring:
    known = (facts.predicted >= 0) & (facts.labels >= 0)
    right = facts.predicted == facts.labels
    return _filled(
        [
            _grey(np.flatnonzero(~known), _NO_PREDICTION),
            Group("right", "#00966C", np.flatnonzero(known & right)),
            Group("wrong", "#D75A07", np.flatnonzero(known & ~right), "x", 1.0),
        ]
    )


def _by_confidence(facts: ImageFacts, classes: tuple[str, ...]) -> Colouring:
    return _scaled(Scale(facts.confidence, "confidence", 0.0, 1.0, ".0%"))


def _by_loss(facts: ImageFacts, classes: tuple[str, ...]) -> Colouring:
    known = facts.loss[np.isfinite(facts.loss)]
    # One picture in fifty may lie beyond the end of the scale: a single huge loss would make all others look alike.
    top = float(np.percentile(known, 98)) if len(known) else 1.0
    return _scaled(Scale(facts.loss, "loss (nats)", 0.0, max(top, 1e-3), ".1f"))


def _by_cluster(facts: ImageFacts, classes: tuple[str, ...]) -> Colouring:
    count = int(facts.clusters.max(initial=-1)) + 1
    return _filled(
        [
            Group(f"cluster {i + 1}", CLASS_COLOURS[-1 - i % len(CLASS_COLOURS)], np.flatnonzero(facts.clusters == i))
            for i in range(count)
        ]
    )


def _scaled(scale: Scale) -> Colouring:
    unknown = _grey(np.flatnonzero(~np.isfinite(scale.values)), _NO_PREDICTION)
    return Colouring(_filled([unknown]).groups, scale)


def _grey(members: np.ndarray, name: str) -> Group:
    return Group(name, UNLABELLED_COLOUR, members, opacity=0.3)


def _filled(groups: list[Group]) -> Colouring:
    return Colouring(tuple(group for group in groups if len(group.members)))


_HOW: dict[str, Callable[[ImageFacts, tuple[str, ...]], Colouring]] = {
    CLASS: _by_class,
    SPLIT: _by_split,
    PREDICTED: _by_prediction,
    RIGHT: _by_outcome,
    CONFIDENCE: _by_confidence,
    LOSS: _by_loss,
    CLUSTER: _by_cluster,
}
