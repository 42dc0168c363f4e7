"""What a run leaves for other programs: its test predictions as CSV, its model as a zip."""

from functools import partial

import streamlit as st

from dashboard.cache import batch_inference, classifiers, datasets
from dashboard.parts.buttons import download
from sealife_core.evaluation.classification.predictions import exported_table
from sealife_core.neutral import csv_of
from sealife_core.runs.run import MODEL, PREDICTIONS, Run

NOVELTY = "novelty.npz"  # by which a copied model warns of pictures unlike its training images


def downloads(run: Run) -> None:
    """The buttons for what is there. Both files are made when they are asked for."""
    with st.container(horizontal=True):
        if (run.path / PREDICTIONS).is_file():
            download("Test predictions (CSV)", partial(_predictions, run), f"{run.id}-test.csv")
        if (run.path / MODEL).is_file():
            download(
                "Model (zip)", partial(_model, run), f"{run.id}-model.zip", "application/zip",
                help="model.safetensors, its card, and how a picture becomes its input",
            )  # fmt: skip


def _predictions(run: Run) -> str:
    validated, _ = batch_inference.validated(run)
    calibrated = validated.confidence.get("test") if validated else None
    return csv_of(exported_table(classifiers.predictions(run), datasets.opened(run.config().data), calibrated))


def _model(run: Run) -> bytes:
    from sealife_core.models.model_zip import model_zip  # imports torch

    return model_zip(run.path, run.environment().get("cache_size_px"), NOVELTY)
