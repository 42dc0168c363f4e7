"""Of what a measure of two runs was asked, in the words below it."""

from sealife_core.config import SimclrConfig
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast.ablation_effects import FEATURES, PRETEXT, Measure
from sealife_core.runs.run import Run


def asked_of(measure: Measure, run: Run, dataset: Dataset) -> str:
    """Among how many views ``run`` had to find the right one, in how many steps; or how many pictures, of which split.

    dataset: what ``run`` was trained on. Without the first, runs of different batches look comparable.
    """
    config, n = run.config(), (measure.n_broken if run.broken else None) or measure.n
    if measure.name == PRETEXT and isinstance(config, SimclrConfig):
        views = 2 * min(config.batch_size, len(dataset.rows("train")))
        by = "" if config.normalised else ", by dot product"
        return f"right one among {views - 1:,} views{by}, {n:,} steps at the end"
    if measure.name == FEATURES:
        only = measure.n <= len(dataset.rows("val", labelled_only=True))
        return f"{measure.n:,} {'validation' if only else 'validation and test'} pictures"
    return f"{measure.n:,} pictures"
