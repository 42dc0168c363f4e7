"""Grouping the images of a data set that is there already: one correction, which can be undone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sealife_core.datasets.corrections.editing import correct, values_of
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.duplicates import places_of_equal
from sealife_core.datasets.grouping.patterns import Pattern, groups_of
from sealife_core.datasets.grouping.preview import ImportPreview, preview_of
from sealife_core.datasets.grouping.stored_exif import stored_exif
from sealife_core.errors import DatasetError
from sealife_core.progress import Progress
from sealife_core.wording import counted

WHY = "pattern"


@dataclass(frozen=True)
class Regrouping:
    """What grouping by ``pattern`` would do. ``changes``: image id → new group, where it differs, of excluded images
    too; ``straddling``: groups that would be in more than one split."""

    pattern: Pattern
    preview: ImportPreview
    changes: Mapping[str, str]
    straddling: int

    @property
    def sentences(self) -> list[str]:
        """What it makes, and what would have to be mended then."""
        if not self.straddling:
            return self.preview.sentences
        are = counted(self.straddling, "group is", "groups are")
        return [*self.preview.sentences, f"{are} in more than one split: mend the data set afterwards."]


def groups_by(dataset: Dataset, pattern: Pattern, progress: Progress | None = None) -> list[str]:
    """The group of every row by ``pattern``, "" for none. Nothing is written. Raises DatasetError."""
    return groups_of(pattern, dataset.file_names, lambda: stored_exif(dataset, progress), dataset.table_columns)


def scattered(groups: Sequence[str], splits: Sequence[str]) -> list[list[int]]:
    """The positions of each group that is in more than one split. groups ("" is none), splits: of every image."""
    return [rows for rows in places_of_equal(groups) if len({splits[row] for row in rows}) > 1]


def plan_regrouping(dataset: Dataset, pattern: Pattern, progress: Progress | None = None) -> Regrouping:
    """How ``pattern`` groups the images of ``dataset``. Nothing is written. Raises DatasetError."""
    imported = dataset.original  # what is excluded now may come back
    groups = groups_by(imported, pattern, progress)
    names, places = imported.file_names, dataset.places.tolist()
    shown = [groups[place] for place in places]
    had = values_of(dataset)
    ids = imported.manifest["id"].tolist()
    changes = {image: group for image, group in zip(ids, groups, strict=True) if had[image]["group"] != group}
    straddling = len(scattered(shown, dataset.manifest["split"].tolist()))
    preview = preview_of(shown, [names[place] for place in places], dataset.manifest["label"].tolist())
    return Regrouping(pattern, preview, changes, straddling)


def regroup(dataset: Dataset, plan: Regrouping, by: str = "") -> Dataset:
    """Carry out ``plan``, as one correction; images that are added later are grouped by its pattern too.

    Raises DatasetError if it makes no group, or changes nothing.
    """
    if not plan.preview.groups:
        raise DatasetError(plan.sentences[0])
    if not plan.changes:
        raise DatasetError(f"The images of {dataset.name!r} are grouped like that already.")
    changes = {image: {"group": group} for image, group in plan.changes.items()}
    return correct(dataset, changes, by=by, why=f"{WHY}:{plan.pattern}", as_seen=True)
