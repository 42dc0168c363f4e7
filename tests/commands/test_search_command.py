"""``search`` as a person or a program calls it."""

import json
from typing import Any

import pytest

from sealife_core.__main__ import build_parser, main
from sealife_core.commands import search
from sealife_core.config import SearchConfig, SimclrConfig, preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.directory import create_run, list_runs, open_run
from sealife_core.runs.run import Run
from sealife_core.studies.search_results import Trial, write_trials

RATE = "learning_rate=1e-4:1e-2:log"


@pytest.fixture(autouse=True)
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """What would have been launched."""
    asked: list[Run] = []
    monkeypatch.setattr(search, "launch", asked.append)
    return asked


def called(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main(["search", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_search__asks_for_what_was_said(tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]):
    found = called(
        capsys, "scratch", "--preset", "Quick look", "--vary", RATE, "--vary", "batch_size=32,64", "--trials", "7",
        "--epochs", "4", "--seed", "3", "--no-pruning", "--parallel", "2", "--metric", "val/accuracy", "--name", "Mine",
        "--tag", "thesis",
    )  # fmt: skip
    run = open_run(found["run"])
    config = run.request()
    assert isinstance(config, SearchConfig)
    assert (config.trials, config.pruning, config.parallel, config.metric) == (7, False, 2, "val/accuracy")
    assert (config.base.epochs, config.base.seed, config.seed) == (4, 3, 3)
    assert config.base.data_hash == tiny_reef.content_hash
    assert [axis.path for axis in config.axes] == ["learning_rate", "batch_size"]
    assert (run.notes()["name"], run.notes()["tags"]) == ("Mine", ["thesis"])


def test_search__says_that_simclr_is_measured_more_often(tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]):
    assert main(["search", "simclr", "--vary", RATE, "--epochs", "20", "--monitor-every", "0"]) == 0
    assert "k-NN accuracy is measured every 2 epochs, so that" in capsys.readouterr().err.replace("\n", " ")
    config = list_runs()[0].request()
    assert isinstance(config, SearchConfig)
    assert isinstance(config.base, SimclrConfig)
    assert config.base.monitor_every == 2


def test_search__refuses_in_sentences_and_launches_nothing(
    tiny_reef: Dataset, launched: list[Run], capsys: pytest.CaptureFixture[str]
):
    assert main(["search", "scratch", "--vary", "droput=0:1", "--vary", "dropout=0:2"]) == 1
    said = capsys.readouterr().err
    assert "Did you mean 'dropout'?" in said
    assert "expected a number from 0 to 0.9" in said
    assert main(["search", "scratch", "--vary", RATE, "--metric", "test/accuracy"]) == 1
    assert "measured on validation" in capsys.readouterr().err
    assert launched == list_runs() == []


def test_search__needs_something_to_vary(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        build_parser().parse_args(["search", "scratch"])
    assert "--vary" in capsys.readouterr().err


def test_show__tells_the_best_and_how_to_train_it_for_longer(
    tiny_reef: Dataset, tmp_path, capsys: pytest.CaptureFixture[str]
):
    run = open_run(called(capsys, "scratch", "--preset", "Quick look", "--vary", RATE)["run"])
    write_trials(
        run.path,
        [
            Trial(1, {"learning_rate": 0.001}, "finished", 0.5, "first", 9),
            Trial(2, {"learning_rate": 0.002}, "finished", 0.6, "second", 9),
            Trial(3, {"learning_rate": 0.009}, "pruned", 0.7, "third", 3),
            Trial(4, {"learning_rate": 0.008}, "failed", None, "fourth", 0, "The loss became nan."),
        ],
    )
    table = tmp_path / "trials.csv"
    assert main(["search", "show", run.id, "--csv", str(table)]) == 0
    said = capsys.readouterr().out
    assert "Best: trial 2: learning_rate 0.002, val/macro_f1 60.0 % on validation. It is the best of 4" in said
    assert "train scratch --like second --epochs 27" in said
    assert "failed, The loss became nan." in said
    assert len(table.read_text().splitlines()) == 5
    found = called(capsys, "show", run.id)
    assert (found["best"]["number"], found["asked"], len(found["trials"])) == (2, 20, 4)


@pytest.mark.parametrize(
    ("task", "values", "longer"),
    [("scratch", {"epochs": 30}, "--epochs 90"), ("transfer", {"minutes": 5}, "--minutes 15")],
)
def test_show__of_the_best_for_longer_is_longer_than_that_one(
    task: str, values: dict[str, float], longer: str, tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]
):
    run = open_run(called(capsys, "scratch", "--preset", "Quick look", "--vary", RATE)["run"])
    best = create_run(preset(task, **values))
    write_trials(run.path, [Trial(1, {"learning_rate": 0.001}, "finished", 0.5, best.id, 30)])
    assert main(["search", "show", run.id]) == 0
    assert f"--like {best.id} {longer}" in capsys.readouterr().out


def test_show__of_another_run_says_how_to_begin_one(tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]):
    run = create_run(preset("scratch"))
    assert main(["search", "show", run.id]) == 1
    assert "is not a search. Start one: search TASK" in capsys.readouterr().err


def test_show__says_that_the_trials_are_damaged(tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]):
    assert main(["search", "scratch", "--vary", RATE]) == 0
    (run,) = list_runs()
    (run.path / "search.json").write_text("{half")
    assert main(["search", "show", run.id]) == 0
    assert "search.json cannot be read: it is incomplete or damaged." in capsys.readouterr().err
