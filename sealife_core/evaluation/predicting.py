"""A trained classifier on anyone's pictures: class, confidence, where it looked, what it had seen that is most alike.

A picture is decoded and prepared as evaluation prepares the images of a data set, so that a file gets the prediction
that stands for it in ``predictions.parquet``, but for rounding. All is computed on the CPU, in fp32.
"""

import io
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from sealife_core.datasets.dataset import open_dataset
from sealife_core.datasets.pixels import Pixels, cache_size_px, from_picture
from sealife_core.datasets.reading import FORMATS, decode, to_rgb
from sealife_core.errors import DatasetError, RunError, SealifeError
from sealife_core.evaluation.embeddings import embed
from sealife_core.evaluation.gradcam import grad_cam
from sealife_core.evaluation.heat import Layer
from sealife_core.evaluation.novelty import Means, Novelty, measure, read_novelty, watched, write_novelty
from sealife_core.evaluation.training_images import Neighbour, TrainingImages, training_images
from sealife_core.models.checkpoint import load_model
from sealife_core.runs.run import Run
from sealife_core.views.sampling import centre_view
from sealife_core.views.transforms import apply_views, normalise

Picture = Path | bytes | Image.Image | np.ndarray
"""A file, a file's content, a picture of Pillow's, or RGB (H, W, 3) uint8."""

