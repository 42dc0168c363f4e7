"""The linear probe on features at hand against scikit-learn's logistic regression: time and accuracy.

    python -m benchmarks.training.probe

3,450 images of 23 classes, 512 features each: class centres and noise. Both learn from the same training images, their
features standardised by these, and solve the same problem: L-BFGS, the same L2 penalty, until no slope is above 1e-4.
Ours is the preset Standard with all that a run does while it trains (a directory of its own, validation after each
epoch, early stopping, the best weights); scikit-learn's is the fit alone.
"""

from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression

from benchmarks.measuring import Figure, alternating, main, own_home, ratio
from sealife_core.config import ProbeConfig, preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.imports.importing import import_images
from sealife_core.evaluation.classification.scores import wilson
from sealife_core.launching.data_checks import labelled_rows
from sealife_core.models.heads import classification_head
from sealife_core.runs.directory import create_run
from sealife_core.runs.writer import RunWriter
from sealife_core.training.classifier import ClassifierLoss
from sealife_core.training.hardware import choose_hardware
from sealife_core.training.probe.standardised_features import Features, split_of, standardised
from sealife_core.training.probe.train_probe import solve

IMAGES, CLASSES, DIM = 3_450, 23, 512
NOISE = 7.5  # of class centres 1 from nought in each direction: accuracies between .5 and .8
MAX_ITER = 5_000
REPEATS = 9


def measure() -> Iterator[Figure]:
    with own_home() as home:
        dataset = small_pictures(home / "pictures")
        features = standardised(centres_and_noise(dataset), dataset)
        found: dict[str, np.ndarray] = {}  # which test images each names right

        sides: dict[str, Callable[[], object]] = {
            "ours": lambda: found.update(ours=ours_right(dataset, features)),
            "scikit-learn": lambda: found.update(peer=scikit_right(dataset, features)),
        }
        seconds = alternating(sides, REPEATS)
    told = f"{median(seconds['ours']):.3f} against {median(seconds['scikit-learn']):.3f} s; accuracy on test"
    told += f" {accuracy(found['ours'])} and {accuracy(found['peer'])}, n = {len(found['ours'])}"
    yield Figure("Linear probe on features", ratio(seconds["ours"], seconds["scikit-learn"]), "×", "≤ 1", told)


def ours_right(dataset: Dataset, features: Features) -> np.ndarray:
    """(n,) which test images the probe names right, once it was trained as train_probe trains it."""
    config = preset("probe", data=dataset.name, image_size_px=32)
    assert isinstance(config, ProbeConfig)
    run, machine = RunWriter(create_run(config)), choose_hardware(config)
    torch.manual_seed(config.seed)
    rows = labelled_rows(config, dataset)
    head, loss = classification_head(DIM, len(dataset.classes)), ClassifierLoss(config)
    with redirect_stdout(None):
        solve(config, run, machine, head, loss, split_of(dataset, features, rows), chooses=False)
    test = dataset.rows("test", labelled_only=True)
    with torch.inference_mode():
        return head.eval()(features.values[test]).argmax(1).numpy() == dataset.labels[test]


def scikit_right(dataset: Dataset, features: Features) -> np.ndarray:
    """(n,) which test images logistic regression names right."""
    values = features.values.numpy()
    train, test = (dataset.rows(split, labelled_only=True) for split in ("train", "test"))
    penalty = preset("probe").weight_decay  # type: ignore[union-attr] - a probe is a classifier
    model = LogisticRegression(C=1 / (len(train) * penalty), max_iter=MAX_ITER).fit(
        values[train], dataset.labels[train]
    )
    return model.predict(values[test]) == dataset.labels[test]


def small_pictures(folder: Path) -> Dataset:
    """A data set whose pictures nobody looks at: only its labels and splits count here."""
    for number in range(IMAGES):
        file = folder / f"class {number % CLASSES:02d}" / f"{number:04d}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4), (number % 251, number % 241, number % 239)).save(file)
    return import_images(folder, "pictures").dataset


def centres_and_noise(dataset: Dataset) -> np.ndarray:
    """(N, D) float32 features: the centre of the image's class and noise."""
    generator = np.random.default_rng(0)
    centres = generator.standard_normal((CLASSES, DIM), dtype=np.float32)
    return centres[dataset.labels] + NOISE * generator.standard_normal((IMAGES, DIM), dtype=np.float32)


def accuracy(right: np.ndarray) -> str:
    low, high = wilson(int(right.sum()), len(right))
    return f"{right.mean():.3f} [{low:.3f}, {high:.3f}]"


if __name__ == "__main__":
    main(measure, __doc__)
