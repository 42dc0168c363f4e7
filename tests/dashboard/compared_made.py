"""Finished classifiers to compare, and changes between two, that tests invent."""

import numpy as np

from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.classification.predictions import predictions_table, write_predictions
from sealife_core.evaluation.classification.scores import scores
from sealife_core.evaluation.comparison.paired import ClassChange
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter


def scratch_run(dataset: Dataset, name: str, right: int, *, seed: int = 0, test_hash: str = "") -> Run:
    """A run that names the first ``right`` test images of ``dataset`` right, and all others wrong."""
    run = create_run(preset("scratch", data=dataset.name, seed=seed), name=name)
    rows, c = dataset.rows("test"), len(dataset.classes)
    truth = dataset.labels[rows]
    guess = np.where(np.arange(len(rows)) < right, truth, (truth + 1) % c)
    probabilities = np.full((len(rows), c), 0.5 / c)
    probabilities[np.arange(len(rows)), guess] += 0.5
    writer = RunWriter(run)
    test = scores(truth, probabilities, dataset.classes)
    writer.results(test=test, test_hash=test_hash or dataset.test_hash, train_s=60.0, parameters_trained=5130)
    write_predictions(predictions_table(dataset, rows, "test", probabilities), run.path)
    for step in (1, 2):
        writer.metric(step, float(step), **{"train/loss": 2.0 / step, "val/loss": 2.5 / step, "val/accuracy": 0.2})
    writer.status(state="finished")
    return run


def change(label: str, fixed: int, broken: int, p_holm: float = 1.0) -> ClassChange:
    return ClassChange(label, 10, fixed, broken, 0.2, 0.2 + (fixed - broken) / 10, p_holm, p_holm)
