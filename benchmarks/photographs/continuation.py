"""What SimCLR adds to ImageNet's features on real photographs: *Continue from ImageNet*, held against its own start.

    python -m benchmarks.photographs.continuation FOLDER [--minutes 10 30] [--seeds 5] [--image-size-px 160]

Imports FOLDER (one sub-folder a class) below SEALIFE_HOME as 'photographs' unless it is there. First the ways to
continue (which weights learn, what happens to batch norm, at which rate) each train for the shortest budget; validation
k-NN after training alone decides between them, also where each keeps its start. Then the best one trains for every
budget with every seed, and is asked on the test split, which nothing else looks at: k-NN and logistic regression with
5, 10, 50 labels a class and all, before and after, a subset of the labels and a training for each seed. The start at
the encoder's own size of picture stands beside them. Runs of an earlier call are taken as they are, so that a second
call only prints; epochs are planned once, on a quiet machine, so that other work afterwards costs time and changes
nothing that is learned.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import torch
from scipy.stats import t

from benchmarks.measuring import Figure, arguments, tell_all
from benchmarks.photographs.logistic import logistic_predict
from sealife_core.commands.following import follow_until_done
from sealife_core.commands.output import Output
from sealife_core.config import AnyConfig, SimclrConfig, preset
from sealife_core.datasets.dataset import Dataset, list_datasets, open_dataset
from sealife_core.datasets.decoding.pixels import cache_size_px, open_pixels
from sealife_core.datasets.imports.importing import import_images
from sealife_core.evaluation.embeddings.feature_quality import knn_accuracy
from sealife_core.evaluation.embeddings.stored_embeddings import read_embeddings
from sealife_core.models.known import facts
from sealife_core.models.losses import nt_xent
from sealife_core.models.weights import starting_encoder
from sealife_core.runs.directory import create_run, list_runs
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.queue import launch
from sealife_core.training.hardware import choose_hardware
from sealife_core.training.schedules import build_optimiser, parameter_groups
from sealife_core.training.simclr import SimclrModule

NAME = "photographs"
# Rates by what learns: batch norm alone stands a larger one, having 42,000 numbers to move instead of 3.4 million.
WAYS: dict[str, dict[str, Any]] = {
    "all": {"trained_stages": 5, "normalisation": "trains", "learning_rate": 1e-4},
    "all, statistics kept": {"trained_stages": 5, "normalisation": "kept", "learning_rate": 1e-4},
    "batch norm alone": {"trained_stages": 5, "normalisation": "alone", "learning_rate": 1e-3},
    "last 2 stages": {"trained_stages": 2, "normalisation": "trains", "learning_rate": 1e-4},
    "last 2 stages, statistics kept": {"trained_stages": 2, "normalisation": "kept", "learning_rate": 1e-4},
    "last 2 stages, statistics kept, 3 × the rate": {
        "trained_stages": 2, "normalisation": "kept", "learning_rate": 3e-4,
    },
}  # fmt: skip
MEASURES = (0, 5, 10, 50, None)  # k-NN with all labels; a probe with so many a class; None: with all
PROGRESS = Output(as_json=False)
PENALTIES = (0.001, 0.003, 0.01, 0.1)  # scikit-learn's C
WARM_STEPS, COUNTED_STEPS = 2, 4
LOOKS = 0.15  # of a budget goes into the measurements between epochs: a pass forward over training and validation


@dataclass(frozen=True)
class Budgets:
    """Which runs fit into how many minutes on this machine."""

    dataset: Dataset
    image_size_px: int

    def config(self, way: str, minutes: float, seed: int) -> SimclrConfig:
        """The preset, ``way`` laid over it, as long as fits into ``minutes``."""
        common = {"data": NAME, "data_hash": self.dataset.content_hash, "image_size_px": self.image_size_px}
        config = preset("continue", "Standard", **common, **WAYS[way])
        assert isinstance(config, SimclrConfig)
        return config.model_copy(update={"seed": seed, "epochs": self._epochs(way, minutes, config)})

    def named(self, way: str, minutes: float) -> str:
        """What the runs of one way and budget are called, but for their seed."""
        return f"{way}, {minutes:g} min, {self.image_size_px} px"

    def _epochs(self, way: str, minutes: float, config: SimclrConfig) -> int:
        """Those of earlier runs of this way and budget, so that all seeds train for as long, else as planned now."""
        for run in list_runs():
            if run.notes()["name"].startswith(f"{self.named(way, minutes)}, seed"):
                return getattr(run.config(), "epochs", 1)
        steps = len(self.dataset.rows("train")) // config.batch_size
        return max(1, int(60 * minutes * (1 - LOOKS) / (step_s(config) * max(1, steps))))


@cache
def step_s(config: SimclrConfig) -> float:
    """Seconds of a step on this machine: the views, there and back, and the optimiser."""
    dataset, machine = open_dataset(config.data), choose_hardware(config)
    encoder, _ = starting_encoder(config.weights, config.encoder, config.stem, config.image_size_px)
    encoder.train_stages(config.trained_stages, config.normalisation)
    module = SimclrModule(config, encoder, batch_size=config.batch_size).to(machine.device)
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    groups = parameter_groups(module, learning_rate=config.peak_learning_rate(), weight_decay=config.weight_decay)
    optimiser = build_optimiser(config.optimiser, groups)
    pixels = open_pixels(dataset, cache_size_px(dataset, config.image_size_px))
    images, aspects = pixels.gather(dataset.rows("train")[: config.batch_size])
    batch = {"images": images.to(machine.device), "aspects": aspects}
    begun = 0.0
    for step in range(WARM_STEPS + COUNTED_STEPS):
        if step == WARM_STEPS:
            begun = time.perf_counter()
        with machine.autocast:
            _, z = module(module.two_views(batch, step))
        loss = nt_xent(*z.float().chunk(2), config.temperature)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        float(loss.detach())  # waits for the device
    return (time.perf_counter() - begun) / COUNTED_STEPS


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, nargs="+", default=[10, 30])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--image-size-px", type=int, default=160)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    chosen = parser.parse_args()
    dataset = open_dataset(NAME) if NAME in list_datasets() else import_images(chosen.folder, NAME).dataset
    budgets = Budgets(dataset, chosen.image_size_px)
    tell_all(measure(budgets, chosen.ways, chosen.minutes, chosen.seeds), chosen.json)


def measure(budgets: Budgets, ways: list[str], minutes: list[float], seeds: int) -> Iterator[Figure]:
    """k-NN on validation of each way; the start on test; then what each budget of the best way adds there."""
    dataset, px = budgets.dataset, budgets.image_size_px
    found: dict[str, float] = {}
    for way, run in tried(budgets, ways, min(minutes)).items():
        results = run.results()
        assert results is not None, f"{run.id} did not finish"
        start, *trained = (row["val/knn_accuracy"] for row in run.metrics() if "val/knn_accuracy" in row)
        found[way] = max(trained)  # without the start, which all ways share and may all keep
        measured = ", ".join(f"{value:.3f}" for value in (start, *trained))
        told = f"{measured} (the start first), kept epoch {results['kept_epoch']}"
        value = 100 * results["val"]["knn_accuracy"]
        yield Figure(f"k-NN on validation, {min(minutes):g} min: {way}", value, "%", "", told)
    way = max(found, key=lambda way: found[way])

    before, own = embedded(dataset, px), facts("tf_efficientnet_lite0").own_px
    for labels in MEASURES:
        for size, h in {px: before, own: embedded(dataset, own)}.items():
            value = mean(asked(dataset, h, labels, seed) for seed in range(seeds))
            yield Figure(f"ImageNet as it is, {size} px: {called(labels)}", 100 * value, "%", "")
    for each in minutes:
        runs = [launched(f"{budgets.named(way, each)}, seed {s}", budgets.config(way, each, s)) for s in range(seeds)]
        follow_until_done(runs, PROGRESS)
        kept = ", ".join(str((run.results() or {})["kept_epoch"]) for run in runs)
        took_min = mean(took(run) for run in runs)
        yield Figure(f"Training, planned for {each:g} min", took_min, "min", "", f"{way}; kept epochs {kept}")
        yield from compared(dataset, before, runs, f"SimCLR for {each:g} min, {px} px, adds")


def launched(name: str, config: AnyConfig) -> Run:
    """The run of that name: one that has finished, else a new one."""
    for run in list_runs():
        if run.notes()["name"] == name and run.state() is State.FINISHED:
            return run
    run = create_run(config, name=name)
    launch(run)
    return run


def tried(budgets: Budgets, ways: list[str], minutes: float) -> dict[str, Run]:
    """Each way to continue, with one seed."""
    configs = {way: budgets.config(way, minutes, 0) for way in ways}  # planned before one of them loads the machine
    runs = {way: launched(f"{budgets.named(way, minutes)}, seed 0", config) for way, config in configs.items()}
    follow_until_done(list(runs.values()), PROGRESS)
    return runs


def embedded(dataset: Dataset, image_size_px: int) -> np.ndarray:
    """(N, D): features of ImageNet's weights, as they are."""
    config = preset(
        "embed", encoder="tf_efficientnet_lite0", weights="imagenet", image_size_px=image_size_px, data=NAME,
        data_hash=dataset.content_hash,
    )  # fmt: skip
    run = launched(f"ImageNet, {image_size_px} px", config)
    follow_until_done([run], PROGRESS)
    return features(run, dataset)


