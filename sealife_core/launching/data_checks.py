"""What a run can and cannot do with a data set: checked before it is launched, and again before it begins."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from sealife_core.config import AnyConfig, ClassifierConfig, ProbeConfig, SearchConfig, SimclrConfig, StudyConfig
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.datasets.imports.splits import long_tailed, stratified_count, stratified_fraction
from sealife_core.errors import DatasetError
from sealife_core.runs.run import Run
from sealife_core.wording import SPLIT_WORDS, counted


@dataclass(frozen=True)
class Problem:
    """One sentence on a requested run; ``refuses``: it would fail, else it runs with something missing."""

    says: str
    refuses: bool = True


def labelled_rows(config: ClassifierConfig, dataset: Dataset) -> np.ndarray:
    """(n,) the training rows whose labels may be used: ``labels_per_class`` or ``label_fraction`` of each class, after
    ``imbalance``. Smaller subsets are contained in larger ones."""
    rows = dataset.rows("train", labelled_only=True)
    rows = rows[long_tailed(dataset.labels[rows], config.imbalance, config.seed)]
    labels = dataset.labels[rows]
    if config.labels_per_class:
        return rows[stratified_count(labels, config.labels_per_class, config.seed)]
    return rows[stratified_fraction(labels, config.label_fraction, config.seed)]


def refuse_changed(config: AnyConfig, dataset: Dataset) -> None:
    """Raises DatasetError if ``dataset`` is not the one that the run was launched on, nor a version of it."""
    if config.data_hash and config.data_hash != dataset.content_hash:
        raise DatasetError(
            f"Data set '{dataset.name}' has changed since this run was launched (images, labels or splits). Undo the"
            " change, or clone the run to train on the data set as it is now."
        )


def refuse_resume(run: Run) -> None:
    """Raises SealifeError if ``run`` would fail at once after a resume because of its data set."""
    request = run.request()
    if not isinstance(request, StudyConfig | SearchConfig):
        refuse_changed(request, open_dataset(request.data, content_hash=request.data_hash))


class DatasetLabels:
    """The labels of a data set, counted once for all runs of a study."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.name, self.classes = f"data set '{dataset.name}'", dataset.classes
        self._learned: dict[tuple[float, float, int], np.ndarray] = {}
        self.of = cache(self._of)
        self.n_train = len(dataset.rows("train"))

    def _of(self, split: str) -> np.ndarray:
        """(n,) the labels of the labelled images of ``split``."""
        return self.dataset.labels[self.dataset.rows(split, labelled_only=True)]

    def learned(self, config: ClassifierConfig) -> np.ndarray:
        """(n,) the training labels that the run may use; their number per class does not depend on the seed."""
        key = config.imbalance, config.label_fraction, config.labels_per_class
        if key not in self._learned:
            self._learned[key] = self.dataset.labels[labelled_rows(config, self.dataset)]
        return self._learned[key]

    def used(self, config: AnyConfig) -> int:
        """How many images the run trains on."""
        return len(self.learned(config)) if isinstance(config, ClassifierConfig) else self.n_train


LEAST_A_CLASS = 3  # validation images on average: with fewer, the best of several penalties is best by chance


def can_choose(labels: DatasetLabels) -> bool:
    """Whether there are enough labelled validation images to choose a probe's penalty."""
    return len(labels.of("val")) >= LEAST_A_CLASS * len(labels.classes)


def data_problems(config: AnyConfig, labels: DatasetLabels) -> list[Problem]:
    """Why ``config`` cannot run on a data set, and what would be missing."""
    if not labels.n_train:
        return [Problem(
            f"There are no training images in {labels.name}. Import more images, or move some into the training split."
        )]  # fmt: skip
    if isinstance(config, ClassifierConfig):
        return _refused(labels, labels.learned(config)) or [*_shared(config, labels), *_unscored(config, labels)]
    if isinstance(config, SimclrConfig) and labels.n_train < 2:
        return [Problem(
            f"There is one training image in {labels.name}; SimCLR compares images with each other and needs at least"
            " two. Import more images."
        )]  # fmt: skip
    return [*_shared(config, labels), *_neighbours(config, labels)]


def _refused(labels: DatasetLabels, learned: np.ndarray) -> list[Problem]:
    """Why no classifier can learn from the labels ``learned`` (n,)."""
    classes = np.unique(learned)
    if not len(classes):
        said = (
            f"None of the {labels.n_train:,} training images of {labels.name} has a label, but a classifier needs"
            " labels. Label some images, or train SimCLR, which needs no labels."
        )
    elif len(labels.classes) < 2:
        said = (
            f"There is one class ('{labels.classes[classes[0]]}') in {labels.name}; a classifier needs at least two."
            " Label images of another class, or import a folder for each class."
        )
    elif len(classes) < 2:
        said = (
            f"All {len(learned):,} labelled training images of {labels.name} are of one class"
            f" ('{labels.classes[classes[0]]}'); a classifier needs images of at least two. Label training images of"
            " another class."
        )
    else:
        return []
    return [Problem(said)]


def _unscored(config: ClassifierConfig, labels: DatasetLabels) -> list[Problem]:
    """What cannot be scored without labels."""
    found, val = [], labels.of("val")
    if isinstance(config, ProbeConfig) and config.choose_penalty and not can_choose(labels):
        found.append(
            f"To choose the L2 penalty, at least {LEAST_A_CLASS} labelled validation images a class are needed, but"
            f" {labels.name} has {len(val):,} for {counted(len(labels.classes), 'class', 'classes')}. The penalty is"
            f" fixed at {config.weight_decay:g}."
        )
    if not len(val):
        said = "no best epoch can be chosen: the last one is kept"
        said += ", and the run does not stop early" if config.patience else ""
        found.append(f"There are no labelled validation images in {labels.name}, so {said}.")
    elif not np.isin(val, labels.learned(config)).any():
        found.append(
            f"None of the {len(val):,} validation images of {labels.name} is of a class that has training images."
            " All of them will be classified wrongly, and the best epoch is chosen by chance."
        )
    if not len(labels.of("test")):
        found.append(
            f"There are no labelled test images in {labels.name}, so the run will have no test score and cannot be"
            " compared with others."
        )
    return [Problem(said, refuses=False) for said in found]


def _neighbours(config: AnyConfig, labels: DatasetLabels) -> list[Problem]:
    """What cannot be measured without labels in a run that does not train on them."""
    lacking = [SPLIT_WORDS[split] for split in ("train", "val") if not len(labels.of(split))]
    if not lacking:
        return []
    simclr = isinstance(config, SimclrConfig)
    left = "loss, alignment, uniformity and effective rank" if simclr else "effective rank"
    kept = " The last epoch is kept, even where it is worse than the start." if simclr and config.chooses else ""
    return [Problem(
        f"There are no labelled {' and no labelled '.join(lacking)} images in {labels.name}, so k-NN accuracy cannot"
        f" be measured, only {left}.{kept}", refuses=False,
    )]  # fmt: skip


def _shared(config: AnyConfig, labels: DatasetLabels) -> list[Problem]:
    if (images := labels.used(config)) >= config.devices:
        return []
    return [Problem(
        f"{config.devices} devices cannot share the {images} training images of {labels.name}: each needs at least"
        f" one. Set devices to {images} or fewer."
    )]  # fmt: skip
