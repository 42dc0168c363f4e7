"""What SimCLR is worth on real photographs: encoder against untrained encoder, fine-tune against from scratch.

    python benchmarks/photographs.py FOLDER [--epochs 50] [--fine-tune-epochs 20]

Imports FOLDER (one sub-folder a class) below SEALIFE_HOME as 'photographs' unless it is there, launches five runs in
the background as the dashboard would, waits, and prints the comparison with 95 % intervals. Runs that were launched
before with the same settings are taken as they are, so that a second call only prints.
"""

import argparse
from pathlib import Path

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
from sealife_core.evaluation.representation import knn_accuracy
from sealife_core.evaluation.scores import wilson
from sealife_core.models.checkpoint import load_model
from sealife_core.runs.directory import Run, create_run, list_runs
from sealife_core.runs.queue import launch

NAME = "photographs"
SIZE_PX = 64
NEIGHBOURS = 20


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
        print(f"k-NN({NEIGHBOURS}) on test, {name} encoder: {knn_on_test(run, dataset)}")
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


def knn_on_test(run: Run, dataset: Dataset) -> str:
    """k-NN accuracy on the test split, the training split as the bank, with its interval."""
    encoder, _, card = load_model(run.path)
    pixels = open_pixels(dataset, cache_size_px(dataset, card.image_size_px))
    bank, queries = (dataset.rows(split, labelled_only=True) for split in ("train", "test"))
    features = [
        embed(
            encoder, pixels, rows, image_size_px=card.image_size_px, mean=tuple(card.mean), std=tuple(card.std)
        )
        for rows in (bank, queries)
    ]  # fmt: skip
    found = knn_accuracy(features[0], dataset.labels[bank], features[1], dataset.labels[queries], k=NEIGHBOURS)
    low, high = wilson(round(found * len(queries)), len(queries))
    return f"{found:.3f} [{low:.3f}, {high:.3f}], n = {len(queries)}"


if __name__ == "__main__":
    main()
