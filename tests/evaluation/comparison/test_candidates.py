"""Which runs may stand beside each other, why others may not; what sets them apart."""

from pathlib import Path
from typing import Any

import pytest

from sealife_core.config import preset
from sealife_core.errors import RunError
from sealife_core.evaluation.comparison.candidates import Candidate, candidates, distinct_names, image_sets
from sealife_core.evaluation.comparison.comparison_rows import by_encoder, comparison
from sealife_core.evaluation.comparison.differences import difference_rows, ladders
from sealife_core.evaluation.comparison.paired import paired_runs
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter

TEST = {"n": 100, "accuracy": 0.5, "macro_f1": 0.4, "chance": 0.1}


def finished(root: Path, name: str, task: str = "finetune", test_hash: str = "h", train_s: float = 60.0, **values: Any):
    run = create_run(preset(task, **values), root=root, name=name)
    RunWriter(run).results(test=TEST, test_hash=test_hash, train_s=train_s)
    return run


def test_broken_run__is_refused_among_others_in_one_sentence(tmp_path: Path) -> None:
    here, broken = finished(tmp_path, "here"), finished(tmp_path, "odd", weights="imagenet", broken="unfrozen-probe")
    found = candidates([here, broken])
    why = "broken on purpose (encoder not frozen), so its score says nothing about the method"
    assert [one.why_not("h") for one in found] == ["", why]
    assert image_sets(found)[0].runs == 1
    rows = comparison([here, broken])
    assert [(row.comparable, row.why_not) for row in rows] == [(True, ""), (False, f"{why}.")]
    assert rows[1].method == "Linear probe, broken: encoder not frozen"
    assert rows[1].name == "odd, broken: encoder not frozen"
    with pytest.raises(RunError, match="odd is broken on purpose"):
        paired_runs(here, broken)


def test_candidates__say_why_they_cannot_be_compared(tmp_path: Path) -> None:
    here = finished(tmp_path, "here")
    elsewhere = finished(tmp_path, "elsewhere", test_hash="other")
    untested = create_run(preset("scratch"), root=tmp_path, name="untested")
    RunWriter(untested).status(state="stopped")
    create_run(preset("simclr"), root=tmp_path)
    broken = create_run(preset("scratch"), root=tmp_path)
    (broken.path / "config.json").write_text("{")
    found = candidates([here, elsewhere, untested, *(Run(p) for p in tmp_path.iterdir() if "simclr" in p.name), broken])
    assert [(one.name, one.why_not("h")) for one in found] == [
        ("here", ""),
        ("elsewhere", "tested on other images or labels: 100 of reef"),
        ("untested", "stopped before its test"),
    ]


@pytest.mark.parametrize(
    ("state", "said"), [("running", "still training"), ("failed", "failed, so it was never tested")]
)
def test_candidates__untested_ones_say_how_they_stand(state: str, said: str) -> None:
    assert said in Candidate("r", "r", "Fine-tune", "reef", 0, "", state).why_not("h")


def test_image_sets__those_of_most_runs_come_first(tmp_path: Path) -> None:
    runs = [finished(tmp_path, "a", test_hash="x"), *(finished(tmp_path, name, test_hash="y") for name in "bc")]
    assert [(one.test_hash, one.runs, one.n) for one in image_sets(candidates(runs))] == [("y", 2, 100), ("x", 1, 100)]


def test_distinct_names__tell_two_of_one_name_apart(tmp_path: Path) -> None:
    runs = [create_run(preset("scratch"), root=tmp_path, name=name) for name in ("same", "same", "other")]
    names = list(distinct_names(runs).values())
    assert names[2] == "other"
    assert len(set(names)) == 3
    assert all(name.startswith("same (") for name in names[:2])


def test_comparison__on_the_images_that_are_asked_for(tmp_path: Path) -> None:
    runs = [finished(tmp_path, "a"), finished(tmp_path, "b"), finished(tmp_path, "c", test_hash="other")]
    assert [row.name for row in comparison(runs, "other") if row.comparable] == ["c"]


def test_comparison__counts_all_pre_training(tmp_path: Path) -> None:
    simclr = create_run(preset("simclr"), root=tmp_path)
    RunWriter(simclr).results(train_s=100.0)
    first = finished(tmp_path, "first", weights=f"run:{simclr.id}", train_s=10.0)
    second = finished(tmp_path, "second", weights=f"run:{first.id}", train_s=1.0)
    gone = finished(tmp_path, "gone", weights="run:20200101-000000-simclr-dead")
    spent = {
        row.name: row.pretrain_s for row in comparison([first, second, gone, finished(tmp_path, "own", "scratch")])
    }
    assert spent == {"first": 100.0, "second": 110.0, "gone": None, "own": None}


