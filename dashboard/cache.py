"""The only file that caches. Keys carry a file's time of change; every cache is bounded.

What depends on a process or on the clock (a run's state) is never cached.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import streamlit as st

from sealife_core.datasets.dataset import Dataset, newest_first, open_dataset
from sealife_core.errors import SealifeError
from sealife_core.evaluation.embeddings.stored_embeddings import FILES, INDEX, Embedded, Space, read_embeddings
from sealife_core.places import checkpoints_root, data_root
from sealife_core.runs.directory import Run, list_runs
from sealife_core.runs.run import METRICS, MODEL, PREDICTIONS, MetricsReader

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from dashboard.app_pages.embeddings.colours import Facts
    from dashboard.app_pages.embeddings.points import Look
    from dashboard.background import Job
    from dashboard.data.answers import Answers
    from dashboard.parts.pictures.view_pairs import Preview
    from sealife_core.config import AnyConfig, Request, SearchConfig
    from sealife_core.evaluation.classification.calibration import Calibration
    from sealife_core.evaluation.classification.gradcam_layers import Layer
    from sealife_core.evaluation.classification.predictor import Prediction, Predictor
    from sealife_core.evaluation.comparison.paired import Paired, Tested
    from sealife_core.evaluation.comparison.rows import ComparisonRow
    from sealife_core.evaluation.embeddings.picture_encoder import PictureEncoder
    from sealife_core.evaluation.embeddings.training_images import Neighbour, TrainingImages
    from sealife_core.launching.data_checks import Problem
    from sealife_core.runs.scheduling.forecast import Forecast
    from sealife_core.studies.search_results import Trial


def datasets() -> list[str]:
    """The names of all data sets, the newest first: the one that a person most likely means."""
    return newest_first()


def dataset(name: str) -> Dataset:
    """The data set ``name``, read again only when it has changed. Raises DatasetError."""
    folder = data_root() / name
    return _dataset(str(folder), name, stamp(folder / "manifest.csv"), stamp(folder / "dataset.json"))


def previews(dataset: Dataset, rows: Sequence[int], image_size_px: int) -> list["Preview"]:
    """The pictures of ``rows`` decoded as training at ``image_size_px`` decodes them; only these, not the data set."""
    from sealife_core.datasets.decoding.pixels import cache_size_px

    side = cache_size_px(dataset, image_size_px)
    return [_preview(dataset, row, side, dataset.content_hash) for row in rows]


def launch_problems(request: "Request") -> list["Problem"]:
    """What would keep ``request`` from ending well; a network is asked once a minute at most."""
    from sealife_core.launching.launch_checks import problems_of

    return problems_of(request, dataset(request.data), online=online)


@st.cache_data(ttl=60, show_spinner="Checking whether the weights can be downloaded…")
def online(encoder: str) -> bool | None:
    """Whether the published weights of ``encoder`` can be downloaded; None where nothing answers."""
    from sealife_core.models import imagenet

    return imagenet.reachable(encoder)


def runs() -> list[Run]:
    """All runs that train or embed, newest first. From disk each time: it is the truth, and the files are small."""
    return [run for run in list_runs(checkpoints_root()) if not run.is_study]


def studies() -> list[Run]:
    """All studies, newest first."""
    return [run for run in list_runs(checkpoints_root()) if run.is_study]


def forecasts(asked: "AnyConfig | None" = None) -> "dict[str, Forecast]":
    """When each run that waits for this machine begins, and ``asked`` as ASKED. From disk each time, as the runs."""
    from sealife_core.runs.scheduling.forecast import queue_forecast

    return queue_forecast(checkpoints_root(), dataset, metrics, asked)


def metrics(run: Run) -> list[dict[str, Any]]:
    """The rows of the run's metrics.jsonl; only what was added since the last call is read."""
    reader, lock = _reader(str(run.path / METRICS))
    with lock:
        reader.poll()
        return list(reader.rows)


def embeddings(run: Run, of: Space = "h") -> Embedded:
    """The embeddings of a run, opened again only when they have changed. Raises RunError."""
    return _embeddings(str(run.path), of, stamp(run.path / INDEX), stamp(run.path / FILES[of]))


def predictions(run: Run) -> "pd.DataFrame":
    """The predictions of a run; to be read, not changed: all sessions share the table. Raises RunError."""
    return _predictions(str(run.path), stamp(run.path / PREDICTIONS))


