"""Few labels: features standardised over all training photographs, or over the labelled ones alone?

    python -m benchmarks.photographs.few_labels FOLDER [--seeds 10]

Takes photographs and features as the label queue's benchmark does (EfficientNet-Lite0, ImageNet, 224 px). Each seed
splits the photographs anew and draws 1, 2, 5 and 10 labels a class of the training split; the same logistic regression
(penalty 0.1) is asked on test.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from benchmarks.made_once import imagenet_features, photographs
from benchmarks.measuring import Figure, arguments, tell_all
from sealife_core.datasets.imports.splits import split_rows, stratified_count
from sealife_core.evaluation.curation.picking import PENALTY
from sealife_core.training.probe.standardised_features import mean_and_scale
from sealife_core.wording import counted

LABELS = (1, 2, 5, 10)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    chosen = parser.parse_args()
    dataset = photographs(chosen.folder)
    tell_all(measure(imagenet_features(dataset, 224), dataset.labels, chosen.seeds), chosen.json)


def measure(features: np.ndarray, labels: np.ndarray, seeds: int) -> Iterator[Figure]:
    """A figure for each number of labels a class: the gain in points, the mean over the seeds."""
    for count in LABELS:
        pairs = []
        for seed in range(seeds):
            splits = np.array(split_rows(labels.astype(str).tolist(), [""] * len(labels), seed)[0])
            train, test = np.flatnonzero(splits == "train"), np.flatnonzero(splits == "test")
            few = train[stratified_count(labels[train], count, seed)]
            pairs.append([accuracy(features, labels, few, test, scaled_by) for scaled_by in (few, train)])
        own, every = 100 * np.mean(pairs, axis=0)
        better = sum(b > a for a, b in pairs)
        told = f"{own:.1f} % by the labelled ones, {every:.1f} % by all; better in {better} of {seeds}"
        yield Figure(
            f"Standardised over all training images: {counted(count, 'label')} a class", every - own, "points", "", told
        )


def accuracy(
    features: np.ndarray, labels: np.ndarray, few: np.ndarray, test: np.ndarray, scaled_by: np.ndarray
) -> float:
    """Of a probe of the images ``few`` on ``test``; features (N, D) standardised over ``scaled_by``."""
    mean, scale = (each.numpy() for each in mean_and_scale(torch.from_numpy(features[scaled_by])))
    values = (features - mean) / scale
    probe = LogisticRegression(C=1 / (PENALTY * len(few)), tol=1e-3, max_iter=500)
    return float(np.mean(probe.fit(values[few], labels[few]).predict(values[test]) == labels[test]))


if __name__ == "__main__":
    main()
