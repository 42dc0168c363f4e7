import os
import re
from pathlib import Path
from typing import Any

import pytest

from sealife_core.config import preset
from sealife_core.errors import RunError
from sealife_core.runs.deletion import delete
from sealife_core.runs.directory import (
    create_run,
    dependents,
    list_runs,
    list_studies,
    open_run,
    single_runs,
    source_chain,
    source_of,
)
from sealife_core.runs.files import recall_json
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from tests.finished.files import files_of
from tests.studies.searches import asked


def test_create_run__writes_the_whole_request(root: Path):
    run = create_run(preset("probe", weights="run:a"), root=root, name="Näme", tags=["t"], notes="n", data_hash="abc")
    assert re.fullmatch(r"\d{8}-\d{6}-probe-[0-9a-f]{4}", run.id)
    assert {p.name for p in files_of(run)} == {"config.json", "status.json", "notes.json"}
    assert run.notes() == {"name": "Näme", "tags": ["t"], "notes": "n", "study": ""}
    config = run.config()
    assert config.data_hash == "abc"
    assert config.seed == 0  # a default, there all the same
    assert '"seed": 0' in (run.path / "config.json").read_text()
    assert run.state() is State.CREATED


def test_create_run__lives_below_home_unless_told(home: Path):
    run = create_run(preset("simclr"))
    assert run.root == home / "checkpoints"
    assert list_runs() == [run]
    assert open_run(run.id) == run


def test_create_run__a_crash_midway_leaves_no_run(root: Path, monkeypatch: pytest.MonkeyPatch):
    def crash(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("sealife_core.runs.run.Run.write_notes", crash)
    with pytest.raises(OSError, match="disk full"):
        create_run(preset("simclr"), root=root)
    assert list_runs(root) == []
    assert list(root.iterdir()) == []


def test_list_runs__newest_first_also_within_a_second(root: Path):
    made = [
        create_run(preset(task, weights="random"), root=root) for task in ("simclr", "probe", "finetune", "scratch")
    ]
    assert list_runs(root) == made[::-1]


def test_single_runs__are_all_but_studies_and_searches(root: Path):
    one, search, two = (create_run(one, root=root) for one in (preset("simclr"), asked(), preset("scratch")))
    assert single_runs(root) == [two, one]
    assert list_studies(root) == [search]


def test_list_runs__of_a_missing_folder_is_empty(tmp_path: Path):
    assert list_runs(tmp_path / "nowhere") == []


def test_list_runs__reads_no_file_and_the_state_of_an_ended_run_only_two(root: Path, monkeypatch: pytest.MonkeyPatch):
    for _ in range(3):
        RunWriter(create_run(preset("simclr"), root=root)).status(state="finished")
    read = []

    def counting(path: Path, *shape: Any) -> dict | None:
        read.append(path.name)
        return recall_json(path, *shape)

    monkeypatch.setattr("sealife_core.runs.run.recall_json", counting)
    runs = list_runs(root)
    assert read == []
    assert {run.state() for run in runs} == {State.FINISHED}
    assert sorted(read) == sorted(["config.json", "status.json"] * 3)


@pytest.mark.parametrize("run_id", ["..", "../x", "a/b", "", ".trash", "/etc", "x\x00y", "a" * 300])
def test_open_run__refuses_what_is_no_id(root: Path, run_id: str):
    (root / ".trash").mkdir()
    with pytest.raises(RunError, match="There is no run"):
        open_run(run_id, root)


def test_open_run__names_what_there_is(root: Path):
    with pytest.raises(RunError, match=r"no run 'x'\. There are no runs yet"):
        open_run("x", root)
    run = create_run(preset("simclr"), root=root)
    with pytest.raises(RunError, match=f"The newest are {run.id}"):
        open_run("x", root)
    RunWriter(run).status(state="finished")
    delete(run)
    with pytest.raises(RunError, match=r"is in the trash\. Restore it first"):
        open_run(run.id, root)


def test_dependents__are_the_runs_that_took_the_weights(root: Path):
    source = create_run(preset("simclr"), root=root)
    probe = create_run(preset("probe", weights=f"run:{source.id}"), root=root)
    create_run(preset("probe", weights="run:another"), root=root)
    assert dependents(source) == [probe]
    assert source_of(probe) == source.id
    assert source_of(source) is None


def classifier(root: Path, run_id: str, weights: str) -> Run:
    create_run(preset("finetune", weights=weights), root=root).path.rename(root / run_id)
    return Run(root / run_id)


@pytest.mark.parametrize("weights", ["imagenet", "random", "file:/weights.pt"])
def test_source_chain__ends_with_weights_of_no_run(root: Path, weights: str):
    first = classifier(root, "first", weights)
    second = classifier(root, "second", "run:first")
    third = classifier(root, "third", "run:second")
    assert list(source_chain(source_of(third), root)) == [second, first]
    assert list(source_chain(source_of(first), root)) == []


def test_source_chain__ends_with_a_run_that_is_gone_or_damaged(root: Path):
    damaged = classifier(root, "damaged", "run:gone")
    assert list(source_chain("damaged", root)) == [damaged, Run(root / "gone")]
    (damaged.path / "config.json").write_text("{")
    assert list(source_chain("damaged", root)) == [damaged]


def test_source_chain__of_a_circle_names_each_run_once(root: Path):
    itself = classifier(root, "itself", "run:itself")
    assert list(source_chain("itself", root)) == [itself]
    ring = [classifier(root, name, weights) for name, weights in (("a", "run:b"), ("b", "run:c"), ("c", "run:b"))]
    assert list(source_chain("a", root)) == ring


def test_create_run__removes_what_a_killed_process_left_half_made(root: Path):
    half_made = root / ".new-20250101-000000-simclr-abcd"
    half_made.mkdir()
    create_run(preset("simclr"), root=root)
    assert half_made.exists(), "another process may be at it"
    os.utime(half_made, (0, 0))
    create_run(preset("simclr"), root=root)
    assert not half_made.exists()
