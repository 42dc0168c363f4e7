"""Wrong labels found: of the labels of photographs and of the reef, 5 and 10 % are flipped, and looked for.

    python -m benchmarks.photographs.suspects FOLDER [--seeds 5]

Imports FOLDER (one sub-folder a class) below SEALIFE_HOME as 'photographs' and draws the reef, unless they are there;
ImageNet's features at 224 px, as *Name my animals* leaves them, are those of an earlier call or of a new run. Flips are
symmetric (to any other class alike) or between the commonest confusions (to the class that a probe on the given labels
takes this one for most often). Found: the share of the flips among the first 10 % of the ranking. Average precision
stands beside that of cleanlab's three scores on the same out-of-fold probabilities of the probe; the best of them, a
setting at a time, is the aim. All are means over seeds, which also draw the folds. Photographs have wrong labels of
their own, which count as false alarms here.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from cleanlab.rank import get_label_quality_scores
from sklearn.metrics import average_precision_score

from benchmarks.made_once import imagenet_features, photographs
from benchmarks.measuring import Figure, arguments, tell_all
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.reef.reef_dataset import draw_reef
from sealife_core.evaluation.curation.out_of_fold import grouped_folds, out_of_fold_probabilities
from sealife_core.evaluation.curation.suspects import Judged, judge

SIZE_PX = 224
RATES = (0.05, 0.10)
LOOKED_THROUGH = 0.10
KINDS = ("symmetric", "commonest confusions")
CLEANLAB = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")
MANY = 13_710  # images, of which the time is taken
FIRST_SEED = 200  # not those that the ranking was chosen with


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    chosen = parser.parse_args()
    tell_all(measure([photographs(chosen.folder), draw_reef()], chosen.seeds), chosen.json)


def measure(datasets: list[Dataset], seeds: int) -> Iterator[Figure]:
    """What is found in each data set, and the seconds that it takes for many images."""
    for dataset in datasets:
        features, labels = imagenet_features(dataset, SIZE_PX), dataset.labels
        partners = commonest_confusions(features, labels)
        for rate in RATES:
            for kind in KINDS:
                yield from found(dataset.name, features, labels, partners if kind == KINDS[1] else None, rate, seeds)
    yield took(imagenet_features(datasets[0], SIZE_PX), datasets[0].labels)


def commonest_confusions(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(C,): for each class the other one that a probe takes it for most often."""
    alone = np.arange(len(labels))
    said = out_of_fold_probabilities(features, labels, grouped_folds(labels, alone, seed=0)).argmax(1)
    classes = labels.max() + 1
    confusion = np.bincount(labels * classes + said, minlength=classes**2).reshape(classes, classes)
    np.fill_diagonal(confusion, -1)
    return confusion.argmax(1)


def flipped(labels: np.ndarray, partners: np.ndarray | None, rate: float, seed: int) -> np.ndarray:
    """``labels`` (n,), a share ``rate`` of them changed: to the ``partners`` (C,), or without these to any class."""
    rng, classes = np.random.default_rng(seed), labels.max() + 1
    rows = rng.choice(len(labels), round(rate * len(labels)), replace=False)
    changed = labels.copy()
    any_other = (labels[rows] + rng.integers(1, classes, len(rows))) % classes
    changed[rows] = any_other if partners is None else partners[labels[rows]]
    return changed


def found(
    name: str, features: np.ndarray, labels: np.ndarray, partners: np.ndarray | None, rate: float, seeds: int
) -> Iterator[Figure]:
    """Share of the flips found, and average precision, of one kind and rate."""
    shares, precisions = [], []
    theirs: dict[str, list[float]] = {score: [] for score in CLEANLAB}
    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        changed = flipped(labels, partners, rate, seed)
        judged: Judged = judge(features, changed, np.arange(len(labels)), seed)
        flips = changed != labels
        first = np.argsort(-judged.doubt)[: round(LOOKED_THROUGH * len(labels))]
        shares.append(100 * flips[first].sum() / flips.sum())
        precisions.append(100 * average_precision_score(flips, judged.doubt))
        for score in CLEANLAB:
            quality = get_label_quality_scores(changed, judged.probabilities.astype(np.float64), method=score)
            theirs[score].append(100 * float(average_precision_score(flips, -quality)))
    means = {score: float(np.mean(of)) for score, of in theirs.items()}
    what = f"{name}, {rate:.0%} flipped, {KINDS[partners is not None]}"
    aim = "≥ 80" if rate == RATES[0] else ""
    yield Figure(f"{what}: found in the first 10 %", float(np.mean(shares)), "%", aim, spread(shares))
    peer = ", ".join(f"{score} {mean:.1f}" for score, mean in means.items())
    yield Figure(
        f"{what}: average precision", float(np.mean(precisions)), "%", f"≥ {max(means.values()):.1f}",
        f"{spread(precisions)}; cleanlab: {peer}",
    )  # fmt: skip


def spread(values: list[float]) -> str:
    """The range over seeds."""
    return f"{min(values):.1f} to {max(values):.1f} over {len(values)} seeds"


def took(features: np.ndarray, labels: np.ndarray) -> Figure:
    """Seconds to judge the labels of many images: those there are, again and again with noise added."""
    rng = np.random.default_rng(0)
    rows = rng.integers(len(labels), size=MANY)
    noise = rng.standard_normal((MANY, features.shape[1]), np.float32)
    many = features[rows] + 0.3 * features.std(0) * noise
    begun = time.perf_counter()
    judge(many, labels[rows], np.arange(MANY))
    seconds = time.perf_counter() - begun
    return Figure(f"{MANY:,} labels judged by {features.shape[1]:,} features", seconds, "s", "≤ 60")


if __name__ == "__main__":
    main()
