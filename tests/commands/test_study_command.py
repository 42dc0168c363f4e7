"""``study`` from a shell."""

from pathlib import Path

import numpy as np
import pytest

from sealife_core.__main__ import main
from sealife_core.datasets.corrections.editing import rename_class
from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.deletion import trashed
from sealife_core.runs.directory import create_run, list_runs
from sealife_core.runs.files import replace_json
from sealife_core.runs.liveness import State
from sealife_core.runs.run import STUDY, Run
from sealife_core.runs.scheduling.queue import write_status
from sealife_core.studies.grid import build_grid
from sealife_core.studies.helps import HELPS
from sealife_core.studies.questions import build_study
from tests.commands.calling import called
from tests.finished.studies import finished_study


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are queued, and stay so."""
    monkeypatch.setattr("sealife_core.runs.scheduling.queue._spawn_dispatcher", lambda root: None)


@pytest.fixture
def study(tiny_reef: Dataset) -> Run:
    """Two probes, of which one has finished with 40 % and the other failed."""
    run = create_run(build_grid("probe", {"label_fraction": [5, 50]}, data="reef", values={"weights": "imagenet"}))
    parts = run.request().parts  # type: ignore[union-attr]
    made = [create_run(part.config, name=part.key, study=run.id) for part in parts]
    test = {"n": 10, "accuracy": 0.4, "accuracy_low": 0.2, "accuracy_high": 0.7, "macro_f1": 0.3, "chance": 0.1}
    replace_json(made[1].path / "results.json", {"test": test, "test_hash": "t"})
    for part, state in zip((run, *made), (State.FINISHED, State.FAILED, State.FINISHED), strict=True):
        write_status(part, state=state)
    held = {"runs": {part.key: one.id for part, one in zip(parts, made, strict=True)}, "reused": []}
    replace_json(run.path / STUDY, held | {"left_out": {parts[0].key: "The loss became nan."}})
    return run


def test_plan__says_what_it_would_take_and_starts_nothing(
    tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    found = called(capsys, "study", "labels", "--plan", "--seeds", "1", "--encoder", "random")
    assert (found["runs"], found["done"], found["seconds"]) == (6, 0, None)
    assert len(found["parts"]) == 6
    assert list_runs() == []


def test_plan__of_what_cannot_work_is_refused_as_the_launch_would_be(
    tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    for label in tiny_reef.classes[1:]:
        tiny_reef = rename_class(tiny_reef, label, tiny_reef.classes[0])
    said = called(capsys, "study", "depth", "--plan", "--seeds", "1", status=1)["error"]
    assert "There is one class" in said
    assert said == called(capsys, "study", "depth", "--seeds", "1", status=1)["error"]
    assert list_runs() == []


def test_study__may_be_carried_out_in_a_cluster(tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--where", "ray:head:8265", "--cluster-cores", "4"]
    called(capsys, "study", "depth", "--seeds", "1", *where)
    called(capsys, "study", "grid", "probe", "--vary", "label_fraction=5,50", "--set", "weights=imagenet", *where)
    runs = list_runs()
    assert len(runs) == 2
    for run in runs:
        parts = run.request().parts  # type: ignore[union-attr]
        assert {(part.config.where, part.config.cluster_cores) for part in parts} == {("ray:head:8265", 4)}


def test_study__is_queued_with_the_data_as_they_are(tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    run_id = called(capsys, "study", "depth", "--seeds", "1", "--name", "How deep")["run"]
    (run,) = list_runs()
    assert (run.id, run.state(), run.notes()["name"]) == (run_id, State.QUEUED, "How deep")
    assert run.request().data_hash == tiny_reef.content_hash
    assert [row["id"] for row in called(capsys, "study", "list")] == [run_id]
    assert called(capsys, "runs", "list")[0]["task"] == "study"


def test_grid__takes_the_steps_of_a_range_and_switches(tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    called(capsys, "study", "grid", "probe", "--vary", "label_fraction=10:30:10", "--vary", "choose_penalty=true,false")
    parts = list_runs()[0].request().parts  # type: ignore[union-attr]
    assert [part.cell["label_fraction"] for part in parts] == [10, 10, 20, 20, 30, 30]
    assert [(part.cell["choose_penalty"], part.config.choose_penalty) for part in parts[:2]] == [
        ("true", True),
        ("false", False),
    ]


def test_grid__takes_values_of_the_settings_own_type(tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    called(
        capsys, "study", "grid", "probe", "--vary", "label_fraction=5,50", "--vary", "augmentation=none,light",
        "--set", "weights=imagenet", "--set", "optimiser=adamw",
    )  # fmt: skip
    parts = list_runs()[0].request().parts  # type: ignore[union-attr]
    assert [part.cell for part in parts] == [
        {"label_fraction": fraction, "augmentation": kind} for fraction in (5.0, 50.0) for kind in ("none", "light")
    ]
    assert {part.config.weights for part in parts} == {"imagenet"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("label_fraction=x", "'label_fraction' is 'x'"),
        ("label_fraction", "expected SETTING=LOW:HIGH"),
        ("a=1", "no setting"),
        ("label_fraction=5:50", "needs single values of 'label_fraction'"),
        ("label_fraction=5:50:0.01", "at most 1,000"),
        ("seed=1,2", "'seed' can neither vary in a grid"),
        ("encoder=crab_net", "There is no encoder 'crab_net'"),
    ],
)
def test_grid__refuses_in_one_sentence(
    given: str, says: str, tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    assert says in called(capsys, "study", "grid", "probe", "--vary", given, status=1)["error"]
    assert list_runs() == []


def test_show__gives_the_table_and_names_what_is_missing(
    study: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = called(capsys, "study", "show", study.id, "--csv", str(tmp_path / "table.csv"))
    assert [(cell["cell"], cell["mean"]) for cell in found["cells"]] == [({"label_fraction": 50}, 0.4)]
    assert list(found["missing"].values()) == ["The loss became nan."]
    assert "10 images" in found["other_images"]
    assert "label_fraction,key,seed" in (tmp_path / "table.csv").read_text().splitlines()[0]
    assert main(["study", "show", study.id]) == 0
    assert "40.0 %" in capsys.readouterr().out


def test_show__of_a_grid_of_simclr_lists_its_accuracy_by_neighbours(
    tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    run = create_run(build_grid("simclr", {"temperature": [0.1, 0.2]}, data="reef"))
    made = {part.key: create_run(part.config, study=run.id) for part in run.request().parts}  # type: ignore[union-attr]
    for accuracy, one in zip((0.3, 0.6), made.values(), strict=True):
        replace_json(one.path / "results.json", {"val": {"knn_accuracy": accuracy}})
        write_status(one, state=State.FINISHED)
    write_status(run, state=State.FINISHED)
    replace_json(run.path / STUDY, {"runs": {key: one.id for key, one in made.items()}})
    found = called(capsys, "study", "show", run.id)
    assert found["score"] == "k-NN accuracy"
    assert [cell["mean"] for cell in found["cells"]] == [0.3, 0.6]
    assert main(["study", "show", run.id]) == 0
    told = capsys.readouterr().out
    assert "k-NN accuracy" in told
    assert "60.0 %" in told


def test_helps__asks_for_no_more_labels_per_class_than_there_are(
    tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = called(capsys, "study", "helps", "--plan", "--seeds", "2", "--encoder", "ImageNet")["parts"]
    assert max(np.bincount(tiny_reef.labels[tiny_reef.rows("train")])) == 5
    asked = [("linear probe", "1 label per class"), ("linear probe", "2 labels per class")]
    asked += [("linear probe", "all labels"), ("fine-tune", "all labels")]
    assert parts == [f"ImageNet, {use}, {labels}, seed {n}" for n in (0, 1) for use, labels in asked]


@pytest.mark.slow
def test_show__of_the_verdict_says_it_with_its_forecast(tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    study = build_study(HELPS, data="reef", data_hash=tiny_reef.content_hash)
    shares = {1: 0.2, 2: 0.3, 5: 0.4, 10: 0.45, 20: 0.5, 50: 0.55, "all": 0.6}
    run = finished_study(study, lambda part: shares.get(part.cell.get("labels"), 0.5))  # type: ignore[arg-type]
    found = called(capsys, "study", "show", run.id)
    assert found["answer"].startswith("No: ImageNet → SimCLR (linear probe) is right on the very same test images")
    assert "with 2 × as many labels (160 per class) expect" in found["forecast"]
    assert main(["study", "show", run.id]) == 0
    assert found["forecast"] in capsys.readouterr().out


def test_delete__asks_what_becomes_of_the_runs(study: Run, capsys: pytest.CaptureFixture[str]) -> None:
    refusal = called(capsys, "runs", "delete", study.id, status=1)["error"]
    assert "has 2 runs of its own" in refusal
    assert len(list_runs()) == 3
    called(capsys, "runs", "delete", study.id, "--keep-parts")
    assert len(list_runs()) == 2
    assert trashed() == [study.id]


def test_delete__takes_the_runs_along_where_told(study: Run, capsys: pytest.CaptureFixture[str]) -> None:
    called(capsys, "runs", "delete", study.id, "--with-parts")
    assert list_runs() == []


def test_show__says_that_the_progress_is_damaged(study: Run, capsys: pytest.CaptureFixture[str]) -> None:
    (study.path / STUDY).write_text("{half")
    assert main(["study", "show", study.id]) == 0
    assert "study.json cannot be read: it is incomplete or damaged." in capsys.readouterr().err
