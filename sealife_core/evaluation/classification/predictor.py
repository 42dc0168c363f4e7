"""A trained classifier on any pictures: class, confidence, Grad-CAM, most similar training images, OOD detection.

A file of the data set gets the same prediction as in ``predictions.parquet``, except for rounding errors.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32

from sealife_core.datasets.dataset import open_dataset
from sealife_core.datasets.decoding.on_demand import UncheckedImages
from sealife_core.datasets.decoding.pixels import Pixels
from sealife_core.errors import RunError, SealifeError
from sealife_core.evaluation.classification.gradcam import grad_cam
from sealife_core.evaluation.classification.gradcam_layers import Layer, usual_layer
from sealife_core.evaluation.classification.left_out_classes import measure_with_auroc
from sealife_core.evaluation.classification.out_of_distribution import Means, OutOfDistribution, write_ood
from sealife_core.evaluation.embeddings.picture_encoder import Picture, PictureEncoder, pixels_of
from sealife_core.evaluation.embeddings.stage_outputs import taken_apart, with_columns
from sealife_core.evaluation.embeddings.training_images import Neighbour, TrainingImages, training_images
from sealife_core.progress import Progress
from sealife_core.views.transforms import normalise

_BLOCK = 128  # pictures from file to answer: some 3 s on two cores
_MEASURED = {"train": 2_000, "val": 1_000}  # images to fit the OOD detector if the run has none: about 20 s on a CPU


@dataclass(frozen=True, eq=False)
class Prediction:
    """The prediction for one picture. probabilities: of ``classes``; features: h.

    nearest: the most similar training image; None without the run's embeddings or its data set.
    ood_score: of ``OutOfDistribution.score``; unlike: whether it is above the threshold. Both are None where
    ``Predictor.ood_unavailable`` gives a reason.
    """

    label: str
    confidence: float
    classes: tuple[str, ...]
    probabilities: Float32[np.ndarray, " classes"]
    features: Float32[np.ndarray, " d"]
    nearest: Neighbour | None
    ood_score: float | None
    unlike: bool | None

    @property
    def similarity(self) -> float | None:
        """The cosine similarity to the most similar training image; None where that is not known."""
        return self.nearest.similarity if self.nearest else None

    def ranked(self, most: int | None = None) -> list[tuple[str, float]]:
        """The ``most`` most probable classes (default: all) with their probabilities, the highest first."""
        order = np.argsort(-self.probabilities, kind="stable")[:most]
        return [(self.classes[i], float(self.probabilities[i])) for i in order]


class Predictor(PictureEncoder):
    """The classifier in a folder: a run's, or a copy of ``model.safetensors`` and ``model.json`` alone.

    Raises WeightsError if the model is missing or damaged, RunError if it is no classifier. Not thread-safe.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        if self.head is None or self.card.kind != "classifier":
            raise RunError(
                f"The model in '{self.folder.name}' was trained without labels and knows no classes. Choose a probe, a"
                " fine-tuned or another labelled run, or train one from this run."
            )
        self.classifier = self.head
        self.classes = tuple(self.card.classes)

    def predict(self, pictures: Sequence[Picture]) -> list[Prediction]:
        """One prediction per picture, in their order. Raises DatasetError if a picture cannot be decoded."""
        if not pictures:
            return []
        return self._predicted(*self._watched(pixels_of([self.square(picture) for picture in pictures])))

    def predict_files(
        self, files: Sequence[tuple[str, Path]], progress: Progress | None = None
    ) -> tuple[list[tuple[str, Prediction]], list[tuple[str, str]]]:
        """(name, prediction) of every (name, path) that can be read, and (name, reason) of all others."""
        predictions: list[tuple[str, Prediction]] = []
        skipped: list[tuple[str, str]] = []
        done = 0
        for block in self.blocks([path for _, path in files]):
            for (name, _), found in zip(files[done : done + len(block)], block, strict=True):
                if isinstance(found, str):
                    skipped.append((name, found))
                else:
                    predictions.append((name, found))
            done += len(block)
            if progress:
                progress("predicting", done, len(files))
        return predictions, skipped

    def blocks(self, files: Sequence[Path]) -> Iterator[list[Prediction | str]]:
        """The predictions of ``files`` in their order, some at a time; of a file that cannot be read the reason."""
        _ = self._training, self._ood  # made now: that may take the encoder, which the thread has from here on
        coming: deque[tuple[UncheckedImages, Future[tuple[np.ndarray, Means]]]] = deque()
        with ThreadPoolExecutor(1, "sealife-predict") as ahead:  # at the next block, while this one is answered
            for start in range(0, len(files), _BLOCK):
                images = self.unchecked(files[start : start + _BLOCK])
                coming.append((images, ahead.submit(self._watched, Pixels(images, images.aspects))))
                if len(coming) > 1:
                    yield self._answered(*coming.popleft())
            while coming:
                yield self._answered(*coming.popleft())

    def _answered(self, images: UncheckedImages, watched: "Future[tuple[np.ndarray, Means]]") -> list[Prediction | str]:
        found = self._predicted(*watched.result())
        return [images.problems.get(place, prediction) for place, prediction in enumerate(found)]

    def explain(
        self, picture: Picture, class_index: int | None = None, layer: Layer | None = None
    ) -> Float32[np.ndarray, "side side"]:
        """The Grad-CAM map in 0 … 1 over :meth:`seen`, by default of the predicted class.

        layer: see ``gradcam.grad_cam``; by default ``gradcam_layers.usual_layer``.
        """
        layer = layer or usual_layer(self.card.encoder, self.card.stem, self.card.image_size_px)
        pixels = normalise(self.seen(picture), *self.colours)
        if class_index is None:
            with torch.inference_mode():
                class_index = int(self.classifier(self.encoder(pixels)).argmax())
        return grad_cam(self.encoder, self.classifier, pixels, class_index, layer)

    def neighbours(self, features: Float32[np.ndarray, " d"], k: int = 6) -> list[Neighbour]:
        """The k training images most similar to a picture, best first. Raises RunError if there are none."""
        images, why_not = self._training
        if images is None:
            raise RunError(why_not)
        return images.nearest(features, k)

    @property
    def ood(self) -> OutOfDistribution | None:
        """The out-of-distribution detector of this model; None where :attr:`ood_unavailable` gives the reason."""
        return self._ood[0]

    @property
    def ood_unavailable(self) -> str:
        """Why pictures unlike the training images cannot be detected; "" if they can."""
        return self._ood[1]

    def _predicted(self, features: np.ndarray, means: Means) -> list[Prediction]:
        with torch.inference_mode():
            probabilities = self.classifier(torch.from_numpy(features)).softmax(1).numpy()
        training, ood = self._training[0], self.ood
        near = training.nearest_each(features, 1) if training else [[None]] * len(features)
        scores = ood.score(means).tolist() if ood else [None] * len(features)
        return [
            Prediction(
                label=self.classes[int(p.argmax())],
                confidence=float(p.max()),
                classes=self.classes,
                probabilities=p,
                features=h,
                nearest=nearest[0],
                ood_score=score,
                unlike=None if ood is None or score is None else ood.unlike(score),
            )
            for p, h, nearest, score in zip(probabilities, features, near, scores, strict=True)
        ]

    def _watched(self, pixels: Pixels) -> tuple[np.ndarray, Means]:
        """h, and the means of every stage of the encoder for the same pictures."""
        return taken_apart(*with_columns(self.folded, lambda watched: self.embedded(pixels, watched)))

    # -- what the model came from --------------------------------------------------------------------------------------

    @cached_property
    def _training(self) -> tuple[TrainingImages | None, str]:
        """The training images, read once; or None and a reason."""
        try:
            return training_images(self.folder, self.card.data), ""
        except SealifeError as error:
            return None, str(error)

    @cached_property
    def _ood(self) -> tuple[OutOfDistribution | None, str]:
        """The detector stored beside the model, else one fitted once on its data set; or None and a reason."""
        kept, why_not = self.stored_ood
        if kept or why_not:
            return kept, why_not
        try:
            return self._measured(), ""
        except SealifeError as error:
            return None, str(error)

    def _measured(self) -> OutOfDistribution:
        """A detector fitted on some images of the data set, stored beside the model if its folder is writable."""
        dataset = open_dataset(self.card.data, content_hash=self.card.data_hash)
        if dataset.content_hash != self.card.data_hash:
            raise RunError(
                f"Data set '{dataset.name}' is not the one that this model was trained on. It has changed, or it is"
                " another data set with the same name. Train a new run on it."
            )
        chooser, found, labels = np.random.default_rng(0), [], []
        for split, most in _MEASURED.items():
            rows = chooser.permutation(dataset.rows(split))[:most]
            images = self.unchecked([dataset.image_path(row) for row in rows])
            means = self._watched(Pixels(images, images.aspects))[1] if len(rows) else {}
            read = np.setdiff1d(np.arange(len(rows)), list(images.problems))
            if not len(read):
                raise RunError(f"Data set '{dataset.name}' has no {split} images, so novelty cannot be measured.")
            found.append({stage: values[read] for stage, values in means.items()})
            labels.append(dataset.labels[rows[read]])
        ood = measure_with_auroc(found[0], found[1], self.cache_px, labels[0], labels[1])
        with suppress(OSError):  # a read-only folder: fitted again the next time
            write_ood(self.folder, ood)
        return ood