def stamp(path: Path) -> tuple[int, int]:
    """What changes when a file changes: its time and size, zeros if it is not there."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


# A data set is frozen, so all sessions may share one: cache_resource makes no copy of the table.
# As many as a page shows cards of: with fewer, each visit would read them all again.
@st.cache_resource(max_entries=64, show_spinner=False)
def _dataset(folder: str, name: str, manifest: tuple[int, int], info: tuple[int, int]) -> Dataset:
    return open_dataset(name, Path(folder).parent)


@st.cache_resource(max_entries=256, show_spinner=False)
def _preview(_dataset: Dataset, row: int, side_px: int, content_hash: str) -> "Preview":
    import torch

    from dashboard.parts.pictures.view_pairs import Preview
    from sealife_core.datasets.decoding.pixels import from_picture
    from sealife_core.datasets.decoding.reading import read_rgb
    from sealife_core.datasets.decoding.squares import DECODED_AT

    square, _ = from_picture(read_rgb(_dataset.image_path(row), at_least_px=DECODED_AT * side_px), side_px)
    width, height = _dataset.manifest["width"].iat[row], _dataset.manifest["height"].iat[row]
    index = int(_dataset.labels[row])
    name = _dataset.classes[index] if index >= 0 else "unlabelled"
    return Preview(row, name, torch.from_numpy(square.copy()), float(width / height))


@st.cache_resource(max_entries=16, show_spinner=False)
def _embeddings(folder: str, of: Space, index: tuple[int, int], values: tuple[int, int]) -> Embedded:
    return read_embeddings(Path(folder), of)


@st.cache_resource(max_entries=16, show_spinner=False)
def _predictions(folder: str, changed: tuple[int, int]) -> "pd.DataFrame":
    from sealife_core.evaluation.classification.predictions import read_predictions

    return read_predictions(Path(folder))


@st.cache_resource(max_entries=64, show_spinner=False)
def _reader(path: str) -> tuple[MetricsReader, Lock]:
    return MetricsReader(Path(path)), Lock()


def classes(name: str) -> tuple[str, ...]:
    """The classes of a data set in the order of their colours; () if it is gone or damaged."""
    try:
        return dataset(name).classes
    except SealifeError:
        return ()


@st.cache_resource(show_spinner=False)
def jobs() -> dict[str, "Job"]:
    """The imports and checks of this server, by key: one dictionary for all sessions. ``background`` keeps it small."""
    return {}


# -- Gallery -----------------------------------------------------------------------------------------------------------


def answers(run: Run) -> "Answers":
    """What a classifier answered, as the Gallery filters it. Raises RunError or DatasetError."""
    found, changed = _answers_key(run)
    return _answers(run, found, str(run.path), changed)


def _answers_key(run: Run) -> tuple[Dataset, tuple[Any, ...]]:
    found = dataset(run.config().data)
    return found, (found.content_hash, stamp(run.path / PREDICTIONS), stamp(run.path / "results.json"))


@st.cache_resource(max_entries=8, show_spinner=False)
def _answers(_run: Run, _dataset: Dataset, path: str, changed: tuple[Any, ...]) -> "Answers":
    from dashboard.data.answers import answers_of

    return answers_of(predictions(_run), _dataset, _run.results())


def split_scores(run: Run, split: str) -> dict[str, Any] | None:
    """A run's ``scores`` on "test", "val" or "all"; None without pictures."""
    return _split_scores(answers(run), split, str(run.path), _answers_key(run)[1])


@st.cache_resource(max_entries=16, show_spinner=False)
def _split_scores(_answers: "Answers", split: str, path: str, changed: tuple[Any, ...]) -> dict[str, Any] | None:
    import numpy as np

    from sealife_core.evaluation.classification.scores import scores

    kept = _answers.test == (split == "test") if split != "all" else np.ones(len(_answers), bool)
    return scores(_answers.truth[kept], _answers.probabilities[kept], _answers.classes) if kept.any() else None


@dataclass(frozen=True, eq=False)
class Calibrated:
    """A run's calibration, and its reliability in BINS tables, before and after temperature scaling."""

    whole: "Calibration"
    before: "pd.DataFrame"
    after: "pd.DataFrame"


