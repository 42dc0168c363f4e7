"""The manifest in force: that of the import with the corrections that are not undone."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sealife_core.datasets.corrections.entries import Entry, in_force

EXCLUDED = "yes"


def replay(imported: pd.DataFrame, entries: Sequence[Entry]) -> tuple[pd.DataFrame, dict[str, str]]:
    """All images of the import as corrected, with a column "excluded" ("" or "yes"); and image id → its review.

    An entry sets what it says, whatever was there before: with an earlier entry undone, a later one of the same image
    still holds. A renamed class takes along every image that has that label by then. Corrections of images that the
    manifest does not have are left out. An image without a label is in "train": nothing can be tested on it. A review
    is of the label that the image had then.
    """
    corrections = in_force(entries)
    columns = {field: imported[field].tolist() for field in ("label", "split", "group")}
    columns["excluded"] = [""] * len(imported)
    place = {image: at for at, image in enumerate(imported["id"])} if corrections else {}
    reviews: dict[str, str] = {}
    for entry in corrections:
        if entry.rename:
            was, became = entry.rename
            columns["label"] = [became if label == was else label for label in columns["label"]]
        for image, changes in entry.images.items():
            if (at := place.get(image)) is None:
                continue
            if "label" in changes and changes["label"][1] != columns["label"][at]:
                reviews.pop(image, None)  # it was of another label
            for field, (_, became) in changes.items():
                if field == "review":
                    reviews[image] = became
                else:
                    columns[field][at] = became
    if corrections:
        unlabelled = np.array([not label for label in columns["label"]], dtype=bool)
        columns["split"] = np.where(unlabelled, "train", columns["split"]).tolist()
    return imported.assign(**columns), {image: state for image, state in reviews.items() if state}
