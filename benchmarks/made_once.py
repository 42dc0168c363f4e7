"""What several benchmarks need and take from an earlier call where it is there: photographs, runs, features."""

from pathlib import Path

import numpy as np

from sealife_core.commands.following import follow_until_done
from sealife_core.commands.output import Output
from sealife_core.config import AnyConfig, preset
from sealife_core.datasets.dataset import Dataset, list_datasets, open_dataset
from sealife_core.datasets.imports.importing import import_images
from sealife_core.evaluation.embeddings.stored_embeddings import read_embeddings
from sealife_core.runs.directory import create_run, list_runs
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.queue import launch

PHOTOGRAPHS = "photographs"


def photographs(folder: Path) -> Dataset:
    """The photographs of ``folder`` (one sub-folder a class), imported as PHOTOGRAPHS unless they are."""
    if PHOTOGRAPHS in list_datasets():
        return open_dataset(PHOTOGRAPHS)
    return import_images(folder.resolve(), PHOTOGRAPHS).dataset


def trained(name: str, config: AnyConfig) -> Run:
    """A new run, once it has ended."""
    run = create_run(config, name=name)
    launch(run)
    follow_until_done([run], Output(as_json=False))
    return run


def finished(name: str, config: AnyConfig) -> Run:
    """The run of that name: one that has finished, else a new one, trained now."""
    before = (run for run in list_runs() if run.notes()["name"] == name and run.state() is State.FINISHED)
    return next(before, None) or trained(name, config)


def imagenet_features(dataset: Dataset, image_size_px: int) -> np.ndarray:
    """(N, D): those of ImageNet's weights as they are, in the order of the manifest."""
    config = preset(
        "embed", encoder="tf_efficientnet_lite0", weights="imagenet", image_size_px=image_size_px, data=dataset.name,
        data_hash=dataset.content_hash,
    )  # fmt: skip
    return features(finished(f"ImageNet, {image_size_px} px, {dataset.name}", config), dataset)


def features(run: Run, dataset: Dataset) -> np.ndarray:
    """(N, D): what ``run`` kept of every image, in the order of the manifest."""
    found = read_embeddings(run.path)
    h = np.empty_like(found.values)
    h[found.rows_in(dataset)] = found.values
    return h
