"""The form and the view of a search without a browser: what they say, and what their buttons do."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.data.charts.search_charts import history_option, importance_option, parallel_option
from dashboard.data.trials import planned, table_rows, worth
from dashboard.parts.forms import launch as launching
from sealife_core.config import Axis, SearchConfig, build_search, describe, nested, parse, preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.directory import create_run, list_runs
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from sealife_core.studies.search_results import Trial, write_trials

RATE = Axis(path="learning_rate", low=1e-4, high=1e-2, log=True)
LOSS = Axis(path="loss", choices=("cross_entropy", "focal"))


def form_app() -> None:
    from dashboard import state
    from dashboard.app_pages.studies.search_form import search_form

    state.arrive()
    search_form()


def view_app(path: str) -> None:
    from pathlib import Path

    from dashboard.app_pages.studies.search_view import search_view
    from sealife_core.runs.run import Run

    search_view(Run(Path(path)))


def asked(trials: int = 8) -> SearchConfig:
    return build_search(preset("scratch", "Quick look", data="reef"), (RATE, LOSS), trials=trials)  # type: ignore


def searched(trials: int = 8, state: str = "finished") -> Run:
    """A search whose third trial was pruned and whose fourth failed; the others score .30, .35, …"""
    config = asked(trials)
    search = create_run(config, name="A search")
    told = []
    for number in range(1, trials + 1):
        values = {"learning_rate": 0.0005 * number, "loss": LOSS.choices[number % 2]}
        base = config.base.model_dump() | values
        run = create_run(parse(type(config.base), nested(base)), name=f"trial {number}", study=search.id)
        writer = RunWriter(run)
        score = 0.25 + 0.05 * number
        if number not in (3, 4):
            scored = {"macro_f1": score, "macro_f1_low": score - 0.12, "macro_f1_high": score + 0.12, "n": 100}
            test = {"n": 100, "accuracy": 0.4567, "accuracy_low": 0.36, "accuracy_high": 0.55, "macro_f1": 0.44}
            writer.results(val=scored, test=test)
            writer.status(state="finished")
        how = {3: "pruned", 4: "failed"}.get(number, "finished")
        value = {3: 0.1, 4: None}.get(number, score)
        why = "The loss became nan." if number == 4 else ""
        told.append(Trial(number, values, how, value, run.id, 3 if number == 3 else 9, why))  # type: ignore[arg-type]
    write_trials(search.path, told)
    writer = RunWriter(search)
    writer.status(state=state, message="8 of 8 trials done", step=8, steps=8)
    return search


def text(app: AppTest) -> str:
    elements = (*app.markdown, *app.caption, *app.error, *app.warning, *app.subheader, *app.success)
    return " ".join(element.value for element in elements).replace("\\", "")


def button(app: AppTest, label: str):
    return next(found for found in app.button if found.label == label)


@pytest.fixture
def view(home) -> Callable[[Run], AppTest]:
    def opened(run: Run) -> AppTest:
        app = AppTest.from_function(view_app, kwargs={"path": str(run.path)}, default_timeout=60).run()
        assert not app.exception
        return app

    return opened


def test_view__says_what_is_best_and_what_its_lead_is_worth(view):
    said = text(view(searched()))
    assert "**The best: trial 8**, learning rate 0.004, loss cross entropy" in said
    assert "Macro-F1 **65.0 %** (95 % interval 53 to 77 %) on 100 validation pictures" in said
    assert "the best of 7 trials on the same pictures, so part of its lead is luck" in said
    assert "Of the other 5 finished trials, 2 lie within its interval" in said


def test_view__says_how_it_went_and_names_what_failed(view):
    said = text(view(searched()))
    assert "Finished: 8 of 8 trials, 1 stopped early, 1 failed, 57 of 63 epochs trained" in said
    assert "**One trial failed**. The others continued." in said
    assert "The loss became nan. Trial 4." in said
    assert "learning rate 0.0001 to 0.01, on a log scale; loss cross_entropy or focal" in said


def test_view__keeps_test_pictures_out_until_it_is_over(view):
    app = view(searched())
    assert [fold.label for fold in app.expander] == ["Its score on test pictures"]
    assert "Accuracy **45.7 %** (36 to 55 %)" in text(app)
    assert "45.7 %" not in text(view(searched(state="queued")))


def test_view__before_the_first_score_says_what_will_come(view):
    run = create_run(asked(), name="young")
    RunWriter(run).status(state="queued", message="waiting")
    assert "The first score appears here" in text(view(run))


def test_view__with_few_trials_weighs_nothing(view):
    assert "Shown when 6 trials have a score" in text(view(searched(5)))


def test_view__survives_a_best_run_that_was_deleted(view):
    search = searched()
    run = next(run for run in list_runs() if run.notes()["name"] == "trial 8")
    run.path.rename(run.path.parents[1] / "gone")
    app = view(search)
    assert "**The best: trial 8**" in text(app)
    assert button(app, "Train the best for longer").disabled
    assert button(app, "Open its run").disabled


def test_longer__fills_the_train_form_with_three_times_the_epochs(view, monkeypatch: pytest.MonkeyPatch):
    from dashboard import state

    went: list[tuple[str, dict[str, str]]] = []
    filled: list[tuple[str, dict[str, object]]] = []
    monkeypatch.setattr(state, "go", lambda page, query: went.append((page, query)))
    monkeypatch.setattr(state.train, "set_form_values", lambda task, values: filled.append((task, values)))
    app = view(searched())
    button(app, "Train the best for longer").click().run()
    assert went == [("train", {"task": "scratch", "dataset": "reef"})]
    task, values = filled[0]
    assert task == "scratch"
    assert (values["epochs"], values["learning_rate"]) == (27, 0.004)


def test_worth__counts_the_trials_that_have_a_score():
    first, *others = trials()
    assert (
        worth(first, [first, Trial(2, {}, "failed", None, "", 0)], 0.2) == "It is the only trial with a score so far."
    )
    tried = [trial for trial in (first, *others) if trial.value is not None]
    assert f"the best of {len(tried)} trials" in worth(first, [first, *others], 0.2)


def test_planned__is_in_minutes_where_a_trial_ends_by_the_clock():
    searches = [
        build_search(preset("finetune", data="reef", **more), [RATE], trials=4) for more in ({}, {"minutes": 5})
    ]
    assert [planned(search) for search in searches] == [f"{searches[0].base.epochs} epochs", "5 minutes"]


def trials() -> list[Trial]:
    return [
        Trial(1, {"learning_rate": 0.001, "loss": "focal"}, "finished", 0.3, "a", 9),
        Trial(2, {"learning_rate": 0.002, "loss": "focal"}, "pruned", 0.2, "b", 3),
        Trial(3, {"learning_rate": 0.003, "loss": "cross_entropy"}, "finished", 0.5, "c", 9),
        Trial(4, {"learning_rate": 0.004, "loss": "cross_entropy"}, "finished", 0.4, "d", 9),
        Trial(5, {"learning_rate": 0.005, "loss": "cross_entropy"}, "running"),
    ]


def test_history__tells_pruned_trials_apart_by_shape_and_colour():
    finished, pruned, best = history_option(trials(), "#000")["series"]
    assert (finished["symbol"], pruned["symbol"]) == ("circle", "triangle")
    assert finished["color"] != pruned["color"]
    assert [point["value"] for point in finished["data"]] == [[1, 30.0], [3, 50.0], [4, 40.0]]
    assert [point["name"] for point in pruned["data"]] == [
        "trial 2: learning_rate 0.002, loss focal: 20.0 %, stopped after epoch 3"
    ]
    assert best["data"] == [[1, 30.0], [3, 50.0], [5, 50.0]]


def test_parallel__has_a_line_a_scored_trial_and_the_best_on_top():
    config = asked()
    settings = {setting.path: setting for setting in describe(type(config.base))}
    option = parallel_option(config, trials(), settings, "#000", "#FFF", dark=False)
    assert [axis["type"] for axis in option["parallelAxis"]] == ["log", "category", "value"]
    lines = option["series"][0]["data"]
    assert len(lines) == 4
    assert lines[-1]["value"] == [0.003, "cross entropy", 50.0]
    assert {line["lineStyle"]["type"] for line in lines} == {"solid", "dashed"}


def test_importance__has_a_bar_a_setting():
    settings = {setting.path: setting for setting in describe(type(asked().base))}
    option = importance_option({"learning_rate": 0.8, "loss": 0.2}, settings, "#000")
    assert option["series"][0]["data"] == [80.0, 20.0]
    assert option["yAxis"]["data"] == ["Learning rate", "Loss"]


def test_table__has_a_row_a_trial():
    rows = table_rows(asked(), trials())
    assert rows[1] == {
        "Trial": 2, "Learning rate": "0.002", "Loss": "focal", "Macro-F1": "20.0 %", "Epochs": 3,
        "State": "▲ stopped early", "Run": "b",
    }  # fmt: skip


def test_form__launches_what_it_shows(tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch):
    launched: list[Run] = []
    monkeypatch.setattr(launching, "launch", launched.append)
    app = AppTest.from_function(form_app, default_timeout=60).run()
    assert not app.exception
    assert any("<span>Trials</span><b>20</b>" in html.body for html in app.get("html"))
    button(app, "Launch").click().run()
    assert not app.exception
    config = launched[0].request()
    assert isinstance(config, SearchConfig)
    assert [axis.path for axis in config.axes] == ["learning_rate", "weight_decay", "label_smoothing"]
    assert config.axes[0] == RATE
    assert (config.trials, config.pruning, config.base.data_hash) == (20, True, tiny_reef.content_hash)
    assert "is queued" in text(app)


def test_form__says_what_is_wrong_and_launches_nothing(tiny_reef: Dataset):
    app = AppTest.from_function(form_app, default_timeout=60).run()
    app.multiselect(key="search.scratch.Quick look.vary").set_value([]).run()
    assert "Nothing varies" in text(app)
    assert button(app, "Launch").disabled


@pytest.mark.parametrize("task", ["simclr", "probe", "finetune", "transfer", "resnet50"])
def test_form__of_every_task_is_ready_to_be_launched(tiny_reef: Dataset, task: str):
    app = AppTest.from_function(form_app, default_timeout=60)
    app.session_state["search.task"] = task
    app.run()
    assert not app.exception
    assert not button(app, "Launch").disabled
    assert not app.error
