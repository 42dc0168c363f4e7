"""The two runs of each switch: what sets them apart, which are found again, and that no other study takes them."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sealife_core.config import BROKEN, SimclrConfig, preset, trained_settings
from sealife_core.datasets.dataset import Dataset
from sealife_core.demo import demo_configs
from sealife_core.launching.launch_checks import problems_of
from sealife_core.runs.directory import create_run, list_runs
from sealife_core.runs.liveness import State
from sealife_core.runs.writer import RunWriter
from sealife_core.studies import ablation_pairs
from sealife_core.studies.ablation_pairs import (
    EPOCHS,
    SWITCHES,
    Pair,
    Planned,
    launch_pair,
    other_seeds,
    pair_of,
    planned,
)
from sealife_core.studies.reuse import fingerprint, finished_runs
from tests.finished.runs import finished


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sealife_core.runs.scheduling.queue._spawn_dispatcher", lambda root: None)


@pytest.mark.parametrize("key", SWITCHES)
def test_planned__sets_the_two_runs_apart_by_the_switch_alone(tiny_reef: Dataset, key: str) -> None:
    plan = planned(key, tiny_reef, tiny_reef)
    intact, broken = (trained_settings(config) for config in (plan.intact, plan.broken))
    differ = {path for path in intact if intact[path] != broken[path]}
    changed = {"data"} if key == "one-background" else set(SWITCHES[key].changed)
    assert "broken" in differ
    assert differ - {"broken"} <= changed  # the usual views here have no blur to leave out
    assert len(differ) > 1 or not changed
    assert (plan.intact.broken, plan.broken.broken) == ("", key)


def test_switches__are_those_that_a_config_knows() -> None:
    assert list(SWITCHES) == list(BROKEN)
    assert all(switch.says.endswith(".") and switch.why.endswith(".") for switch in SWITCHES.values())


def test_switches__name_the_source_of_each_usual_outcome() -> None:
    for key, switch in SWITCHES.items():
        says = any(rule is not None for rule in switch.usual)
        assert bool(re.search(r"et al\. 20\d\d", switch.source)) is says, key


@pytest.mark.parametrize("key", ["no-jitter", "unfrozen-probe"])
def test_launch_pair__at_the_same_time_launches_each_run_once(
    tiny_reef: Dataset, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(plan: Planned) -> Pair:
        found = pair_of(plan)
        time.sleep(0.05)  # as long as a large folder of runs takes
        return found

    monkeypatch.setattr(ablation_pairs, "pair_of", slowly)
    plan = planned(key, tiny_reef)
    with ThreadPoolExecutor() as threads:
        list(threads.map(lambda _: launch_pair(key, plan), range(2)))
    assert len(list_runs()) == 2 + (plan.source is not None)


def test_other_seeds__are_finished_runs_that_differ_in_nothing_else(tiny_reef: Dataset) -> None:
    intact = planned("no-jitter", tiny_reef).intact
    run = finished(intact)
    other = finished(intact.model_copy(update={"seed": 1}))
    finished(intact.model_copy(update={"seed": 2, "epochs": 3}))
    create_run(intact.model_copy(update={"seed": 3}))
    damaged = finished(intact.model_copy(update={"seed": 4}))
    (damaged.path / "config.json").write_text('{"kind": "simclr", "epochs": "many"}')
    assert other_seeds(run) == (other,)


def test_batch_of_8__says_how_many_negatives_there_are_at_most(tiny_reef: Dataset) -> None:
    plan = planned("batch-8", tiny_reef)
    assert isinstance(plan.intact, SimclrConfig)
    assert isinstance(plan.broken, SimclrConfig)
    size = plan.broken.batch_size
    assert size < plan.intact.batch_size
    # How many there are in the intact run depends on the data set, which may hold less than a batch.
    assert re.findall(r"\d+", SWITCHES["batch-8"].says) == [str(size), str(2 * size - 2)]


def test_planned__takes_a_shorter_simclr_than_the_demos_and_its_probe_as_intact(tiny_reef: Dataset) -> None:
    demo = demo_configs(tiny_reef, "a", "b")
    shorter = {"epochs": EPOCHS}
    assert planned("no-head", tiny_reef).intact == demo["simclr training"].model_copy(update=shorter)
    assert planned("one-background", tiny_reef, tiny_reef).intact == demo["imagenet"]


def test_pair__is_launched_once_and_found_again(tiny_reef: Dataset) -> None:
    plan = planned("no-jitter", tiny_reef)
    intact = finished(plan.intact, "mine")
    before = pair_of(plan)
    assert (before.intact, before.broken, before.missing) == (intact, None, (plan.broken,))
    pair = launch_pair("no-jitter", plan)
    assert pair.both is not None
    assert pair.both[0] == intact
    assert pair.both[1].state() is State.QUEUED
    assert launch_pair("no-jitter", plan) == pair
    assert "Broken: no colour jitter" in pair.both[1].notes()["name"]


def test_pair__names_a_run_that_failed_and_trains_it_again(tiny_reef: Dataset) -> None:
    plan = planned("no-normalisation", tiny_reef)
    intact, failed = finished(plan.intact), finished(plan.broken)
    RunWriter(failed).status(state="failed")
    pair = pair_of(plan)
    assert (pair.intact, pair.broken, pair.missing, pair.ended) == (intact, None, (plan.broken,), (failed,))
    again = launch_pair("no-normalisation", plan)
    assert again.both is not None
    assert again.both[1] != failed
    assert not again.ended


def test_pair__of_a_probe_waits_for_the_simclr_run_that_both_start_from(tiny_reef: Dataset) -> None:
    plan = planned("unfrozen-probe", tiny_reef)
    assert len(pair_of(plan).missing) == 3
    both = launch_pair("unfrozen-probe", plan).both
    assert both is not None
    weights = {run.config().weights for run in both}
    assert len(weights) == 1
    assert weights.pop().startswith("run:")


def test_broken_run__answers_no_question_of_a_study(tiny_reef: Dataset) -> None:
    usual = preset("simclr", "Quick look", data="reef")
    run = finished(usual.model_copy(update={"broken": "identical-views"}))
    assert fingerprint(usual) not in finished_runs(run.root)


def test_broken_run__is_refused_as_weights_of_a_usual_run(tiny_reef: Dataset, tmp_path: Path) -> None:
    plan = planned("no-head", tiny_reef)
    source = create_run(plan.broken, name="A")
    assert isinstance(plan.broken, SimclrConfig)
    chosen = {"weights": f"run:{source.id}", "encoder": "resnet18", "image_size_px": 32}
    for broken, refused in (("", True), ("unfrozen-probe", False)):
        config = preset("probe", "Quick look", data="reef", broken=broken, **chosen)
        said = [problem.says for problem in problems_of(config, tiny_reef, online=lambda name: True)]
        assert any("broken on purpose (no projection head)" in text for text in said) is refused
