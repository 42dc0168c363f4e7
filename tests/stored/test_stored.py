"""What an earlier release left on disk opens, shows, compares, is used and resumes today (tests/stored/README.md)."""

import json
import signal
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sealife_core import worker
from sealife_core.__main__ import main
from sealife_core.datasets.checks import check
from sealife_core.datasets.dataset import list_datasets, open_dataset
from sealife_core.datasets.imports.importing import read_skipped
from sealife_core.datasets.storage import restore_dataset, trashed_datasets
from sealife_core.evaluation.classification.out_of_distribution import read_ood
from sealife_core.evaluation.classification.predictions import read_predictions
from sealife_core.evaluation.classification.scores import scores
from sealife_core.evaluation.comparison.comparison_rows import comparison, representation_rows
from sealife_core.evaluation.embeddings.stored_embeddings import has_embeddings, read_embeddings, read_snapshots
from sealife_core.models.checkpoint import load_model
from sealife_core.runs.deletion import delete, restore, trashed
from sealife_core.runs.directory import list_runs
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from sealife_core.studies.search_results import best_trial, search_of, trials_of
from sealife_core.studies.study_results import over_seeds, part_results
from sealife_core.views.recipes import recipes
from tests.dashboard.pages import visit

PROJECT = Path(__file__).resolve().parents[2]
STORED = sorted((PROJECT / "tests" / "stored").glob("home-*.tar.xz"))
PAGES = ("home", "data", "views", "train", "runs", "studies", "embeddings", "compare", "gallery")
STATES = {
    "SimCLR": "finished", "Probe": "finished", "Fine-tune": "finished", "From scratch, öre": "finished",
    "Transfer": "finished", "Untrained": "finished", "How many labels": "finished", "Rate": "finished",
    "label_fraction 50.0, seed 0": "finished", "label_fraction 50.0, seed 1": "finished",
    "label_fraction 100.0, seed 0": "finished", "label_fraction 100.0, seed 1": "finished",
    "trial 1: learning_rate 0.00123": "finished", "trial 2: learning_rate 0.000212": "finished",
    "trial 3: learning_rate 0.00197": "finished", "Failed": "failed", "Stopped SimCLR": "stopped",
    "Killed": "interrupted",
}  # fmt: skip


def unpack(archive: Path, folder: Path) -> Path:
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module", params=STORED, ids=lambda archive: archive.name.removesuffix(".tar.xz"))
def unpacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(request.param, tmp_path_factory.mktemp("stored"))


@pytest.fixture
def stored(unpacked: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Run]:
    """The runs by name; whoever changes one takes it back."""
    monkeypatch.setenv("SEALIFE_HOME", str(unpacked))
    return {run.notes()["name"]: run for run in list_runs()}


def test_stored_homes__are_small_and_there():
    assert STORED
    assert all(archive.stat().st_size < 2e6 for archive in STORED)


def test_runs__are_in_the_state_they_were_left_in(stored):
    assert {name: run.state() for name, run in stored.items()} == STATES
    assert [problem for run in stored.values() for problem in run.problems()] == []
    assert "holds a resnet18" in (stored["Failed"].error() or {})["what"]
    assert stored["SimCLR"].notes() == {
        "name": "SimCLR", "tags": ["thesis"], "notes": "half the colour", "study": "",
    }  # fmt: skip


def test_runs__tell_their_settings_curves_and_scores(stored):
    assert stored["SimCLR"].request().views.hue == 0.02
    curve = [row["train/loss"] for row in stored["SimCLR"].metrics() if "train/loss" in row]
    assert curve == pytest.approx([3.6316, 3.7440], abs=1e-4)
    assert stored["SimCLR"].results()["val"]["knn_accuracy"] == pytest.approx(0.1)
    assert {row.name: round(row.accuracy, 3) for row in comparison(list(stored.values())) if row.data == "walk"} == {
        "Transfer": 0.667,
        "From scratch, öre": 0.333,
    }
    assert {row.name for row in representation_rows(list(stored.values()))} == {"SimCLR", "Stopped SimCLR"}


def test_data_sets__open_with_labels_groups_and_what_was_left_out(stored):
    assert list_datasets() == ["reef", "walk"]
    walk = open_dataset("walk")
    info = json.loads((walk.folder / "dataset.json").read_text(encoding="utf-8"))
    assert (walk.classes, walk.content_hash) == (("crab", "ray", "öre"), info["content_hash"])
    assert (len(walk), int((walk.labels < 0).sum())) == (27, 3)
    assert [file for file, _ in read_skipped(walk)] == ["broken.jpg"]
    assert check(walk)
    assert stored["From scratch, öre"].request().data_hash == walk.content_hash


