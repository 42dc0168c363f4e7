"""The process that projects, called in this one; and once for real."""

from pathlib import Path

import numpy as np
import pytest

from sealife_core import projection_worker
from sealife_core.config import preset
from sealife_core.datasets.corrections.editing import move
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.embeddings import feature_quality
from sealife_core.evaluation.embeddings.feature_quality import knn_accuracy
from sealife_core.evaluation.embeddings.stored_embeddings import write_embeddings, write_snapshot
from sealife_core.evaluation.projections.reduction import ProjectionSettings, sample, trustworthiness
from sealife_core.evaluation.projections.stored_projections import Projection, What, find, folder_of, request
from sealife_core.runs.directory import create_run
from sealife_core.runs.scheduling import side_process
from tests.runs.processes import until

pytestmark = pytest.mark.slow  # whichever test fits the first map loads UMAP: eight seconds
TINY = ProjectionSettings(neighbours=8)


@pytest.fixture
def h(tiny_reef: Dataset) -> np.ndarray:
    """(64, 6): embeddings that say something about the class, but not all."""
    noise = np.random.default_rng(0).normal(size=(len(tiny_reef), 6))
    return (noise + np.eye(6)[tiny_reef.labels % 6]).astype(np.float32)


@pytest.fixture
def run(tiny_reef: Dataset, h: np.ndarray) -> Path:
    """A SimCLR run with embeddings ``h`` of the tiny reef."""
    made = create_run(preset("simclr", data=tiny_reef.name))
    write_embeddings(made.path, tiny_reef, h)
    return made.path


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch):
    """Ask for a projection and compute it in this process; returns it as it then stands on disk."""
    monkeypatch.setattr(side_process, "start", lambda *_: {})

    def computed(run: Path, settings: ProjectionSettings, what: What = "umap") -> Projection:
        request(run, settings, what)
        projection_worker.main(folder_of(run, settings, what))
        return find(run, settings, what)

    return computed


def test_projecting__leaves_points_ids_and_facts(run: Path, at_once, tiny_reef: Dataset, h: np.ndarray) -> None:
    found = at_once(run, TINY)
    assert found.state == "done", found.error
    assert found.points.shape == (64, 2)
    assert found.ids == tuple(tiny_reef.manifest["id"])
    assert found.facts["trustworthiness"] == pytest.approx(trustworthiness(h, found.points))
    bank, queries = (tiny_reef.rows(split, labelled_only=True) for split in ("train", "val"))
    labels = tiny_reef.labels
    assert found.facts["knn_accuracy"] == knn_accuracy(h[bank], labels[bank], h[queries], labels[queries], k=20)
    expected = {"n": 64, "sampled_from": 64, "trustworthiness_n": 64, "trustworthiness_k": 15, "neighbours": 8}
    expected |= {"knn_n": len(queries), "knn_bank_n": len(bank), "knn_split": "val", "knn_k": 20, "notes": []}
    assert {key: found.facts[key] for key in expected} == expected
    assert found.facts["fit_s"] > 0


def test_projecting__of_a_sample_says_so_and_reduces_neighbours(run: Path, at_once, tiny_reef: Dataset) -> None:
    found = at_once(run, ProjectionSettings(most_points=12, seed=5))
    rows = sample(64, 12, 5)
    assert found.ids == tuple(tiny_reef.manifest["id"].iloc[rows])
    assert (found.facts["n"], found.facts["sampled_from"], found.facts["neighbours"]) == (12, 64, 11)
    assert found.facts["notes"] == [
        "Neighbours were reduced from 15 to 11: there are 12 images.",
        "12 of 64 images are shown: a random sample.",
    ]
    assert found.facts["knn_bank_n"] + found.facts["knn_n"] > 12  # the neighbours are asked about all images


def test_projecting__of_many_images_lets_some_vote_and_says_how_many(
    run: Path, at_once, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feature_quality, "MOST_VOTING", 11)
    monkeypatch.setattr(feature_quality, "MOST_ASKED", 3)
    facts = at_once(run, TINY).facts
    assert (facts["knn_bank_n"], facts["knn_n"], facts["knn_k"]) == (11, 3, 11)


def test_projecting__asks_the_test_split_only_where_there_is_no_validation(
    run: Path, at_once, tiny_reef: Dataset, h: np.ndarray
) -> None:
    moved = move(tiny_reef, {int(row): "train" for row in tiny_reef.rows("val")})
    found = at_once(run, ProjectionSettings(most_points=10))
    assert (found.facts["knn_split"], found.facts["knn_n"]) == ("test", len(moved.rows("test")))


def test_projecting__needs_no_labels(run: Path, at_once, tiny_reef: Dataset) -> None:
    (tiny_reef.folder / "manifest.csv").unlink()
    found = at_once(run, ProjectionSettings(most_points=10))
    assert found.state == "done", found.error
    assert "knn_accuracy" not in found.facts


def test_projecting__makes_a_film_of_snapshots(run: Path, at_once, tiny_reef: Dataset, h: np.ndarray) -> None:
    ids = tuple(tiny_reef.manifest["id"])
    for epoch, frame in ((0, h), (3, h * 2), (7, h + 1)):
        write_snapshot(run, ids, epoch, frame)
    found = at_once(run, TINY, "film")
    assert found.state == "done", found.error
    assert found.points.shape == (3, 64, 2)
    assert (found.ids, found.epochs) == (ids, (0, 3, 7))
    assert [len(found.facts[key]) for key in ("trustworthiness", "knn_accuracy")] == [3, 3]


def test_projecting__says_in_a_sentence_what_cannot_be_projected(
    run: Path, at_once, tiny_reef: Dataset, h: np.ndarray
) -> None:
    h[3, 2] = np.inf
    write_embeddings(run, tiny_reef, h)
    found = at_once(run, TINY)
    assert found.state == "failed"
    assert found.error.startswith(f"The embeddings of run '{run.name}' hold NaN or infinity")


def test_projecting__tells_an_error_that_nobody_foresaw(
    run: Path, at_once, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(*_: object) -> np.ndarray:
        raise ZeroDivisionError("a surprise")

    monkeypatch.setattr(projection_worker, "fit_umap", breaks)
    found = at_once(run, TINY)
    assert found.state == "failed"
    assert found.error.startswith("ZeroDivisionError: a surprise")
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.process
def test_projecting__in_a_process_of_its_own(run: Path) -> None:
    settings = ProjectionSettings(most_points=12)
    request(run, settings)
    until(lambda: find(run, settings).state != "running", 300)
    found = find(run, settings)
    assert found.state == "done", found.error
    names = {path.name for path in folder_of(run, settings).iterdir()}
    assert names == {
        "request.json",
        "process.json",
        "status.json",
        "log.txt",
        "points.npy",
        "ids.json",
        "facts.json",
    }
