"""What a run keeps of its launcher's environment, and where it says it is recorded."""

import os
from pathlib import Path

import pytest

from sealife_core.config import preset
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.tracking_links import LAUNCH, launched_with, tracking_links, wandb_problems, wandb_tags
from sealife_core.runs.writer import RunWriter
from tests.finished.files import files_of

KEY = "0123456789abcdef" * 2 + "deadbeef"


def test_create_run__keeps_what_the_launch_says_of_wandb_and_never_the_key(home, monkeypatch) -> None:
    for name, value in {
        "WANDB_MODE": "offline", "WANDB_PROJECT": "", "WANDB_API_KEY": KEY, "WANDB_BASE_URL": f"http://me:{KEY}@host",
        "WANDB_RUN_ID": "abc", "WANDB_NAME": "no",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    run = create_run(preset("simclr"))
    assert launched_with(run) == {"WANDB_MODE": "offline", "WANDB_RUN_ID": "abc"}
    assert not [path for path in files_of(run) if KEY in path.read_text()]


def test_create_run__writes_nothing_where_nothing_is_said(home) -> None:
    run = create_run(preset("simclr"))
    assert not (run.path / LAUNCH).exists()
    assert launched_with(run) == {}


def test_create_run__of_a_study_has_its_variables_but_not_its_id(home, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("WANDB_MODE", "offline")
        patch.setenv("WANDB_RUN_ID", "abc")
        study = create_run(preset("simclr"))
    monkeypatch.setenv("WANDB_MODE", "online")
    assert launched_with(create_run(preset("simclr"), study=study.id)) == {"WANDB_MODE": "offline"}


def test_places__of_a_run_that_is_recorded_nowhere_else(home) -> None:
    assert tracking_links(create_run(preset("simclr"))) == []


def test_places__leave_out_what_was_sent_since(home) -> None:
    run = create_run(preset("simclr"))
    first, second = (run.path / "wandb" / f"offline-run-2026112{day}_1-x" for day in (3, 4))
    for folder in (first, second):
        folder.mkdir(parents=True)
        (folder / "run-x.wandb").touch()
    (place,) = tracking_links(run)
    assert place.command == f"wandb sync {first} {second}"
    (first / "run-x.wandb.synced").touch()
    (place,) = tracking_links(run)
    assert place.command == f"wandb sync {second}"


@pytest.mark.parametrize("url", ["javascript:alert(1)", 3, None])
def test_places__make_no_link_of_what_is_no_address(home, url: object) -> None:
    run = create_run(preset("simclr"))
    RunWriter(run).environment(tracking={"wandb_url": url})
    assert tracking_links(run) == []


def test_places__quote_a_folder_for_a_shell(tmp_path: Path) -> None:
    folder = tmp_path / "my runs" / "x" / "tensorboard"
    folder.mkdir(parents=True)
    (folder / "events.out.tfevents.1").touch()
    (place,) = tracking_links(Run(folder.parent))
    assert place.command == f"tensorboard --logdir '{folder}'"
    assert os.fspath(folder) in place.command


@pytest.mark.parametrize(
    ("tags", "variables"),
    [
        (["x" * 64], {}),
        (["x" * 65], {}),
        ([], {"WANDB_PROJECT": "reef 2024"}),
        ([], {"WANDB_PROJECT": "reef/2024"}),
        ([], {"WANDB_PROJECT": "50%"}),
        ([], {"WANDB_PROJECT": "p" * 129}),
        ([], {"WANDB_RUN_ID": "a-b.c"}),
        ([], {"WANDB_RUN_ID": "a/b"}),
        ([], {"WANDB_RUN_ID": " a"}),
        ([], {"WANDB_BASE_URL": "http://localhost:8080"}),
        ([], {"WANDB_BASE_URL": "localhost:8080"}),
    ],
)
def test_wandb_problems__are_what_the_installed_wandb_refuses(tags: list[str], variables: dict[str, str]) -> None:
    wandb = pytest.importorskip("wandb")
    names = {"WANDB_PROJECT": "project", "WANDB_RUN_ID": "run_id", "WANDB_BASE_URL": "base_url"}
    settings: dict[str, object] = {names[name]: value for name, value in variables.items()}
    try:
        wandb.Settings(run_tags=tags or None, **settings)
        refused = False
    except Exception:  # noqa: BLE001 - whatever it raises, it would not have begun
        refused = True
    found = wandb_problems(preset("simclr", wandb="offline"), tags, variables)
    assert len(found) == refused
    assert wandb_problems(preset("simclr", wandb="off"), tags, variables) == []
    wandb.Settings(run_tags=wandb_tags(tags))


def test_wandb_problems__of_a_sweep_leave_the_project_to_it() -> None:
    variables = {"WANDB_SWEEP_ID": "s", "WANDB_PROJECT": "a/b"}
    assert wandb_problems(preset("simclr"), [], variables) == []
