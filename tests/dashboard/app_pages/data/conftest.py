"""What tests of the Data page share: no job of another test, and a folder of photographs."""

import shutil
from pathlib import Path

import pytest

from dashboard import background
from sealife_core.datasets.dataset import Dataset


@pytest.fixture(autouse=True)
def _no_jobs_of_other_tests():
    background.jobs().clear()


@pytest.fixture
def photographs(tiny_reef: Dataset, tmp_path: Path) -> Path:
    """A folder of two classes, ten pictures each; the first of them also under the other label, and a file of text."""
    source = tmp_path / "photographs"
    for label in tiny_reef.classes[:2]:
        (source / label).mkdir(parents=True)
        rows = [row for row in range(len(tiny_reef)) if tiny_reef.manifest["label"][row] == label]
        for place in range(10):
            shutil.copy(tiny_reef.image_path(rows[place % len(rows)]), source / label / f"{place}.png")
    first, second = tiny_reef.classes[:2]
    shutil.copy(source / first / "0.png", source / second / "again.png")
    (source / first / "words.jpg").write_text("not a picture")
    return source
