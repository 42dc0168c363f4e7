"""What SimCLR is worth on real photographs: encoder against untrained encoder, fine-tune against from scratch.

    python benchmarks/photographs.py FOLDER [--epochs 50] [--fine-tune-epochs 20]

Imports FOLDER (one sub-folder a class) below SEALIFE_HOME as 'photographs' unless it is there, launches five runs in
the background as the dashboard would, waits, and prints with 95 % intervals: the comparison, and k-NN and logistic
regression on the features of the SimCLR and the untrained encoder. Runs that were launched before with the same
settings are taken as they are, so that a second call only prints.
"""

import argparse
from pathlib import Path

import numpy as np

from sealife_core.commands.output import Output
from sealife_core.commands.runs import follow_until_done
from sealife_core.config import RECIPES, AnyConfig, parse, preset
from sealife_core.config.classifier import ClassifierConfig
from sealife_core.config.simclr import SimclrConfig
from sealife_core.datasets.dataset import Dataset, list_datasets, open_dataset
from sealife_core.datasets.importing import import_images
from sealife_core.datasets.pixels import cache_size_px, open_pixels
from sealife_core.evaluation.comparison import as_text, comparison
from sealife_core.evaluation.embeddings import embed
from sealife_core.evaluation.representation import knn_accuracy, logistic_probe
from sealife_core.evaluation.scores import wilson
from sealife_core.models.checkpoint import load_model
from sealife_core.runs.directory import Run, create_run, list_runs
from sealife_core.runs.queue import launch

NAME = "photographs"
SIZE_PX = 64
NEIGHBOURS = 20
PENALTIES = (0.01, 0.1, 1.0)  # scikit-learn's C, strongest first

Features = dict[str, tuple[np.ndarray, np.ndarray]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--fine-tune-epochs", type=int, default=20)
    chosen = parser.parse_args()
    output = Output(as_json=False)

    dataset = open_dataset(NAME) if NAME in list_datasets() else import_images(chosen.folder, NAME).dataset
    common = {"data": NAME, "data_hash": dataset.content_hash, "image_size_px": SIZE_PX}
    labelled = common | {
        "epochs": chosen.fine_tune_epochs, "augmentation": "strong", "trained_stages": 5, "patience": 0,
        "encoder_rate_factor": 1.0,
    }  # fmt: skip
    simclr = launched(
        "SimCLR",
        parse(
            SimclrConfig,
            common | {"epochs": chosen.epochs, "batch_size": 128, "temperature": 0.2, "views": RECIPES["Mild"]},
        ),
    )
    source = {"weights": f"run:{simclr.id}"}
    probe = launched("Linear probe of SimCLR", preset("probe", **common, **source))
    untrained = launched("Linear probe of untrained", preset("probe", **common, weights="random"))
    tuned = launched("Fine-tune of SimCLR", parse(ClassifierConfig, labelled | source))
    scratch = launched("From scratch", parse(ClassifierConfig, labelled))
    runs = [simclr, probe, untrained, tuned, scratch]
    follow_until_done(runs, output)

    print(as_text(comparison(runs)))
    for name, run in (("SimCLR", probe), ("untrained", untrained)):
        features = frozen_features(run, dataset)
        print(f"k-NN({NEIGHBOURS}) on test, {name} encoder: {knn_on_test(features)}")
        print(f"logistic regression on test, {name} encoder: {logistic_on_test(features)}")
    took = simclr.results()
    print(f"SimCLR, {chosen.epochs} epochs: {took['train_s'] / 60:.1f} min" if took else "SimCLR did not finish")


def launched(name: str, config: AnyConfig) -> Run:
    """The run with this config: one that was launched before, else a new one."""
    for run in list_runs():
        if str(run.state()) != "damaged" and run.config() == config:
            return run
    run = create_run(config, name=name)
    launch(run)
    return run


def frozen_features(run: Run, dataset: Dataset) -> Features:
    """Features (n, D) and labels (n,) of each split, of the run's encoder as it is."""
    encoder, _, card = load_model(run.path)
    pixels = open_pixels(dataset, cache_size_px(dataset, card.image_size_px))
    found = {}
    for split in ("train", "val", "test"):
        rows = dataset.rows(split, labelled_only=True)
        values = embed(
            encoder, pixels, rows, image_size_px=card.image_size_px, mean=tuple(card.mean), std=tuple(card.std)
        )  # fmt: skip
        found[split] = values, dataset.labels[rows]
    return found


def knn_on_test(features: Features) -> str:
    """k-NN accuracy on the test split, the training split as the bank, with its interval."""
    bank, queries = features["train"], features["test"]
    return with_interval(knn_accuracy(*bank, *queries, k=NEIGHBOURS), len(queries[1]))


def logistic_on_test(features: Features) -> str:
    """scikit-learn's logistic regression, trained on the training split: another optimiser than the probe's.

    Its penalty is the one of PENALTIES that is best on validation (the strongest of equals); then test is looked at.
    """

    def accuracy(split: str, c: float) -> float:
        values, labels = features[split]
        return float((logistic_probe(*features["train"], values, c=c).argmax(1) == labels).mean())

    best = max(PENALTIES, key=lambda c: accuracy("val", c))
    return f"{with_interval(accuracy('test', best), len(features['test'][1]))}, C = {best:g}"


def with_interval(accuracy: float, n: int) -> str:
    """An accuracy on n images with its 95 % Wilson interval."""
    low, high = wilson(round(accuracy * n), n)
    return f"{accuracy:.3f} [{low:.3f}, {high:.3f}], n = {n}"


if __name__ == "__main__":
    main()
