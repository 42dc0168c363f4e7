"""What SimCLR is worth on real photographs: encoder against untrained encoder, fine-tune against from scratch.

    python -m benchmarks.photographs.simclr FOLDER [--epochs 50] [--fine-tune-epochs 20] [--lightly]

Imports FOLDER (one sub-folder a class) below SEALIFE_HOME as 'photographs' unless it is there, launches five runs in
the background as the dashboard would, waits, and prints with 95 % intervals: the comparison, and k-NN and logistic
regression on the features of the SimCLR and the untrained encoder. Runs that were launched before with the same
settings are taken as they are, so that a second call only prints. With --lightly, an encoder that lightly's own parts
train on the same images with the same budget is put beside ours, image by image.
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.made_once import features, photographs
from benchmarks.photographs.logistic import logistic_predict
from benchmarks.training.lightly_simclr import train_encoder
from sealife_core.commands.following import follow_until_done
from sealife_core.commands.output import Output
from sealife_core.config import RECIPES, AnyConfig, parse, preset
from sealife_core.config.classifier import ClassifierConfig
from sealife_core.config.simclr import SimclrConfig
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.classification.predictions import read_predictions
from sealife_core.evaluation.classification.scores import wilson
from sealife_core.evaluation.comparison.comparison_rows import comparison
from sealife_core.evaluation.comparison.paired import mcnemar_exact, p_words
from sealife_core.evaluation.comparison.resampling import accuracy_difference
from sealife_core.evaluation.comparison.score_table import as_text
from sealife_core.evaluation.embeddings.feature_quality import knn_predict
from sealife_core.folders import home
from sealife_core.runs.directory import create_run, list_runs
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.queue import launch

SIZE_PX = 64
BATCH_SIZE = 128
TEMPERATURE = 0.2
NEIGHBOURS = 20
PENALTIES = (0.01, 0.1, 1.0)  # scikit-learn's C, strongest first

Features = dict[str, tuple[np.ndarray, np.ndarray]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--fine-tune-epochs", type=int, default=20)
    parser.add_argument("--lightly", action="store_true", help="train lightly's parts too: another half hour")
    chosen = parser.parse_args()
    output = Output(as_json=False)

    dataset = photographs(chosen.folder)
    common = {"data": dataset.name, "data_hash": dataset.content_hash, "image_size_px": SIZE_PX}
    labelled = common | {
        "epochs": chosen.fine_tune_epochs, "augmentation": "strong", "trained_stages": 5, "patience": 0,
        "encoder_rate_factor": 1.0,
    }  # fmt: skip
    contrastive = common | {
        "epochs": chosen.epochs, "batch_size": BATCH_SIZE, "temperature": TEMPERATURE, "views": RECIPES["Mild"],
    }  # fmt: skip
    simclr = launched("SimCLR", parse(SimclrConfig, contrastive))
    source = {"weights": f"run:{simclr.id}"}
    probe = launched("Linear probe of SimCLR", preset("probe", **common, **source))
    untrained = launched("Linear probe of untrained", preset("probe", **common, weights="random"))
    tuned = launched("Fine-tune of SimCLR", parse(ClassifierConfig, labelled | source))
    scratch = launched("From scratch", parse(ClassifierConfig, labelled))
    encoders = {"SimCLR": probe, "untrained": untrained}
    if chosen.lightly:
        follow_until_done([simclr, probe, untrained, tuned, scratch], output)  # both loops want all cores
        weights = lightly_encoder(dataset, chosen.epochs)
        encoders["lightly"] = launched("Linear probe of lightly", preset("probe", **common, weights=f"file:{weights}"))
    runs = [simclr, *encoders.values(), tuned, scratch]
    follow_until_done(runs, output)

    print(as_text(comparison(runs)))
    features = {name: frozen_features(run, dataset) for name, run in encoders.items()}
    right = {
        "Linear probe": {name: probe_right(run) for name, run in encoders.items()},
        f"k-NN({NEIGHBOURS})": {name: knn_right(of) for name, of in features.items()},
        "Logistic regression": {name: logistic_right(of) for name, of in features.items()},
    }
    for measure, by_encoder in right.items():
        for name, answers in by_encoder.items():
            n, low, high = len(answers), *wilson(int(answers.sum()), len(answers))
            print(f"{measure} on test, {name} encoder: {answers.mean():.3f} [{low:.3f}, {high:.3f}], n = {n}")
        ours = by_encoder.pop("SimCLR")
        for name, theirs in by_encoder.items():
            gain = accuracy_difference(theirs, ours)
            p = mcnemar_exact(int((ours & ~theirs).sum()), int((theirs & ~ours).sum()))
            print(f"  SimCLR minus {name}: {gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}], {p_words(p)}")
    took = simclr.results()
    print(f"SimCLR, {chosen.epochs} epochs: {took['train_s'] / 60:.1f} min" if took else "SimCLR did not finish")


def lightly_encoder(dataset: Dataset, epochs: int) -> Path:
    """The weights file that lightly's parts trained on the images our SimCLR sees; trained unless it is there."""
    target = home() / f"lightly-{dataset.content_hash[:8]}-{epochs}.pt"
    if not target.is_file():
        files = [dataset.image_path(row) for row in dataset.rows("train")]
        train_encoder(files, target, epochs=epochs, size_px=SIZE_PX, batch_size=BATCH_SIZE, temperature=TEMPERATURE)
    return target


def launched(name: str, config: AnyConfig) -> Run:
    """The run with this config: one that was launched before, else a new one."""
    for run in list_runs():
        if str(run.state()) != "damaged" and run.config() == config:
            return run
    run = create_run(config, name=name)
    launch(run)
    return run


def frozen_features(run: Run, dataset: Dataset) -> Features:
    """Features (n, D) and labels (n,) of each split, as the run's encoder made them."""
    h, splits = features(run, dataset), ("train", "val", "test")
    rows = {split: dataset.rows(split, labelled_only=True) for split in splits}
    return {split: (h[rows[split]], dataset.labels[rows[split]]) for split in splits}


def probe_right(run: Run) -> np.ndarray:
    """(n,) which test images the run's classifier names right."""
    table = read_predictions(run.path)
    return (table["label"] == table["predicted"]).to_numpy()[(table["split"] == "test").to_numpy()]


def knn_right(features: Features) -> np.ndarray:
    """(n,) which test images their nearest neighbours in the training split name right."""
    queries, labels = features["test"]
    return knn_predict(*features["train"], queries, k=NEIGHBOURS) == labels


def logistic_right(features: Features) -> np.ndarray:
    """(n,) which test images scikit-learn's logistic regression names right: another optimiser than the probe's.

    Its penalty is the one of PENALTIES that is best on validation (the strongest of equals); then test is looked at.
    """

    def right(split: str, c: float) -> np.ndarray:
        values, labels = features[split]
        return logistic_predict(*features["train"], values, c) == labels

    return right("test", max(PENALTIES, key=lambda c: right("val", c).mean()))


if __name__ == "__main__":
    main()
