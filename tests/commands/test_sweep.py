"""A search as a sweep of Weights & Biases, and the command that its agent calls."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from sealife_core.__main__ import main
from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.directory import list_runs
from sealife_core.runs.run import Run
from tests.training.tracking.wandb_file import read

TINY = ["--preset", "Quick look", "--image-size-px", "32", "--epochs", "1", "--device", "cpu", "--precision", "fp32"]


def written(tmp_path: Path, *arguments: str) -> dict[str, Any]:
    file = tmp_path / "sweep.yaml"
    assert main(["sweep", *arguments, "--file", str(file)]) == 0
    return yaml.safe_load(file.read_text())


def agents_command(sweep: dict[str, Any], values: dict[str, Any]) -> list[str]:
    """The command that wandb's own agent makes of the file, for one run of the sweep."""
    from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args

    given = create_sweep_command_args({"args": {name: {"value": value} for name, value in values.items()}})
    replaced = {"${env}": ["/usr/bin/env"], "${interpreter}": [sys.executable], "${args}": given["args"]}
    return [word for part in create_sweep_command(list(sweep["command"])) for word in replaced.get(part, [part])]


def test_sweep__tells_ranges_and_values_as_wandb_knows_them(home, tmp_path: Path) -> None:
    sweep = written(
        tmp_path, "simclr", "--epochs", "20", "--tag", "search", "--vary", "temperature=0.05:1:log",
        "--vary", "views.hue=0:0.4", "--vary", "batch-size=32:256:log", "--vary", "warmup_epochs=0:5",
        "--vary", "optimiser=sgd,adamw", "--vary", "epochs=10,20", "--vary", "image_size_px=32:96:32",
    )  # fmt: skip
    assert sweep["parameters"] == {
        "temperature": {"distribution": "log_uniform_values", "min": 0.05, "max": 1.0},
        "views.hue": {"distribution": "uniform", "min": 0.0, "max": 0.4},
        "batch_size": {"distribution": "q_log_uniform_values", "q": 1, "min": 32, "max": 256},
        "warmup_epochs": {"distribution": "int_uniform", "min": 0, "max": 5},
        "optimiser": {"values": ["sgd", "adamw"]},
        "epochs": {"values": [10, 20]},
        "image_size_px": {"values": [32, 64, 96]},
    }
    assert (sweep["method"], sweep["project"]) == ("bayes", "sealife")
    assert sweep["metric"] == {"name": "val/knn_accuracy", "goal": "maximize"}
    assert sweep["command"][-3:] == ["--tag=search", "--epochs=20", "${args}"]


def test_sweep__of_a_classifier_looks_at_validation(home, tmp_path: Path) -> None:
    arguments = ("scratch", "--method", "grid", "--vary", "dropout=0,0.3", "--runs", "4", "--wandb-project", "reefs")
    sweep = written(tmp_path, *arguments)
    assert sweep["metric"] == {"name": "val/macro_f1", "goal": "maximize"}
    assert (sweep["method"], sweep["run_cap"], sweep["project"]) == ("grid", 4, "reefs")
    assert written(tmp_path, *arguments, "--metric", "val/loss")["metric"]["goal"] == "minimize"


def test_sweep__reports_every_problem_at_once(home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = (
        "temperatur=1,2",
        "epochs=3.5,9",
        "temperature=1:0.1",
        "temperature=0.1:9",
        "views.hue=0:1",
        "seed",
        "seed=1:2:lin",
    )
    flags = [flag for said in wrong for flag in ("--vary", said)]
    assert main(["sweep", "simclr", *flags, "--file", str(tmp_path / "no.yaml")]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "no setting 'temperatur'" in said
    assert "'epochs' is 3.5; expected a whole number" in said
    assert "'temperature' got the range 1 to 0.1; expected the lower end first" in said
    assert "'temperature' got the range 0.1 to 9; expected a number from 0.01 to 2" in said
    assert "'views.hue' got the range 0 to 1" in said
    assert "'seed' is not a setting with values; expected SETTING=" in said
    assert "'seed=1:2:lin': 'lin' is not a number; expected SETTING=" in said
    assert not (tmp_path / "no.yaml").exists()


def test_sweep__refuses_a_range_in_a_grid(home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ("--method", "grid", "--vary", "temperature=0.1:1", "--file", str(tmp_path / "no.yaml"))
    assert main(["sweep", "simclr", *flags]) == 1
    assert "A grid needs single values of 'temperature'" in capsys.readouterr().err


@pytest.mark.process
def test_agent__trains_with_what_it_is_given_and_waits_for_the_end(
    tiny_reef: Dataset, home: Path, tmp_path: Path
) -> None:
    sweep = written(tmp_path, "simclr", *TINY, "--vary", "batch_size=8:32:log", "--vary", "views.hue=0:0.5")
    parameters = tmp_path / "config.yaml"
    parameters.write_text("wandb_version: 1\nbatch_size: {value: 16}\n")
    agent = {
        "WANDB_SWEEP_ID": "sweep1", "WANDB_RUN_ID": "agents1", "WANDB_PROJECT": "reefs", "WANDB_MODE": "offline",
        "WANDB_SWEEP_PARAM_PATH": str(parameters), "HOME": str(tmp_path),
    }  # fmt: skip
    command = agents_command(sweep, {"batch_size": 16.0, "views.hue": 0.25})
    assert "--batch_size=16.0" in command
    done = subprocess.run(command, env=os.environ | agent, stdin=subprocess.DEVNULL, capture_output=True, timeout=240)
    assert done.returncode == 0, done.stderr
    (run,) = list_runs()
    config = run.config()
    assert config.kind == "simclr"
    assert (config.batch_size, config.views.hue, str(run.state())) == (16, 0.25, "finished")
    recorded = read(run.path)
    assert (recorded.run.run_id, recorded.run.sweep_id, recorded.run.project) == ("agents1", "sweep1", "reefs")
    assert "val/knn_accuracy" in recorded.summary
    assert not run.status().get("warnings")


def test_agent__is_told_of_a_run_that_failed(tiny_reef: Dataset, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_SWEEP_ID", "sweep1")
    monkeypatch.setattr("sealife_core.commands.training.launch", lambda run: fail(run))
    assert main(["train", "simclr", *TINY, "--json"]) == 1


def test_agent__that_ends_the_command_ends_the_run(
    tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ended(runs: list[Run], output: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setenv("WANDB_SWEEP_ID", "sweep1")
    monkeypatch.setattr("sealife_core.commands.training.launch", lambda run: None)
    monkeypatch.setattr("sealife_core.commands.training.follow_until_done", ended)
    monkeypatch.setattr("sealife_core.commands.training.signal.signal", lambda number, handler: None)
    assert main(["train", "simclr", *TINY]) == 130
    (run,) = list_runs()
    assert str(run.state()) == "stopped"
    assert "Interrupted" in capsys.readouterr().err


def fail(run: Run) -> None:
    from sealife_core.runs.writer import RunWriter

    RunWriter(run).status(state="failed", error={"what": "No.", "next": ""})


@pytest.mark.parametrize("runs", ["0", "-3"])
def test_sweep__is_not_written_for_no_runs(runs: str, home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "sweep.yaml"
    assert main(["sweep", "simclr", "--vary", "temperature=0.1:1", "--runs", runs, "--file", str(file)]) == 1
    assert f"'--runs' is {runs}; expected 1 or more." in capsys.readouterr().err
    assert not file.exists()
