"""Streamlit puts only `dashboard/` on the path and Home.py adds the root; a test has no Home.py."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


@pytest.fixture(autouse=True)
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No page starts a process that measures this machine; holds the devices it was asked of."""
    from sealife_core.runs.costs import machine_speed

    asked: list[str] = []
    monkeypatch.setattr(machine_speed, "request", lambda device: asked.append(device) or False)
    return asked


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory, drawn_reef: Path) -> Path:
    """A home with a data set and runs of every kind; do not write into it: copy it."""
    from tests.dashboard.models import make_models

    home = tmp_path_factory.mktemp("models")
    shutil.copytree(drawn_reef, home / "data" / "reef")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEALIFE_HOME", str(home))
        make_models()
    return home
