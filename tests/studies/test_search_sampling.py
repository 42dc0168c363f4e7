"""What a search tries, what it gives up, and that it comes to the same if it was interrupted.

Its runs are carried out at once, in this process; ``test_search_process.py`` asks the same of real ones.
"""

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from sealife_core.config import Axis, SearchConfig, build_search, preset
from sealife_core.errors import RunError
from sealife_core.runs.deletion import delete_with_parts
from sealife_core.runs.directory import create_run, parts_of
from sealife_core.runs.liveness import State
from sealife_core.runs.run import STOP, Run
from sealife_core.runs.scheduling.queue import request_stop
from sealife_core.runs.writer import RunWriter
from sealife_core.studies import coordinator, search_process
from sealife_core.studies.search_results import (
    Trial,
    best_trial,
    compared_at,
    epochs_saved,
    importance,
    left_s,
    read_trials,
    search_of,
    to_frame,
    trials_of,
    write_trials,
)
from tests.studies.search_worker import train
from tests.studies.searches import RATE, SIZES, asked, told

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def carried_out(monkeypatch: pytest.MonkeyPatch) -> Callable[[Run], None]:
    """How a run is carried out here."""

    def at_once(run: Run) -> None:
        writer = RunWriter(run)
        writer.status(state="running")
        try:
            finished = train(run.config(), writer)
            writer.status(state="finished" if finished else "stopped")
        except Exception as error:  # noqa: BLE001 - as the worker tells all of them
            writer.status(state="failed", error={"what": str(error), "next": ""})

    for module in (search_process, coordinator):
        monkeypatch.setattr(module, "launch", at_once)
    monkeypatch.setattr(coordinator, "resume_or_begin_anew", at_once)
    monkeypatch.setattr(coordinator, "TICK_S", 0.0)
    monkeypatch.setattr(search_process, "ensure_dispatcher", lambda root: False)
    return at_once


def begun(config: SearchConfig, root: Path) -> Run:
    return create_run(config, root=root, name=config.title)


def carry_out(config: SearchConfig, root: Path) -> Run:
    run = begun(config, root)
    assert search_process.search(config, RunWriter(run))
    RunWriter(run).status(state="finished")
    return run


def test_search__of_twenty_trials_finds_the_better_half(root: Path):
    search = carry_out(asked(trials=20), root)
    trials = trials_of(search)
    assert len(trials) == 20
    best = best_trial(trials)
    assert best is not None
    far = [abs(math.log10(float(trial.values["learning_rate"] or 0)) + 3) for trial in trials]  # decades, 2 at most
    assert far[best.number - 1] < 0.5
    assert sum(decades < 1 for decades in far[5:]) > 15 / 2  # the first five are drawn at random
    pruned = [trial for trial in trials if trial.state == "pruned"]
    assert 2 <= len(pruned) <= 14
    assert all(search_of(search).judged_from <= trial.epochs < 6 for trial in pruned)
    spent, whole = epochs_saved(search_of(search), trials)
    assert spent < whole == 120
    assert compared_at(trials) == min(trial.epochs for trial in pruned)
    weights = importance(search_of(search), trials)
    assert next(iter(weights)) == "learning_rate"
    assert sum(weights.values()) == pytest.approx(1)
    frame = to_frame(search)
    assert frame["learning_rate"].between(1e-5, 1e-1).all()
    assert set(frame["batch_size"]) == {32, 64}
    assert left_s(search, search_of(search), trials) == 0


def test_search__of_the_same_seed_is_the_same_search(root: Path):
    once, other = carry_out(asked(trials=7), root), carry_out(asked(trials=7, seed=1), root)
    found = told(once)
    delete_with_parts(once)  # or its runs would answer
    assert told(carry_out(asked(trials=7), root)) == found
    assert [name for name, *_ in told(other)] != [name for name, *_ in found]


