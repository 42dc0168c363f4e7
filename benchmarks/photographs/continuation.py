"""What SimCLR adds to ImageNet's features on real photographs: *Continue from ImageNet*, held against its own start.

    python -m benchmarks.photographs.continuation FOLDER [--minutes 10 30] [--seeds 5] [--kept FILE]

Imports FOLDER (one sub-folder a class) below SEALIFE_HOME as 'photographs' unless it is there. First the ways to
continue (which weights learn, what happens to batch norm, at which rate) each train for the shortest budget; validation
k-NN after training alone decides between them, also where each keeps its start. All use up their budget: features get
worse at first and better again while the rate falls, and who stops early never sees that. Then the best one trains for
every budget with every seed, and is asked on the test split, which nothing else looks at: k-NN and logistic regression
with 5, 10, 50 labels a class and all, before and after, a subset of the labels and a training for each seed. The start
at the encoder's own size of picture stands beside them. What each training gave is added to FILE when it ends and taken
from there by the next call, so that the hours may be spread over days. How many epochs fit is measured before the first
training of each way and budget (a quiet machine, please); other work afterwards costs time and changes nothing that is
learned.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
from scipy.stats import t

from benchmarks.made_once import features, finished, imagenet_features, photographs
from benchmarks.measuring import Figure, arguments, tell_all
from benchmarks.photographs.logistic import logistic_predict
from benchmarks.training.steps import simclr_step_s
from sealife_core.config import SimclrConfig, preset
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.datasets.decoding.pixels import cache_size_px, open_pixels
from sealife_core.evaluation.embeddings.feature_quality import knn_accuracy
from sealife_core.models.known import facts
from sealife_core.models.weights import starting_encoder
from sealife_core.runs.run import Run
from sealife_core.training.hardware import choose_hardware
from sealife_core.training.simclr import SimclrModule

KEPT = Path(__file__).with_suffix(".jsonl")
ALL: dict[str, Any] = {"trained_stages": 5, "normalisation": "trains"}
STATISTICS_KEPT = ALL | {"normalisation": "kept"}
# Batch norm alone stands a larger rate, having 42,000 numbers to move instead of 3.4 million.
WAYS: dict[str, dict[str, Any]] = {
    f"{what}, rate {rate:g}": learns | {"learning_rate": rate}
    for what, learns, rate in (
        ("all", ALL, 1e-4),
        ("all", ALL, 3e-5),
        ("all, statistics kept", STATISTICS_KEPT, 1e-4),
        ("all, statistics kept", STATISTICS_KEPT, 3e-5),
        ("all, statistics kept", STATISTICS_KEPT, 1e-5),
        ("all, statistics kept", STATISTICS_KEPT, 3e-6),
        ("batch norm alone", ALL | {"normalisation": "alone"}, 3e-4),
        ("last 2 stages, statistics kept", STATISTICS_KEPT | {"trained_stages": 2}, 3e-5),
    )
}
MEASURES = (0, 5, 10, 50, None)  # k-NN with all labels; a probe with so many a class; None: with all
PENALTIES = (0.001, 0.003, 0.01, 0.1)  # scikit-learn's C
COUNTED_STEPS = 4
LOOKS = 0.15  # of a budget goes into the measurements between epochs: a pass forward over training and validation


@dataclass(frozen=True)
class Training:
    """What one training gave, a line of FILE.

    knn: on validation, of the start and after each epoch, between 0 and 1. kept_epoch: 0 where the start was kept.
    answers: accuracy on test by ``called``; start: that of the encoder it began with, in the same number format, which
    moves a photograph or two.
    """

    name: str
    data_hash: str
    epochs: int
    knn: list[float]
    kept_epoch: int
    train_min: float
    answers: dict[str, float]
    start: dict[str, float]


class Trainings:
    """The trainings of one data set, read from ``path`` and added to it."""

    def __init__(self, dataset: Dataset, image_size_px: int, path: Path) -> None:
        self.dataset, self.image_size_px, self.path = dataset, image_size_px, path
        lines = path.read_text().splitlines() if path.exists() else []
        read = [Training(**json.loads(line)) for line in lines]
        self.kept = {each.name: each for each in read if each.data_hash == dataset.content_hash}

    def of(self, way: str, minutes: float, seed: int) -> Training:
        """One training: that of an earlier call, else a new one."""
        name = f"{self._named(way, minutes)}{seed}"
        if name not in self.kept:
            config = self._config(way).model_copy(update={"seed": seed, "epochs": self._epochs(way, minutes)})
            self.kept[name] = self._measured(finished(name, config), config)
            with self.path.open("a") as file:
                file.write(json.dumps(asdict(self.kept[name]), ensure_ascii=False) + "\n")
        return self.kept[name]

    def _epochs(self, way: str, minutes: float) -> int:
        """How many fit into the budget: as many as in an earlier training, else as a measurement says."""
        named = self._named(way, minutes)
        if before := [each.epochs for each in self.kept.values() if each.name.startswith(named)]:
            return before[0]
        config = self._config(way)
        epoch_s = step_s(config) * max(1, len(self.dataset.rows("train")) // config.batch_size)
        return max(1, int(60 * minutes * (1 - LOOKS) / epoch_s))

    def _named(self, way: str, minutes: float) -> str:
        """What the trainings of one way and budget are called, but for their seed."""
        return f"{way}, {minutes:g} min, {self.image_size_px} px, seed "

    def _config(self, way: str) -> SimclrConfig:
        """The preset with ``way`` laid over it."""
        common = {
            "data": self.dataset.name, "data_hash": self.dataset.content_hash, "image_size_px": self.image_size_px,
            "patience": 0,
        }  # fmt: skip
        config = preset("continue", "Standard", **common, **WAYS[way])
        assert isinstance(config, SimclrConfig)
        return config

    def _measured(self, run: Run, config: SimclrConfig) -> Training:
        results, h = run.results(), features(run, self.dataset)
        h_before = imagenet_features(self.dataset, config.image_size_px)
        assert results is not None, f"{run.id} did not finish"
        return Training(
            name=run.notes()["name"],
            data_hash=self.dataset.content_hash,
            epochs=config.epochs,
            knn=[row["val/knn_accuracy"] for row in run.metrics() if "val/knn_accuracy" in row],
            kept_epoch=results["kept_epoch"],
            train_min=(results.get("train_s") or 0.0) / 60,
            answers=answered(self.dataset, h, config.seed),
            start=answered(self.dataset, h_before, config.seed),
        )


def step_s(config: SimclrConfig) -> float:
    """Seconds of a step on this machine: the views, there and back, and the optimiser."""
    dataset, machine = open_dataset(config.data), choose_hardware(config)
    encoder, _ = starting_encoder(config.weights, config.encoder, config.stem, config.image_size_px)
    encoder.train_stages(config.trained_stages, config.normalisation)
    module = SimclrModule(config, encoder, batch_size=config.batch_size)
    pixels = open_pixels(dataset, cache_size_px(dataset, config.image_size_px))
    images, aspects = pixels.gather(dataset.rows("train")[: config.batch_size])
    batch = {"images": images.to(machine.device), "aspects": aspects}
    return simclr_step_s(config, module, machine, lambda step: module.two_views(batch, step), COUNTED_STEPS)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, nargs="+", default=[10, 30])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--image-size-px", type=int, default=160)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--kept", type=Path, default=KEPT)
    chosen = parser.parse_args()
    trainings = Trainings(photographs(chosen.folder), chosen.image_size_px, chosen.kept)
    tell_all(measure(trainings, chosen.ways, chosen.minutes, chosen.seeds), chosen.json)


def measure(trainings: Trainings, ways: list[str], budgets_min: list[float], seeds: int) -> Iterator[Figure]:
    """k-NN on validation of each way; the start on test; then what each budget of the best way adds there."""
    shortest, found = min(budgets_min), dict[str, float]()
    for way in ways:
        start, *trained = trainings.of(way, shortest, 0).knn
        found[way] = max(trained)  # without the start, which all ways share and may all keep
        measured = ", ".join(f"{value:.3f}" for value in trained)
        told = f"after each epoch {measured}; ImageNet's, where it starts: {start:.3f}"
        yield Figure(f"k-NN on validation, {shortest:g} min: {way}", 100 * found[way], "%", "", told)
    way = max(found, key=lambda way: found[way])

    dataset, px, own = trainings.dataset, trainings.image_size_px, facts("tf_efficientnet_lite0").own_px
    for size in (px, own):
        h = imagenet_features(dataset, size)
        for labels in MEASURES:
            drawn = range(seeds if labels else 1)  # k-NN and all labels are the same for every seed
            answers = [asked(dataset, h, labels, seed) for seed in drawn]
            yield Figure(f"ImageNet as it is, {size} px: {called(labels)}", 100 * mean(answers), "%", "")
    for minutes in budgets_min:
        done = [trainings.of(way, minutes, seed) for seed in range(seeds)]
        kept = ", ".join(f"{each.kept_epoch} of {each.epochs}" for each in done)
        best = ", ".join(f"{100 * max(each.knn[1:]):.1f}" for each in done)
        took = mean(each.train_min for each in done)
        told = f"{way}; kept epochs {kept}; best k-NN on validation after training {best} %"
        yield Figure(f"Training, planned for {minutes:g} min", took, "min", "", told)
        yield from compared(done, f"SimCLR for {minutes:g} min, {px} px, adds")


def compared(done: list[Training], adds: str) -> Iterator[Figure]:
    """A figure a measure: the gain on test in points, with its 95 % interval over seeds (Student's t)."""
    for measure in map(called, MEASURES):
        pairs = [(each.start[measure], each.answers[measure]) for each in done]
        gains = [100 * (b - a) for a, b in pairs]
        spread = ""
        if len(gains) > 1:
            half = float(t.ppf(0.975, len(gains) - 1)) * stdev(gains) / len(gains) ** 0.5
            spread = f"; 95 % interval over {len(gains)} seeds {mean(gains) - half:+.1f} to {mean(gains) + half:+.1f}"
        a, b = (mean(side) for side in zip(*pairs, strict=True))
        told = f"{a:.3f} before, {b:.3f} after{spread}"
        yield Figure(f"{adds}: {measure}", round(mean(gains), 3), "points", "", told)


def called(labels: int | None) -> str:
    """A measure's name."""
    return "k-NN" if labels == 0 else f"probe, {labels or 'all'} labels{' a class' if labels else ''}"


def answered(dataset: Dataset, h: np.ndarray, seed: int) -> dict[str, float]:
    """Every measure of the features ``h`` (N, D)."""
    return {called(labels): asked(dataset, h, labels, seed) for labels in MEASURES}


def asked(dataset: Dataset, h: np.ndarray, labels: int | None, seed: int) -> float:
    """Accuracy on test of k-NN (``labels`` 0) or of a probe with so many labels a class, drawn by ``seed``.

    The probe's penalty is the one of PENALTIES that is best on validation.
    """
    train, val, test = (dataset.rows(split, labelled_only=True) for split in ("train", "val", "test"))
    y = dataset.labels
    if labels == 0:
        return knn_accuracy(h[train], y[train], h[test], y[test])
    rows = subset(y, train, labels, seed)

    def accuracy(on: np.ndarray, c: float) -> float:
        return float((logistic_predict(h[rows], y[rows], h[on], c) == y[on]).mean())

    return accuracy(test, max(PENALTIES, key=lambda c: accuracy(val, c)))


def subset(labels: np.ndarray, rows: np.ndarray, most: int | None, seed: int) -> np.ndarray:
    """At most ``most`` of ``rows`` a class, the first in the order of ``seed``: smaller subsets lie in larger ones."""
    if most is None:
        return rows
    order = np.random.default_rng(seed).permutation(rows)
    return np.concatenate([order[labels[order] == label][:most] for label in np.unique(labels[rows])])


if __name__ == "__main__":
    main()
