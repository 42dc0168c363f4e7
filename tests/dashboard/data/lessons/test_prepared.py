"""What of a class's needs is there."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from dashboard.data.lessons.prepared import HEAD, HELP, PROBE, needs, probe_and_fine_tune, simclr_run
from dashboard.data.lessons.study_table import study_table
from dashboard.words import unbroken
from sealife_core.config import RECIPES, AnyConfig, ClassifierConfig, Part, SimclrConfig, StudyConfig, preset
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.runs.directory import create_run
from sealife_core.runs.liveness import State
from sealife_core.runs.run import MODEL, Run
from sealife_core.runs.scheduling.queue import write_status
from sealife_core.runs.writer import RunWriter
from sealife_core.studies.ablation_pairs import planned
from sealife_core.studies.helps import HELPS
from sealife_core.studies.helps_answer import helps_found
from sealife_core.studies.questions import build_study
from sealife_core.studies.reuse import fingerprint
from sealife_core.studies.study_results import part_results
from sealife_core.studies.study_settings import IMAGENET_SIMCLR
from sealife_core.studies.study_settings import PROBE as BY_PROBE
from tests.finished.studies import finished_study


def test_needs__of_a_new_data_set_are_all_missing_and_say_what_makes_them(tiny_reef: Dataset) -> None:
    found = needs(tiny_reef, [], [])
    assert [need.there for need in found] == [""] * 4
    for need in found:
        assert all(request.data == tiny_reef.name for _, request in need.requests)
    _, probe, *_ = found
    frozen, learned = (request for _, request in probe.requests)
    assert isinstance(frozen, ClassifierConfig)
    assert isinstance(learned, ClassifierConfig)
    assert (frozen.trained_stages, learned.trained_stages > 0) == (0, True)
    start = [(config.weights, config.encoder, config.image_size_px) for config in (frozen, learned)]
    assert start[0] == start[1], "or the lesson does not take them for a pair"


def simclr_request(dataset: Dataset) -> AnyConfig | StudyConfig:
    ((_, request),) = next(need.requests for need in needs(dataset, [], []) if need.key == HEAD)
    return request


def test_simclr_request__is_the_run_that_break_it_breaks(tiny_reef: Dataset, home: Path) -> None:
    on_reef = fingerprint(simclr_request(tiny_reef))
    assert on_reef == fingerprint(planned("no-jitter", tiny_reef).intact)
    shutil.copytree(home / "data" / "reef", home / "data" / "bay")
    bay = open_dataset("bay")
    request = simclr_request(bay)
    assert fingerprint(request) == fingerprint(planned("no-jitter", bay).intact)
    assert isinstance(request, SimclrConfig)
    assert request.views == RECIPES["SimCLR"], "views for drawn animals are for the reef alone"


@pytest.mark.parametrize("changed", [{}, {"data_hash": "other pictures"}, {"head": "none"}, {"broken": "no-jitter"}])
def test_simclr_run__is_whole_and_of_these_pictures(changed: dict[str, str], tiny_reef: Dataset) -> None:
    values = {"data": tiny_reef.name, "data_hash": tiny_reef.content_hash} | changed
    run = create_run(preset("simclr", "Quick look", **values), name="ours")
    assert simclr_run([run], tiny_reef) is None, "it has no model yet"
    (run.path / MODEL).touch()
    assert (simclr_run([run], tiny_reef) == run) == (not changed)
    (need,) = (need for need in needs(tiny_reef, [run], []) if need.key == HEAD)
    assert need.there == ("" if changed else "ours")


def test_simclr_run__from_random_weights_comes_first_then_the_longest(tiny_reef: Dataset) -> None:
    values = {"data": tiny_reef.name, "data_hash": tiny_reef.content_hash}
    continued, short, long = (
        create_run(preset(task, "Quick look", epochs=epochs, **values))
        for task, epochs in (("continue", 90), ("simclr", 5), ("simclr", 50))
    )
    for run in (continued, short, long):
        (run.path / MODEL).touch()
    assert simclr_run([continued, short, long], tiny_reef) == long
    assert simclr_run([continued], tiny_reef) == continued


def classified(data: str, task: str, test_hash: str = "other", **values: Any) -> Run:
    """A finished classifier with scores on test pictures of ``data``."""
    config = preset(task, "Quick look", **{"data": data, "encoder": "resnet18", "weights": "imagenet", **values})
    run = create_run(config, name=f"{task} on {data}")
    test = {"n": 10, "accuracy": 0.5, "accuracy_low": 0.2, "accuracy_high": 0.8, "macro_f1": 0.5, "chance": 0.1}
    RunWriter(run).results(test=test, test_hash=test_hash)
    write_status(run, state=State.FINISHED)
    return run


def test_probe_and_fine_tuned__are_found_though_most_runs_are_of_other_pictures(tiny_reef: Dataset) -> None:
    now = tiny_reef.test_hash
    own = [classified(tiny_reef.name, task, now, image_size_px=64) for task in ("probe", "finetune")]
    others = [classified("photographs", "probe", seed=seed, image_size_px=64) for seed in range(3)]
    found = {need.key: need.there for need in needs(tiny_reef, [*others, *own], [])}
    assert found[PROBE] == "probe on reef and finetune on reef"


def test_probe_and_fine_tuned__must_begin_with_the_same_encoder(tiny_reef: Dataset) -> None:
    runs = [
        classified(tiny_reef.name, "probe", tiny_reef.test_hash, image_size_px=64),
        classified(tiny_reef.name, "finetune", tiny_reef.test_hash, image_size_px=96),
    ]
    assert probe_and_fine_tune(runs, tiny_reef) is None


@pytest.mark.parametrize("other", [{"labels_per_class": 5}, {"test_hash": "before a correction"}])
def test_probe_and_fine_tuned__must_have_the_same_labels_and_the_test_of_now(other: dict, tiny_reef: Dataset) -> None:
    same = {"test_hash": tiny_reef.test_hash, "image_size_px": 64}
    runs = [classified(tiny_reef.name, "probe", **same), classified(tiny_reef.name, "finetune", **same | other)]
    assert probe_and_fine_tune(runs, tiny_reef) is None


@pytest.mark.parametrize(("gain", "said"), [(0.08, "+8.0 ("), (-0.08, "−8.0 (")])
def test_study__is_there_and_its_table_says_what_each_number_of_labels_gains(
    gain: float, said: str, tiny_reef: Dataset
) -> None:
    def right(part: Part) -> float:
        better = part.cell.get("encoder") == IMAGENET_SIMCLR and part.cell.get("use") == BY_PROBE
        return 0.5 + gain * better

    study = finished_study(build_study(HELPS, data=tiny_reef.name, seeds=2), right)
    parts = part_results(study)
    found = helps_found(parts, study.root, 10)
    assert found is not None
    without, other, *beside = study_table(parts, found)
    assert (without["Comparison"], without["Encoder"]) == ("decides", "ImageNet (linear probe)")
    assert list(without)[2:-1] == ["1", "2", "5", "10", "20", "50", "all"]
    assert other["Encoder"] == "ImageNet → SimCLR (linear probe)"
    assert without["20"] == unbroken("50 %")
    assert other["20"] == unbroken(f"{50 + 100 * gain:.0f} %")
    assert without["Gain in points"] == ""
    assert other["Gain in points"].startswith(said)
    assert {row["Comparison"] for row in beside} == {"beside", ""}
    kept, from_random = (row["Gain in points"] for row in beside if row["Comparison"] == "")
    assert kept == "0: the same answers"
    assert from_random == "0.0 (−3.6 to +3.6)", "the same on 100 pictures, and perhaps not on others"
    need = needs(tiny_reef, [], [study])[-1]
    assert (need.key, need.there) == (HELP, study.notes()["name"])
    write_status(study, state=State.QUEUED)
    assert "not finished yet" in needs(tiny_reef, [], [study])[-1].there
    write_status(study, state=State.STOPPED)
    assert needs(tiny_reef, [], [study])[-1].there == ""
