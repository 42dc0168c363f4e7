from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sealife_core.datasets.dataset import Dataset, write_dataset
from sealife_core.evaluation.curation.queue_features import Points, points_of

CLASSES = ("crab", "eel", "ray")


@pytest.fixture
def unlabelled(home: Path) -> Dataset:
    """120 images of a dive, no label; what each shows is in its file name. No files behind them."""
    shown = [CLASSES[n % 3] for n in range(120)]
    manifest = pd.DataFrame(
        {
            "id": [f"i{n:03}" for n in range(120)],
            "file": [f"images/{n}.jpg" for n in range(120)],
            "label": "",
            "split": "train",
            "group": "",
            "width": 4,
            "height": 3,
            "sha256": [f"{n:064x}" for n in range(120)],
            "source": [f"{name}/{n}.jpg" for n, name in enumerate(shown)],
        }
    )
    return write_dataset(home / "data" / "dive", manifest, {})


@pytest.fixture
def points(unlabelled: Dataset) -> Points:
    """Three clusters, the images of one class each; the first two of each class are nearly one picture."""
    draw = np.random.default_rng(0)
    h = 3 * np.eye(16)[[n % 3 for n in range(120)]] + draw.normal(size=(120, 16))
    h[3:6] = h[:3] + 0.01
    return points_of(unlabelled.manifest["id"].tolist(), h)


def class_of(dataset: Dataset, row: int) -> str:
    """What the picture shows."""
    return dataset.file_names[row].split("/")[0]