def test_trash__gives_back_what_was_deleted(stored):
    (run_id,), (name,) = trashed(), trashed_datasets()
    back = restore(run_id)
    assert (back.state(), back.notes()["name"]) == ("finished", "Deleted")
    delete(back)
    restore_dataset(name)
    assert len(open_dataset("gone")) == 27
    assert main(["data", "delete", "gone"]) == 0


def test_models__load_and_predict(stored, tmp_path, capsys):
    for name in ("SimCLR", "Probe", "Fine-tune", "From scratch, öre", "Transfer", "Untrained", "Stopped SimCLR"):
        encoder, head, card = load_model(stored[name].path)
        assert (encoder.name, card.run) == ("resnet50" if name == "Transfer" else "resnet18", stored[name].id)
        assert (head is None) == (name == "Untrained")
    Image.new("RGB", (40, 30), "red").save(tmp_path / "new.png")
    assert main(["predict", stored["From scratch, öre"].id, str(tmp_path / "new.png"), "--json"]) == 0
    assert "new.png" in capsys.readouterr().out


def test_predictions__give_the_scores_that_were_written(stored):
    run, reef = stored["Fine-tune"], open_dataset("reef")
    table = read_predictions(run.path)
    test = table[table["split"] == "test"]
    labels = test["label"].map(reef.classes.index).to_numpy()
    found = scores(labels, np.stack(test["probabilities"].tolist()), reef.classes)
    written = (run.results() or {})["test"]
    assert found["n"] == written["n"] == 10
    assert [found[name] for name in ("accuracy", "macro_f1", "top3")] == pytest.approx(
        [written[name] for name in ("accuracy", "macro_f1", "top3")]
    )


def test_embeddings__belong_to_the_images(stored):
    reef = open_dataset("reef")
    embedded = read_embeddings(stored["SimCLR"].path)
    assert embedded.values.shape == (40, 512)
    assert len(embedded.rows_in(reef)) == 40
    assert has_embeddings(stored["SimCLR"].path, "z")
    assert read_snapshots(stored["SimCLR"].path).epochs == (0, 1, 2)
    assert read_ood(stored["Fine-tune"].path, 512) is not None


def test_study_and_search__tell_what_came_of_them(stored):
    cells = over_seeds(part_results(stored["How many labels"]))
    assert [(cell.cell["label_fraction"], cell.mean) for cell in cells] == [(50, 0.2), (100, pytest.approx(0.3))]
    rate = stored["Rate"]
    trials = trials_of(rate)
    best = best_trial(trials)
    assert best is not None
    assert (len(trials), search_of(rate).trials, best.number, round(best.value or 0, 3)) == (3, 3, 3, 0.267)


def test_recipes__are_there(stored):
    assert recipes()["Dusk"].hue == 0.02


@pytest.mark.parametrize("page", PAGES)
def test_pages__open(stored, page, monkeypatch):
    monkeypatch.setattr("sealife_core.runs.costs.machine_speed.request", lambda device: False)
    app = visit(page)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize(
    "words",
    [
        ["runs", "list"],
        ["runs", "show", "SimCLR"],
        ["data", "list"],
        ["data", "check", "walk"],
        ["compare"],
        ["study", "list"],
        ["study", "show", "How many labels"],
        ["search", "show", "Rate"],
        ["recipes", "list"],
    ],
    ids=" ".join,
)
def test_commands__show_it(stored, words, capsys):
    named = [stored[word].id if word in stored else word for word in words]
    assert main([*named, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "step"), [("Stopped SimCLR", 13), ("Killed", 2)])
def test_resume__goes_on_from_the_stored_point(name, step, tmp_path, monkeypatch):
    unpack(STORED[-1], tmp_path)
    monkeypatch.setenv("SEALIFE_HOME", str(tmp_path))
    monkeypatch.setattr(signal, "signal", lambda *args: None)  # TERM stays that of the tests
    run = next(run for run in list_runs() if run.notes()["name"] == name)
    kept = [row for row in run.metrics() if row["step"] <= step]
    (run.path / "stop").unlink(missing_ok=True)  # as the queue does, which no test starts
    write_row = RunWriter.metric

    def metric(writer, step, epoch, **values):
        write_row(writer, step, epoch, **values)
        (run.path / "stop").touch()

    monkeypatch.setattr(RunWriter, "metric", metric)  # stopped after one more row
    assert worker.main(run.path) == 0, run.error()
    assert run.state() == "stopped"
    assert run.status()["step"] > step
    assert has_line(run.path / "metrics.jsonl", {"resumed_from": step})
    assert run.metrics()[: len(kept)] == kept
    assert run.metrics()[len(kept)]["step"] > step


def has_line(path: Path, value: dict[str, int]) -> bool:
    return json.dumps(value) in path.read_text(encoding="utf-8").splitlines()
