"""Do two labellers agree? Their last labels of the same pictures before a disagreement was settled."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from sealife_core.datasets.corrections.entries import Entry, in_force, labels_by
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import DatasetError
from sealife_core.evaluation.classification.scores import wilson
from sealife_core.evaluation.comparison.resampling import Interval

WHY = "agreement"


@dataclass(frozen=True)
class Agreement:
    """What two people said of the pictures that both labelled.

    agreed: share of equal labels, with its 95 % Wilson interval. kappa: Cohen's; None where both gave one and the same
    class to all, so that they could not but agree. confusion: of ``classes``, rows the first person's, columns the
    second's. disagreements: image ids and both labels, commonest confusions first, without those that were settled or
    that somebody else has labelled since. only_first, only_second: image ids that the other has still to label.
    """

    classes: tuple[str, ...]
    confusion: Int64[np.ndarray, "classes classes"]
    agreed: Interval
    kappa: Interval | None
    disagreements: tuple[tuple[str, str, str], ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]


def independent_labels(entries: Sequence[Entry]) -> dict[str, dict[str, str]]:
    """Person → image id → label, as :func:`labels_by`, without those that settled a disagreement: they were given
    knowing both labels, and would make any two people agree."""
    return labels_by([entry for entry in in_force(entries) if entry.why != WHY])


def agreement(dataset: Dataset, first: str, second: str) -> Agreement:
    """Agreement of two people on the images that the data set still holds.

    Raises DatasetError for somebody who has labelled nothing, and where they labelled no picture in common.
    """
    said = independent_labels(dataset.entries)
    for name in (first, second):
        if name not in said:
            have = ", ".join(map(repr, sorted(said))) or "nobody yet"
            raise DatasetError(f"{name!r} has labelled nothing in data set {dataset.name!r}. Who has: {have}.")
    if first == second:
        raise DatasetError(f"{first!r} was given twice; expected two people.")
    held = dataset.manifest["id"].tolist()
    one, other = ({image: said[by][image] for image in held if image in said[by]} for by in (first, second))
    both = [image for image in one if image in other]
    if not both:
        raise DatasetError(
            f"{first!r} and {second!r} have labelled no picture of {dataset.name!r} in common. Let one of them label"
            " some of the other's."
        )
    classes = sorted({labels[image] for labels in (one, other) for image in both})
    place = {label: index for index, label in enumerate(classes)}
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    for image in both:
        confusion[place[one[image]], place[other[image]]] += 1
    entries = in_force(dataset.entries)
    last = {image: entry for entry in entries for image, told in entry.images.items() if "label" in told}
    apart = [(image, one[image], other[image]) for image in both if one[image] != other[image]]
    apart = [pair for pair in apart if last[pair[0]].by in (first, second) and last[pair[0]].why != WHY]
    times = Counter(frozenset(pair[1:]) for pair in apart)
    apart.sort(key=lambda pair: (-times[frozenset(pair[1:])], sorted(pair[1:])))
    return Agreement(
        tuple(classes), confusion, *kappa_of(confusion), tuple(apart),
        tuple(image for image in one if image not in other), tuple(image for image in other if image not in one),
    )  # fmt: skip


def kappa_of(confusion: Int64[np.ndarray, "classes classes"]) -> tuple[Interval, Interval | None]:
    """The share of equal labels and Cohen's kappa (1960), each with a 95 % interval.

    As in Cohen's standard error, the agreement that chance would bring counts as known; the interval of the share is
    Wilson's, which also holds where all labels are equal.
    """
    n, same = int(confusion.sum()), int(np.trace(confusion))
    agreed = Interval(same / n, *wilson(same, n))
    by_chance = float((confusion.sum(0) * confusion.sum(1)).sum()) / n**2
    if by_chance == 1:
        return agreed, None
    low, value, high = ((share - by_chance) / (1 - by_chance) for share in (agreed.low, agreed.value, agreed.high))
    return agreed, Interval(value, low, high)