def features(run: Run, dataset: Dataset) -> np.ndarray:
    """(N, D): what ``run`` kept of every image, in the order of the manifest."""
    found = read_embeddings(run.path)
    h = np.empty_like(found.values)
    h[found.rows_in(dataset)] = found.values
    return h


def compared(dataset: Dataset, before: np.ndarray, runs: list[Run], adds: str) -> Iterator[Figure]:
    """A figure a measure: the gain on test in points, with its 95 % interval over seeds (Student's t)."""
    after = [features(run, dataset) for run in runs]
    for labels in MEASURES:
        pairs = [(asked(dataset, before, labels, s), asked(dataset, h, labels, s)) for s, h in enumerate(after)]
        gains = [100 * (b - a) for a, b in pairs]
        spread = ""
        if len(gains) > 1:
            half = float(t.ppf(0.975, len(gains) - 1)) * stdev(gains) / len(gains) ** 0.5
            spread = f"; 95 % interval over {len(gains)} seeds {mean(gains) - half:+.1f} to {mean(gains) + half:+.1f}"
        a, b = (mean(side) for side in zip(*pairs, strict=True))
        yield Figure(f"{adds}: {called(labels)}", mean(gains), "points", "", f"{a:.3f} before, {b:.3f} after{spread}")


def called(labels: int | None) -> str:
    """A measure's name."""
    return "k-NN" if labels == 0 else f"probe, {labels or 'all'} labels{' a class' if labels else ''}"


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


def took(run: Run) -> float:
    """Minutes of training, its measurements included."""
    return ((run.results() or {}).get("train_s") or 0.0) / 60


if __name__ == "__main__":
    main()
