"""The end of a run: probabilities, scores, predictions, figures. Nothing else reads the test split."""

from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from sealife_core.config import ClassifierConfig
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.classification.predictions import predictions_table, write_predictions
from sealife_core.evaluation.classification.scores import scores
from sealife_core.evaluation.figures import run_figures
from sealife_core.runs.writer import RunWriter


def evaluate_classifier(
    config: ClassifierConfig,
    run: RunWriter,
    dataset: Dataset,
    h: np.ndarray,
    head: nn.Module,
    *,
    with_test: bool,
) -> dict[str, Any]:
    """Scores by split, and ``test_hash``; writes predictions and figures. A stopped run leaves test unread.

    h: (N, D), the encoder's embeddings of every image.
    """
    found: dict[str, Any] = {}
    tables: list[pd.DataFrame] = []
    for split in ("val", "test") if with_test else ("val",):
        rows = dataset.rows(split, labelled_only=True)
        if not len(rows):
            continue
        run.status(stage="evaluating", message=f"evaluating on {len(rows):,} {_NAMES[split]} images")
        probabilities = _probabilities(h[rows], head)
        found[split] = scores(dataset.labels[rows], probabilities, dataset.classes, seed=config.seed)
        tables.append(predictions_table(dataset, rows, split, probabilities))
    if tables:
        table = pd.concat(tables, ignore_index=True)
        write_predictions(table, run.path)
        _draw(run, dataset, found, tables[-1])
    return found | {"test_hash": dataset.test_hash}


def draw_curves(run: RunWriter, chance_loss: float | None = None) -> None:
    """``figures/curves.png`` from the run's metrics."""
    folder = run.path / "figures"
    folder.mkdir(exist_ok=True)
    run_figures.curves(run.run.metrics(), folder / "curves.png", chance_loss=chance_loss)


_NAMES = {"val": "validation", "test": "test"}


def _probabilities(h: np.ndarray, head: nn.Module) -> np.ndarray:
    """(n, C) class probabilities of embeddings h (n, D)."""
    head = head.to("cpu").eval()
    with torch.inference_mode():
        return head(torch.from_numpy(h)).softmax(1).numpy()


def _draw(run: RunWriter, dataset: Dataset, found: dict[str, Any], predictions: pd.DataFrame) -> None:
    run.status(stage="evaluating", message="drawing figures")
    folder = run.path / "figures"
    folder.mkdir(exist_ok=True)
    split = "test" if "test" in found else "val"
    run_figures.confusion(np.array(found[split]["confusion"]), dataset.classes, folder / "confusion.png")
    run_figures.prediction_page(dataset, predictions, folder / "predictions.png")
