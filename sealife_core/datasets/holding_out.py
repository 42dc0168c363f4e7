"""Holding places out whole: the test split becomes the images of some sites, dives or days, and of no other.

The test score of a run then is the accuracy at new places. Nothing is moved before it was shown
(``plan_holding_out``), and it can be undone. The correction tells every image of these places, also those in the test
split already, left out or without a label: who labels one later, takes it back in or undoes what was done before does
not learn from it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sealife_core.datasets.corrections.draft import Changes, Draft
from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.corrections.entries import PLACE, pattern_of
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.grouping.patterns import parse_pattern
from sealife_core.datasets.grouping.regrouping import groups_by
from sealife_core.datasets.imports.splits import notes_on
from sealife_core.datasets.moves import Moves
from sealife_core.errors import DatasetError
from sealife_core.progress import Progress
from sealife_core.wording import counted

GROUP = "group"
WHY = PLACE
_NAMED = 10  # places spelled out in an error


@dataclass(frozen=True)
class HoldingOut(Moves):
    """What holding ``places`` out would do. ``warnings``: sentences on their images without a label, which stay where
    they are until they have one, and on classes that a split lacks then."""

    places: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def sentences(self) -> list[str]:
        """How many images move from where to where, what each split has then, and what that does not allow."""
        return [*self.moved, *self.warnings]


@dataclass(frozen=True)
class PlacesTested:
    """Whose images the test split has: places that are ``new`` to a run, no labelled image of which is elsewhere; those
    that are ``known`` from training or validation; images ``unplaced``; images of the new ones that are ``unlabelled``,
    and so in training."""

    new: tuple[str, ...]
    known: tuple[str, ...]
    unplaced: int
    unlabelled: int


def places_of(dataset: Dataset, by: str, progress: Progress | None = None) -> list[str]:
    """The place of every row, "" for none. by: "group", or a pattern of ``grouping.patterns``. Raises DatasetError."""
    return dataset.manifest["group"].tolist() if by == GROUP else groups_by(dataset, parse_pattern(by), progress)


def places_held(dataset: Dataset) -> tuple[str, list[str], set[str]]:
    """By what pattern places were last held out, the place of every row by it, and the places of the test split.

    The pattern is "" for groups, where none are held out, and for a column that is not there.
    """
    by = pattern_of(dataset.entries, WHY)
    if by and parse_pattern(by).column not in ("", *dataset.table_columns):
        by = ""
    places = places_of(dataset, by) if by else [""] * len(dataset)
    return by, places, {places[row] for row in dataset.rows("test").tolist()} - {""}


def places_tested(dataset: Dataset, places: Sequence[str]) -> PlacesTested:
    """Whose images the test split has. places: of every row."""
    labels, splits = dataset.manifest["label"].tolist(), dataset.manifest["split"].tolist()
    tested = {place for place, split in zip(places, splits, strict=True) if place and split == "test"}
    learned = {place for place, label, split in zip(places, labels, splits, strict=True) if label and split != "test"}
    new = tested - learned
    unplaced = sum(not place and split == "test" for place, split in zip(places, splits, strict=True))
    unlabelled = sum(place in new and not label for place, label in zip(places, labels, strict=True))
    return PlacesTested(tuple(sorted(new)), tuple(sorted(tested & learned)), unplaced, unlabelled)


def plan_holding_out(dataset: Dataset, chosen: Collection[str], places: Sequence[str]) -> HoldingOut:
    """How to make the ``chosen`` places the test split; writes nothing. places: of every row.

    Test images of other places, and of none, become training images: the test score is of new places only. Raises
    DatasetError for a place without a labelled image, and where no labelled image of another place would be left.
    """
    held = set(chosen)
    labels, splits = dataset.manifest["label"].tolist(), dataset.manifest["split"].tolist()
    there = {place for place, label in zip(places, labels, strict=True) if place and label}
    if unknown := sorted(held - there):
        have = sorted(there)
        more = f" and {len(have) - _NAMED:,} more" if len(have) > _NAMED else ""
        listed = ", ".join(map(repr, have[:_NAMED])) or "none"
        raise DatasetError(
            f"No labelled image of {dataset.name!r} is of a place {unknown[0]!r}. Its places: {listed}{more}."
        )
    if not held:
        raise DatasetError("Name at least one place to hold out.")
    wanted = [
        "test" if place in held and label else "train" if split == "test" else split
        for place, label, split in zip(places, labels, splits, strict=True)
    ]
    if all(split == "test" for split, label in zip(wanted, labels, strict=True) if label):
        raise DatasetError("These are all the places: nothing would be left to learn from. Hold out fewer.")
    moves = {row: split for row, split in enumerate(wanted) if split != splits[row]}
    warnings = notes_on(labels, wanted)
    if unlabelled := sum(place in held and not label for place, label in zip(places, labels, strict=True)):
        have = counted(unlabelled, "image of these places has", "images of these places have")
        warnings.insert(0, f"{have} no label: SimCLR learns from what has none. Label these, or leave them out.")
    return HoldingOut(moves, tuple(splits), tuple(sorted(held)), tuple(warnings))


def hold_out(dataset: Dataset, plan: HoldingOut, by: str = "", places_by: str = GROUP) -> Dataset:
    """Carry out ``plan``, as one correction. places_by: as of :func:`places_of`; what is added later is kept out of
    these places by it. Raises DatasetError if the test split is that already."""
    if not plan.moves:
        raise DatasetError(f"The test split of {dataset.name!r} is the images of these places already.")
    ids, splits = (dataset.whole.manifest[name].tolist() for name in ("id", "split"))
    changes = _splits(ids, splits, places_of(dataset.whole, places_by), plan.places)
    why = WHY if places_by == GROUP else f"{WHY}:{places_by}"
    return correct(dataset, changes, by=by, why=why, as_seen=True)


def held_here(draft: Draft, told: Changes, by: str) -> Changes:
    """What holding places out on another copy, which ``told`` their images the splits, is for the images that are here.

    by: the pattern of the places, "" for groups. Where there is no such pattern here, it is what was told.
    """
    imported = draft.dataset.original
    ids = imported.manifest["id"].tolist()
    values = [draft.values(image) for image in ids]
    try:
        places = places_of(imported, by) if by else [one["group"] for one in values]
    except DatasetError:
        return told
    for_test = {image for image, fields in told.items() if fields.get("split") == "test"}
    held = {place for image, place in zip(ids, places, strict=True) if place and image in for_test}
    return {**told, **_splits(ids, [one["split"] for one in values], places, held)} if held else told


def _splits(ids: Sequence[str], splits: Sequence[str], places: Sequence[str], held: Collection[str]) -> Changes:
    return {
        image: {"split": "test" if place in held else "train"}
        for image, split, place in zip(ids, splits, places, strict=True)
        if place in held or split == "test"
    }
