"""The manifest in force: that of the import with the corrections that are not undone."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

import pandas as pd

from sealife_core.datasets.corrections.entries import AddedImage, Entry, in_force
from sealife_core.datasets.manifest import ChangingDigest, table_cells

EXCLUDED = "yes"


def with_added(imported: pd.DataFrame, added: Mapping[str, AddedImage]) -> pd.DataFrame:
    """The images of ``imported`` with a column "excluded" ("" unless it has one), and below them those of ``added``
    that it lacks: unlabelled, in "train", and left out ("yes")."""
    if "excluded" not in imported:
        imported = imported.assign(excluded="")
    known = set(imported["id"].tolist()) if added else set()
    told = {"label": "", "split": "train", "group": "", "excluded": EXCLUDED}
    rows = [
        {"id": image, **told, **one.model_dump(exclude={"columns"}), **table_cells(one.columns)}
        for image, one in added.items()
        if image not in known
    ]
    if not rows:
        return imported
    more = pd.DataFrame(rows)
    if "phash" not in imported:  # of a drawn data set: hashes are made of all its images when they are needed
        more = more.drop(columns="phash")
    return pd.concat([imported, more], ignore_index=True).fillna("")


class Corrected:
    """The images of an import, as of :func:`with_added`, with ``entries`` laid over them, and others after those.

    ``columns``: "label", "split", "group" and "excluded" ("" or "yes") of every image; ``reviews``: image id → its
    review, "" where it was taken back.
    """

    def __init__(self, imported: pd.DataFrame, entries: Sequence[Entry]) -> None:
        self.columns = {field: imported[field].tolist() for field in ("label", "split", "group", "excluded")}
        self.reviews: dict[str, str] = {}
        self._imported = imported
        self._changed: set[int] = set(range(len(imported)))  # since the last hash
        self._digest = ChangingDigest(len(imported))
        for entry in in_force(entries):
            self.lay(entry)

    @cached_property
    def _place(self) -> dict[str, int]:
        return {image: at for at, image in enumerate(self._imported["id"].tolist())}

    @cached_property
    def _named(self) -> list[tuple[str, str]]:
        return list(zip(self._imported["id"].tolist(), self._imported["sha256"].tolist(), strict=True))

    def lay(self, entry: Entry) -> None:
        """Lay one correction over what is there.

        It sets what it says, whatever was there before: with an earlier entry undone, a later one of the same image
        still holds. A renamed class takes along every image that has that label by then. Corrections of images that
        the import does not have are left out. A review is of the label that the image had then.
        """
        labels = self.columns["label"]
        if entry.rename:
            was, became = entry.rename
            renamed = [at for at, label in enumerate(labels) if label == was]
            self._changed.update(renamed)
            for at in renamed:
                labels[at] = became
        for image, changes in entry.images.items():
            if (at := self._place.get(image)) is None:
                continue
            self._changed.add(at)
            if "label" in changes and changes["label"][1] != labels[at]:
                self.reviews.pop(image, None)  # it was of another label
            for field, (_, became) in changes.items():
                if field == "review":
                    self.reviews[image] = became
                elif field in self.columns:  # an opinion changes nothing
                    self.columns[field][at] = became

    def values(self, image: str) -> dict[str, str] | None:
        """What each of FIELDS of an image is; None if there is no such image."""
        if (at := self._place.get(image)) is None:
            return None
        values = {field: column[at] for field, column in self.columns.items()}
        return values | {"split": self.split(at), "review": self.reviews.get(image, ""), "opinion": ""}

    def split(self, at: int) -> str:
        """The split of the image at that place: without a label it is "train", for nothing can be tested on it."""
        return self.columns["split"][at] if self.columns["label"][at] else "train"

    def not_for_test(self, images: Collection[str], *, with_groups: bool) -> set[str]:
        """Those of ``images``, left out or not, that are in another split or go there with their label; and so of all
        that are of one group with these."""
        rows = list(zip(self._imported["id"], self.columns["group"], self.columns["split"], strict=True))
        groups = {group for image, group, _ in rows if image in images} - {""} if with_groups else set[str]()
        return {image for image, group, split in rows if split != "test" and (image in images or group in groups)}

    @property
    def classes(self) -> set[str]:
        """The labels of the images that are not left out."""
        columns = self.columns
        return {label for label, out in zip(columns["label"], columns["excluded"], strict=True) if not out} - {""}

    @property
    def left(self) -> int:
        """How many images are not left out."""
        return self.columns["excluded"].count("")

    def content_hash(self) -> str:
        """That of the data set with a correction; only what has changed since the last call is looked at again."""
        labels, groups, out = (self.columns[field] for field in ("label", "group", "excluded"))
        changed = {
            at: None if out[at] else (*self._named[at], labels[at], self.split(at), groups[at]) for at in self._changed
        }
        self._changed.clear()
        return self._digest.after(changed)


def replay(imported: pd.DataFrame, entries: Sequence[Entry]) -> tuple[pd.DataFrame, dict[str, str]]:
    """All images of the import as corrected, with a column "excluded" ("" or "yes"); and image id → its review."""
    if not in_force(entries):
        return imported.copy(), {}
    found = Corrected(imported, entries)
    columns = found.columns
    columns["split"] = [found.split(at) for at in range(len(imported))]
    return imported.assign(**columns), {image: state for image, state in found.reviews.items() if state}
