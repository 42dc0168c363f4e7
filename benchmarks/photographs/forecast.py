"""Forecasts of accuracy with more labels, replayed on real curves: from budgets up to n, what came at 2n and 4n?

    python -m benchmarks.photographs.forecast FOLDER [--splits 25] [--keep curves.npz]

FOLDER has photographs, one sub-folder a class. Their features, and those of the built-in reef, are EfficientNet-Lite0's
with ImageNet weights (224 and 96 px). Each split puts a tenth of each class aside to test on, draws nested labels per
class with five seeds, and fits logistic regressions. Each curve is then cut off at n labels a class, and what was
hidden is forecast. Told for each n: how many intervals held what came (they promise 80 %), and the median error at 2n.
--keep writes the curves as right answers (splits, seeds, budgets): learning_curves.npz of the tests was made so.
"""

import warnings
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.made_once import imagenet_features, photographs
from benchmarks.measuring import Figure, arguments, own_home, tell_all
from sealife_core.datasets.reef.reef_dataset import draw_reef
from sealife_core.evaluation.comparison.learning_curve import forecast

LABELS = (1, 2, 5, 10, 20, 40, 80)
SEEDS = 5
PENALTY = 0.03  # as the probe's preset has it
KNOWN = (3, 4, 5)  # budgets that a forecast sees


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--splits", type=int, default=25)
    parser.add_argument("--keep", type=Path)
    chosen = parser.parse_args()
    warnings.filterwarnings("ignore", "The number of unique classes")  # one label a class is meant
    with own_home():
        held = {"photographs": (photographs(chosen.folder), 224), "reef": (draw_reef(), 96)}
        features = {name: (imagenet_features(dataset, px), dataset.labels) for name, (dataset, px) in held.items()}
    kept: dict[str, np.ndarray | int] = {}
    curves = {}
    for name, (values, labels) in features.items():
        each = [right_answers(values, labels, split) for split in range(chosen.splits)]
        right, images = np.array([right for right, _ in each]), each[0][1]
        kept |= {name: right.astype(np.uint16), f"{name}_images": images}
        curves[name] = right / images
        print(f"{name}: accuracy at {LABELS} labels per class: {curves[name].mean((0, 1)).round(3)}")
    tell_all(replayed(curves), chosen.json)
    if chosen.keep:
        np.savez_compressed(chosen.keep, labels=np.array(LABELS), **kept)  # type: ignore[arg-type]


def right_answers(features: np.ndarray, labels: np.ndarray, split: int) -> tuple[np.ndarray, int]:
    """(S, B) how many of the test images of a split are named right, and how many there are."""
    rng = np.random.default_rng(split)
    by_class = [rng.permutation(np.flatnonzero(labels == label)) for label in np.unique(labels[labels >= 0])]
    test = np.concatenate([rows[: max(1, round(len(rows) / 10))] for rows in by_class])
    train = [rows[max(1, round(len(rows) / 10)) :] for rows in by_class]
    learned = np.concatenate(train)
    values = (features - features[learned].mean(0)) / (features[learned].std(0) + 1e-6)
    right = np.zeros((SEEDS, len(LABELS)), int)
    for seed in range(SEEDS):
        drawn = np.random.default_rng([split, seed])
        order = [drawn.permutation(rows) for rows in train]
        for place, count in enumerate(LABELS):
            rows = np.concatenate([of_class[:count] for of_class in order])
            probe = LogisticRegression(C=1 / (PENALTY * len(rows)), max_iter=100, tol=1e-3)
            right[seed, place] = (probe.fit(values[rows], labels[rows]).predict(values[test]) == labels[test]).sum()
    return right, len(test)


def replayed(curves: dict[str, np.ndarray]) -> Iterator[Figure]:
    """For each data set, number of known budgets and distance of the forecast: how often it held, and its error."""
    for name, accuracies in curves.items():
        for known, times in product(KNOWN, (2, 4)):
            n = LABELS[known - 1]
            came = accuracies[:, :, LABELS.index(times * n)].mean(1)  # (splits,)
            told = [forecast(LABELS[:known], curve[:, :known], [times * n])[0] for curve in accuracies]
            value, low, high = (np.array([getattr(one, end) for one in told]) for end in ("value", "low", "high"))
            of = f"{name}, from up to {n} labels a class to {times * n}"
            held, width = ((low <= came) & (came <= high)).mean(), (high - low).mean()
            yield Figure(
                f"Forecast holds: {of}", 100 * held, "%", "≥ 75", f"of {len(told)}; {100 * width:.1f} points wide"
            )
            error = 100 * np.median(abs(value - came))
            yield Figure(f"Forecast's median error: {of}", error, "points", "≤ 3" if times == 2 else "")


if __name__ == "__main__":
    main()
