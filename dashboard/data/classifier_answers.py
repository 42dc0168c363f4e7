"""What a classifier answered, ready to be filtered and ordered: 13,000 answers in a few milliseconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import RunError
from sealife_core.evaluation.embeddings.stored_embeddings import rows_of
from sealife_core.evaluation.figures.palette import UNLABELLED_COLOUR, class_colours

if TYPE_CHECKING:
    import pandas as pd

    from sealife_core.evaluation.classification.calibration import Calibration

TESTED = ("test", "val")
ORDERS = {
    "mistakes": "Most confident mistake",
    "uncertain": "Least certain",
    "loss": "Highest loss",
    "certain": "Most certain",
    "class": "By class",
}
OUTCOMES = {"right": "Right", "wrong": "Wrong"}
PAIRED = {
    "differ": "Different predictions",
    "both": "Both right",
    "first": "Only the first right",
    "second": "Only the second right",
    "neither": "Both wrong",
}


@dataclass(frozen=True, eq=False)
class Answers:
    """One place an image, 0 … n-1. ``truth`` and ``predicted`` (n,) are indices into ``classes``, the model's.

    rows: (n,) rows of ``dataset``; test: (n,) whether of the test split; probabilities: (n, C). ``gone``: images that
    were predicted and are no longer in the data set.
    """

    dataset: Dataset
    classes: tuple[str, ...]
    ids: np.ndarray
    rows: np.ndarray
    test: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray
    confidence: np.ndarray
    loss: np.ndarray
    probabilities: np.ndarray
    gone: int

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def right(self) -> np.ndarray:
        """(n,) bool."""
        return self.truth == self.predicted

    def colour(self, place: int) -> str:
        """The colour of a class; grey if the data set lacks it."""
        return self._colours.get(self.classes[place], UNLABELLED_COLOUR)

    @cached_property
    def _colours(self) -> dict[str, str]:
        return class_colours(self.dataset)

    def place_of(self, image_id: str) -> int | None:
        """The place of the image with this id, or None."""
        return self._places.get(image_id)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {image_id: place for place, image_id in enumerate(self.ids.tolist())}


def answers_of(table: "pd.DataFrame", dataset: Dataset, results: dict[str, Any] | None) -> Answers:
    """``table`` is a predictions table. Raises RunError if its classes are not known any more."""
    probabilities = np.stack(table["probabilities"].to_list()).astype(np.float32) if len(table) else np.zeros((0, 0))
    classes = _classes(probabilities.shape[1], table, dataset, results)
    rows = rows_of(tuple(table["id"].tolist()), dataset)
    there = rows >= 0
    table = table.loc[there, :]
    index = {name: place for place, name in enumerate(classes)}
    truth, predicted = (
        np.array([index[name] for name in table[column].tolist()], np.int64) for column in ("label", "predicted")
    )
    return Answers(
        dataset=dataset,
        classes=classes,
        ids=np.asarray(table["id"].tolist(), dtype=object),
        rows=rows[there],
        test=(table["split"] == "test").to_numpy(dtype=bool),
        truth=truth,
        predicted=predicted,
        confidence=table["confidence"].to_numpy(dtype=np.float32),
        loss=table["loss"].to_numpy(dtype=np.float32),
        probabilities=probabilities[there],
        gone=int((~there).sum()),
    )


def in_order(probabilities: np.ndarray, known: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """``probabilities`` (C,) of the classes ``known``, in the order of ``classes``; 0 for one that is not known."""
    likely = dict(zip(known, probabilities.tolist(), strict=True))
    return np.array([likely.get(name, 0.0) for name in classes], np.float32)


def _classes(count: int, table: "pd.DataFrame", dataset: Dataset, results: dict[str, Any] | None) -> tuple[str, ...]:
    """The classes in the order of the probabilities: as the run noted them, else as the data set has them."""
    used = set(table["label"].tolist()) | set(table["predicted"].tolist())
    noted = ((results or {}).get("test") or (results or {}).get("val") or {}).get("per_class") or []
    for names in (tuple(str(row["label"]) for row in noted), dataset.classes):
        if len(names) == count and used <= set(names):
            return names
    raise RunError(
        f"The predictions have {count} classes, but data set '{dataset.name}' now has {len(dataset.classes)}. Train"
        " a classifier on the data set as it is now."
    )


@dataclass(frozen=True)
class Filters:
    """Which answers are shown, in which order. "" is "all"; confidences in percent, from above ``low`` to ``high``;
    ``named``: a part of the file name."""

    truth: str = ""
    predicted: str = ""
    outcome: str = ""
    low: int = 0
    high: int = 100
    split: str = "test"
    named: str = ""
    order: str = "mistakes"


def chosen(answers: Answers, wanted: Filters, other: Answers | None = None) -> np.ndarray:
    """(m,) places of the answers that are ``wanted``, in order. ``other``: a second model, for outcomes of PAIRED."""
    keep = of_split(answers, wanted.split)
    for name, column in ((wanted.truth, answers.truth), (wanted.predicted, answers.predicted)):
        if name:
            keep &= column == (answers.classes.index(name) if name in answers.classes else -1)
    if (wanted.low, wanted.high) != (0, 100):
        percent = 100 * answers.confidence.astype(np.float64)
        keep &= (percent > wanted.low) & (percent <= wanted.high)  # as the bins of the reliability diagram are
    if wanted.named:
        keep &= np.isin(answers.rows, answers.dataset.named(wanted.named))
    if wanted.outcome in OUTCOMES:
        keep &= answers.right == (wanted.outcome == "right")
    elif wanted.outcome in PAIRED and other is not None:
        keep &= _piles(answers, other)[wanted.outcome]
    places = np.flatnonzero(keep)
    return places[_order(answers, places, wanted.order)]


def of_split(answers: Answers, split: str) -> np.ndarray:
    """(n,) bool: whether each answer is of ``split``, "test" or "val"; of "all", every one."""
    return answers.test == (split == "test") if split in TESTED else np.ones(len(answers), bool)


def _piles(answers: Answers, other: Answers) -> dict[str, np.ndarray]:
    """Key of PAIRED → (n,) bool; an image that only one model was asked is in none."""
    at = np.array([other._places.get(image_id, -1) for image_id in answers.ids.tolist()], np.int64)
    both, first, second = at >= 0, answers.right, other.right[at]
    names = np.asarray(answers.classes, object)[answers.predicted]
    return {
        "differ": both & (names != np.asarray(other.classes, object)[other.predicted[at]]),
        "both": both & first & second,
        "first": both & first & ~second,
        "second": both & ~first & second,
        "neither": both & ~first & ~second,
    }


def _order(answers: Answers, places: np.ndarray, order: str) -> np.ndarray:
    sure, right = answers.confidence[places], answers.right[places]
    keys = {"uncertain": sure, "certain": -sure, "loss": -answers.loss[places]}
    if order in keys:
        return np.argsort(keys[order], kind="stable")
    if order == "class":
        return np.lexsort((-sure, right, answers.truth[places]))
    # Mistakes, the surest first; then what is right, the least sure first: the nearest to being a mistake.
    return np.lexsort((np.where(right, sure, -sure), right))


def pair_counts(answers: Answers, other: Answers, split: str) -> dict[str, int]:
    """How many images are in each pile of PAIRED: those of ``split`` that both models were asked."""
    asked = of_split(answers, split)
    return {name: int((pile & asked).sum()) for name, pile in _piles(answers, other).items()}


def scores_of(answers: Answers, split: str) -> dict[str, Any] | None:
    """The ``scores`` of the answers of "test", "val" or "all"; None without pictures."""
    from sealife_core.evaluation.classification.scores import scores

    kept = of_split(answers, split)
    return scores(answers.truth[kept], answers.probabilities[kept], answers.classes) if kept.any() else None


@dataclass(frozen=True, eq=False)
class Calibrated:
    """A run's calibration, and its reliability on test before and after temperature scaling."""

    whole: "Calibration"
    before: "pd.DataFrame"
    after: "pd.DataFrame"


def calibrated(predictions: "pd.DataFrame", answers: Answers, bins: int) -> Calibrated:
    """How often the confidences of ``predictions`` are right, in ``bins`` bins. Raises RunError, as ``calibration``."""
    from sealife_core.evaluation.classification.calibration import calibration, reliability, with_temperature

    whole = calibration(predictions, answers.classes)
    truth, before = answers.truth[answers.test], answers.probabilities[answers.test]
    after = with_temperature(before, whole.temperature)
    return Calibrated(whole, reliability(truth, before, bins), reliability(truth, after, bins))