def calibration(run: Run, bins: int = 10) -> Calibrated:
    """How a run's confidences come true on test. Raises RunError, also where a split has no predictions."""
    return _calibration(run, bins, str(run.path), _answers_key(run)[1])


@st.cache_resource(max_entries=16, show_spinner=False)
def _calibration(_run: Run, bins: int, path: str, changed: tuple[Any, ...]) -> Calibrated:
    from sealife_core.evaluation.classification import calibration as measured

    found = answers(_run)
    whole = measured.calibration(predictions(_run), found.classes)
    truth, probabilities = found.truth[found.test], found.probabilities[found.test]
    scaled = measured.with_temperature(probabilities, whole.temperature)
    return Calibrated(
        whole, measured.reliability(truth, probabilities, bins), measured.reliability(truth, scaled, bins)
    )


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
def _training_images(data: str, path: str, content_hash: str, index: tuple[int, int]) -> "TrainingImages":
    from sealife_core.evaluation.embeddings.training_images import training_images

    return training_images(Path(path), data)


@st.cache_resource(max_entries=2, show_spinner=False)
def _predictor(_run: Run, path: str, model: tuple[int, int]) -> tuple["Predictor", Lock]:
    from sealife_core.evaluation.classification.predictor import Predictor

    return Predictor.from_run(_run), Lock()


@st.cache_data(max_entries=512, show_spinner=False)
def _evidence(
    _run: Run, _dataset: Dataset, path: str, row: int, class_index: int, layer: "Layer", stamps: tuple[Any, ...]
) -> bytes:
    from dashboard.app_pages.gallery.heat_view import heat_png

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


def novelty_sentences(run: Run, score: float | None) -> tuple[str, str]:
    """The warning for a picture of that score ("" without), and what warnings are worth or why there are none."""
    model, lock = predictor(run)
    with lock:
        novelty, why_not = model.novelty, model.without_novelty
    if novelty is None:
        return "", f"There are no warnings about pictures unlike the training images. {why_not}"
    return novelty.sentence(score) if score is not None else "", novelty.caveat


# A person's own pictures are kept by what they hold, in memory only, and few of them.
@st.cache_resource(max_entries=1000, show_spinner=False)
def _own_prediction(_run: Run, _content: bytes, path: str, key: str, model: tuple[int, int]) -> "Prediction":
    found, lock = predictor(_run)
    with lock:
        return found.predict([_content])[0]


@st.cache_resource(max_entries=128, show_spinner=False)
def _own_evidence(
    _run: Run, _content: bytes, path: str, key: str, class_index: int, layer: "Layer", model: tuple[int, int]
) -> bytes:
    from dashboard.app_pages.gallery.heat_view import heat_png

    found, lock = predictor(_run)
    with lock:
        return heat_png(found.explain(_content, class_index, layer))


@st.cache_resource(max_entries=256, show_spinner=False)
def own_thumbnail(key: str, _content: bytes, side_px: int) -> bytes:
    """A JPEG of a person's own picture, at most ``side_px`` a side. Raises DatasetError."""
    import io

    from PIL import Image

    from sealife_core.datasets.decoding.reading import decode

    picture = decode(io.BytesIO(_content), at_least_px=2 * side_px).rgb
    picture.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=85)
    return held.getvalue()


# -- Embeddings: what takes more than a blink is worked out once a file and a question ---------------------------------

MOST_FIGURES = 64  # a megabyte each where they hold most points


def principal_points(run: Run, of: Space, dims: int) -> tuple["np.ndarray", "np.ndarray"]:
    """PCA of a run's embeddings: points (N, dims) and the share of variance of each axis (dims,). Raises RunError."""
    return _principal_points(embeddings(run, of), str(run.path), of, _embedded_stamp(run, of), dims)


def clusters(run: Run, of: Space, k: int) -> "np.ndarray":
    """(N,) the k-means cluster of each of a run's embeddings. Raises RunError."""
    return _clusters(embeddings(run, of), str(run.path), of, _embedded_stamp(run, of), k)


def embedded_rows(run: Run, dataset: Dataset, of: Space) -> "np.ndarray":
    """(N,) the row of each of a run's embeddings in ``dataset``; -1 where the image is gone. Raises RunError."""
    return _embedded_rows(embeddings(run, of), dataset, str(run.path), _embedded_stamp(run, of), dataset.content_hash)


