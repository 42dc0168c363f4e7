"""What came of a study, run by run and over seeds; and what it says."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sealife_core.config import StudyConfig, preset
from sealife_core.datasets.corrections.editing import rename_class
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import RunError
from sealife_core.runs.directory import create_run
from sealife_core.runs.files import replace_json
from sealife_core.runs.liveness import State
from sealife_core.runs.run import STUDY, Run
from sealife_core.runs.writer import RunWriter
from sealife_core.studies.grid import GRID, build_grid
from sealife_core.studies.labels_answer import label_saving
from sealife_core.studies.questions import (
    DEPTH,
    IMBALANCE,
    LABELS,
    TEMPERATURE,
    VIEWS,
    build_study,
)
from sealife_core.studies.readiness import clearly_better
from sealife_core.studies.study_answers import answer, on_other_images, other_code
from sealife_core.studies.study_results import CellResult, PartResult, classes_of, over_seeds, part_results, to_frame
from sealife_core.studies.study_settings import FINE_TUNE, PROBE, RANDOM, SIMCLR
from tests.finished.studies import finished_study
from tests.runs.processes import until
from tests.studies.conftest import grid


def part(cell: dict[str, Any], accuracy: float, seed: int = 0, **more: Any) -> PartResult:
    interval = {"low": accuracy - 0.1, "high": accuracy + 0.1, "n": 1000}
    return PartResult(str(cell), cell, seed, "r", "finished", accuracy=accuracy, macro_f1=accuracy, **interval | more)


def cell(labels: float, mean: float, spread: float = 0.0) -> CellResult:
    return CellResult({"labels": labels}, 2, mean, mean - spread, mean + spread, spread, None)


def both_seeds(cells: dict[str, Any], accuracy: float, spread: float = 0.01, **more: Any) -> list[PartResult]:
    return [part(cells, accuracy - spread, 0, **more), part(cells, accuracy + spread, 1, **more)]


def test_part_results__hold_the_scores_of_finished_runs(start: Callable[[StudyConfig], Run]):
    study = start(grid())
    until(lambda: study.state() is State.FINISHED)
    found = part_results(study)
    assert [(p.cell["label_fraction"], p.seed, p.accuracy) for p in found] == [
        (5, 0, 0.05), (5, 1, 0.05), (50, 0, 0.5), (50, 1, 0.5),
    ]  # fmt: skip
    assert (found[0].labels, found[0].rarest_f1, found[0].contrastive_accuracy) == (5, 0.75, 0.5)
    frame = to_frame(study)
    assert len(frame) == 4
    assert frame.groupby("label_fraction").accuracy.mean().tolist() == [0.05, 0.5]


def test_classes_of__are_those_of_the_data_set_as_it_was_launched_on(tiny_reef: Dataset) -> None:
    study = build_study(LABELS, data=tiny_reef.name, data_hash=tiny_reef.content_hash)
    one, other, *_ = tiny_reef.classes
    assert len(rename_class(tiny_reef, one, other).classes) == len(tiny_reef.classes) - 1
    assert classes_of(study) == len(tiny_reef.classes)


def test_part_results__of_a_study_that_has_not_begun_wait(root: Path):
    study = create_run(grid(), root=root)
    assert {(p.state, p.accuracy) for p in part_results(study)} == {("waiting", None)}
    assert over_seeds(part_results(study)) == []
    assert answer(GRID, part_results(study)) == ""


def test_part_results__refuse_a_run_that_is_no_study(root: Path):
    from sealife_core.config import preset

    with pytest.raises(RunError, match="is not a study"):
        part_results(create_run(preset("simclr"), root=root))


def test_over_seeds__keeps_mean_range_and_spread():
    (found,) = over_seeds([part({"a": 1.0}, 0.2), part({"a": 1.0}, 0.4, seed=1)])
    assert (found.seeds, found.mean, found.least, found.greatest) == (2, pytest.approx(0.3), 0.2, 0.4)
    assert found.spread == pytest.approx(math.sqrt(0.02))
    (alone,) = over_seeds([part({"a": 1.0}, 0.2)])
    assert alone.spread is None


def test_told_apart__needs_every_seed_and_two_of_them():
    assert clearly_better(cell(1, 0.5, 0.1), cell(1, 0.3, 0.05))
    assert not clearly_better(cell(1, 0.5, 0.1), cell(1, 0.41, 0.05))
    assert not clearly_better(CellResult({}, 1, 0.9, 0.9, 0.9, None, None), cell(1, 0.1))


def test_label_saving__is_read_off_on_a_logarithmic_axis():
    baseline = [cell(1, 0.1), cell(10, 0.3), cell(100, 0.5)]
    assert label_saving(cell(10, 0.4), baseline) == pytest.approx((10, 10**1.5))
    assert label_saving(cell(10, 0.3), baseline) == pytest.approx((10, 10))
    assert label_saving(cell(10, 0.6), baseline) == (10, math.inf)
    assert label_saving(cell(10, 0.05), baseline) is None


def test_label_saving__counts_the_labels_that_were_used():
    """Of ten images a class, 5 % is one: a tenth."""
    baseline = [replace(cell(5, 0.1), labels=100), replace(cell(100, 0.5), labels=1000)]
    assert label_saving(replace(cell(5, 0.3), labels=100), baseline) == pytest.approx((10, 10**1.5))


def labels_study(simclr: dict[float, float], scratch: dict[float, float], spread: float = 0.01) -> list[PartResult]:
    parts = []
    for encoder, use, curve in ((SIMCLR, PROBE, simclr), (RANDOM, FINE_TUNE, scratch)):
        for share, accuracy in curve.items():
            parts += both_seeds({"encoder": encoder, "use": use, "labels": share}, accuracy, spread)
    return parts


def test_answer__of_labels_tells_the_saving():
    parts = labels_study({10: 0.4, 100: 0.52}, {1: 0.1, 10: 0.3, 100: 0.5})
    assert answer(LABELS, parts) == (
        "SimCLR (linear probe) with 10 % of the labels equals training from scratch with about 32 %: 3.2 times as many."
    )
    never = labels_study({10: 0.6}, {10: 0.3, 100: 0.5})
    assert "is better than training from scratch with 100 %, with every seed" in answer(LABELS, never)


def test_answer__of_labels_is_above_all_labels_only_where_that_is_sure():
    unsure = labels_study({10: 0.52}, {10: 0.3, 100: 0.51}, spread=0.02)
    assert "equals training from scratch with about 100 %" in answer(LABELS, unsure)


def test_answer__of_labels_is_silent_where_seeds_do_not_decide():
    parts = labels_study({10: 0.32, 100: 0.5}, {10: 0.3, 100: 0.5}, spread=0.05)
    assert answer(LABELS, parts).startswith("This study shows no saving of labels")


def test_answer__of_depth_names_the_least_that_is_enough():
    parts = [p for stages, right in ((0, 0.3), (1, 0.5), (5, 0.51)) for p in both_seeds({"stages": stages}, right)]
    said = answer(DEPTH, parts)
    assert said.startswith("Train 1 of the five stages: 50 % (49 to 51 over 2 seeds) against 30 %")
    assert "Training more stages brings no sure gain" in said
    flat = [p for stages in (0, 5) for p in both_seeds({"stages": stages}, 0.3)]
    assert answer(DEPTH, flat).startswith("Leave the encoder frozen")


def test_answer__of_views_names_what_is_missed_most():
    def views(kind: str, name: str, right: float) -> list[PartResult]:
        return both_seeds({"views": kind, "first": name, "second": ""}, right)

    said = answer(VIEWS, views("all", "", 0.5) + views("without", "crop", 0.3) + views("without", "colour", 0.55))
    assert "The loss is largest without crop: 20 points, with every seed." in said
    assert "Without colour, it is 5 points better here." in said


def test_answer__of_a_sweep_names_those_that_are_not_told_apart():
    parts = [p for t, right in ((0.1, 0.5), (0.2, 0.51), (1.0, 0.3)) for p in both_seeds({"temperature": t}, right)]
    assert answer(TEMPERATURE, parts).endswith("but the seeds do not separate it from 0.1.")


def test_answer__of_imbalance_looks_at_macro_f1_and_the_rarest_class():
    def loss(name: str, right: float, rare: float) -> list[PartResult]:
        return both_seeds({"ratio": 20, "loss": name}, right, rarest_f1=rare)

    said = answer(IMBALANCE, loss("cross-entropy", 0.3, 0.1) + loss("class weights", 0.5, 0.4))
    assert "class weights is better than plain cross-entropy with every seed" in said
    assert "The F1 of the rarest class is highest with class weights: 40 %" in said
    assert "no other loss is surely better" in answer(
        IMBALANCE, loss("cross-entropy", 0.5, 0.1) + loss("focal γ 2", 0.5, 0.1)
    )
    unsure = both_seeds({"ratio": 20, "loss": "focal γ 2"}, 0.6, spread=0.3)
    assert "class weights is better" in answer(
        IMBALANCE, loss("cross-entropy", 0.3, 0.1) + loss("class weights", 0.5, 0.1) + unsure
    )
    few = both_seeds({"ratio": 20, "loss": "cross-entropy"}, 0.3, rarest_f1=0.1, rarest_n=2)
    few += both_seeds({"ratio": 20, "loss": "class weights"}, 0.5, rarest_f1=0.4, rarest_n=2)
    assert "rarest class" not in answer(IMBALANCE, few)


def depth(right: dict[int, float], spread: float = 0.01, **more: Any) -> list[PartResult]:
    return [p for stages, share in right.items() for p in both_seeds({"stages": stages}, share, spread, **more)]


CELLS: dict[str, list[dict[str, Any]]] = {
    DEPTH: [{"stages": stages} for stages in (0, 1, 5)],
    TEMPERATURE: [{"temperature": value} for value in (0.1, 0.2, 1.0)],
    VIEWS: [{"views": "all", "first": "", "second": ""}]
    + [{"views": "without", "first": name, "second": ""} for name in ("crop", "colour")],
    IMBALANCE: [{"ratio": 20, "loss": loss} for loss in ("cross-entropy", "class weights", "focal γ 2")],
    LABELS: [
        {"encoder": encoder, "use": use, "labels": share}
        for encoder, use in ((RANDOM, FINE_TUNE), (SIMCLR, PROBE))
        for share in (10, 100)
    ],
    GRID: [{"batch_size": size} for size in (16, 32)],
}


@pytest.mark.parametrize("question", CELLS)
def test_answer__waits_for_all_runs_and_says_how_many_are_to_come(question: str):
    table = [p for cell in CELLS[question] for p in both_seeds(cell, 0.5)]
    said = answer(question, [*table[:-1], PartResult("w", table[-1].cell, 1, "r", "running")])
    assert said == f"No answer yet: {len(table) - 1} of {len(table)} runs are done; 1 still to come."
    assert answer(question, [PartResult("w", p.cell, p.seed, "", "waiting") for p in table]) == ""


@pytest.mark.parametrize("question", CELLS)
def test_answer__of_one_seed_asks_for_a_second(question: str):
    said = answer(question, [part(cell, 0.3 + 0.1 * place) for place, cell in enumerate(CELLS[question])])
    assert said.startswith("No answer: with one seed, a difference may be luck. Start the study again with two")


@pytest.mark.parametrize("question", CELLS)
def test_answer__leaves_out_ways_whose_runs_failed_and_says_so(question: str):
    *others, last = CELLS[question]
    table = [p for cell in others for p in both_seeds(cell, 0.5)]
    said = answer(question, [*table, part(last, 0.9, 0), PartResult("f", last, 1, "r", "failed", missing="It failed.")])
    assert f"1 of {len(others) + 1} options left out: fewer than 2 seeds" in said
    assert "90 %" not in said


@pytest.mark.parametrize("question", CELLS)
def test_answer__of_ties_calls_nothing_better(question: str):
    said = answer(question, [p for cell in CELLS[question] for p in both_seeds(cell, 0.5)])
    assert said
    assert "with every seed" not in said
    assert "is better" not in said


def test_answer__compares_no_option_with_itself():
    said = answer(DEPTH, depth({0: 0.67, 1: 0.5, 5: 0.6}))
    assert said == (
        "Leave the encoder frozen: fine-tuning is worse at every depth. Frozen, it reaches 67 % (66 to 68 over 2"
        " seeds). With all stages trained, it reaches 60 % (59 to 61 over 2 seeds)."
    )
    plain = both_seeds({"ratio": 20, "loss": "cross-entropy"}, 0.6)
    said = answer(IMBALANCE, plain + both_seeds({"ratio": 20, "loss": "focal γ 2"}, 0.5))
    assert "the best, focal γ 2, has macro-F1 50 %" in said


def test_answer__of_depth_advises_no_depth_that_is_not_surely_better_than_frozen():
    parts = depth({0: 0.4, 5: 0.6}) + both_seeds({"stages": 1}, 0.5, spread=0.15)
    assert answer(DEPTH, parts).startswith("Train all stages: 60 %")


def test_answer__of_depth_finds_the_sure_gain_though_another_depth_is_higher_on_average():
    parts = depth({0: 0.51, 5: 0.555}, spread=0.005) + both_seeds({"stages": 1}, 0.605, spread=0.095)
    assert answer(DEPTH, parts).startswith("Train all stages: 56 % (55 to 56 over 2 seeds) against 51 %")


def test_answer__of_few_test_images_says_how_many_it_takes():
    said = answer(DEPTH, depth({0: 0.5, 5: 0.6}, n=30))
    assert "not surely better at any depth (this needs at least 60 test images, and there are 30)" in said
    assert answer(DEPTH, depth({0: 0.5, 5: 0.6}, n=60)).startswith("Train all stages")
    sweep = [p for t, right in ((0.1, 0.5), (1.0, 0.6)) for p in both_seeds({"temperature": t}, right, n=30)]
    assert "but there are too few test images to separate it (this needs at least 60 test images" in answer(
        TEMPERATURE, sweep
    )


def test_answer__of_imbalance_heeds_the_interval_of_macro_f1():
    def loss(name: str, right: float, half: float) -> list[PartResult]:
        ends = {"macro_f1_low": right - half, "macro_f1_high": right + half}
        return both_seeds({"ratio": 20, "loss": name}, right, **ends)

    def said(half: float) -> str:
        return answer(IMBALANCE, loss("cross-entropy", 0.3, half) + loss("class weights", 0.5, half))

    assert "no other loss is surely better" in said(0.25)
    assert "is better than plain cross-entropy with every seed" in said(0.1)


def test_answer__without_what_it_compares_says_what_it_takes():
    only = [p for share in (10, 100) for p in both_seeds({"encoder": SIMCLR, "use": PROBE, "labels": share}, 0.5)]
    assert answer(LABELS, only).startswith(
        "No answer: this study needs scores of training from scratch and a pre-trained"
    )
    assert answer(DEPTH, depth({1: 0.5, 5: 0.6})).startswith("No answer: this study needs scores of the frozen encoder")


def test_other_code__says_that_runs_of_several_versions_are_compared():
    ours = [part({"a": 1.0}, 0.5, seed, made_by="sealife 1.0, torch 2.14") for seed in (0, 1)]
    assert other_code([*ours, part({"a": 2.0}, 0.5)]) == "", "of one nobody knows"
    later = part({"a": 2.0}, 0.5, made_by="sealife 1.1, torch 2.14")
    assert other_code([*ours, later]).startswith("The runs were made by 2 versions of this program or of PyTorch")


def test_part_results__name_the_versions_that_made_them(home: Path):
    study = finished_study(grid(), lambda part: 0.5)
    first, second, *_ = part_results(study)
    for run_id, revision in ((first.run_id, "a" * 40), (second.run_id, "")):
        told = {"versions": {"sealife": "1.0", "torch": "2.14.0", "python": "3.11"}, "git_revision": revision}
        RunWriter(Run(study.root / run_id)).environment(**told)
    found = [one.made_by for one in part_results(study)]
    assert found == ["sealife 1.0 aaaaaaa, torch 2.14.0", "sealife 1.0, torch 2.14.0", "", ""]


def test_on_other_images__says_how_far_other_images_may_lie():
    assert on_other_images([part({"a": 1.0}, 0.5)]).startswith("All runs were tested on the same 1,000 images")
    assert "up to 10 points different" in on_other_images([part({"a": 1.0}, 0.5)])
    assert on_other_images([]) == ""


def test_part_results__of_simclr_from_a_run_are_its_own_not_those_of_its_start(home: Path):
    start = create_run(preset("simclr"))
    RunWriter(start).results(val={"knn_accuracy": 0.2})
    study = create_run(build_grid("simclr", {"temperature": [0.5]}, data="reef", values={"weights": f"run:{start.id}"}))
    (wanted,) = study.request().parts  # type: ignore[union-attr]
    made = create_run(wanted.config, study=study.id)
    RunWriter(made).results(val={"knn_accuracy": 0.6})
    RunWriter(made).status(state=State.FINISHED)
    replace_json(study.path / STUDY, {"runs": {wanted.key: made.id}})
    assert [one.knn_accuracy for one in part_results(study)] == [0.6]
