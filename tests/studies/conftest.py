"""Studies of real processes, whose runs train nothing."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sealife_core.config import StudyConfig
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.queue import launch
from sealife_core.studies.grid import build_grid

WORKER = Path(__file__).with_name("study_worker.py")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty ``checkpoints/`` on a machine without a GPU."""
    monkeypatch.setenv("SEALIFE_WORKER_COMMAND", f"{sys.executable} {WORKER}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    below = tmp_path / "checkpoints"
    below.mkdir()
    return below


def grid(**settings: object) -> StudyConfig:
    """A linear probe with 5 and 50 % of the labels, two seeds."""
    given = {"data": "reef", "seeds": 2, "values": {"weights": "imagenet", **settings}}
    return build_grid("probe", {"label_fraction": [5, 50]}, **given)  # type: ignore[arg-type]


@pytest.fixture
def start(root: Path, processes: None) -> Callable[[StudyConfig], Run]:
    """Launches a study."""

    def started(config: StudyConfig) -> Run:
        run = create_run(config, root=root, name=config.title)
        launch(run)
        return run

    return started
