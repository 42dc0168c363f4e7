"""All pages open, and all commands work, beside runs of which any file holds anything."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from dashboard import cache
from sealife_core.__main__ import main
from sealife_core.config import Axis, build_search, preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.places import checkpoints_root
from sealife_core.runs import Run, RunWriter, create_run, list_runs
from sealife_core.runs.files import replace_json
from sealife_core.studies.questions import DEPTH, IMBALANCE, LABELS, RANDOM, build_study
from sealife_core.studies.search_results import Trial, write_trials
from tests.damage import FILES, ROWS, mutated, write_rows
from tests.embedded_runs import classifier_run, simclr_run
from tests.studies_made import finished_study

FRAME = Path(__file__).resolve().parents[2] / "dashboard" / "frame.py"
PAGES = ("home", "data", "views", "train", "runs", "studies", "embeddings", "compare", "gallery")
A_TIME = 24  # damaged runs that one look at the pages meets
_LINES = ("metrics.jsonl",)
KINDS: tuple[Callable[[dict[str, Any]], bool], ...] = (  # equally often, however many there are of each
    lambda notes: notes["name"] == "SimCLR",
    lambda notes: notes["name"] == "Probe",
    lambda notes: notes["name"] == "Search",
    lambda notes: notes["name"].endswith("?"),  # a study is called by its question
    lambda notes: bool(notes["study"]),
)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, drawn_reef: Path) -> Iterator[Path]:
    """A home with a data set and runs of every kind; do not write into it: copy it."""
    home = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEALIFE_HOME", str(home))
        shutil.copytree(drawn_reef, home / "data" / "reef")
        dataset = cache.dataset("reef")
        simclr = simclr_run(dataset, "SimCLR", snapshots=3)
        for run in (simclr, classifier_run(dataset, "Probe"), classifier_run(dataset, "Rival", seed=1)):
            _fill(run, dataset)
        for question, more in ((LABELS, {"encoders": (RANDOM,)}), (DEPTH, {}), (IMBALANCE, {})):
            study = build_study(question, data="reef", data_hash=dataset.content_hash, **more)
            finished_study(study, lambda part: 0.5 + 0.01 * part.config.seed)
        _search()
        yield home


def _fill(run: Run, dataset: Dataset) -> None:
    scores = FILES["results.json"]["test"] | {"per_class": [{"label": name, "f1": 0.5} for name in dataset.classes]}
    files = FILES | {"results.json": FILES["results.json"] | {"test": scores, "test_hash": dataset.test_hash}}
    for name in files.keys() - {"notes.json"}:
        replace_json(run.path / name, files[name])
    write_rows(run, ROWS)


def _search() -> None:
    rate, loss = (
        Axis(path="learning_rate", low=1e-4, high=1e-2, log=True),
        Axis(path="loss", choices=("focal", "cross_entropy")),
    )
    search = create_run(build_search(preset("scratch", data="reef"), (rate, loss), trials=8), name="Search")
    trials = [
        Trial(n, {"learning_rate": 5e-4 * n, "loss": "focal"}, "finished", 0.2 + n / 20, "", 3, curve={"1": 0.1})
        for n in range(1, 8)
    ]
    write_trials(search.path, trials)
    RunWriter(search).status(state="finished", step=8, steps=8)


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


def opened(page: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=60)
    app.query_params.update(query)
    app.switch_page(f"app_pages/{page}.py").run()
    assert not app.exception, (page, query, app.exception[0].stack_trace)
    return app


@settings(max_examples=2, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damage__of_many_runs_at_once_stops_no_page_and_no_command(
    models: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, data: st.DataObject,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    home = tmp_path_factory.mktemp("damaged")
    shutil.copytree(models, home, dirs_exist_ok=True)
    monkeypatch.setenv("SEALIFE_HOME", str(home))
    damaged = []
    for place, (run_id, name, content) in enumerate(data.draw(damages(models))):
        run = Run(checkpoints_root() / f"20990101-0000{place:02d}-damaged-{place:04d}")
        shutil.copytree(checkpoints_root() / run_id, run.path)
        (run.path / name).write_bytes(written(content, name))
        damaged.append(run)
    for page in PAGES:
        opened(page)
    for run in damaged:
        for page, key in (("runs", "run"), ("studies", "study"), ("gallery", "run"), ("embeddings", "run")):
            if (page == "studies") == run.is_study:
                opened(page, **{key: run.id})
        assert main(["runs", "show", run.id]) in (0, 1)
    for command in (["runs", "list"], ["compare"], ["study", "list"], ["data", "list"], ["runs", "list", "--json"]):
        assert main(command) == 0
    listed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {run.id for run in damaged} <= {row["id"] for row in listed}
