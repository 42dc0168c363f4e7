"""Small runs, carried out in this process: the worker's recipes without the worker's process."""

from collections.abc import Callable
from typing import Any

import pytest

from sealife_core.config import TASKS, preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from tests.finished.models import NETWORK

SMALL: dict[str, Any] = {
    "encoder": NETWORK, "image_size_px": 32, "precision": "fp32", "device": "cpu", "epochs": 2, "threads": 1
}  # fmt: skip


@pytest.fixture
def trained(tiny_reef: Dataset) -> Callable[..., Run]:
    """``trained("simclr", epochs=1)``: a run of that task on the tiny reef, carried out to its end."""
    from sealife_core.training.train import train

    def carry_out(task: str, **values: Any) -> Run:
        fitting = {name: value for name, value in SMALL.items() if name in TASKS[task].config.model_fields}
        config = preset(task, "Quick look", **(fitting | values))
        run = create_run(config, data_hash=tiny_reef.content_hash)
        train(config, RunWriter(run))
        return run

    return carry_out
