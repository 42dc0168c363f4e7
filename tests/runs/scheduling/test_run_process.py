import sys
from pathlib import Path

import pytest

from sealife_core.runs.scheduling.run_process import worker_command, worker_environment


def test_worker_environment__puts_data_beside_the_runs(root: Path):
    told = worker_environment(root, ["cuda:1"])
    assert (told["SEALIFE_HOME"], told["CUDA_VISIBLE_DEVICES"]) == (str(root.parent), "1")
    assert "SEALIFE_HOME" not in worker_environment(root / "sweep", "cpu"), "as this process has it"


def test_worker_command__is_the_worker_unless_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SEALIFE_WORKER_COMMAND", raising=False)
    assert worker_command() == [sys.executable, "-m", "sealife_core.worker"]
