"""Which version of a data set a run saw, what was corrected since, in words, and what its classes are called now."""

from dataclasses import dataclass

from sealife_core.datasets.corrections.entries import in_force
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.imports.finding import clean_label, looks_like
from sealife_core.errors import DatasetError
from sealife_core.wording import counted


@dataclass(frozen=True)
class Seen:
    """version: the one that was seen, 0 for the import; None if the data set was imported anew. since: a sentence on
    what was corrected later, "" if nothing was."""

    name: str
    version: int | None
    since: str

    @property
    def said(self) -> str:
        """ "version 3 of survey"; of a data set that was never corrected its name."""
        if self.version is None:
            return f"{self.name}, before it was imported again"
        if self.version:
            return f"version {self.version} of {self.name}"
        return f"{self.name}, as it was imported" if self.since else self.name


def seen(dataset: Dataset, content_hash: str) -> Seen:
    """What ``content_hash``, that of a version, says of ``dataset`` as it is now."""
    version = dataset.version_of(content_hash)
    if version is None:
        return Seen(dataset.name, None, "")
    later = dataset.version - version
    return Seen(
        dataset.name, version, f"{counted(later, 'correction')} since: {_changes(dataset, version)}." if later else ""
    )


def known_label(label: str, dataset: Dataset) -> str:
    """The class that looks like that name, where there is one: somebody may just have named it."""
    if label in dataset.classes:
        return label
    looks = looks_like(label)
    return next((name for name in dataset.classes if looks_like(name) == looks), clean_label(label))


def renamed_since(label: str, dataset: Dataset, version: int | None) -> str:
    """What the class ``label`` of that version is called now: who has seen that version may still use its old name.

    Raises DatasetError where nobody calls it anything any more.
    """
    if version is None or label in dataset.classes:
        return label
    now = label
    for entry in in_force(dataset.entries):
        if entry.number > version and entry.rename and entry.rename[0] == now:
            now = entry.rename[1]
    if label and not now:
        raise DatasetError(f"The class {label!r} was removed meanwhile. Choose another.")
    return now


def _changes(dataset: Dataset, version: int) -> str:
    """ "2 pictures relabelled, 1 left out"."""
    before = dataset.at(version).every
    then = {field: before[field].to_numpy(dtype=str) for field in ("label", "split", "group", "excluded")}
    now = {field: dataset.every[field].to_numpy(dtype=str) for field in then}
    differs = {field: then[field] != now[field] for field in then}
    there = (then["excluded"] == "") & (now["excluded"] == "")
    labelled = differs["label"] & (then["label"] == "")
    added = dataset.every["id"].isin([image for entry in dataset.entries[version:] for image in entry.added]).to_numpy()
    taken_in = differs["excluded"] & (now["excluded"] == "")
    counts = {
        "added": taken_in & added,
        "labelled": there & labelled,
        "relabelled": there & differs["label"] & ~labelled & (now["label"] != ""),
        "left without a label": there & differs["label"] & (now["label"] == ""),
        "moved to another split": there & differs["split"] & ~differs["label"],
        "regrouped": there & differs["group"],
        "left out": differs["excluded"] & (now["excluded"] != ""),
        "taken back in": taken_in & ~added,
    }
    told = [(int(which.sum()), what) for what, which in counts.items() if which.any()]
    return ", ".join(
        f"{count:,} {what}" if at else f"{counted(count, 'picture')} {what}" for at, (count, what) in enumerate(told)
    )
