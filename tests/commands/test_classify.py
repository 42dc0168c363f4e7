"""``classify``: photographs in, an accuracy with its interval and the worst confusions out."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from sealife_core.__main__ import main
from sealife_core.config import preset, task_of
from sealife_core.datasets.dataset import Dataset, list_datasets, open_dataset
from sealife_core.runs.directory import create_run, list_runs, open_run
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from tests.commands.calling import called

pytestmark = pytest.mark.slow

SMALL = ["--image-size-px", "32", "--device", "cpu", "--threads", "1"]


@pytest.fixture
def photographs(drawn_reef: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos") / "my survey"
    for image in sorted((drawn_reef / "images").iterdir()):
        label = image.stem.rsplit("-", 1)[0]
        (folder / label).mkdir(parents=True, exist_ok=True)
        shutil.copy(image, folder / label / image.name)
    return folder


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are carried out in this process, as they are launched."""

    def carry_out(run: Run) -> None:
        from sealife_core.worker import main as work

        RunWriter(run).status(state="queued")
        assert work(run.path) == 0

    monkeypatch.setattr("sealife_core.commands.classify.launch", carry_out)


def printed(out: str) -> dict[str, Any]:
    """The JSON document behind what the run itself said, which a process of its own writes into its log."""
    return json.loads(out[out.rindex("\n{") :])


@pytest.mark.usefixtures("home", "here")
def test_classify__on_labels_that_the_queue_asked_for_has_a_test_accuracy(
    drawn_reef: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from sealife_core.worker import main as work

    heap = shutil.copytree(drawn_reef / "images", tmp_path / "heap")
    assert main(["import", str(heap), "--name", "heap"]) == 0
    assert open_dataset("heap").classes == ()
    size = {"encoder": "resnet18", "weights": "random", "image_size_px": 32, "device": "cpu", "threads": 1}
    features = create_run(preset("embed", data="heap", **size))
    assert work(features.path) == 0
    for _ in range(4):
        capsys.readouterr()
        for pick in called(capsys, "data", "next", "heap", "--count", "12")["picks"]:
            label = Path(pick["file"]).stem.rsplit("-", 1)[0]  # the first of each names a class
            given = ["--images", pick["file"], "--label", label, "--split", pick["split"], "--why", "queue"]
            called(capsys, "data", "edit", "heap", *given)
    dataset = open_dataset("heap")
    assert int((dataset.labels >= 0).sum()) == 48
    validated, tested = len(dataset.rows("val")), len(dataset.rows("test"))
    assert validated >= tested >= 2

    assert main(["classify", "heap", "--json", *SMALL]) == 0
    told = printed(capsys.readouterr().out)
    assert (told["split"], told["n"]) == ("test", tested)
    assert told["accuracy"] == (open_run(told["run"]).results() or {})["test"]["accuracy"]


@pytest.mark.usefixtures("home", "here")
def test_classify__imports_a_folder_and_says_what_its_first_model_reaches(
    photographs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["classify", str(photographs), "--name", "mine", "--json", *SMALL]) == 0
    told: dict[str, Any] = printed(capsys.readouterr().out)
    assert list_datasets() == ["mine"]
    (run,) = list_runs()
    results = run.results() or {}
    assert (told["run"], told["data"], task_of(run.config())) == (run.id, "mine", "classify")
    for key in ("n", "accuracy", "accuracy_low", "accuracy_high", "chance"):
        assert told[key] == results["test"][key], key
    wrong = sum(one["count"] for one in told["confusions"])
    assert 0 <= wrong <= round(told["n"] * (1 - told["accuracy"]))
    assert told["penalty"] == results["penalty"]

    assert main(["classify", "mine", *SMALL]) == 0
    text = capsys.readouterr().out
    assert f"{100 * told['accuracy']:.1f} % of {told['n']} test images are classified correctly (95 % interval" in text
    assert "L2 penalty" in text
    assert "predict" in text


def test_classify__of_neither_name_nor_path_says_what_there_is(
    tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["classify", "reeef"]) == 1
    assert "There is no data set 'reeef', and no folder, zip or CSV of that path." in " ".join(
        capsys.readouterr().err.split()
    )
    assert list_runs() == []


def test_classify__without_labels_launches_nothing(tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    from sealife_core.datasets.dataset import write_dataset

    manifest = tiny_reef.manifest.assign(label="")
    write_dataset(tiny_reef.folder, manifest, {"made": "2026-01-01T00:00:00+00:00"})
    assert main(["classify", "reef"]) == 1
    assert "has a label, but a classifier needs labels" in " ".join(capsys.readouterr().err.split())
    assert list_runs() == []