_BLOCK = 64  # pictures decoded and predicted at a time: few enough for memory, enough to keep the threads busy
_MEASURED = {"train": 2_000, "val": 1_000}  # images to measure novelty by where a run has not: some 20 s on a CPU


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the model holds a picture for. probabilities: (C,) float32, of ``classes``; features: h (D,) float32.

    similarity: cosine, to the most similar training image; None where the run's embeddings or its data set are not
    there. novelty: how far off the picture is, as ``Novelty.score``; unlike: whether that is above the threshold. Both
    None where nothing is known of the training images (``Predictor.without_novelty`` says why).
    """

    label: str
    confidence: float
    classes: tuple[str, ...]
    probabilities: np.ndarray
    features: np.ndarray
    similarity: float | None
    novelty: float | None
    unlike: bool | None

    def ranked(self, most: int | None = None) -> list[tuple[str, float]]:
        """The ``most`` likeliest classes (all unless given) with their probabilities, likeliest first."""
        order = np.argsort(-self.probabilities, kind="stable")[:most]
        return [(self.classes[i], float(self.probabilities[i])) for i in order]


class Predictor:
    """The classifier in a folder: a run's, or a copy of ``model.safetensors`` and ``model.json`` alone.

    Raises WeightsError if there is no model or it is damaged, RunError if it is no classifier. Not thread-safe.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.encoder, head, self.card = load_model(self.folder)
        if head is None or self.card.kind != "classifier":
            raise RunError(
                f"The model in '{self.folder.name}' has learned without labels and knows no classes. Choose a probe, a"
                " fine-tuned or another labelled run, or launch one from it."
            )
        self.head = head
        self.classes = tuple(self.card.classes)
        self._cache_px = self._cache_size()

    @classmethod
    def from_run(cls, run: Run) -> "Predictor":
        """The classifier that ``run`` has trained."""
        return cls(run.path)

    def predict(self, pictures: Sequence[Picture]) -> list[Prediction]:
        """One prediction a picture, in their order. Raises DatasetError, a sentence, if one cannot be decoded."""
        return self._predicted([self._square(picture) for picture in pictures])

    def predict_files(
        self, files: Sequence[tuple[str, Path]], progress: Callable[[str, int, int], None] | None = None
    ) -> tuple[list[tuple[str, Prediction]], list[tuple[str, str]]]:
        """(name, prediction) of every (name, path) that can be read, and (name, reason) of every other."""
        predictions: list[tuple[str, Prediction]] = []
        skipped: list[tuple[str, str]] = []
        with ThreadPoolExecutor() as threads:
            for start in range(0, len(files), _BLOCK):
                block = files[start : start + _BLOCK]
                names, squares = [], []
                for (name, _), found in zip(
                    block, threads.map(lambda file: self._attempt(file[1]), block), strict=True
                ):
                    if isinstance(found, str):
                        skipped.append((name, found))
                    else:
                        names.append(name)
                        squares.append(found)
                predictions += zip(names, self._predicted(squares), strict=True)
                if progress:
                    progress("predicting", start + len(block), len(files))
        return predictions, skipped

    def view(self, picture: Picture) -> np.ndarray:
        """(H, H, 3) uint8: what the network sees of ``picture``, its largest centred square at the network's size."""
        return np.rint(255 * self._seen(picture)[0].permute(1, 2, 0).numpy()).astype(np.uint8)

    def explain(self, picture: Picture, class_index: int | None = None, layer: Layer = "layer4") -> np.ndarray:
        """Heat (H, H) float32 in 0 … 1 over :meth:`view`: what speaks for the class (the predicted one unless given).

        Bright is where evidence lies, by Grad-CAM; see there how coarse it is, and what an earlier ``layer`` gives.
        """
        pixels = normalise(self._seen(picture), *self._colours)
        if class_index is None:
            with torch.inference_mode():
                class_index = int(self.head(self.encoder(pixels)).argmax())
        return grad_cam(self.encoder, self.head, pixels, class_index, layer)

    def neighbours(self, features: np.ndarray, k: int = 6) -> list[Neighbour]:
        """The k training images most similar to ``features`` (D,), best first. Raises RunError where none are known."""
        images, why_not = self._training
        if images is None:
            raise RunError(why_not)
        return images.nearest(features, k)

    @property
    def novelty(self) -> Novelty | None:
        """What "unlike anything in training" means for this model; None where :attr:`without_novelty` says why not."""
        return self._novelty[0]

    @property
    def without_novelty(self) -> str:
        """Why no picture can be told to be unlike the training images; "" where it can."""
        return self._novelty[1]

    # -- pictures ------------------------------------------------------------------------------------------------------

    def _square(self, picture: Picture) -> tuple[np.ndarray, float]:
        """``picture`` as the cache of decoded images would hold it: (S, S, 3) uint8, and its width / height."""
        if isinstance(picture, np.ndarray):
            if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
                raise ValueError(f"the picture is {picture.dtype} {picture.shape}; expected uint8 (H, W, 3)")
            return from_picture(Image.fromarray(picture), self._cache_px)
        if isinstance(picture, bytes):
            return self._from_file(io.BytesIO(picture))
        try:
            if isinstance(picture, Image.Image):  # it may not have been decoded yet
                return from_picture(to_rgb(ImageOps.exif_transpose(picture)), self._cache_px)
            if not picture.is_file():  # a pipe called x.jpg would be waited for without end
                raise DatasetError("There is no such file.")
            with picture.open("rb") as file:
                return self._from_file(file)
        except OSError as error:
            raise DatasetError(f"Cannot be read ({error.strerror or error}).") from error

    def _from_file(self, file: Any) -> tuple[np.ndarray, float]:
        decoded, _ = decode(file, at_least_px=2 * self._cache_px)  # as the cache of a data set is made
        file.seek(0)
        with Image.open(file, formats=tuple(FORMATS)) as header:
            width, height = header.size
        # A JPEG decoded smaller has rounded proportions, and a turned one the header's the other way round.
        aspect = min((width / height, height / width), key=lambda known: abs(known - decoded.width / decoded.height))
        return from_picture(decoded, self._cache_px)[0], aspect

    def _attempt(self, path: Path) -> tuple[np.ndarray, float] | str:
        try:
            return self._square(path)
        except DatasetError as error:
            return str(error)

    def _seen(self, picture: Picture) -> Tensor:
        """(1, 3, H, H) float32 in 0 … 1: the view of evaluation."""
        images, aspects = _pixels([self._square(picture)]).gather([0])
        return apply_views(images, centre_view(aspects), self.card.image_size_px, steps=("crop",))

    def _predicted(self, squares: list[tuple[np.ndarray, float]]) -> list[Prediction]:
        if not squares:
            return []
        features, means = self._embedded(squares)
        with torch.inference_mode():
            probabilities = self.head(torch.from_numpy(features)).softmax(1).numpy()
        training, novelty = self._training[0], self.novelty
        alike = training.similarity(features).tolist() if training else [None] * len(squares)
        scores = novelty.score(means).tolist() if novelty else [None] * len(squares)
        return [
            Prediction(
                label=self.classes[int(p.argmax())],
                confidence=float(p.max()),
                classes=self.classes,
                probabilities=p,
                features=h,
                similarity=similarity,
                novelty=score,
                unlike=None if novelty is None or score is None else novelty.unlike(score),
            )
            for p, h, similarity, score in zip(probabilities, features, alike, scores, strict=True)
        ]

    def _embedded(self, squares: list[tuple[np.ndarray, float]]) -> tuple[np.ndarray, Means]:
        """h (n, D) float32, and what every stage of the encoder makes of the same pictures."""
        (mean, std), rows, size = self._colours, np.arange(len(squares)), self.card.image_size_px
        pixels = _pixels(squares)
        return watched(self.encoder, lambda: embed(self.encoder, pixels, rows, image_size_px=size, mean=mean, std=std))

    # -- what the model came from --------------------------------------------------------------------------------------

    @property
    def _colours(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return tuple(self.card.mean), tuple(self.card.std)

    def _cache_size(self) -> int:
        """The side at which the run had its pictures decoded; else the one for its data set, or for large pictures."""
        noted = Run(self.folder).environment().get("cache_size_px")
        if isinstance(noted, int) and noted > 0:
            return noted
        if kept := self._kept[0]:  # a copied model
            return kept.cache_size_px
        try:
            dataset = open_dataset(self.card.data)
        except DatasetError:
            dataset = None
        if dataset is None or dataset.content_hash != self.card.data_hash:  # another one of that name
            return 2 * self.card.image_size_px
        return cache_size_px(dataset, self.card.image_size_px)

    @cached_property
    def _training(self) -> tuple[TrainingImages | None, str]:
        """The training images, read once; None and a sentence where they are not there."""
        try:
            return training_images(self.folder, self.card.data), ""
        except SealifeError as error:
            return None, str(error)

    @cached_property
    def _novelty(self) -> tuple[Novelty | None, str]:
        """What the run has kept or else, measured once, what its data set tells; None and a sentence without either."""
        kept, why_not = self._kept
        if kept or why_not:
            return kept, why_not
        try:
            return self._measured(), ""
        except SealifeError as error:
            return None, str(error)

    @cached_property
    def _kept(self) -> tuple[Novelty | None, str]:
        """What lies beside the model; None if nothing, with a sentence if it is damaged."""
        try:
            return read_novelty(self.folder, self.card.feature_dim), ""
        except RunError as error:
            return None, str(error)

    def _measured(self) -> Novelty:
        """Novelty by some images of the data set, kept beside the model if the folder lets itself be written."""
        dataset = open_dataset(self.card.data)
        if dataset.content_hash != self.card.data_hash:
            raise RunError(
                f"Data set '{dataset.name}' is not the one that this model was trained on: it was changed since, or is"
                " another one of that name. Train a new run on it."
            )
        chooser, found = np.random.default_rng(0), []
        for split, most in _MEASURED.items():
            rows = chooser.permutation(dataset.rows(split))[:most]
            with ThreadPoolExecutor() as threads:
                squares = [
                    s for s in threads.map(self._attempt, map(dataset.image_path, rows)) if not isinstance(s, str)
                ]
            if not squares:
                raise RunError(f"Data set '{dataset.name}' has no {split} images to tell by what is unlike them.")
            found.append(self._embedded(squares)[1])
        novelty = measure(*found, cache_size_px=self._cache_px)
        with suppress(OSError):  # a folder of someone else's: measured again the next time
            write_novelty(self.folder, novelty)
        return novelty


def _pixels(squares: list[tuple[np.ndarray, float]]) -> Pixels:
    """Decoded pictures as evaluation gets them from a data set."""
    arrays, aspects = zip(*squares, strict=True)
    return Pixels(np.stack(arrays), np.array(aspects, np.float32))
