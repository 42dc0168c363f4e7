"""All pages open, and all commands work, beside runs of which any file holds anything."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from sealife_core.__main__ import main
from sealife_core.folders import checkpoints_root
from sealife_core.runs.directory import list_runs
from sealife_core.runs.run import Run
from tests.damage import mutated
from tests.dashboard.pages import FEW, PAGES, visit

A_TIME = 24  # damaged runs that one look at the pages meets
_LINES = ("metrics.jsonl",)
KINDS: tuple[Callable[[dict[str, Any]], bool], ...] = (  # equally often, however many there are of each
    lambda notes: notes["name"] == "SimCLR",
    lambda notes: notes["name"] == "Probe",
    lambda notes: notes["name"] == "Search",
    lambda notes: notes["name"].endswith("?"),  # a study is called by its question
    lambda notes: bool(notes["study"]),
    lambda notes: notes["name"] == "Training",
)


@st.composite
def damages(draw: st.DrawFn, models: Path) -> list[tuple[str, str, Any]]:
    """(run, file of it, content) many times over; each is done to a run of its own."""
    found = []
    for kind in draw(st.lists(st.sampled_from(KINDS), min_size=A_TIME, max_size=A_TIME)):
        folder = draw(st.sampled_from([run for run in list_runs(models / "checkpoints") if kind(run.notes())]))
        path = draw(st.sampled_from(sorted(folder.path.glob("*.json*"))))
        text = path.read_text()
        whole = [json.loads(line) for line in text.splitlines()] if path.name in _LINES else json.loads(text)
        found.append((path.parent.name, path.name, draw(st.one_of(mutated(whole), st.binary(max_size=9)))))
    return found


def written(content: Any, name: str) -> bytes:
    if isinstance(content, bytes):
        return content
    lines = content if name in _LINES and isinstance(content, list) else [content]
    return "\n".join(json.dumps(line) for line in lines).encode() + b"\n"


def opened(page: str, key: str = "run", value: str = "") -> AppTest:
    app = visit(page, {key: value} if value else {})
    assert not app.exception, (page, value, app.exception[0].stack_trace)
    return app


@settings(FEW)
@given(data=st.data())
def test_damage__of_many_runs_at_once_stops_no_page_and_no_command(
    models: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, data: st.DataObject,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    home = tmp_path_factory.mktemp("damaged")
    shutil.copytree(models, home, dirs_exist_ok=True)
    monkeypatch.setenv("SEALIFE_HOME", str(home))
    damaged, done = [], data.draw(damages(models))
    assume(len({name for _, name, _ in done}) > 3)
    for place, (run_id, name, content) in enumerate(done):
        run = Run(checkpoints_root() / f"20990101-0000{place:02d}-damaged-{place:04d}")
        shutil.copytree(checkpoints_root() / run_id, run.path)
        (run.path / name).write_bytes(written(content, name))
        damaged.append(run)
    for page in PAGES:
        opened(page)
    for run in damaged[:4]:
        opened(*(("studies", "study") if run.launches_runs else ("runs", "run")), run.id)
        if (run.path / "predictions.parquet").exists():
            opened("gallery", "run", run.id)
        if (run.path / "embeddings.json").exists():
            opened("embeddings", "run", run.id)
    for run in damaged:
        assert main(["runs", "show", run.id]) in (0, 1)
    for command in (["runs", "list"], ["compare"], ["study", "list"], ["data", "list"]):
        assert main(command) == 0
    capsys.readouterr()
    assert main(["runs", "list", "--json"]) == 0
    assert {run.id for run in damaged} <= {row["id"] for row in json.loads(capsys.readouterr().out)}
