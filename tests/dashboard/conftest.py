"""What tests of pages share: no measurement of this machine, and a home with runs of every kind."""

import shutil
from pathlib import Path

import pytest


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
    from tests.finished.home import make_runs

    home = tmp_path_factory.mktemp("models")
    shutil.copytree(drawn_reef, home / "data" / "reef")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEALIFE_HOME", str(home))
        make_runs()
    return home