def facts(run: Run, dataset: Dataset) -> "Facts":
    """What is known of every image of ``dataset`` (N,), the run's predictions among it; of clusters nothing."""
    return _facts(run, dataset, str(run.path), _predicted(run), dataset.content_hash)


def neighbour_votes(run: Run, dataset: Dataset, of: Space) -> tuple[float, int, int] | None:
    """(k-NN accuracy, of how many validation images, by how many training images) in the original space; None where no
    label can be asked."""
    return _neighbour_votes(embeddings(run, of), dataset, str(run.path), of, _embedded_stamp(run, of))


def pca_trustworthiness(run: Run, of: Space, dims: int) -> float:
    """How far the neighbours that PCA shows are neighbours in the original space, 0 to 1."""
    return _pca_trustworthiness(embeddings(run, of), str(run.path), of, _embedded_stamp(run, of), dims)


def picture_of(run: Run, dataset: Dataset, look: "Look", projected: str, dark: bool, make: Callable[[], Any]) -> Any:
    """What ``make`` draws of ``look``, once; ``projected`` stands for the content of the projection."""
    marks = (_embedded_stamp(run, look.of), stamp(run.path / PREDICTIONS), dataset.content_hash)
    return _picture_of(make, str(run.path), look, projected, dark, marks)


def embedding_at(run: Run, dataset: Dataset, of: Space, row: int) -> "np.ndarray | None":
    """(D,) the embedding of one image of ``dataset``, or None where the run has not seen it."""
    places = (embedded_rows(run, dataset, of) == row).nonzero()[0]
    return embeddings(run, of).values[places[0]] if len(places) else None


def nearest_rows(run: Run, of: Space, asked: "np.ndarray", k: int) -> tuple["np.ndarray", "np.ndarray"]:
    """(k,) places in the run's embeddings most alike to ``asked`` (D,) by cosine, and how alike, best first."""
    from sealife_core.evaluation.embeddings.neighbours import nearest

    found, alike = nearest(embeddings(run, of).values, asked[None], k)
    return found[0], alike[0]


def features_of(run: Run, content: bytes) -> "np.ndarray":
    """(D,) what a run's encoder makes of a person's own picture; loads the encoder at first. Raises WeightsError."""
    return _features_of(content, str(run.path), stamp(run.path / MODEL))


def keep_figure(version: str, text: str) -> None:
    """Have the figure ``text`` (JSON) served by its ``version``; those not drawn for long give way."""
    held = _figures()
    held.pop(version, None)
    held[version] = text
    while len(held) > MOST_FIGURES:
        held.pop(next(iter(held)), None)


def figure(version: str) -> str | None:
    """The figure of that version as JSON, or None."""
    return _figures().get(version)


def _embedded_stamp(run: Run, of: Space) -> tuple[tuple[int, int], tuple[int, int]]:
    return stamp(run.path / INDEX), stamp(run.path / FILES[of])


@st.cache_resource(max_entries=32, show_spinner=False)
def _principal_points(_embedded: Embedded, folder: str, of: Space, mark: Any, dims: int) -> Any:
    from sealife_core.evaluation.projections.reduction import pca

    return pca(_embedded.values, dims)


@st.cache_resource(max_entries=32, show_spinner=False)
def _embedded_rows(_embedded: Embedded, _dataset: Dataset, folder: str, mark: Any, content: str) -> Any:
    return _embedded.rows_in(_dataset)


@st.cache_resource(max_entries=16, show_spinner=False)
def _facts(_run: Run, _dataset: Dataset, folder: str, predicted: Any, content: str) -> "Facts":
    from dashboard.app_pages.embeddings.points import facts_of, predictions_of

    return facts_of(_dataset, predictions_of(_run))


@st.cache_resource(max_entries=32, show_spinner="Looking for clusters…")
def _clusters(_embedded: Embedded, folder: str, of: Space, mark: Any, k: int) -> Any:
    from sealife_core.evaluation.projections import reduction

    return reduction.clusters(_embedded.values, k, seed=0)


