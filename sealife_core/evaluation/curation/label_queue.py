"""What to label next. All it knows of earlier answers is in the data set's log, so that nothing is lost with a page.

A share of the pictures is reserved at random before the first answer. The same share of the picks comes from there
and is never learned from: on those, accuracy is estimated honestly. They go to validation; where the import brought no
labelled test pictures, every second one goes to test, so that a model trained on these labels has a test accuracy.

What belongs with a validation or test picture by its group or its looks, such as the rest of a place held out, goes
there too. It is asked last: no model may learn from it, and it is no random picture.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int64
from sklearn.linear_model import LogisticRegression

from sealife_core.datasets import holding_out
from sealife_core.datasets.corrections.entries import QUEUE, in_force
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.duplicates import units
from sealife_core.evaluation.classification.scores import wilson
from sealife_core.evaluation.curation.picking import fitted, next_places, uncertainty
from sealife_core.evaluation.curation.queue_features import Points, drawn, reserved
from sealife_core.evaluation.embeddings.stored_embeddings import rows_of

# Of 200 picks 30 are random, on which 70 % is known to ± 16 points; of 1,000, to ± 7. A fifth would make it 14 and 6,
# with 10 and 50 answers more that no model learns from.
SHARE = 0.15
HELD_OUT = ("val", "test")
STEP = 1.1  # a tenth more labels: fewer change the accuracy by less than it is known to
LIKELY = 9  # classes told with a pick: a key of the keyboard each

Reason = Literal["random", "typical", "uncertain", "belongs"]


@dataclass(frozen=True)
class Pick:
    """A picture to label: its row in the data set, why it was picked, the split that it goes to with its label, its
    likeliest classes, and rows that look alike.

    alike: open as well, and probably of the same class: one answer may serve them all. likely: none without a model.
    """

    row: int
    why: Reason
    split: str
    likely: tuple[tuple[str, float], ...]
    alike: tuple[int, ...]


@dataclass(frozen=True)
class Bought:
    """Accuracy (95 % Wilson interval) of the model that the first ``answers`` would have made, on pictures held out.

    answers: random ones too; learned: pictures with a label that it learned from, those of the import too; asked: how
    many were held out, of which so many are ``random``. The others are the validation pictures of the import.
    """

    answers: int
    learned: int
    asked: int
    random: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True)
class LabelQueue:
    """The queue of a data set as it is now. ``points``: of any run whose encoder saw these pictures."""

    dataset: Dataset
    points: Points
    seed: int = 0

    @cached_property
    def rows(self) -> Int64[np.ndarray, " n"]:
        """The row of each point in the data set; -1 if it is not there, or left out."""
        return rows_of(self.points.ids, self.dataset)

    @cached_property
    def _labels(self) -> Int64[np.ndarray, " n"]:
        return np.where(self.rows >= 0, self.dataset.labels[self.rows], -1)

    @cached_property
    def _splits(self) -> np.ndarray:
        return np.where(self.rows >= 0, self.dataset.manifest["split"].to_numpy(dtype=str)[self.rows], "")

    @cached_property
    def open(self) -> Bool[np.ndarray, " n"]:
        """Which points have no label and were not called unsure."""
        unsure = [self.dataset.reviews.get(image) == "unsure" for image in self.points.ids]
        return (self.rows >= 0) & (self._labels < 0) & ~np.array(unsure, bool)

    @cached_property
    def _learned(self) -> Bool[np.ndarray, " n"]:
        return (self._labels >= 0) & (self._splits == "train")

    @cached_property
    def _looks(self) -> Int64[np.ndarray, " n"]:
        return units(self.points.pairs, [""] * len(self.rows))

    @cached_property
    def _units(self) -> Int64[np.ndarray, " n"]:
        """What belongs together by looks or by group: no frame of a film is learned from where another validates."""
        groups = np.where(self.rows >= 0, self.dataset.manifest["group"].to_numpy(dtype=str)[self.rows], "")
        return units(self.points.pairs, groups.tolist())

    @cached_property
    def _of_held_place(self) -> Bool[np.ndarray, " n"]:
        """Which points are of a place that is held out for test, by a pattern: what is asked of it is not random."""
        _, places, tested = holding_out.places_held(self.dataset)
        return (self.rows >= 0) & np.isin(places, list(tested))[self.rows]

    @cached_property
    def _reserved_for(self) -> np.ndarray:
        """The split of HELD_OUT that each reserved point is for, whatever is answered first; "" for all others."""
        half = reserved(self.points.ids, self._units, self._learned, SHARE, self.seed)
        half = np.where(self._of_held_place, 0, half)
        if self._has_tests:
            return np.where(half, "val", "")
        # Another run may find other look-alikes: what has its label already stands.
        stands = (half > 0) & (self._belongs_to != "")
        return np.where(stands, self._belongs_to, np.array(["", *HELD_OUT])[half])

    @cached_property
    def _belongs_to(self) -> np.ndarray:
        """The split of HELD_OUT that holds a labelled picture of each point's unit or place, drawn for it or not; else
        ""."""
        found = np.full(len(self.rows), "", dtype="U4")
        for split in HELD_OUT:
            there = (self._labels >= 0) & (self._splits == split)
            found[np.isin(self._units, self._units[there])] = split
        found[self._of_held_place] = "test"
        return found

    @cached_property
    def _has_tests(self) -> bool:
        """Whether there are labelled test pictures that were not asked here: the import's, or places held out."""
        ids = self.dataset.manifest["id"].to_numpy()
        tests = set(ids[self.dataset.rows("test", labelled_only=True)].tolist())
        held_out = {
            image
            for entry in in_force(self.dataset.entries)
            for image, changes in entry.images.items()
            if entry.reason == holding_out.WHY and changes.get("split", ("", ""))[1] == "test"
        }
        return bool(len(self._brought("test")) or held_out & tests)

    def _brought(self, split: str) -> Int64[np.ndarray, " b"]:
        """Rows that came with a label in ``split``, and are still there; not those that were asked here."""
        manifest, imported = self.dataset.manifest, self.dataset.imported.iloc[self.dataset.places]
        brought = ((imported["split"] == split) & (imported["label"] != "")).to_numpy(bool)
        rows = np.flatnonzero(brought & ((manifest["split"] == split) & (manifest["label"] != "")).to_numpy(bool))
        return np.setdiff1d(rows, self.rows[[at for answer in self.answers for at in answer]])

    @cached_property
    def answers(self) -> list[tuple[int, ...]]:
        """The places that each answer labelled, in the order of the answers: one picture, and what looks like it.

        Only what still has a label; a second opinion on a picture is no answer of its own.
        """
        place = {image: at for at, image in enumerate(self.points.ids) if self._labels[at] >= 0}
        seen: set[int] = set()
        found = []
        for entry in in_force(self.dataset.entries):
            if entry.why != QUEUE or entry.rename:
                continue
            images = [image for image, changes in entry.images.items() if "label" in changes]
            new = [place[image] for image in images if image in place and place[image] not in seen]
            seen.update(new)
            for looks in dict.fromkeys(self._looks[new].tolist()):
                found.append(tuple(at for at in new if self._looks[at] == looks))
        return found

    @cached_property
    def _random_splits(self) -> list[str]:
        """Of each answer: the split that its picture was drawn for at random, or ""."""
        first = [answer[0] for answer in self.answers]
        return [
            str(self._splits[at]) if self._reserved_for[at] and self._splits[at] in HELD_OUT else "" for at in first
        ]

    @cached_property
    def _model(self) -> LogisticRegression | None:
        return fitted(self.points.values[self._learned], self._labels[self._learned])

    def picks(self, count: int = 20) -> list[Pick]:
        """What to label next, at most ``count``, the same for one log and seed. Fits a model: a second."""
        probabilities = None if self._model is None else self._model.predict_proba(self.points.values)
        doubt = np.ones(len(self.rows)) if probabilities is None else uncertainty(probabilities)
        bound = self.open & (self._belongs_to != "") & (self._belongs_to != self._reserved_for)
        free = self.open & ~bound
        chance = {split: self._shuffled(free & (self._reserved_for == split))[:count] for split in HELD_OUT}
        pool = np.flatnonzero(free | self._learned)  # others, as those of test, draw no cluster to them
        asked = (free & (self._reserved_for == ""))[pool]
        places = next_places(self.points.values[pool], self._learned[pool], asked, doubt[pool], count, self.seed)
        chosen = [*pool[places].tolist(), *self._shuffled(bound)[: max(0, count - len(places))]]
        found: list[Pick] = []
        taken: set[int] = set()
        splits = [*self._random_splits]
        while len(found) < count and (any(chance.values()) or chosen):
            due = len(splits) - splits.count("") + 1 <= SHARE * (len(splits) + 1)
            split = min((one for one in HELD_OUT if chance[one]), key=splits.count, default="")
            if chosen and not due:
                split = ""
            at = (chance[split] if split else chosen).pop(0)
            if at in taken:  # offered with another already
                continue
            reason: Reason = "typical" if probabilities is None else "uncertain"
            if split:
                reason = "random"
            elif bound[at]:
                reason, split = "belongs", str(self._belongs_to[at])
            alike = [other for other in self.points.look_like(at) if self.open[other] and other not in taken]
            taken.update([at, *alike])
            likely = () if probabilities is None else self._likely(probabilities[at])
            row, others = int(self.rows[at]), tuple(int(self.rows[other]) for other in alike)
            found.append(Pick(row, reason, split or "train", likely, others))
            splits.append(split if reason == "random" else "")
        return found

    def _shuffled(self, which: Bool[np.ndarray, " n"]) -> list[int]:
        places = np.flatnonzero(which)
        return places[np.argsort(drawn([self.points.ids[at] for at in places], self.seed))].tolist()

    def _likely(self, probabilities: np.ndarray) -> tuple[tuple[str, float], ...]:
        assert self._model is not None
        best = np.argsort(-probabilities, kind="stable")[:LIKELY]
        return tuple((self.dataset.classes[self._model.classes_[at]], float(probabilities[at])) for at in best)

    def bought(self, steps: int = 8) -> list[Bought]:
        """What the answers so far have bought, at ``steps`` numbers of answers or fewer; none without a held-out one.

        All points are asked of the same pictures: the random ones, and the import's validation pictures. Of those that
        look alike only one is: more tell nothing more. Between the first and the last, a model is made only where its
        labels have become STEP times as many.
        """
        random = [a[0] for a, split in zip(self.answers, self._random_splits, strict=True) if split]
        asked = np.array([*random, *np.flatnonzero(np.isin(self.rows, self._brought("val")))], int)
        if not self.answers or not len(asked):
            return []
        asked = asked[np.unique(self._looks[asked], return_index=True)[1]]
        held_out = (len(asked), int(np.isin(asked, random).sum()))
        of_answers = {at for answer in self.answers for at in answer}
        start = [at for at in np.flatnonzero(self._learned).tolist() if at not in of_answers]
        total = len(self.answers)
        found: list[Bought] = []
        for answers in np.unique(np.geomspace(min(10, total), total, steps).round().astype(int)).tolist():
            learned = start + [at for answer in self.answers[:answers] for at in answer if self._learned[at]]
            if found and answers < total and len(learned) < STEP * found[-1].learned:
                continue
            last = answers == total
            model = self._model if last else fitted(self.points.values[learned], self._labels[learned])
            if model is not None:
                right = int(np.sum(model.predict(self.points.values[asked]) == self._labels[asked]))
                found.append(Bought(answers, len(learned), *held_out, right / len(asked), *wilson(right, len(asked))))
        return found
