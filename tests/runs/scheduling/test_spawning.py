"""Processes that outlive whoever starts them."""

import json
import os
import sys
from pathlib import Path

import psutil
import pytest

from sealife_core.runs.scheduling.spawning import PROJECT, reap, spawn
from tests.runs.processes import until

pytestmark = pytest.mark.process

TELLS = (
    "import json, os; print(json.dumps([os.getcwd(), os.getsid(0), os.environ['MARK'], os.environ['OTHER'],"
    " os.read(0, 1).decode()]))"
)


def test_spawn__starts_in_a_session_of_its_own_with_what_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MARK", "inherited")
    monkeypatch.setenv("OTHER", "kept")
    log = tmp_path / "log.txt"
    log.write_text("before\n")
    child = spawn([sys.executable, "-c", TELLS], log, {"MARK": "told"})
    assert child.wait(60) == 0
    before, told = log.read_text().splitlines()
    assert before == "before", "a log is appended to"
    assert json.loads(told) == [str(PROJECT), child.pid, "told", "kept", ""]
    assert child.pid != os.getsid(0)


def test_reap__leaves_no_zombie(tmp_path: Path):
    child = spawn([sys.executable, "-c", ""], tmp_path / "log.txt")
    reap(child)
    until(lambda: not psutil.pid_exists(child.pid), 60)