@pytest.mark.parametrize("turns", [2, 6])
def test_search__that_was_interrupted_comes_to_the_same(root: Path, turns: int):
    once = carry_out(asked(trials=7), root)
    found = told(once)
    delete_with_parts(once)
    run = begun(asked(trials=7), root)
    interrupted = search_process.Search(asked(trials=7), RunWriter(run))
    for _ in range(turns):
        interrupted.turn()
    assert search_process.search(asked(trials=7), RunWriter(run))
    assert told(run) == found
    assert len(parts_of(run)) == 7


def test_search__that_was_killed_before_it_noted_a_run_takes_that_run(root: Path, monkeypatch: pytest.MonkeyPatch):
    class Killed(BaseException):
        pass

    def killed(run: Run) -> None:
        raise Killed

    config = asked(trials=2)
    run = begun(config, root)
    search = search_process.Search(config, RunWriter(run))
    with monkeypatch.context() as patch:
        patch.setattr(search.storage, "note", lambda *args, **told: killed(run))
        with pytest.raises(Killed):
            search.turn()
    assert len(parts_of(run)) == 1
    assert search_process.search(config, RunWriter(run))
    assert len(parts_of(run)) == 2
    assert {trial.run_id for trial in trials_of(run)} == {part.id for part in parts_of(run)}


def test_search__without_pruning_lets_every_run_end(root: Path):
    search = carry_out(asked(pruning=False, trials=12), root)
    assert {trial.state for trial in trials_of(search)} == {"finished"}
    assert {trial.epochs for trial in trials_of(search)} == {6}


def test_search__judges_no_run_before_it_has_said_something(root: Path):
    config = asked(trials=14, epochs=9)
    assert config.judged_from == 3
    pruned = [trial for trial in trials_of(carry_out(config, root)) if trial.state == "pruned"]
    assert pruned
    assert min(trial.epochs for trial in pruned) == 3


def test_search__names_the_trials_that_failed_and_goes_on(root: Path):
    search = carry_out(asked(Axis(path="dropout", choices=(0.1, 0.9)), RATE, trials=8), root)
    failed = [trial for trial in trials_of(search) if trial.state == "failed"]
    assert failed
    assert {trial.values["dropout"] for trial in failed} == {0.9}
    assert {trial.why for trial in failed} == {"The loss became nan."}
    assert f"'{failed[0].name}' failed: The loss became nan." in search.status()["warnings"]
    assert best_trial(trials_of(search)) is not None
    assert len(trials_of(search)) == 8


def test_search__names_settings_that_contradict_each_other(root: Path):
    clash = Axis(path="loss", choices=("focal", "cross_entropy"))
    search = carry_out(asked(clash, Axis(path="label_smoothing", choices=(0.1, 0.2)), trials=6), root)
    failed = [trial for trial in trials_of(search) if trial.state == "failed"]
    assert {trial.values["loss"] for trial in failed} == {"focal"}
    assert all("Label smoothing works only with cross-entropy" in trial.why for trial in failed)
    assert all(trial.run_id == "" for trial in failed)


def test_search__trains_the_same_settings_once(root: Path):
    search = carry_out(asked(SIZES, trials=5), root)
    trials = trials_of(search)
    assert len(trials) == 5
    assert len(parts_of(search)) == 2
    assert sum(trial.reused for trial in trials) == 3
    assert {trial.run_id for trial in trials} == {run.id for run in parts_of(search)}
    assert epochs_saved(search_of(search), trials) == (12, 12)
    other = carry_out(asked(SIZES, trials=2), root)
    assert parts_of(other) == []
    assert {trial.state for trial in trials_of(other)} == {"finished"}


def test_search__ranks_simclr_by_k_nn_accuracy(root: Path):
    base = preset("simclr", epochs=4, device="cpu")
    search = carry_out(SearchConfig.model_validate(asked().model_dump() | {
        "base": base.model_copy(update={"monitor_every": 1}).model_dump(), "metric": "val/knn_accuracy",
        "axes": [RATE.model_dump()], "trials": 2,
    }), root)  # fmt: skip
    trials = trials_of(search)
    assert len(trials) == 2
    for trial in trials:
        assert trial.value == (Run(search.root / trial.run_id).results() or {})["val"]["knn_accuracy"]


