"""Fixtures every floor shares: a home of its own for each test, and a small reef that is drawn once."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

from tests import shapes

# The shapes that annotations promise are checked in the tests alone: before anything of these rooms is imported.
install_import_hook(["sealife_core.models", "sealife_core.views"], f"{shapes.__name__}.checked")


@pytest.fixture(scope="session", autouse=True)
def no_spare() -> Iterator[None]:
    """No worker is kept ready for runs to come, but by the tests of that: it would outlive the test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEALIFE_READY_MINUTES", "0")
        yield


@pytest.fixture(scope="session", autouse=True)
def no_tracking() -> Iterator[None]:
    """No run of a test is recorded on the server that whoever runs the tests is logged in to."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("WANDB_")]:
            patch.delenv(name)
        yield


@pytest.fixture(autouse=True)
def downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    """No check of a launch asks the network: ImageNet weights can always be downloaded."""
    from sealife_core.models import imagenet

    monkeypatch.setattr(imagenet, "reachable", lambda name: True)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh SEALIFE_HOME with empty data/ and checkpoints/."""
    monkeypatch.setenv("SEALIFE_HOME", str(tmp_path))
    (tmp_path / "data").mkdir()
    (tmp_path / "checkpoints").mkdir()
    return tmp_path


@pytest.fixture(scope="session")
def drawn_reef(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a reef of 64 images, 32 px; do not write into it: copy it."""
    from sealife_core.datasets.reef import draw_reef

    return draw_reef(tmp_path_factory.mktemp("drawn"), images=64, size_px=32, seed=0).folder


@pytest.fixture
def tiny_reef(home: Path, drawn_reef: Path):
    """The Dataset 'reef' (64 images, 32 px) below ``home``."""
    from sealife_core.datasets.dataset import open_dataset

    shutil.copytree(drawn_reef, home / "data" / "reef")
    return open_dataset("reef")