def test_comparison__counts_no_run_as_its_own_pre_training(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        finished(tmp_path, name, weights=f"run:{other}", train_s=10.0).path.rename(tmp_path / name)
    assert [row.pretrain_s for row in comparison([Run(tmp_path / "a")])] == [10.0]


def test_by_encoder__puts_the_best_first_within_and_among_encoders(tmp_path: Path) -> None:
    a, b, c = (
        finished(tmp_path, "a", "scratch"),
        finished(tmp_path, "b", "resnet50"),
        finished(tmp_path, "c", "scratch"),
    )
    RunWriter(b).results(test=TEST | {"accuracy": 0.9}, test_hash="h")
    RunWriter(c).results(test=TEST | {"accuracy": 0.6}, test_hash="h")
    found = [(encoder, [row.name for row in rows]) for encoder, rows in by_encoder(comparison([a, b, c]))]
    assert found == [("ResNet50, ImageNet weights", ["b"]), ("ResNet18, random weights", ["c", "a"])]


def test_differences__are_the_settings_that_differ_and_nothing_else(tmp_path: Path) -> None:
    simclr = create_run(preset("simclr"), root=tmp_path, name="my encoder")
    runs = [
        create_run(preset("finetune", weights=f"run:{simclr.id}", dropout=0.2), root=tmp_path, name="one"),
        create_run(preset("finetune", weights="imagenet", dropout=0.2, trained_stages=3), root=tmp_path, name="two"),
    ]
    assert difference_rows(runs) == [
        {"Setting": "Encoder from", "one": "my encoder", "two": "ImageNet weights"},
        {"Setting": "Trained stages (of 5)", "one": "5", "two": "3"},
    ]
    assert difference_rows(runs[:1]) == []


def test_differences__write_a_choice_as_words_and_a_name_as_it_was_given(tmp_path: Path) -> None:
    runs = [
        create_run(preset("finetune", weights="file:my_net.pt", schedule="warm_restarts"), root=tmp_path, name="one"),
        create_run(preset("finetune", weights="imagenet", schedule="onecycle"), root=tmp_path, name="two"),
    ]
    told = {row["Setting"]: row["one"] for row in difference_rows(runs)}
    assert (told["Encoder from"], told["Schedule"]) == ("file:my_net.pt", "warm restarts")


def test_differences__of_two_encoders_of_one_name_are_told(tmp_path: Path) -> None:
    sources = [create_run(preset("simclr", temperature=t), root=tmp_path, name="SimCLR") for t in (0.1, 0.5)]
    runs = [
        create_run(preset("probe", weights=f"run:{source.id}"), root=tmp_path, name=name)
        for source, name in zip(sources, ("one", "two"), strict=True)
    ]
    (row,) = difference_rows(runs)
    assert row["Setting"] == "Encoder from"
    assert row["one"] != row["two"]
    assert all(row[name].startswith("SimCLR (") for name in ("one", "two"))


def test_where_a_run_is_recorded__is_no_difference(tmp_path: Path) -> None:
    recorded = {"wandb": "offline", "wandb_project": "reefs", "wandb_model": True, "tensorboard": True}
    runs = [finished(tmp_path, "here"), finished(tmp_path, "elsewhere", **recorded)]
    assert difference_rows(runs) == []
    runs.append(finished(tmp_path, "shallow", trained_stages=1, **recorded))
    assert len(ladders(comparison(runs), runs)) == 1


def test_ladders__are_of_runs_that_differ_in_depth_alone(tmp_path: Path) -> None:
    deep = finished(tmp_path, "deep", trained_stages=5)
    shallow = finished(tmp_path, "shallow", trained_stages=1)
    other_seed = finished(tmp_path, "other seed", trained_stages=3, seed=1)
    elsewhere = finished(tmp_path, "elsewhere", trained_stages=2, test_hash="other")
    runs = [deep, shallow, other_seed, elsewhere]
    found = ladders(comparison(runs), runs)
    assert [[(stages, row.name) for stages, row in ladder] for ladder in found] == [[(1, "shallow"), (5, "deep")]]
