"""What the browser shows of a run while it learned: the same epochs in every chart, and pictures with their nearest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool

from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast.training_dynamics import Moment, fixed_pictures, neighbours_by_epoch
from sealife_core.evaluation.embeddings.stored_embeddings import Snapshots, rows_of
from sealife_core.wording import percent

PICTURES, NEAREST = 5, 6


@dataclass(frozen=True)
class Votes:
    """k-NN accuracy as (epoch, share of 1), in order; none where nothing can be asked. chance: the share that guessing
    would have right; of: what was asked, to be said after the share."""

    points: Sequence[tuple[float, float]]
    chance: float
    of: str


def votes_of(epochs: Sequence[int], right: Bool[np.ndarray, "epochs q"], chance: float) -> Votes:
    """``right``: which of q stored validation images their neighbours name right at each of ``epochs``."""
    asked = right.shape[1]
    shares = right.mean(axis=1).tolist() if asked else []
    return Votes(list(zip(epochs, shares, strict=bool(asked))), chance, f"of {asked} validation pictures")


def votes_measured(rows: Sequence[Mapping[str, Any]], environment: Mapping[str, Any]) -> Votes:
    """As the run itself measured them while it trained, with the pictures that it had then."""
    measured = ((row.get("epoch"), row.get("val/knn_accuracy")) for row in rows)
    points = sorted({epoch: share for epoch, share in measured if epoch is not None and share is not None}.items())
    asked = (environment.get("images") or {}).get("val")
    of = f"of {asked} validation pictures" if asked else "of validation pictures"
    return Votes(points, environment.get("chance_accuracy") or 0.0, f"{of}, as measured in training")


def figures_of(course: Sequence[Moment], votes: Votes) -> dict[str, Any]:
    """The numbers behind every chart of a course of at least one moment; None for what is not finite."""
    return {
        "epochs": [moment.epoch for moment in course],
        "positives": [_rounded(moment.positives, 5) for moment in course],
        "negatives": [_rounded(moment.negatives, 5) for moment in course],
        "path": [_rounded([moment.alignment, moment.uniformity]) for moment in course],
        "accuracy": _rounded([moment.accuracy for moment in course], 6),
        "rankZ": _rounded([moment.rank_z for moment in course]),
        "rankH": _rounded([moment.rank_h for moment in course]),
        "knn": [[epoch, round(share, 6)] for epoch, share in votes.points],
        "knnChance": votes.chance,
        "knnOf": votes.of,
        "accuracyOf": f"right one among {course[0].views - 1} views" + ", by dot product" * (not course[0].normalised),
        "says": [moment_words(moment) for moment in course],
    }


def moment_words(moment: Moment) -> str:
    """What the numbers of one epoch mean."""
    if not moment.finite:
        return "The projections hold NaN or infinity: training has diverged."
    if moment.overlap >= 0.5:
        order = f"A positive pair is more alike than a negative one in {percent(moment.overlap, 0)} of comparisons"
    else:
        order = f"A negative pair is more alike than a positive one in {percent(1 - moment.overlap, 0)} of comparisons"
    loss = "The loss" if moment.normalised else "The loss, which compares dot products,"
    return (
        f"{order} (chance: 50 %); the mean cosine is {moment.positive:.2f} of positives, {moment.negative:.2f} of"
        f" negatives. {loss} is {moment.loss:.2f} nats (chance: {np.log(moment.views - 1):.2f})."
    )


def pictures_of(
    snapshots: Snapshots, epochs: Sequence[int], dataset: Dataset, address: Callable[[int], str],
    colour: Callable[[int], str],
) -> dict[str, Any]:  # fmt: skip
    """Five fixed pictures and their nearest at each of ``epochs``; images that the data set lost are left out.

    address: of the thumbnail of a row; colour: of a class, by its place.
    """
    rows = rows_of(snapshots.ids, dataset)
    here = np.flatnonzero(rows >= 0)
    wanted = [snapshots.epochs.index(epoch) for epoch in epochs]
    found = Snapshots(tuple(snapshots.ids[i] for i in here), tuple(epochs), snapshots.values[wanted][:, here])
    labels = dataset.labels[rows[here]]
    asked = fixed_pictures(labels, PICTURES)
    if len(here) <= NEAREST or not len(asked):
        return {"cards": {}, "asked": [], "near": []}
    near = neighbours_by_epoch(found, asked, NEAREST)
    cards = {
        int(place): {
            "src": address(int(rows[here[place]])),
            "name": dataset.classes[labels[place]] if labels[place] >= 0 else "no label",
            "colour": colour(int(labels[place])),
            "label": int(labels[place]),
        }
        for place in np.union1d(asked, near)
    }
    return {"cards": cards, "asked": asked.tolist(), "near": near.tolist()}


def _rounded(values: Any, digits: int = 4) -> list[float | None]:
    return [round(float(value), digits) if np.isfinite(value) else None for value in values]
