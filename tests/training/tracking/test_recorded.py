"""What real runs record, read back: an offline run of Weights & Biases, and TensorBoard's event files."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sealife_core.config import preset, trained_settings
from sealife_core.config.settings import flattened
from sealife_core.datasets.dataset import open_dataset
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.tracking_links import tracking_links
from tests.finished.files import files_of
from tests.training.tracking.conftest import KEY, Bench
from tests.training.tracking.wandb_file import Recorded, read


@pytest.fixture(scope="module")
def simclr(bench: Bench) -> Run:
    """Of a study, in an environment that asks for it."""
    study = create_run(preset("embed"), root=bench.home / "checkpoints", name=f"Which temperature? {'x' * 200}")
    environment = {"WANDB_PROJECT": "reefs", "WANDB_API_KEY": KEY}
    notes = {"name": "Warm", "tags": ["thesis", "y" * 70, ""], "notes": "what for", "study": study.id}
    return bench.add("simclr", environment, notes, wandb="offline", wandb_model=True, tensorboard=True,
                       epochs=2, batch_size=16, monitor_every=1)  # fmt: skip


@pytest.fixture(scope="module")
def classifier(bench: Bench, simclr: Run) -> Run:
    """Of its own, switched on by the environment; broken on purpose."""
    run = bench.add(
        "scratch", {"WANDB_MODE": "offline"}, tensorboard=True, epochs=1, batch_size=16, broken="one-background"
    )
    bench.carry_out()
    return run


@pytest.fixture(scope="module")
def learned(simclr: Run, classifier: Run) -> Recorded:
    return read(simclr.path)


@pytest.fixture(scope="module")
def classified(classifier: Run) -> Recorded:
    return read(classifier.path)


def test_wandb__says_which_run_it_is(simclr: Run, learned: Recorded) -> None:
    run = learned.run
    assert (run.run_id, run.display_name, run.notes) == (simclr.id, "Warm", "what for")
    assert (list(run.tags), run.job_type) == (["thesis", "y" * 63 + "…"], "simclr"), "a tag that is too long is cut"
    assert run.run_group.startswith("Which temperature? xxx")
    assert len(run.run_group) == 128
    assert run.resume
    assert run.project == "sealife", "a part of a study has its project from the study's launch"
    assert learned.exit_code == 0


def test_wandb__holds_every_setting_and_nothing_of_where_it_is_recorded(simclr: Run, learned: Recorded) -> None:
    settings = {key: value for key, value in learned.config.items() if key not in ("_wandb", "machine")}
    assert flattened(settings) == trained_settings(simclr.config())
    assert learned.config["machine"]["versions"]["torch"]


def test_wandb__holds_the_metrics_of_the_run_over_sensible_axes(simclr: Run, learned: Recorded) -> None:
    rows = [{key: value for key, value in row.items() if key != "time"} for row in simclr.metrics()]
    told = [{key: value for key, value in row.items() if not key.startswith("_")} for row in learned.rows("step")]
    assert told == [pytest.approx(row) for row in rows]
    assert any("val/knn_accuracy" in row for row in told)
    assert learned.axes == {"train/*": "step", "val/*": "epoch"}


def test_wandb__shows_view_pairs_and_a_map_of_the_embeddings(learned: Recorded) -> None:
    with Image.open(learned.file("views/pairs")) as pairs:
        assert pairs.width > pairs.height > 300
        assert np.asarray(pairs).std() > 20
    (row,) = learned.rows("views/pairs")
    assert row["views/pairs"]["caption"].startswith("16 training pictures")
    assert learned.file("embeddings/map").is_file()
    (row,) = learned.rows("embeddings/map")
    assert "PCA" in row["embeddings/map"]["caption"]


def test_wandb__ends_with_the_results_as_summary(simclr: Run, learned: Recorded, classifier: Run) -> None:
    results = simclr.results() or {}
    assert learned.summary["val/knn_accuracy"] == pytest.approx(results["val"]["knn_accuracy"])
    assert learned.summary["method"] == "SimCLR"
    summary, results = read(classifier.path).summary, classifier.results() or {}
    assert summary["val/macro_f1"] == pytest.approx(results["val"]["macro_f1"])
    assert summary["test/accuracy"] == pytest.approx(results["test"]["accuracy"])


def test_wandb__takes_the_model_along_if_asked(simclr: Run, learned: Recorded, classified: Recorded) -> None:
    artifact = learned.artifacts[f"model-{simclr.id}"]
    assert artifact.type == "model"
    assert {entry.path: entry.local_path for entry in artifact.manifest.contents} == {
        name: str(simclr.path / name) for name in ("model.json", "model.safetensors")
    }
    assert json.loads(artifact.metadata)["encoder"] == "resnet18"
    assert not any(artifact.type == "model" for artifact in classified.artifacts.values())


def test_wandb__has_the_confusion_matrix_of_the_test_split(classifier: Run, classified: Recorded) -> None:
    counts = json.loads(classified.file("test/confusion_table").read_text())
    table = pd.DataFrame(counts["data"], columns=counts["columns"])
    truth = (classifier.results() or {})["test"]["confusion"]
    assert table["nPredictions"].to_numpy().reshape(len(truth), -1).tolist() == truth
    assert (list(classified.run.tags), classified.run.job_type) == (["broken"], "scratch")


def test_wandb__has_a_table_of_test_predictions_with_pictures(
    bench: Bench, classifier: Run, classified: Recorded
) -> None:
    shown = json.loads(classified.file("test/predictions").read_text())
    assert shown["columns"] == ["image", "file", "id", "truth", "prediction", "confidence", "right"]
    predictions = pd.read_parquet(classifier.path / "predictions.parquet").query("split == 'test'")
    told = [row[2:] for row in shown["data"]]
    names = open_dataset("reef", bench.home / "data").original_names
    assert [row[1] for row in shown["data"]] == [names[row[2]] for row in shown["data"]]
    columns = zip(*(predictions[name] for name in ("id", "label", "predicted", "confidence")), strict=True)
    assert told == [[*row[:3], pytest.approx(row[3]), row[1] == row[2]] for row in columns]
    (pictures,) = (
        a for a in classified.artifacts.values() if any("predictions" in e.path for e in a.manifest.contents)
    )
    local = [entry.local_path for entry in pictures.manifest.contents if entry.path.endswith(".png")]
    assert len(local) == len(told)
    assert all(path.startswith(str(classifier.path)) for path in local), "wandb sync needs nothing from elsewhere"


def test_wandb__keeps_its_files_in_the_run_and_the_key_out_of_them(
    bench: Bench, simclr: Run, classified: Recorded
) -> None:
    person = bench.home / "person"
    assert not [path for path in person.rglob("*wandb*") if path.is_file()]
    assert not [path for path in files_of(simclr) if KEY.encode() in path.read_bytes()]
    assert not [path for path in files_of(simclr) if path.suffix == ".log"]


def test_log__says_once_how_to_send_what_was_recorded(simclr: Run, learned: Recorded) -> None:
    lines = [line for line in simclr.log_tail(200) if "wandb" in line.lower()]
    assert lines == [f"Weights & Biases: offline; wandb sync {learned.folder}"]
    assert not simclr.status().get("warnings")


def test_places__name_the_commands(simclr: Run, learned: Recorded) -> None:
    assert [place.command for place in tracking_links(simclr)] == [
        f"wandb sync {learned.folder}", f"tensorboard --logdir {simclr.path / 'tensorboard'}"
    ]  # fmt: skip


def test_event_files__hold_curves_pictures_and_results(simclr: Run, classifier: Run) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    read_back = EventAccumulator(str(simclr.path / "tensorboard")).Reload()
    losses = {row["step"]: row["train/loss"] for row in simclr.metrics() if "train/loss" in row}
    assert {e.step: e.value for e in read_back.Scalars("train/loss")} == pytest.approx(losses)
    assert {"views/pairs", "embeddings/map"} <= set(read_back.Tags()["images"])
    accuracy = (simclr.results() or {})["val"]["knn_accuracy"]
    assert [e.value for e in read_back.Scalars("result/val/knn_accuracy")] == pytest.approx([accuracy])
    assert "config/text_summary" in read_back.Tags()["tensors"]
    of_classifier = EventAccumulator(str(classifier.path / "tensorboard")).Reload()
    assert {"test/confusion", "test/predictions"} <= set(of_classifier.Tags()["images"])
