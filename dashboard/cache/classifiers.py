"""What classifiers answered, and what they make of pictures; kept."""

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.cache import Stamp, dataset, predictions, predictions_stamp, stamp
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.embeddings.stored_embeddings import INDEX
from sealife_core.runs.directory import Run
from sealife_core.runs.run import MODEL

if TYPE_CHECKING:
    from dashboard.data.answers import Answers, Calibrated
    from sealife_core.evaluation.classification.gradcam_layers import Layer
    from sealife_core.evaluation.classification.out_of_distribution import OutOfDistribution
    from sealife_core.evaluation.classification.predictor import Prediction, Predictor
    from sealife_core.evaluation.embeddings.training_images import Neighbour, TrainingImages


def answers(run: Run) -> "Answers":
    """What a classifier answered, as the Gallery filters it. Raises RunError or DatasetError."""
    found, changed = _answers_key(run)
    return _answers(run, found, str(run.path), changed)


def _answers_key(run: Run) -> tuple[Dataset, tuple[Any, ...]]:
    found = dataset(run.config().data)
    return found, (found.content_hash, predictions_stamp(run), stamp(run.path / "results.json"))


@st.cache_resource(max_entries=8, show_spinner=False)
def _answers(_run: Run, _dataset: Dataset, path: str, changed: tuple[Any, ...]) -> "Answers":
    from dashboard.data.answers import answers_of

    return answers_of(predictions(_run), _dataset, _run.results())


def split_scores(run: Run, split: str) -> dict[str, Any] | None:
    """A run's ``scores`` on "test", "val" or "all"; None without pictures."""
    return _split_scores(answers(run), split, str(run.path), _answers_key(run)[1])


@st.cache_resource(max_entries=16, show_spinner=False)
def _split_scores(_answers: "Answers", split: str, path: str, changed: tuple[Any, ...]) -> dict[str, Any] | None:
    from dashboard.data.answers import scores_of

    return scores_of(_answers, split)


def calibration(run: Run, bins: int = 10) -> "Calibrated":
    """How a run's confidences come true on test. Raises RunError, also where a split has no predictions."""
    return _calibration(run, bins, str(run.path), _answers_key(run)[1])


@st.cache_resource(max_entries=16, show_spinner=False)
def _calibration(_run: Run, bins: int, path: str, changed: tuple[Any, ...]) -> "Calibrated":
    from dashboard.data.answers import calibrated

    return calibrated(predictions(_run), answers(_run), bins)


def training_images(run: Run, dataset: Dataset) -> "TrainingImages":
    """The training images of a run with their features, to look for neighbours among. Raises RunError."""
    return _training_images(dataset.name, str(run.path), dataset.content_hash, stamp(run.path / INDEX))


def predictor(run: Run) -> tuple["Predictor", Lock]:
    """The model of a run, ready for pictures, and the lock to hold meanwhile. Imports torch. Raises SealifeError."""
    return _predictor(run, str(run.path), stamp(run.path / MODEL))


def evidence(run: Run, dataset: Dataset, row: int, class_index: int, layer: "Layer") -> bytes:
    """Where the model finds what speaks for a class in one picture, as a PNG to lay over it. Imports torch."""
    stamps = dataset.content_hash, stamp(run.path / MODEL)
    return _evidence(run, dataset, str(run.path), row, class_index, layer, stamps)


@st.cache_resource(max_entries=4, show_spinner=False)
def _training_images(data: str, path: str, content_hash: str, index: Stamp) -> "TrainingImages":
    from sealife_core.evaluation.embeddings.training_images import training_images

    return training_images(Path(path), data)


@st.cache_resource(max_entries=2, show_spinner=False)
def _predictor(_run: Run, path: str, model: Stamp) -> tuple["Predictor", Lock]:
    from sealife_core.evaluation.classification.predictor import Predictor

    return Predictor.from_run(_run), Lock()


@st.cache_data(max_entries=512, show_spinner=False)
def _evidence(
    _run: Run, _dataset: Dataset, path: str, row: int, class_index: int, layer: "Layer", stamps: tuple[Any, ...]
) -> bytes:
    from sealife_core.evaluation.classification.gradcam import heat_png

    model, lock = predictor(_run)
    with lock:
        return heat_png(model.explain(_dataset.image_path(row), class_index, layer))


def own_prediction(run: Run, key: str, content: bytes) -> "Prediction":
    """What a model makes of a person's own picture; ``key`` stands for ``content``. Raises DatasetError."""
    return _own_prediction(run, content, str(run.path), key, stamp(run.path / MODEL))


def own_evidence(run: Run, key: str, content: bytes, class_index: int, layer: "Layer") -> bytes:
    """As :func:`evidence`, for a person's own picture."""
    return _own_evidence(run, content, str(run.path), key, class_index, layer, stamp(run.path / MODEL))


def own_neighbours(run: Run, key: str, content: bytes) -> list["Neighbour"]:
    """The training images nearest to a person's own picture; [] where the run has no embeddings to look among."""
    model, lock = predictor(run)
    found = own_prediction(run, key, content)
    with lock:
        return model.neighbours(found.features, 8) if found.similarity is not None else []


def novelty(run: Run) -> tuple["OutOfDistribution | None", str]:
    """How a run tells pictures that are unlike its training images; None and the reason where it cannot."""
    model, lock = predictor(run)
    with lock:
        return model.novelty, model.without_novelty


# A person's own pictures are kept by what they hold, in memory only, and few of them.
@st.cache_resource(max_entries=1000, show_spinner=False)
def _own_prediction(_run: Run, _content: bytes, path: str, key: str, model: Stamp) -> "Prediction":
    found, lock = predictor(_run)
    with lock:
        return found.predict([_content])[0]


@st.cache_resource(max_entries=128, show_spinner=False)
def _own_evidence(
    _run: Run, _content: bytes, path: str, key: str, class_index: int, layer: "Layer", model: Stamp
) -> bytes:
    from sealife_core.evaluation.classification.gradcam import heat_png

    found, lock = predictor(_run)
    with lock:
        return heat_png(found.explain(_content, class_index, layer))


@st.cache_resource(max_entries=256, show_spinner=False)
def own_thumbnail(key: str, _content: bytes, side_px: int) -> bytes:
    """A JPEG of a person's own picture, at most ``side_px`` a side. Raises DatasetError."""
    from io import BytesIO

    from sealife_core.datasets.decoding.reading import decode
    from sealife_core.datasets.decoding.thumbnails import shrunk

    return shrunk(decode(BytesIO(_content), at_least_px=2 * side_px).rgb, side_px)
