"""Do two labellers agree? The last label that each gave a picture without seeing the other's.

A second person labels what others have labelled without seeing their answers. These opinions change no label.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from sealife_core.datasets.corrections.entries import Entry, hear, in_force, labels_by, not_taken_away
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import DatasetError
from sealife_core.evaluation.classification.scores import wilson
from sealife_core.evaluation.comparison.resampling import Interval
from sealife_core.evaluation.curation.queue_features import drawn
from sealife_core.wording import counted

WHY, BLIND = "agreement", "blind"
IMPORT = "the import"
"""Who gave the labels that came with the import."""


@dataclass(frozen=True)
class Agreement:
    """What two people said of the pictures that both labelled, neither seeing the other's label.

    left_out: how many more both labelled, but one of them seeing the other's label. agreed: share of equal labels, with
    its 95 % Wilson interval. kappa: Cohen's; None where both gave one and the same class to all, so that they could not
    but agree. confusion: of ``classes``, rows the first person's, columns the second's. disagreements: image ids and
    both labels, commonest confusions first, without those that were settled, by one of them seeing both labels too, or
    that somebody else has labelled since. only_first, only_second: image ids that the other has still to label.
    """

    classes: tuple[str, ...]
    left_out: int
    confusion: Int64[np.ndarray, "classes classes"]
    agreed: Interval
    kappa: Interval | None
    disagreements: tuple[tuple[str, str, str], ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]


def independent_labels(entries: Sequence[Entry]) -> dict[str, dict[str, str]]:
    """Person → image id → label, as :func:`labels_by`, without those that settled a disagreement: they were given
    knowing both labels, and would make any two people agree. An opinion holds, whatever the person said later."""
    held = [entry for entry in in_force(entries) if entry.why != WHY]
    said, blind = labels_by(held), labels_by(held, "opinion")
    return {by: said.get(by, {}) | blind.get(by, {}) for by in [*said, *(by for by in blind if by not in said)]}


def with_import(dataset: Dataset) -> dict[str, dict[str, str]]:
    """As :func:`independent_labels`, with those of IMPORT, as their classes are called now."""
    imported = dataset.imported[dataset.imported["label"] != ""]
    said = {IMPORT: dict(zip(imported["id"].tolist(), imported["label"].tolist(), strict=True))}
    for entry in in_force(dataset.entries):
        hear(said, entry, "opinion")  # for the classes that it renames
    return independent_labels(dataset.entries) | {IMPORT: not_taken_away(said)[IMPORT]}


def labelled_by_others(dataset: Dataset, by: str) -> dict[str, dict[str, str]]:
    """Everybody but ``by`` who labelled images that the data set holds → image id → label; the import last."""
    held = set(dataset.manifest["id"][dataset.labels >= 0].tolist())
    said = with_import(dataset)
    others = {name: {i: label for i, label in said[name].items() if i in held} for name in said if name not in ("", by)}
    return {name: labels for name, labels in others.items() if labels}


def to_label_again(dataset: Dataset, labels: Iterable[str], by: str) -> list[str]:
    """Those of the images ``labels`` that ``by`` has not labelled, in an order that is random and the same for
    everybody: the first n are a sample that several people share."""
    known = set().union(*(labels_by(dataset.entries, field).get(by, {}) for field in ("label", "opinion")))
    left = [image for image in labels if image not in known]
    return [left[at] for at in np.argsort(drawn([f"again {image}" for image in left], seed=0))]


def partners(dataset: Dataset) -> dict[str, list[str]]:
    """Everybody → those who labelled some of the same images without seeing it, most first: who can be compared."""
    held, everybody, entries = set(dataset.manifest["id"].tolist()), with_import(dataset), in_force(dataset.entries)
    shared: dict[str, dict[str, int]] = {}
    for one, other in itertools.combinations(filter(None, everybody), 2):
        if held & everybody[one].keys() & everybody[other].keys():
            said, _ = _unseen(entries, everybody[IMPORT], one, other)
            if both := len(held & said[one].keys() & said[other].keys()):
                shared.setdefault(one, {})[other] = shared.setdefault(other, {})[one] = both
    return {name: sorted(of, key=lambda other: -of[other]) for name, of in shared.items()}


def agreement(dataset: Dataset, first: str, second: str) -> Agreement:
    """Agreement of two people, or of IMPORT and one, on the images that the data set still holds.

    Raises DatasetError for somebody who has labelled nothing, and where they labelled no picture in common, or none
    without seeing the other's label.
    """
    everybody = with_import(dataset)
    for name in (first, second):
        if not everybody.get(name):
            have = ", ".join(repr(name) for name in sorted(everybody) if everybody[name]) or "nobody yet"
            raise DatasetError(f"{name!r} has labelled nothing in data set {dataset.name!r}. Who has: {have}.")
    if first == second:
        raise DatasetError(f"{first!r} was given twice; expected two people.")
    held = dataset.manifest["id"].tolist()
    by_first, by_second = (dict.fromkeys(image for image in held if image in everybody[by]) for by in (first, second))
    common = len(by_first.keys() & by_second.keys())
    entries = in_force(dataset.entries)
    said, seen = _unseen(entries, everybody[IMPORT], first, second)
    one, other = said[first], said[second]
    both = [image for image in held if image in one and image in other]
    if not both:
        if common:
            raise DatasetError(
                f"{first!r} and {second!r} have both labelled {counted(common, 'picture')} of {dataset.name!r}, but one"
                " of them always saw the other's label. 'Label again' on the Label page hides it."
            )
        raise DatasetError(
            f"{first!r} and {second!r} have labelled no picture of {dataset.name!r} in common. Let one of them label"
            " some of the other's."
        )
    classes = sorted({labels[image] for labels in (one, other) for image in both})
    place = {label: index for index, label in enumerate(classes)}
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    for image in both:
        confusion[place[one[image]], place[other[image]]] += 1
    said_of = [(image, told, entry) for entry in entries for image, told in entry.images.items()]
    labelled = {image: entry for image, told, entry in said_of if "label" in told}
    # An opinion changes no label: that of a third person settles nothing between these two.
    last = {
        image: entry
        for image, told, entry in said_of
        if "label" in told or ("opinion" in told and entry.by in (first, second))
    }
    settled = seen | {image for image, entry in labelled.items() if entry.why == WHY}
    apart = [(image, one[image], other[image]) for image in both if one[image] != other[image]]
    apart = [pair for pair in apart if pair[0] not in settled and last[pair[0]].by in (first, second)]
    times = Counter(frozenset(pair[1:]) for pair in apart)
    apart.sort(key=lambda pair: (-times[frozenset(pair[1:])], sorted(pair[1:])))
    return Agreement(
        tuple(classes), common - len(both), confusion, *kappa_of(confusion), tuple(apart),
        tuple(image for image in by_first if image not in by_second),
        tuple(image for image in by_second if image not in by_first),
    )  # fmt: skip


def _unseen(
    entries: Iterable[Entry], imported: dict[str, str], first: str, second: str
) -> tuple[dict[str, dict[str, str]], set[str]]:
    """What these two said, as :func:`with_import`, without labels that one gave seeing the other's; and their images.

    entries: those in force. Seen means: the image had a label, and the other had labelled it by then, which its history
    shows. An opinion is given without seeing any.
    """
    other = {first: second, second: first}
    labelled = {first: set[str](), second: set[str]()} | {IMPORT: {*imported}}
    held, seen = list[Entry](), set[str]()
    for entry in entries:
        told = entry.images
        if entry.by in other:
            shown = {i for i in told.keys() & labelled[other[entry.by]] if all(told[i].get("label", [""]))}
            labelled[entry.by].update(i for i in told if "label" in told[i] or "opinion" in told[i])
            if shown:
                seen |= shown
                told = {i: {f: pair for f, pair in told[i].items() if f != "label" or i not in shown} for i in told}
                entry = entry.model_copy(update={"images": told})
        if entry.by in other or entry.rename:
            held.append(entry)
    said = independent_labels(held) | {IMPORT: imported}
    return {by: said.get(by, {}) for by in other}, seen


def left_out_said(found: Agreement) -> str:
    """How many pictures do not count, and why; "" if all do."""
    more = counted(found.left_out, "more picture does", "more pictures do")
    return f"{more} not count: one of the two saw the other's label." if found.left_out else ""


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
