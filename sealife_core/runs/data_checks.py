"""What a run can and cannot do with a data set: said before it is launched, and again before it begins."""

from dataclasses import dataclass

import numpy as np

from sealife_core.config import AnyConfig, ClassifierConfig, SimclrConfig
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.splits import long_tailed, stratified_fraction


@dataclass(frozen=True)
class Problem:
    """One sentence on a run that is asked for; ``refuses``: it would fail, else the run goes on without something."""

    says: str
    refuses: bool = True


def labelled_rows(config: ClassifierConfig, dataset: Dataset) -> np.ndarray:
    """(n,) the training rows whose labels may be used: ``label_fraction`` of each class, nested over fractions, of what
    ``imbalance`` leaves."""
    rows = dataset.rows("train", labelled_only=True)
    rows = rows[long_tailed(dataset.labels[rows], config.imbalance, config.seed)]
    return rows[stratified_fraction(dataset.labels[rows], config.label_fraction, config.seed)]


def data_problems(config: AnyConfig, dataset: Dataset) -> list[Problem]:
    """What keeps ``config`` from being carried out on ``dataset``, and what it would have to do without."""
    if not len(dataset.rows("train")):
        return [
            Problem(
                f"Data set '{dataset.name}' has no training images. Import more images, or give some to the training"
                " split."
            )
        ]
    if isinstance(config, ClassifierConfig):
        return _classifier(config, dataset)
    return [*(_simclr(config, dataset) if isinstance(config, SimclrConfig) else []), *_neighbours(config, dataset)]


def has_scores(dataset: Dataset, split: str) -> bool:
    """Whether a classifier can be scored on ``split``."""
    return len(dataset.rows(split, labelled_only=True)) > 0


def _simclr(config: SimclrConfig, dataset: Dataset) -> list[Problem]:
    n = len(dataset.rows("train"))
    if n < 2:
        return [
            Problem(
                f"Data set '{dataset.name}' has one training image; SimCLR compares images with each other and needs at"
                " least two. Import more images."
            )
        ]
    return _shared(n, config.devices, dataset)


def _neighbours(config: AnyConfig, dataset: Dataset) -> list[Problem]:
    """What is measured with labels, though nothing learns from them."""
    lacking = [
        words for split, words in (("train", "training"), ("val", "validation")) if not has_scores(dataset, split)
    ]
    if not lacking:
        return []
    left = "loss, alignment, uniformity and effective rank" if isinstance(config, SimclrConfig) else "effective rank"
    return [
        Problem(
            f"Data set '{dataset.name}' has no labelled {' and no labelled '.join(lacking)} images, so k-NN accuracy"
            f" cannot be measured; {left} can.",
            refuses=False,
        )
    ]


def _classifier(config: ClassifierConfig, dataset: Dataset) -> list[Problem]:
    name, rows = dataset.name, labelled_rows(config, dataset)
    if not len(rows):
        return [
            Problem(
                f"None of the {len(dataset.rows('train')):,} training images of data set '{name}' has a label, and a"
                " classifier learns from labels. Label some, or train SimCLR, which needs none."
            )
        ]
    if len(dataset.classes) < 2:
        return [
            Problem(
                f"Data set '{name}' has one class ('{dataset.classes[0]}'); a classifier needs at least two. Add a"
                " folder for each class and import it again."
            )
        ]
    learned = np.unique(dataset.labels[rows])
    if len(learned) < 2:
        return [
            Problem(
                f"All {len(rows):,} labelled training images of data set '{name}' are of one class"
                f" ('{dataset.classes[learned[0]]}'); a classifier needs images of at least two. Label training images"
                " of another class."
            )
        ]
    return [*_shared(len(rows), config.devices, dataset), *_unscored(config, dataset, learned)]


def _unscored(config: ClassifierConfig, dataset: Dataset, learned: np.ndarray) -> list[Problem]:
    """What there are no labels to score; ``learned``: the classes (k,) that have training images."""
    found = []
    val = dataset.labels[dataset.rows("val", labelled_only=True)]
    if not len(val):
        said = "no best epoch can be chosen: the last one is kept"
        said += ", and the run does not stop early" if config.patience else ""
        found.append(f"Data set '{dataset.name}' has no labelled validation images, so {said}.")
    elif not np.isin(val, learned).any():
        found.append(
            f"None of the {len(val):,} validation images of data set '{dataset.name}' is of a class that has training"
            " images, so all of them will be named wrong and the best epoch is chosen by chance."
        )
    if not has_scores(dataset, "test"):
        found.append(
            f"Data set '{dataset.name}' has no labelled test images, so the run will have no test score and cannot be"
            " compared with others."
        )
    return [Problem(said, refuses=False) for said in found]


def _shared(images: int, devices: int, dataset: Dataset) -> list[Problem]:
    if images >= devices:
        return []
    return [
        Problem(
            f"{devices} devices cannot share the {images} training images of data set '{dataset.name}': each needs one"
            f" at least. Set devices to {images} or fewer."
        )
    ]
