"""What classifiers answered, and what they make of pictures; kept."""

from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboard.cache import datasets
from dashboard.cache.keeping import kept
from dashboard.data.classifier_answers import Answers, Calibrated, answers_of, calibrated, scores_of
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.reading import decode
from sealife_core.datasets.decoding.thumbnails import shrunk
from sealife_core.errors import SealifeError
from sealife_core.evaluation.classification.gradcam_layers import Layer
from sealife_core.evaluation.classification.predictions import read_predictions
from sealife_core.evaluation.embeddings import training_images as of_training
from sealife_core.evaluation.embeddings.stored_embeddings import INDEX
from sealife_core.evaluation.embeddings.training_images import Neighbour, TrainingImages
from sealife_core.runs.run import MODEL, PREDICTIONS, Run

if TYPE_CHECKING:  # they import torch or SciPy
    from sealife_core.evaluation.classification.out_of_distribution import OutOfDistribution
    from sealife_core.evaluation.classification.predictor import Prediction, Predictor

ANSWERS = (PREDICTIONS, "results.json")


@kept(16, PREDICTIONS)
def predictions(run: Run) -> pd.DataFrame:
    """The predictions of a run; to be read, not changed: all sessions share the table. Raises RunError."""
    return read_predictions(run.path)


def predictions_or_none(run: Run) -> pd.DataFrame | None:
    """As :func:`predictions`, or None: an encoder alone predicts nothing."""
    try:
        return predictions(run)
    except SealifeError:
        return None


def answers(run: Run) -> Answers:
    """What a classifier answered, as the Gallery filters it. Raises RunError or DatasetError."""
    return _answers(run, datasets.opened(run.config().data))


@kept(8, *ANSWERS)
def _answers(run: Run, dataset: Dataset) -> Answers:
    return answers_of(predictions(run), dataset, run.results())


@kept(16, *ANSWERS)
def split_scores(run: Run, dataset: Dataset, split: str) -> dict[str, Any] | None:
    """A run's ``scores`` on "test", "val" or "all"; None without pictures. Raises RunError."""
    return scores_of(_answers(run, dataset), split)


@kept(16, *ANSWERS)
def calibration(run: Run, dataset: Dataset, bins: int) -> Calibrated:
    """How a run's confidences come true on test. Raises RunError, also where a split has no predictions."""
    return calibrated(predictions(run), _answers(run, dataset), bins)


@kept(4, INDEX)
def training_images(run: Run, dataset: Dataset) -> TrainingImages:
    """The training images of a run with their features, to look for neighbours among. Raises RunError."""
    return of_training.training_images(run.path, dataset.name)


@kept(2, MODEL)
def predictor(run: Run) -> tuple["Predictor", Lock]:
    """The model of a run, ready for pictures, and the lock to hold meanwhile. Imports torch. Raises SealifeError."""
    from sealife_core.evaluation.classification.predictor import Predictor

    return Predictor(run.path), Lock()


@kept(512, MODEL)
def evidence(run: Run, dataset: Dataset, row: int, class_index: int, layer: Layer) -> bytes:
    """Where the model finds what speaks for a class in one picture, as a PNG to lay over it. Imports torch."""
    return _heat(run, dataset.image_path(row), class_index, layer)


def _heat(run: Run, picture: Path | bytes, class_index: int, layer: Layer) -> bytes:
    from sealife_core.evaluation.classification.gradcam import heat_png

    model, lock = predictor(run)
    with lock:
        return heat_png(model.explain(picture, class_index, layer))


# A person's own pictures are kept by what they hold, in memory only, and few of them.
@kept(1000, MODEL)
def own_prediction(run: Run, key: str, _content: bytes) -> "Prediction":
    """What a model makes of a person's own picture; ``key`` stands for its content. Raises DatasetError."""
    model, lock = predictor(run)
    with lock:
        return model.predict([_content])[0]


@kept(128, MODEL)
def own_evidence(run: Run, key: str, _content: bytes, class_index: int, layer: Layer) -> bytes:
    """As :func:`evidence`, for a person's own picture."""
    return _heat(run, _content, class_index, layer)


def own_neighbours(run: Run, found: "Prediction") -> list[Neighbour]:
    """The training images nearest to the picture of ``found``; [] where the run has no embeddings to look among."""
    model, lock = predictor(run)
    with lock:
        return model.neighbours(found.features, 8) if found.similarity is not None else []


def out_of_distribution(run: Run) -> tuple["OutOfDistribution | None", str]:
    """How a run recognises pictures unlike its training images; None and the reason where it cannot."""
    model, lock = predictor(run)
    with lock:
        return model.ood, model.ood_unavailable


@kept(256)
def own_thumbnail(key: str, _content: bytes, side_px: int) -> bytes:
    """A JPEG of a person's own picture, at most ``side_px`` a side. Raises DatasetError."""
    return shrunk(decode(BytesIO(_content), at_least_px=2 * side_px).rgb, side_px)
