"""How much time is left of a study or search, also where its runs, or itself, were resumed."""

import time
from pathlib import Path

import pytest

from dashboard.app_pages.studies.study_view import _left_s
from sealife_core.config import Part, StudyConfig, preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.costs.estimates import estimate_on
from sealife_core.runs.directory import create_run
from sealife_core.runs.files import replace_json
from sealife_core.runs.run import RESULTS, STATUS, STUDY, Run
from sealife_core.studies.search_results import Trial, left_s, search_of
from sealife_core.studies.study_cost import seconds_left, study_cost
from sealife_core.studies.study_results import part_results
from tests.studies.conftest import grid
from tests.studies.searches import asked


def ended(root: Path, last_s: float, train_s: float | None = None) -> Run:
    """A run whose last attempt took ``last_s``, and its training over all attempts ``train_s``."""
    run = create_run(preset("scratch"), root=root)
    replace_json(run.path / STATUS, {"state": "finished", "started": 1000.0, "ended": 1000.0 + last_s})
    if train_s is not None:
        replace_json(run.path / RESULTS, {"train_s": train_s})
    return run


def going(root: Path, age_s: float, **status: int) -> Run:
    run = create_run(preset("scratch"), root=root)
    replace_json(run.path / STATUS, {"state": "running", "started": time.time() - age_s} | status)
    return run


def test_study_cost__counts_the_decoded_images_once_and_what_is_kept_once(
    home: Path, tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = home / "checkpoints"
    config = preset("scratch", image_size_px=64)
    parts = [Part(key=f"{seed}", config=config.model_copy(update={"seed": seed})) for seed in range(3)]
    study = StudyConfig(title="three", data="reef", parts=tuple(parts))
    one = estimate_on(config, tiny_reef, root)
    in_training = one.disk_bytes - one.kept_bytes - one.shared_bytes
    assert min(in_training, one.kept_bytes, one.shared_bytes) > 0
    for at_once in (1, 2):
        monkeypatch.setattr("sealife_core.studies.study_cost.at_once", lambda config, at_once=at_once: at_once)
        assert study_cost(study, tiny_reef, root).disk_bytes == (
            3 * one.kept_bytes + at_once * in_training + one.shared_bytes
        )


def test_seconds_left__counts_every_attempt_of_a_resumed_run(root: Path) -> None:
    assert seconds_left([ended(root, 10, 100), ended(root, 100, 90)], [], 3) == pytest.approx(300)
    assert seconds_left([ended(root, 100)], [], 2) == pytest.approx(200)
    assert seconds_left([], [going(root, 10)], 2) is None
    assert seconds_left([ended(root, -3600)], [], 2) is None, "the clock was set back while it trained"
    assert seconds_left([ended(root, -3600, 100)], [], 2) == pytest.approx(200)


def test_seconds_left__knows_how_far_a_resumed_run_is(root: Path) -> None:
    resumed = going(root, 1, step=90, steps=100)
    assert seconds_left([ended(root, 100)], [resumed], 2) == pytest.approx(110)
    assert seconds_left([ended(root, 100)], [going(root, 40)], 1) == pytest.approx(60, abs=2)
    assert seconds_left([ended(root, 100)], [resumed, resumed], 4) == pytest.approx(110)  # two side by side


def test_left_s__of_a_search_counts_trials_that_were_resumed(root: Path) -> None:
    search = create_run(asked(trials=3), root=root)
    first, second = ended(root, 10, 100), going(root, 1, step=50, steps=100)
    trials = [Trial(1, {}, "finished", 0.5, first.id), Trial(2, {}, "running", run_id=second.id)]
    assert left_s(search, search_of(search), trials) == pytest.approx(150)


def test_left_s__of_a_study_does_not_begin_anew_when_the_study_is_resumed(root: Path) -> None:
    study = create_run(grid(), root=root)
    replace_json(study.path / STATUS, {"state": "running", "started": time.time()})
    keys = [part.key for part in grid().parts]
    made = dict(zip(keys, (ended(root, 10, 100).id, ended(root, 10, 100).id), strict=False))
    replace_json(study.path / STUDY, {"runs": made, "left_out": {keys[3]: "The loss became nan."}})
    assert len(keys) == 4
    assert _left_s(study, part_results(study)) == pytest.approx(100)
