"""The end of a run: probabilities, scores, predictions, figures. Nothing else reads the test split."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from sealife_core.config import FineTuneConfig, ProbeConfig
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.pixels import cache_size_px
from sealife_core.evaluation.classification.out_of_distribution import Means
from sealife_core.evaluation.classification.predictions import predictions_table, write_predictions
from sealife_core.evaluation.classification.scores import scores
from sealife_core.evaluation.figures import run_figures
from sealife_core.launching.weights_checks import tests_learned_before
from sealife_core.models.checkpoint import save_model
from sealife_core.models.encoders import Encoder
from sealife_core.runs.writer import RunWriter
from sealife_core.training.feature_extraction import keep_embeddings, keep_novelty
from sealife_core.training.preparation import model_card
from sealife_core.wording import SPLIT_WORDS


def finish_classifier(
    config: ProbeConfig | FineTuneConfig,
    run: RunWriter,
    dataset: Dataset,
    encoder: Encoder,
    head: nn.Module,
    h: np.ndarray,
    means: Means,
    *,
    finished: bool,
    **learned: Any,
) -> None:
    """Keep all that a classifier leaves: embeddings h (N, D), novelty, scores, predictions, figures, the model.

    learned: for results.json, what training came to. A stopped run leaves the test split unread.
    """
    keep_embeddings(run, dataset, h)
    keep_novelty(run, dataset, cache_size_px(dataset, config.image_size_px), means)
    found: dict[str, Any] = {}
    tables: list[pd.DataFrame] = []
    for split in ("val", "test") if finished else ("val",):
        rows = dataset.rows(split, labelled_only=True)
        if not len(rows):
            continue
        run.status(stage="evaluating", message=f"evaluating on {len(rows):,} {SPLIT_WORDS[split]} images")
        probabilities = _probabilities(h[rows], head)
        found[split] = scores(dataset.labels[rows], probabilities, dataset.classes, seed=config.seed)
        tables.append(predictions_table(dataset, rows, split, probabilities))
    if tables:
        write_predictions(pd.concat(tables, ignore_index=True), run.path)
        _draw(run, dataset, found, tables[-1])
    if "test" in found:
        found["test"]["learned_before"] = tests_learned_before(config, run.run.root, dataset)
    run.results(**found, test_hash=dataset.test_hash, method=config.method, **learned)
    save_model(run.path, encoder, head, model_card(config, run, dataset, encoder, found.get("test", {})))
    draw_curves(run)


def draw_curves(run: RunWriter, chance_loss: float | None = None) -> None:
    """``figures/curves.png`` from the run's metrics."""
    run_figures.curves(run.run.metrics(), _figures(run) / "curves.png", chance_loss=chance_loss)


def _probabilities(h: np.ndarray, head: nn.Module) -> np.ndarray:
    """(n, C) class probabilities of embeddings h (n, D)."""
    head = head.to("cpu").eval()
    with torch.inference_mode():
        return head(torch.from_numpy(h)).softmax(1).numpy()


def _draw(run: RunWriter, dataset: Dataset, found: dict[str, Any], predictions: pd.DataFrame) -> None:
    run.status(stage="evaluating", message="drawing figures")
    folder, split = _figures(run), "test" if "test" in found else "val"
    run_figures.confusion(np.array(found[split]["confusion"]), dataset.classes, folder / "confusion.png")
    run_figures.prediction_page(dataset, predictions, folder / "predictions.png")


def _figures(run: RunWriter) -> Path:
    folder = run.path / "figures"
    folder.mkdir(exist_ok=True)
    return folder
