"""The training pictures that are most similar to one picture of the data set."""

import numpy as np

from dashboard.cache import classifiers, embeddings
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import RunError
from sealife_core.evaluation.embeddings.training_images import Neighbour
from sealife_core.runs.run import Run

SHOWN = 8


def training_neighbours(run: Run, dataset: Dataset, image_id: str) -> list[Neighbour]:
    """The training images nearest to one image of the data set. Raises RunError where the run has no embeddings."""
    embedded = embeddings.stored(run, "h")
    if image_id not in embedded.ids:
        raise RunError("This picture was not in the data set when the model was trained, so it has no embedding.")
    features = np.asarray(embedded.values[embedded.ids.index(image_id)], np.float32)
    return classifiers.training_images(run, dataset).nearest(features, SHOWN)
