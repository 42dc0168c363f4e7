"""Streamlit puts only `dashboard/` on the path and Home.py adds the root; a test has no Home.py."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


@pytest.fixture(autouse=True)
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No page starts a process that measures this machine; holds the devices it was asked of."""
    from sealife_core.runs import calibration

    asked: list[str] = []
    monkeypatch.setattr(calibration, "request", lambda device: asked.append(device) or False)
    return asked
