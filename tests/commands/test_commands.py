"""The command line, as a person or a program calls it."""

import math
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sealife_core import worker
from sealife_core.__main__ import build_parser, main
from sealife_core.config import TASKS, describe, flat_settings, preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.embeddings.stored_embeddings import read_embeddings
from sealife_core.runs.directory import create_run, list_runs, open_run
from sealife_core.runs.scheduling.queue import launch, write_status
from sealife_core.runs.writer import RunWriter
from tests.commands.calling import called

TINY = ["--image-size-px", "32", "--epochs", "1", "--batch-size", "16", "--device", "cpu", "--precision", "fp32"]


def test_check__names_the_files_of_every_group(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from PIL import Image

    for name in ("crab/a.png", "crab/b.png", "eel/a.png"):
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.linear_gradient("L").save(tmp_path / "photos" / name)
    called(capsys, "import", str(tmp_path / "photos"), "--name", "mine")
    found = called(capsys, "data", "check", "mine")
    assert found["exact_duplicates"] == len(found["groups"]) == 1
    group = found["groups"][0]
    assert (group["kind"], group["labels_differ"]) == ("exact", True)
    assert [picture["file"] for picture in group["pictures"]] == ["crab/a.png", "crab/b.png", "eel/a.png"]
    assert [picture["label"] for picture in group["pictures"]] == ["crab", "crab", "eel"]
    assert main(["data", "check", "mine"]) == 0
    shown = capsys.readouterr().out
    assert all(f"{name} ({name.split('/')[0]}, " in shown for name in ("crab/a.png", "crab/b.png", "eel/a.png"))


@pytest.mark.parametrize("task", TASKS)
def test_train__has_a_flag_for_every_setting(task: str, capsys: pytest.CaptureFixture[str]) -> None:
    settings = describe(TASKS[task].config)
    assert settings
    with pytest.raises(SystemExit):
        build_parser().parse_args(["train", task, "--help"])
    shown = capsys.readouterr().out
    for setting in settings:
        assert f"--{setting.path.replace('.', '-').replace('_', '-')} " in shown
        assert setting.says.split()[0] in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "scratch", "--wandb", "offline", "--tag", "x" * 70], "has 70 characters"),
        (["train", "scratch", "--wandb", "offline", "--wandb-project", "reef/2024"], "'wandb_project' is 'reef/2024'"),
        (["train", "finetune", "--weights", "file:/nowhere.pt"], "There is no file /nowhere.pt"),
        (["train", "scratch", "--preset", "Quick look", "--batch-size", "1"], "BatchNorm in the last stage"),
        (["train", "scratch", "--batch-size", "0"], "'batch_size' is 0; expected a whole number from 1 to 8,192"),
        (["study", "labels", "--seeds", "0"], "'seeds' is 0"),
        (["search", "scratch", "--vary", "batch_size=1,8", "--preset", "Quick look"], "BatchNorm in the last stage"),
    ],
)
def test_launch__of_what_would_fail_is_refused_and_leaves_no_run(
    tiny_reef: Dataset, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert said in called(capsys, *arguments, status=1)["error"]
    assert list_runs() == []


def test_import__lists_what_was_left_out(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from PIL import Image

    for name in ("crab", "eel"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(3):
            Image.new("RGB", (20, 20), (i * 40, 9, 9)).save(tmp_path / "photos" / name / f"{i}.png")
    (tmp_path / "photos" / "crab" / "notes.jpg").write_text("no picture")
    found = called(capsys, "import", str(tmp_path / "photos"), "--name", "mine")
    assert found["images"] == 6
    assert [s["file"] for s in found["skipped"]] == ["crab/notes.jpg"]
    assert [d["name"] for d in called(capsys, "data", "list")] == ["mine"]


def test_import__makes_the_cache_of_the_runs_to_come(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    (tmp_path / "photos").mkdir()
    Image.new("RGB", (500, 400), "teal").save(tmp_path / "photos" / "0.png")
    called(capsys, "import", str(tmp_path / "photos"), "--image-size-px", "96")
    assert [file.name for file in (home / "data" / "photos").glob("*.npy")] == ["pixels-192.npy"]
    assert main(["import", str(tmp_path / "photos"), "--name", "other", "--image-size-px", "9999"]) == 1
    assert "image_size_px" in capsys.readouterr().err


def test_data_list__shows_a_damaged_data_set_beside_the_others(
    tiny_reef: Dataset, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "data" / "broken").mkdir()
    (home / "data" / "broken" / "dataset.json").write_text('{"na')
    broken, reef = called(capsys, "data", "list")
    assert broken["name"] == "broken"
    assert broken["problem"]
    assert reef["images"] == 64


def test_import__refuses_in_one_sentence(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(tmp_path / "nowhere"), "--name", "mine"]) == 1
    said = capsys.readouterr().err
    assert "nowhere" in said.replace("\n", "")
    assert "Traceback" not in said


def test_train__reports_a_value_out_of_range_with_the_range(
    tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "simclr", "--temperature", "7", "--views-hue", "2"]) == 1
    said = capsys.readouterr().err
    assert "'temperature' is 7.0; expected a number from 0.01 to 2" in said
    assert "'views.hue' is 2.0" in said


def test_broken_run__is_marked_in_the_list_and_lends_its_settings_to_no_other(
    tiny_reef, capsys: pytest.CaptureFixture[str]
) -> None:
    run = create_run(preset("simclr", "Quick look", broken="batch-8"), name="Best")
    assert called(capsys, "runs", "list")[0]["task"] == "simclr, broken: batch of 8"
    refused = called(capsys, "train", "simclr", "--like", run.id, status=1)["error"]
    assert "was broken on purpose (batch of 8)" in refused
    assert main(["runs", "show", run.id]) == 0
    assert capsys.readouterr().out.startswith(f"{run.id}, broken: batch of 8  ")


def test_show__of_a_run_whose_last_loss_is_no_number_tells_the_one_before(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    writer = RunWriter(create_run(preset("simclr")))
    for step, loss in ((10, 1.5), (20, math.nan)):
        writer.metric(step, 0.1, **{"train/loss": loss})
    assert main(["runs", "show", writer.run.id]) == 0
    assert "last: step 10, loss 1.5000" in capsys.readouterr().out


def test_train__like_another_run_takes_its_settings_but_for_those_given(
    tiny_reef: Dataset, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sealife_core.commands.training.launch", lambda run: None)
    first = called(capsys, "train", "simclr", *TINY, "--views-hue", "0.03", "--temperature", "0.3", "--name", "One")[
        "run"
    ]
    clone = called(capsys, "train", "simclr", "--like", first, "--temperature", "0.4")["run"]
    before, after = (flat_settings(open_run(run).config()) for run in (first, clone))
    assert {path: after[path] for path in after if after[path] != before[path]} == {"temperature": 0.4}
    assert before["views.hue"] == 0.03
    refused = called(capsys, "train", "probe", "--like", first, status=1)["error"]
    assert f"Use 'simclr' with --like {first}" in refused


def test_train__gives_a_run_the_name_that_the_form_would(
    tiny_reef: Dataset, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sealife_core.commands.training.launch", lambda run: None)
    assert called(capsys, "train", "simclr", *TINY)["name"] == "SimCLR on reef"
    assert called(capsys, "train", "simclr", *TINY, "--name", "Dusk")["name"] == "Dusk"
    assert called(capsys, "embed", "--weights", "random")["name"] == "Features only (no training) on reef"


def test_names__are_accepted_wherever_ids_are(
    tiny_reef: Dataset, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("training", "studies", "search"):
        monkeypatch.setattr(f"sealife_core.commands.{module}.launch", lambda run: None)
    source = called(capsys, "train", "simclr", *TINY, "--name", "My encoder")["run"]
    write_status(open_run(source), state="queued")
    weights = f"run:{source}"
    by_from = called(capsys, "train", "probe", "--from", "My encoder")["run"]
    by_like = called(capsys, "train", "simclr", "--like", "My encoder")["run"]
    by_flag = called(capsys, "train", "finetune", "--weights", "run:My encoder", "--image-size-px", "32")["run"]
    assert open_run(by_like).config().image_size_px == 32
    assert [open_run(run).config().weights for run in (by_from, by_flag)] == [weights] * 2
    given = ("grid", "probe", "--vary", "weights=run:My encoder,imagenet", "--name", "Grid")
    study = called(capsys, "study", *given)["run"]
    assert [part.config.weights for part in open_run(study).request().parts] == [weights, "imagenet"]
    assert called(capsys, "study", "show", "Grid")["study"] == study
    vary = ("--vary", "learning_rate=1e-4:1e-2:log", "--name", "Search")
    search = called(capsys, "search", "finetune", "--from", "My encoder", *vary)["run"]
    assert open_run(search).request().base.weights == weights
    assert called(capsys, "search", "show", "Search")["search"] == search
    assert called(capsys, "runs", "show", "My encoder")[0]["id"] == source
    assert called(capsys, "runs", "rename", "My encoder", "--name", "Dusk")[0]["id"] == source
    assert called(capsys, "runs", "delete", by_like)[0]["id"] == by_like
    assert "2 runs are called" not in called(capsys, "runs", "restore", "SimCLR on reef")[0]["said"]
    called(capsys, "train", "simclr", "--like", "Dusk")
    refused = called(capsys, "runs", "show", "SimCLR on reef", status=1)["error"]
    assert refused.startswith("2 runs are called 'SimCLR on reef': ")
    assert by_like in refused


@pytest.mark.parametrize("active", ["created", "queued"])
def test_stop__of_a_run_that_has_not_begun_says_so(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, active: str
) -> None:
    monkeypatch.setattr("sealife_core.runs.scheduling.queue._spawn_dispatcher", lambda root: None)
    run = create_run(preset("simclr"), name="Dusk")
    if active == "queued":
        launch(run)
    (stopped,) = called(capsys, "runs", "stop", "Dusk")
    assert stopped["said"] == f"{run.id} was stopped before it began."
    (again,) = called(capsys, "runs", "stop", "Dusk")
    assert again["said"] == f"{run.id} is not running: it is stopped."


@pytest.mark.process
def test_path__from_simclr_to_a_comparison(
    tiny_reef: Dataset, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two real background runs of one pre-warmed worker, the second started from the first before that has finished."""
    monkeypatch.setenv("SEALIFE_READY_MINUTES", "5")
    source = called(capsys, "train", "simclr", "--preset", "Quick look", *TINY)["run"]
    probe = called(capsys, "train", "probe", "--preset", "Quick look", "--from", source, "--epochs", "3")["run"]
    assert main(["runs", "follow", source, probe]) == 0
    capsys.readouterr()
    rows = called(capsys, "compare")
    assert [row["run_id"] for row in rows] == [probe]
    assert rows[0]["low"] <= rows[0]["accuracy"] <= rows[0]["high"]
    shown = called(capsys, "runs", "show", probe)
    assert shown[0]["config"]["image_size_px"] == 32, "a run takes over the image size of the one it starts from"
    assert called(capsys, "runs", "delete", source, status=1)["error"].count(probe) == 1
    called(capsys, "runs", "delete", probe)
    assert {run["id"] for run in called(capsys, "runs", "list")} == {source}
    called(capsys, "runs", "restore", probe)
    assert {run["id"] for run in called(capsys, "runs", "list")} == {source, probe}


@pytest.mark.slow
def test_embed__is_a_run_whose_embeddings_are_on_disk(
    tiny_reef: Dataset, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sealife_core.commands.training.launch", lambda run: None)
    run = called(capsys, "embed", "--weights", "random", "--image-size-px", "32")["run"]
    monkeypatch.setattr(signal, "signal", lambda *args: None)  # TERM stays that of the tests
    assert worker.main(open_run(run).path) == 0
    assert main(["runs", "follow", run]) == 0
    capsys.readouterr()
    shown = called(capsys, "runs", "show", run)[0]
    assert shown["config"]["kind"] == "embed"
    assert read_embeddings(open_run(run).path).values.shape == (len(tiny_reef), 512)


@pytest.mark.process
def test_help__loads_no_torch() -> None:
    code = (
        "import sys; from sealife_core.__main__ import build_parser; build_parser(); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
