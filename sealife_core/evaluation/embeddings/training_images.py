"""The embeddings of a run's training images, to find those most similar to a picture."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from sealife_core.datasets.dataset import open_dataset
from sealife_core.errors import RunError
from sealife_core.evaluation.embeddings.neighbours import nearest
from sealife_core.evaluation.embeddings.stored_embeddings import has_embeddings, read_embeddings


@dataclass(frozen=True)
class Neighbour:
    """A training image: its id, label ("" without one) and file name as the run saw it, and its cosine similarity."""

    id: str
    label: str
    file: str
    similarity: float


@dataclass(frozen=True, eq=False)
class TrainingImages:
    """The training images of a run."""

    features: Float32[np.ndarray, "m d"]
    ids: tuple[str, ...]
    labels: tuple[str, ...]
    files: tuple[str, ...]

    def nearest(self, features: Float32[np.ndarray, " d"], k: int) -> list[Neighbour]:
        """The k training images most similar to a picture, best first."""
        return self.nearest_each(features[None], k)[0]

    def nearest_each(self, features: Float32[np.ndarray, "n d"], k: int) -> list[list[Neighbour]]:
        """The k training images most similar to each picture, best first."""
        return [
            [Neighbour(self.ids[i], self.labels[i], self.files[i], float(s)) for i, s in zip(*found, strict=True)]
            for found in zip(*nearest(self.features, features, k), strict=True)
        ]


def training_images(folder: Path, data: str) -> TrainingImages:
    """The embeddings of the training images of data set ``data`` in the run in ``folder``.

    The data set is opened as the run saw it: corrections made since do not change which images it has learned from.
    Raises RunError or DatasetError if embeddings or data set are missing or do not belong together.
    """
    if not has_embeddings(folder):
        raise RunError(
            f"There are no embeddings of training images in '{folder.name}' to compare with; a run writes them when it"
            " ends. Let the run finish, or use the run in its original folder."
        )
    embedded = read_embeddings(folder)
    dataset = open_dataset(data, content_hash=embedded.data_hash)
    rows = embedded.rows_in(dataset)
    train = np.flatnonzero((rows >= 0) & (dataset.manifest["split"].to_numpy()[rows] == "train"))
    if not len(train):
        raise RunError(
            f"Data set '{dataset.name}' has none of the training images that this run has embedded. It is another data"
            " set with the same name. Train a new run on it."
        )
    labels = dataset.manifest["label"].to_numpy()[rows[train]]
    # A copy: the memory-mapped file may be replaced while it is in use.
    return TrainingImages(
        features=np.array(embedded.values[train], np.float32),
        ids=tuple(embedded.ids[i] for i in train),
        labels=tuple(map(str, labels)),
        files=tuple(dataset.file_names[row] for row in rows[train]),
    )