@st.cache_resource(max_entries=32, show_spinner=False)
def _neighbour_votes(_embedded: Embedded, _dataset: Dataset, folder: str, of: Space, mark: Any) -> Any:
    import numpy as np

    from sealife_core.evaluation.embeddings.feature_quality import knn_accuracy, voters

    rows = _embedded.rows_in(_dataset)
    labels = np.where(rows >= 0, _dataset.labels[rows], -1)
    bank, asked = voters(labels, _dataset.manifest["split"].to_numpy()[rows], "val")
    if not len(bank) or not len(asked):
        return None
    values = _embedded.values
    return knn_accuracy(values[bank], labels[bank], values[asked], labels[asked]), len(asked), len(bank)


@st.cache_resource(max_entries=32, show_spinner=False)
def _pca_trustworthiness(_embedded: Embedded, folder: str, of: Space, mark: Any, dims: int) -> Any:
    from sealife_core.evaluation.projections.reduction import trustworthiness

    points, _ = _principal_points(_embedded, folder, of, mark, dims)
    return trustworthiness(_embedded.values, points, most=2000)  # 0.3 s; 5,000 would take two


@st.cache_resource(show_spinner=False)
def _figures() -> dict[str, str]:
    return {}


@st.cache_resource(max_entries=64, show_spinner=False)
def _picture_of(_make: Callable[[], Any], folder: str, look: Any, projected: str, dark: bool, marks: Any) -> Any:
    return _make()


@st.cache_resource(max_entries=32, show_spinner=False)
def _features_of(content: bytes, folder: str, model: tuple[int, int]) -> Any:
    return _encoder(folder, model).features([content])[0]


@st.cache_resource(max_entries=4, show_spinner=False)
def _encoder(folder: str, model: tuple[int, int]) -> "PictureEncoder":
    from sealife_core.evaluation.embeddings.picture_encoder import PictureEncoder

    return PictureEncoder(Path(folder))


# -- Compare ---------------------------------------------------------------------------------------------------------


def paired(a: Run, b: Run, names: tuple[str, str]) -> "Paired":
    """Two runs image by image; their intervals are kept with it. Raises RunError."""
    return _paired(a.path.as_posix(), b.path.as_posix(), names, _predicted(a), _predicted(b))


def advice(rows: "Sequence[ComparisonRow]", runs: Sequence[Run]) -> str:
    """What to do about the compared ``rows``; ``runs`` hold their predictions."""
    marks = tuple((run.path.as_posix(), _predicted(run)) for run in runs)
    return _advice(tuple(rows), runs, marks)


def _predicted(run: Run) -> tuple[int, int]:
    return stamp(run.path / PREDICTIONS)


@st.cache_resource(max_entries=32, show_spinner=False)
def _tested(path: str, changed: tuple[int, int]) -> "Tested":
    from sealife_core.evaluation.comparison.paired import tested

    return tested(predictions(Run(Path(path))))


@st.cache_resource(max_entries=256, show_spinner=False)  # every two of the twenty runs that a person may tick
def _paired(a: str, b: str, names: tuple[str, str], changed_a: tuple[int, int], changed_b: tuple[int, int]) -> "Paired":
    from sealife_core.evaluation.comparison.paired import paired

    return paired(_tested(a, changed_a), _tested(b, changed_b), name_a=names[0], name_b=names[1])


@st.cache_data(max_entries=32, show_spinner=False)
def _advice(
    rows: "tuple[ComparisonRow, ...]", _runs: Sequence[Run], marks: tuple[tuple[str, tuple[int, int]], ...]
) -> str:
    from sealife_core.evaluation.comparison.advice import advice
    from sealife_core.evaluation.comparison.report import readable_predictions

    return advice(rows, readable_predictions(rows, _runs))


# -- Searches --------------------------------------------------------------------------------------------------------


def importance(run: Run, search: "SearchConfig", trials: "Sequence[Trial]") -> dict[str, float]:
    """What mattered in a search: weighed again only when one more trial has ended."""
    ended = tuple((trial.number, trial.epochs) for trial in trials if trial.state in ("finished", "pruned"))
    return _importance(search, trials, str(run.path), ended)


@st.cache_data(max_entries=32, show_spinner=False)
def _importance(
    _search: "SearchConfig", _trials: "Sequence[Trial]", folder: str, ended: tuple[tuple[int, int], ...]
) -> dict[str, float]:
    from sealife_core.studies.search_results import importance as weighed

    return weighed(_search, _trials)
