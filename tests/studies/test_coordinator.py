"""A study as a process: it queues its runs, waits for them, and survives what happens to them."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from sealife_core.config import Part, StudyConfig, preset
from sealife_core.errors import RunError
from sealife_core.runs.deletion import delete_with_parts, trashed
from sealife_core.runs.directory import create_run, list_runs, parts_of
from sealife_core.runs.liveness import State
from sealife_core.runs.run import BEST, LAST, MODEL, Run
from sealife_core.runs.scheduling.queue import launch, request_stop, resume
from sealife_core.runs.writer import RunWriter
from sealife_core.studies import coordinator
from sealife_core.studies.coordinator import read_study_progress
from sealife_core.studies.grid import build_grid
from sealife_core.studies.reuse import fingerprint
from tests.runs.processes import until
from tests.studies.conftest import grid

Start = Callable[[StudyConfig], Run]


def chain(*seeds: int) -> StudyConfig:
    """A SimCLR run and a probe of it for each seed."""
    parts = []
    for seed in seeds:
        parts.append(Part(key=f"SimCLR {seed}", config=preset("simclr", seed=seed)))
        probe = preset("probe", weights=f"run:SimCLR {seed}", seed=seed)
        parts.append(Part(key=f"probe {seed}", config=probe, cell={"seed": seed}))
    return StudyConfig(title="Chain", data="reef", axes=("seed",), parts=tuple(parts))


def finished(run: Run) -> bool:
    return run.state() is State.FINISHED


def test_study__runs_every_part_once_and_says_how_far_it_is(start: Start):
    study = start(grid())
    until(lambda: finished(study))
    assert {run.notes()["name"] for run in parts_of(study)} == {part.key for part in grid().parts}
    assert all(finished(run) for run in parts_of(study))
    status = study.status()
    assert (status["step"], status["steps"], status["warnings"]) == (4, 4, [])
    assert read_study_progress(study.path).runs.keys() == {part.key for part in grid().parts}


def test_worker__drops_what_only_a_resume_needs_once_a_run_has_finished(start: Start):
    study = start(chain(0))
    until(lambda: finished(study))
    assert not any((run.path / name).exists() for run in parts_of(study) for name in (LAST, BEST))
    assert all((run.path / MODEL).exists() for run in parts_of(study))


def test_study__takes_no_place_of_its_own(start: Start, root: Path):
    study = start(grid())
    until(lambda: finished(study))
    assert (study.process() or {})["device"] == "none"
    assert {(run.process() or {})["device"] for run in parts_of(study)} == {"cpu"}


def test_study__queues_few_runs_at_a_time_so_that_others_get_their_turn(
    start: Start, root: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SEALIFE_TEST_RUN_S", "0.4")
    study = start(build_grid("probe", {"label_fraction": [1, 2, 3, 4, 5]}, data="reef", values={"weights": "imagenet"}))
    until(lambda: parts_of(study))
    mine = create_run(preset("simclr"), root=root)
    launch(mine)
    until(lambda: finished(mine))
    assert not finished(study)
    until(lambda: finished(study))


def test_study__fills_in_the_weights_of_the_run_that_a_part_became(start: Start):
    study = start(chain(0))
    until(lambda: finished(study))
    probe, simclr = parts_of(study)
    assert probe.config().weights == f"run:{simclr.id}"


def test_study__takes_what_was_answered_before(start: Start, root: Path):
    first = start(grid())
    until(lambda: finished(first))
    second = start(grid())
    until(lambda: finished(second))
    assert parts_of(second) == []
    progress = read_study_progress(second.path)
    assert sorted(progress.reused) == sorted(progress.runs)
    assert set(progress.runs.values()) == {run.id for run in parts_of(first)}


def test_study__goes_on_without_a_part_that_failed_and_names_it(start: Start):
    study = start(chain(7, 0))
    until(lambda: finished(study))
    progress = read_study_progress(study.path)
    assert progress.left_out == {
        "SimCLR 7": "The loss became nan.",
        "probe 7": "it needs the weights of 'SimCLR 7', which is missing.",
    }
    assert "'SimCLR 7' is missing: The loss became nan." in study.status()["warnings"]
    assert {run.state() for run in parts_of(study)} == {State.FINISHED, State.FAILED}


def test_stop__stops_the_runs_and_resume_goes_on_with_them(start: Start, root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SEALIFE_TEST_RUN_S", "60")
    study = start(grid())
    until(lambda: any(run.status().get("state") == "running" for run in parts_of(study)))
    request_stop(study)
    until(lambda: study.state() is State.STOPPED)
    assert all((run.path / LAST).exists() for run in parts_of(study) if run.status().get("state") == "running")
    until(lambda: not any(run.state().active for run in parts_of(study)))
    assert {run.state() for run in parts_of(study)} == {State.STOPPED}
    begun = {run.id for run in parts_of(study)}
    until(lambda: not _dispatchers_alive(root))
    monkeypatch.setenv("SEALIFE_TEST_RUN_S", "0")
    resume(study)
    until(lambda: finished(study))
    assert begun < {run.id for run in parts_of(study)}
    assert all(finished(run) for run in parts_of(study))


def test_resume__while_a_run_still_obeys_the_stop_goes_on_with_it(
    start: Start, root: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SEALIFE_TEST_RUN_S", "2")
    monkeypatch.setenv("SEALIFE_TEST_STOPS_AFTER_S", "1.5")
    study = start(grid())
    until(lambda: any(run.status().get("state") == "running" for run in parts_of(study)))
    request_stop(study)
    until(lambda: study.state() is State.STOPPED)
    assert any(run.state() is State.RUNNING and run.stop_requested() for run in parts_of(study))
    resume(study)
    until(lambda: finished(study))
    assert read_study_progress(study.path).left_out == {}
    assert len(parts_of(study)) == 4


def test_study__takes_up_a_run_whose_process_was_killed(start: Start, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SEALIFE_TEST_RUN_S", "1")
    study = start(grid())
    victim = until(lambda: next((r for r in parts_of(study) if r.status().get("state") == "running"), None))
    os.kill((victim.process() or {})["pid"], signal.SIGKILL)
    until(lambda: finished(study))
    assert finished(victim)
    assert victim.attempt() == 2


def test_study__that_was_killed_is_interrupted_and_goes_on_with_what_is_done(
    start: Start, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SEALIFE_TEST_RUN_S", "0.5")
    study = start(grid())
    until(lambda: any(finished(run) for run in parts_of(study)))
    os.kill((study.process() or {})["pid"], signal.SIGKILL)
    until(lambda: study.state() is State.INTERRUPTED)
    until(lambda: not any(run.state().active for run in parts_of(study)))
    resume(study)
    until(lambda: finished(study))
    assert len(parts_of(study)) == 4
    assert {run.attempt() for run in parts_of(study)} == {1}


def test_delete__takes_the_parts_along_and_keeps_those_that_others_need(start: Start, root: Path):
    study = start(chain(0))
    until(lambda: finished(study))
    probe, simclr = parts_of(study)
    mine = create_run(preset("finetune", weights=f"run:{simclr.id}"), root=root)
    until(lambda: delete_with_parts(study)[1] == [simclr.id])
    assert {run.id for run in list_runs(root)} == {mine.id, simclr.id}
    assert set(trashed(root)) == {probe.id, study.id}


def test_delete__refuses_while_the_study_goes_on(start: Start, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SEALIFE_TEST_RUN_S", "60")
    study = start(grid())
    until(lambda: parts_of(study))
    with pytest.raises(RunError, match="Stop the study first"):
        delete_with_parts(study)
    assert study.path.is_dir()
    request_stop(study)


def test_fingerprint__tells_what_is_asked_from_where_it_is_done():
    one = preset("probe", weights="imagenet", device="cpu")
    elsewhere = preset("probe", weights="imagenet", device="cuda", wandb="offline", tensorboard=True)
    assert fingerprint(one) == fingerprint(elsewhere)
    others = [preset("probe", weights="imagenet", seed=1), preset("probe", weights="imagenet", data_hash="other")]
    assert fingerprint(one) not in map(fingerprint, others)


def _dispatchers_alive(root: Path) -> list[int]:
    from sealife_core.processes import identity
    from tests.runs.processes import dispatcher_pids

    return [pid for pid in dispatcher_pids(root) if identity(pid)]


class Killed(BaseException):
    """The end of the coordinator's process, at a chosen place."""


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is launched has finished at once, in this process."""

    def finish(run: Run) -> None:
        RunWriter(run).status(state="finished")

    monkeypatch.setattr(coordinator, "launch", finish)
    monkeypatch.setattr(coordinator, "ensure_dispatcher", lambda root: False)
    monkeypatch.setattr(coordinator, "TICK_S", 0.0)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("place", ["before the launch", "between launch and note"])
def test_study__that_was_killed_before_it_noted_a_run_trains_no_part_twice(
    root: Path, monkeypatch: pytest.MonkeyPatch, place: str
):
    def kill(*told: object, **more: object) -> None:
        raise Killed

    run = create_run(grid(), root=root, name="grid")
    with monkeypatch.context() as patch:
        study = coordinator.Coordinator(grid(), RunWriter(run))
        if place == "before the launch":
            patch.setattr(coordinator, "launch", kill)
        else:
            patch.setattr(study, "_note", kill)
        with pytest.raises(Killed):
            study.turn()
    (orphan,) = parts_of(run)
    assert read_study_progress(run.path).runs == {}
    assert coordinator.coordinate(grid(), RunWriter(run))
    assert {part.id for part in parts_of(run)} == set(read_study_progress(run.path).runs.values())
    assert orphan in parts_of(run)
    assert len(parts_of(run)) == len(grid().parts)
    assert read_study_progress(run.path).reused == []
    assert all(finished(part) for part in parts_of(run))


@pytest.mark.usefixtures("at_once")
def test_study__goes_on_beside_a_damaged_run_of_its_own(root: Path):
    run = create_run(grid(), root=root, name="grid")
    broken = create_run(preset("probe"), root=root, study=run.id)
    (broken.path / "config.json").write_text("{")
    assert coordinator.coordinate(grid(), RunWriter(run))
    assert len(read_study_progress(run.path).runs) == len(grid().parts)
