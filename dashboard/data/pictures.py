"""Pictures of a data set: their class, what is known of one, which represent all, and how many there are of each."""

from collections import Counter

import numpy as np
import pandas as pd

from sealife_core.datasets.dataset import Dataset
from sealife_core.wording import SPLIT_WORDS

ALL, UNLABELLED = "All classes", "Unlabelled"


def class_of(dataset: Dataset, row: int) -> str:
    """The name of the picture's class."""
    return class_name(dataset, int(dataset.labels[row]))


def class_name(dataset: Dataset, index: int) -> str:
    """The name of class ``index``; -1 has no label."""
    return dataset.classes[index] if index >= 0 else "unlabelled"


def picture_facts(dataset: Dataset, row: int) -> dict[str, str]:
    """What a person may want to know of one picture: its file, class, split, size and group."""
    about = dataset.manifest.iloc[row]
    facts = {
        "File": dataset.file_names[row],
        "Class": class_of(dataset, row),
        "Split": SPLIT_WORDS[str(about["split"])],
        "Size": f"{about['width']:,} × {about['height']:,} px",
    }
    return facts | ({"Group": str(about["group"])} if about["group"] else {})


def spread(dataset: Dataset, pictures: int) -> list[int]:
    """Rows of one picture a class, and of more until there are ``pictures``; the same at every call."""
    order = np.argsort(dataset.labels, kind="stable")
    order = order[dataset.labels[order] >= 0] if (dataset.labels >= 0).any() else order
    return order[np.linspace(0, len(order) - 1, min(pictures, len(order))).astype(int)].tolist()


def some_rows(dataset: Dataset, seed: int, count: int) -> list[int]:
    """Up to ``count`` random rows, one of each class before a second of any. The same seed gives the same rows, and a
    larger count starts with those of a smaller one."""
    order = np.random.default_rng(seed).permutation(len(dataset.manifest))
    return order[np.argsort(turns(dataset.labels[order]), kind="stable")][:count].tolist()


def chosen_rows(dataset: Dataset, label: str, split: str) -> np.ndarray:
    """(n,) rows of one class (or ALL, UNLABELLED) in one split (or "all"); of ALL, the classes take turns."""
    wanted = np.ones(len(dataset), dtype=bool)
    if split != "all":
        wanted &= (dataset.manifest["split"] == split).to_numpy(dtype=bool)
    if label in dataset.classes:
        wanted &= dataset.labels == dataset.classes.index(label)
    elif label == UNLABELLED:
        wanted &= dataset.labels < 0
    rows = np.flatnonzero(wanted)
    return rows if label != ALL else rows[np.lexsort((dataset.labels[rows], turns(dataset.labels[rows])))]


def turns(labels: np.ndarray) -> np.ndarray:
    """(n,) how many of the same label came before each."""
    return pd.Series(labels).groupby(labels).cumcount().to_numpy()


def class_counts(dataset: Dataset) -> dict[str, dict[str, int]]:
    """Class → split → pictures."""
    counts = Counter(zip(dataset.manifest["label"].tolist(), dataset.manifest["split"].tolist(), strict=True))
    return {name: {split: counts[name, split] for split in SPLIT_WORDS} for name in dataset.classes}


def size_table(dataset: Dataset) -> pd.DataFrame:
    """Smallest, median and largest width and height, in px."""
    rows = []
    for side in ("width", "height"):
        values = dataset.manifest[side].to_numpy()
        words = {"Smallest": values.min(), "Median": np.median(values), "Largest": values.max()}
        rows.append({"": side.capitalize()} | {name: f"{int(value):,} px" for name, value in words.items()})
    return pd.DataFrame(rows)
