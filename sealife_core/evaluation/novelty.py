"""Is a picture unlike anything a model was trained on? Judged among the embeddings that its run has written.

A classifier answers for every picture, a shoe too. The similarity to the nearest training image says whether the
question was of the kind that it has learned to answer; validation images, of that kind but unseen, set the scale.

A warning is seldom wrong, and often missing. Measured on 3,450 photographs of 23 classes, fine-tuned ResNet18 at 64 px:
1 % of the test photographs are called unlike, but only 8 % of drawings of sea animals, 3 % of squares of one colour and
none of 30 squares of noise. Centred or standardised features, or Euclidean distance, are hardly better there.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from sealife_core.datasets.dataset import open_dataset
from sealife_core.errors import RunError
from sealife_core.evaluation.embedded import has_embeddings, read_embeddings
from sealife_core.evaluation.neighbours import nearest

UNLIKE_PERCENTILE = 1  # by construction, one in a hundred pictures of the data set's own kind is called unlike it
CAVEAT = (
    "About one in a hundred pictures of the known kind is called unlike by mistake. No warning is no promise: a network"
    " finds something familiar in many a foreign picture."
)


@dataclass(frozen=True)
class Novelty:
    """A picture is unlike anything in training where its nearest training image is less similar than ``threshold``.

    threshold: the 1st percentile of what the ``n_val`` validation images have, by cosine, among ``n_train`` others.
    """

    threshold: float
    n_val: int
    n_train: int

    def unlike(self, similarity: float) -> bool:
        """Whether a picture of that similarity is unlike anything in training. NaN is."""
        return not similarity >= self.threshold

    def sentence(self, similarity: float) -> str:
        """The warning for a picture of that similarity; "" where there is nothing to warn of."""
        if not self.unlike(similarity):
            return ""
        return (
            f"Unlike anything in training: the most similar of {self.n_train:,} training images has a cosine similarity"
            f" of {similarity:.3f}; {100 - UNLIKE_PERCENTILE} % of the {self.n_val:,} validation images reach"
            f" {self.threshold:.3f}. The prediction may mean nothing."
        )


@dataclass(frozen=True)
class Neighbour:
    """A training image: its id in the data set, its label ("" without one), its cosine similarity."""

    id: str
    label: str
    similarity: float


@dataclass(frozen=True, eq=False)
class TrainingImages:
    """The training images of a run: features (m, D) float32, ids and labels (m,); ``validation`` (v, D) beside them."""

    features: np.ndarray
    ids: tuple[str, ...]
    labels: tuple[str, ...]
    validation: np.ndarray

    @cached_property
    def novelty(self) -> Novelty | None:
        """The scale that the validation images set; None without any."""
        if not len(self.validation):
            return None
        similarities = self.similarity(self.validation)
        threshold = float(np.percentile(similarities, UNLIKE_PERCENTILE))
        return Novelty(threshold, n_val=len(similarities), n_train=len(self.features))

    def similarity(self, features: np.ndarray) -> np.ndarray:
        """(n,) float32: the cosine of each of ``features`` (n, D) to the most similar training image."""
        return nearest(self.features, features, 1)[1][:, 0]

    def nearest(self, features: np.ndarray, k: int) -> list[Neighbour]:
        """The k training images most similar to ``features`` (D,), best first."""
        indices, similarities = (found[0] for found in nearest(self.features, features[None], k))
        found = zip(indices, similarities, strict=True)
        return [Neighbour(self.ids[i], self.labels[i], float(similarity)) for i, similarity in found]


def training_images(folder: Path, data: str) -> TrainingImages:
    """The images of data set ``data`` that the run in ``folder`` was trained on, as it has embedded them.

    Raises RunError or DatasetError, with a sentence, where embeddings or data set are not there or do not belong
    together.
    """
    if not has_embeddings(folder):
        raise RunError(
            f"There are no embeddings of training images in '{folder.name}' to compare with; a run writes them when it"
            " ends. Use the run where it was trained, or let it finish."
        )
    embedded, dataset = read_embeddings(folder), open_dataset(data)
    rows = embedded.rows_in(dataset)
    split = np.where(rows >= 0, dataset.manifest["split"].to_numpy(dtype=str)[rows], "gone")
    train, val = np.flatnonzero(split == "train"), np.flatnonzero(split == "val")
    if not len(train):
        raise RunError(
            f"Data set '{dataset.name}' has none of the training images that this run has embedded: it is another one"
            " of that name. Train a new run on it."
        )
    labels = dataset.manifest["label"].to_numpy()[rows[train]]
    # Copies: the file behind ``embedded`` may be replaced while these are in use.
    return TrainingImages(
        features=np.array(embedded.values[train], np.float32),
        ids=tuple(embedded.ids[i] for i in train),
        labels=tuple(map(str, labels)),
        validation=np.array(embedded.values[val], np.float32),
    )
