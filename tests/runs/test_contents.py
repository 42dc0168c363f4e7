"""Whatever the files of a run hold, nobody who asks the run meets an exception or another type."""

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealife_core.runs.deletion import delete, restore, trashed
from sealife_core.runs.directory import active_on, dependents, list_runs, open_run, parts_of, source_of
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.queue import has_work
from sealife_core.runs.tracking_links import launched_with, tracking_links
from tests.damage import mutated
from tests.finished.files import FILES, ROWS, whole_run, write_rows

NAMES = ["config.json", *FILES, "metrics.jsonl", "launch.json", "log.txt", "stop"]


def ask_everything(run: Run) -> State:
    """Every question that pages and commands ask; returns the state."""
    shown = run.shown()
    run.error(), run.problems(), run.launches_runs, run.size_bytes, run.log_tail()
    assert all(isinstance(value, list if key == "tags" else str) for key, value in run.notes().items())
    for scored in ((run.results() or {}).get(split) or {} for split in ("val", "test")):
        assert isinstance(scored.get("accuracy"), float | int | None)
    assert all(isinstance(value, int | float | None) for row in run.metrics() for value in row.values())
    run.process(), run.environment(), run.attempt(), run.stop_requested(), tracking_links(run), launched_with(run)
    source_of(run), dependents(run), parts_of(run), active_on("reef", run.root), has_work(run.root)
    json.dumps([run.status(), run.results(), run.notes()], allow_nan=False).encode()
    return shown.state


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damage__of_any_file_by_any_json_hides_no_run_and_raises_nothing(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["simclr", "finetune", "study"]))
    name = data.draw(st.sampled_from(["config.json", *FILES, "metrics.jsonl"]))
    with TemporaryDirectory() as folder:
        root = Path(folder)
        well, run = whole_run(root), whole_run(root, kind)
        if name == "metrics.jsonl":
            rows = data.draw(mutated(ROWS))
            write_rows(run, rows if isinstance(rows, list) else [rows])
        else:
            (run.path / name).write_text(json.dumps(data.draw(mutated(json.loads((run.path / name).read_text())))))
        assert set(list_runs(root)) == {well, run}
        ask_everything(run)
        assert ask_everything(well) is State.FINISHED


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(NAMES), content=st.binary(max_size=60))
def test_damage__of_any_file_by_any_bytes_raises_nothing(name: str, content: bytes) -> None:
    with TemporaryDirectory() as folder:
        run = whole_run(Path(folder))
        (run.path / name).write_bytes(content)
        assert ask_everything(run) in tuple(State)
        assert list_runs(Path(folder)) == [run]


def a_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


def a_pipe(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def a_looping_link(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(path.name)


def an_endless_device(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("instead", [a_folder, a_pipe, a_looping_link, an_endless_device])
def test_damage__where_something_else_stands_in_place_of_a_file(
    tmp_path: Path, name: str, instead: Callable[[Path], None]
) -> None:
    run = whole_run(tmp_path)
    instead(run.path / name)
    state = ask_everything(run)
    assert (state is State.DAMAGED) == (name in ("config.json", "status.json"))
    assert any(name in problem for problem in run.problems()) == (name in ("config.json", *FILES))
    delete(run)
    assert trashed(tmp_path) == [run.id]


@pytest.mark.parametrize("target", ["itself", "nowhere"])
def test_damage__of_a_run_that_is_a_link_to_nothing_is_shown_and_deleted(tmp_path: Path, target: str) -> None:
    well, run = whole_run(tmp_path), Run(tmp_path / "itself")
    run.path.symlink_to(target)
    assert set(list_runs(tmp_path)) == {well, run}
    assert open_run("itself", tmp_path) == run
    assert ask_everything(run) is State.DAMAGED
    delete(run)
    assert list_runs(tmp_path) == [well]
    assert restore("itself", tmp_path) == run


@contextlib.contextmanager
def as_nobody() -> Any:
    """Root may read everything: it steps down for a moment."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_damage__of_a_run_that_we_may_not_read_is_said(tmp_path: Path) -> None:
    for folder in (folder for folder in (tmp_path, *tmp_path.parents) if "pytest-of-" in str(folder)):
        folder.chmod(0o755)
    run = whole_run(tmp_path)
    run.path.chmod(0o000)
    try:
        with as_nobody():
            assert list_runs(tmp_path) == [run]
            assert ask_everything(run) is State.DAMAGED
            assert "config.json cannot be read: Permission denied." in run.shown().message
    finally:
        run.path.chmod(0o755)


@pytest.mark.parametrize(
    ("name", "key", "value", "says"),
    [
        ("config.json", "kind", {}, "'kind' is {}; expected one of 'simclr'"),
        (
            "status.json",
            "heartbeat",
            10**399,
            "status.json is damaged: 'heartbeat' is 100000000000000000...0000000000000000000; expected",
        ),
        ("status.json", "ended", float("nan"), "status.json cannot be read: it is incomplete or damaged."),
        ("results.json", "test", [], "results.json is damaged: 'test' is []; expected a valid dictionary"),
        ("environment.json", "labels_used", "2", "environment.json is damaged: 'labels_used' is '2'; expected a valid"),
        ("notes.json", "study", "../..", "notes.json is damaged: 'study' is '../..'"),
        ("process.json", "pid", 2**40, "process.json is damaged: 'pid' is 1099511627776; expected less than"),
    ],
)
def test_damage__names_file_key_value_and_what_was_expected(
    tmp_path: Path, name: str, key: str, value: Any, says: str
) -> None:
    run = whole_run(tmp_path)
    (run.path / name).write_text(json.dumps(json.loads((run.path / name).read_text()) | {key: value}))
    assert says in " ".join(run.problems())


def test_metrics__skips_a_row_of_another_type_and_keeps_the_others(tmp_path: Path) -> None:
    run = whole_run(tmp_path)
    write_rows(run, [{"step": 1, "epoch": "three"}, {"step": 2, "epoch": 1.0}, {"step": float("nan")}, 7, {"step": []}])
    assert run.metrics() == [{"step": 2, "epoch": 1.0}]
