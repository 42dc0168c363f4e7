"""Runs side by side: what has a row, what is comparable, how it reads."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sealife_core.config import preset
from sealife_core.evaluation.comparison.comparison_rows import (
    comparison,
    of_the_newest,
    representation_rows,
    to_frame,
)
from sealife_core.evaluation.comparison.score_table import as_text, with_interval
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter

TEST = {
    "n": 345, "chance": 0.0435, "accuracy": 0.645, "accuracy_low": 0.593, "accuracy_high": 0.694, "macro_f1": 0.631,
    "macro_f1_low": 0.58, "macro_f1_high": 0.68, "top3": 0.823,
}  # fmt: skip


def _tested(root: Path, task: str = "probe", name: str = "", test_hash: str = "same", **changes: Any) -> Run:
    """A classifier run with results; ``changes`` go to its test scores, or to its config where they begin with it_."""
    settings = {key[3:]: changes.pop(key) for key in list(changes) if key.startswith("it_")}
    run = create_run(preset(task, **settings), root=root, name=name)
    RunWriter(run).results(test=TEST | changes, test_hash=test_hash, train_s=75.2, parameters_trained=11_799)
    return run


def test_comparison__has_the_figures_of_the_run(tmp_path: Path) -> None:
    source = create_run(preset("simclr"), root=tmp_path, name="my [bold] encoder")
    run = _tested(tmp_path, name="probe", it_weights=f"run:{source.id}", it_label_fraction=10)
    (row,) = comparison([run])
    assert (row.run_id, row.name, row.method, row.encoder) == (run.id, "probe", "Linear probe", "resnet18")
    assert (row.source, row.data, row.n, row.label_fraction) == ("my [bold] encoder", "reef", 345, 10)
    assert (row.accuracy, row.low, row.high, row.chance) == (0.645, 0.593, 0.694, 0.0435)
    assert (row.macro_f1, row.macro_f1_low, row.macro_f1_high, row.top3) == (0.631, 0.58, 0.68, 0.823)
    assert (row.train_s, row.parameters_trained, row.test_hash) == (75.2, 11_799, "same")
    assert row.comparable
    assert row.why_not == ""


def test_comparison__puts_the_best_comparable_run_first(tmp_path: Path) -> None:
    runs = [
        _tested(tmp_path, name="elsewhere", test_hash="other", accuracy=0.99, n=20),
        _tested(tmp_path, name="worse", accuracy=0.5),
        _tested(tmp_path, name="better", accuracy=0.6),
    ]
    rows = comparison(runs)
    assert [(row.name, row.comparable) for row in rows] == [("better", True), ("worse", True), ("elsewhere", False)]
    assert "other images or labels (20 of 'reef')" in rows[2].why_not


def test_comparison__of_equally_many_takes_the_first_as_measure(tmp_path: Path) -> None:
    runs = [_tested(tmp_path, name=name, test_hash=name) for name in ("a", "b")]
    assert [row.name for row in comparison(runs) if row.comparable] == ["a"]
    assert [row.name for row in comparison(runs[::-1]) if row.comparable] == ["b"]


def test_of_the_newest__are_the_rows_on_its_test_images_however_few(tmp_path: Path) -> None:
    old = [_tested(tmp_path, name=name, test_hash="old", accuracy=0.9) for name in ("a", "b")]
    new = [_tested(tmp_path, name="c", test_hash="new", accuracy=0.5)]
    runs = [*new, *old]
    assert [row.name for row in of_the_newest(comparison(runs), runs)] == ["c"]
    assert [row.name for row in of_the_newest(comparison(old), [create_run(preset("probe"), root=tmp_path), *old])] == [
        "a",
        "b",
    ]
    assert of_the_newest([], runs) == []


def test_comparison__leaves_out_what_was_not_tested(tmp_path: Path) -> None:
    good = _tested(tmp_path, name="good")
    unfinished = create_run(preset("scratch"), root=tmp_path)
    stopped = create_run(preset("scratch"), root=tmp_path)
    RunWriter(stopped).results(val=TEST, test_hash="same")
    no_config, no_results, holes = (_tested(tmp_path) for _ in range(3))
    (no_config.path / "config.json").write_text("{")
    (no_results.path / "results.json").write_text('{"test": {"n": 3')
    (holes.path / "results.json").write_text(json.dumps({"test": {"n": 3, "accuracy": None}}))
    simclr = create_run(preset("simclr"), root=tmp_path)
    RunWriter(simclr).results(test=TEST)
    runs = [unfinished, stopped, Run(no_config.path), no_results, holes, simclr, Run(tmp_path / "gone"), good]
    assert [row.name for row in comparison(runs)] == ["good"]


@pytest.mark.parametrize(
    ("task", "weights", "source"),
    [
        ("scratch", "random", "random"),
        ("transfer", "imagenet", "ImageNet"),
        ("finetune", "file:/somewhere/else/mine.pt", "mine.pt"),
        ("finetune", "run:20200101-000000-simclr-dead", "20200101-000000-simclr-dead"),
    ],
)
def test_comparison__says_where_weights_come_from(task: str, weights: str, source: str, tmp_path: Path) -> None:
    (row,) = comparison([_tested(tmp_path, task, it_weights=weights)])
    assert row.source == source


def test_as_text__reads_as_a_table(tmp_path: Path) -> None:
    runs = [
        _tested(tmp_path, name="probe [red]x[/red]", it_weights="imagenet", it_label_fraction=10),
        _tested(tmp_path, "scratch", name="scratch", accuracy=0.4, accuracy_low=0.35, accuracy_high=0.45, top3=None),
        _tested(tmp_path, name="elsewhere", it_weights="imagenet", test_hash="other"),
    ]
    lines = as_text(comparison(runs)).split("\n")
    assert lines[0].split() == [
        "Run", "Method", "Encoder", "From", "Data", "Test", "Accuracy", "Macro-F1", "Top-3", "Chance", "Time",
    ]  # fmt: skip
    assert "probe [red]x[/red]" in lines[2]
    assert "Linear probe, 10 % of labels" in lines[2]
    fewer = _tested(tmp_path, name="fewer", it_weights="imagenet", it_labels_per_class=5)
    assert "Linear probe, 5 labels per class" in as_text(comparison([fewer]))
    assert "0.645 [0.593, 0.694]" in lines[2]
    assert "0.631 [0.580, 0.680]" in lines[2]
    assert lines[2].endswith("75 s")
    assert "0.400 [0.350, 0.450]" in lines[3]
    assert lines[4].strip().startswith("elsewhere *")
    assert any(line.startswith("* elsewhere: tested on other images") for line in lines[5:])
    assert lines[-1] == "In brackets: 95 % intervals."


def test_as_text__cuts_nothing_however_narrow_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    name = "a long name " * 9
    assert name.strip() in as_text(comparison([_tested(tmp_path, name=name)]))


def test_as_text__without_rows_says_what_is_missing() -> None:
    assert "Train a classifier" in as_text([])


def test_representation_rows__are_of_simclr_runs_best_first(tmp_path: Path) -> None:
    val = {"n": 340, "chance": 0.05, "knn_accuracy": 0.28, "knn_low": 0.24, "knn_high": 0.33}
    good, worse, unmeasured = (create_run(preset("simclr"), root=tmp_path, name=n) for n in ("good", "worse", "none"))
    RunWriter(good).results(val=val, train_s=1314)
    RunWriter(worse).results(val=val | {"knn_accuracy": 0.2})
    RunWriter(unmeasured).results(val={"alignment": 0.3})
    rows = representation_rows([worse, unmeasured, good, _tested(tmp_path)])
    assert [row.name for row in rows] == ["good", "worse"]
    assert (rows[0].low, rows[0].high) == (0.24, 0.33)


def test_to_frame__has_a_row_a_run(tmp_path: Path) -> None:
    frame = to_frame(comparison([_tested(tmp_path, name="a"), _tested(tmp_path, name="b", accuracy=0.7)]))
    assert list(frame["name"]) == ["b", "a"]
    assert {"accuracy", "low", "high", "why_not"} <= set(frame.columns)
    assert to_frame([]).empty


def test_with_interval__shows_three_digits() -> None:
    assert with_interval(0.6449, 0.59312, 0.694) == "0.645 [0.593, 0.694]"


@pytest.mark.process
def test_comparison__imports_neither_torch_nor_pandas() -> None:
    module = "sealife_core.evaluation.comparison.comparison_rows"
    code = f"import sys, {module}; print({{'torch', 'pandas', 'scipy'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_comparison__of_results_with_nulls_shows_what_is_known(home: Path) -> None:
    run = create_run(preset("scratch"))
    test = {"n": 9, "accuracy": 0.5, "macro_f1": 0.4, "chance": 0.1, "accuracy_low": None, "macro_f1_high": None}
    RunWriter(run).results(test=test, test_hash=None)
    (row,) = comparison([run])
    assert (row.low, row.macro_f1_high, row.test_hash) == (0.0, 1.0, "")
    simclr = create_run(preset("simclr"))
    RunWriter(simclr).results(val={"n": 9, "knn_accuracy": 0.5, "knn_low": None, "chance": None})
    (learned,) = representation_rows([simclr])
    assert (learned.low, learned.high, learned.chance) == (0.0, 1.0, 0.0)