def test_search__gives_up_a_trial_whose_run_was_deleted_or_stopped_by_hand(root: Path, monkeypatch: pytest.MonkeyPatch):
    config = asked(trials=2, parallel=2)
    run = begun(config, root)
    with monkeypatch.context() as patch:
        patch.setattr(search_process, "launch", lambda run: None)  # they never begin
        search = search_process.Search(config, RunWriter(run))
        search.turn()
    second, first = parts_of(run)
    request_stop(first)
    assert first.state() is State.STOPPED
    second.path.rename(root.parent / "gone")
    search.turn()
    assert [trial.state for trial in trials_of(run)] == ["failed", "failed"]
    assert [trial.why for trial in trials_of(run)] == ["it was stopped by hand.", "its run was deleted."]


def test_search__resumed_while_a_run_is_still_stopping_goes_on_with_it(root: Path, monkeypatch: pytest.MonkeyPatch):
    config = asked(trials=1)
    run = begun(config, root)
    with monkeypatch.context() as patch:
        patch.setattr(search_process, "launch", lambda run: None)
        search_process.Search(config, RunWriter(run)).turn()
    (part,) = parts_of(run)
    RunWriter(part).status(state="running")
    request_stop(part)
    assert part.shown().stopping
    resumed = search_process.Search(config, RunWriter(run))
    resumed.continue_trials()
    resumed.turn()
    RunWriter(part).status(state="stopped")
    (part.path / STOP).unlink()
    while resumed.turn():
        pass
    assert [trial.state for trial in trials_of(run)] == ["finished"]


@pytest.mark.parametrize(
    ("axis", "value"),
    [
        (Axis(path="learning_rate", low=1e-4, high=1e-2), 5.0),
        (Axis(path="batch_size", low=16, high=64), 17.5),
        (Axis(path="batch_size", low=16, high=64, step=16), 40),
        (Axis(path="dropout", low=0, high=0.5, step=0.1), 0.25),
    ],
)
def test_read_trials__leaves_out_values_that_the_search_cannot_have(root: Path, axis: Axis, value: float):
    run = begun(build_search(preset("scratch"), [axis]), root)
    kind, step = (int, axis.step or 1) if axis.path == "batch_size" else (float, axis.step or 1e-3)
    good = [kind((axis.low or 0) + i * step) for i in range(4)]
    tried = [*good, value, good[0], good[1]]
    write_trials(run.path, [Trial(i, {axis.path: one}, "finished", i / 10) for i, one in enumerate(tried, 1)])
    trials, left_out = read_trials(run)
    assert ([trial.values[axis.path] for trial in trials], left_out) == ([*good, *good[:2]], 1)
    assert importance(search_of(run), trials) == {axis.path: 1.0}


def test_results__of_another_kind_of_run_say_so(root: Path):
    run = create_run(preset("simclr"), root=root)
    with pytest.raises(RunError, match="is not a search"):
        search_of(run)
    assert trials_of(run) == []
    assert importance(asked(), []) == {}


def spoil_pages(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\x07" * (len(content) - 4096))


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"no database" * 99),
        lambda path: path.write_bytes(path.read_bytes()[:9000]),
        spoil_pages,
    ],
    ids=["not one", "cut off", "overwritten"],
)
def test_search__whose_database_is_damaged_says_so_and_a_second_one_goes_on(
    root: Path, damage: Callable[[Path], object]
):
    run = begun(asked(trials=3), root)
    search_process.Search(asked(trials=3), RunWriter(run)).turn()
    done = {part.id for part in parts_of(run)}
    damage(run.path / search_process.DATABASE)
    with pytest.raises(RunError, match=r"search\.db, which holds .* is damaged \(.+\)\. Put the file back"):
        search_process.search(asked(trials=3), RunWriter(run))
    again = carry_out(asked(trials=3), root)
    assert done <= {trial.run_id for trial in trials_of(again)}
