from pathlib import Path

import pandas as pd
import pytest

from sealife_core.datasets.dataset import Dataset, write_dataset


def drawn(folder: Path) -> Dataset:
    """Eight images of crab and ray, the last without a label; no files behind them."""
    manifest = pd.DataFrame(
        {
            "id": [f"i{n}" for n in range(8)],
            "file": [f"images/{n}.jpg" for n in range(8)],
            "label": ["crab"] * 4 + ["ray"] * 3 + [""],
            "split": ["train", "train", "val", "test", "train", "val", "test", "train"],
            "group": "",
            "width": 4,
            "height": 3,
            "sha256": [f"{n:064x}" for n in range(8)],
            "source": [f"dive 1/DSC_{n:04}.jpg" for n in range(8)],
        }
    )
    return write_dataset(folder, manifest, {})


@pytest.fixture
def bay(home: Path) -> Dataset:
    return drawn(home / "data" / "bay")
