"""Name my animals: one click, its progress, what came out, and the ways on."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.parts.runs import name_animals
from dashboard.parts.runs.name_animals import AGAIN, TITLE
from dashboard.words import plain
from sealife_core.config import preset, task_of
from sealife_core.datasets.corrections.editing import move
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.evaluation.classification.score_words import worst_confusions
from sealife_core.runs.directory import create_run, list_runs
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from tests.dashboard.test_frame import open_page
from tests.finished.runs import predictions_on, with_predictions


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    asked: list[Run] = []

    def launch(run: Run) -> None:
        asked.append(run)
        RunWriter(run).status(state="running", stage="embedding", message="9 of 64 images embedded", done=9, total=64)

    monkeypatch.setattr(name_animals, "launch", launch)
    return asked


@pytest.fixture
def survey(tiny_reef: Dataset) -> Dataset:
    """A data set of one's own: the reef under another name."""
    tiny_reef.folder.rename(tiny_reef.folder.parent / "survey")
    return open_dataset("survey")


def finished(dataset: Dataset, **values: Any) -> Run:
    """A first model that takes every third test image for the next class."""
    config = preset("classify", data=dataset.name, data_hash=dataset.content_hash)
    table = predictions_on(dataset, lambda place: place % 3 == 0, sure=0.9)
    tried = [{"penalty": 1.0, "macro_f1": 0.5}, {"penalty": 0.1, "macro_f1": 0.7}]
    values = {"penalty": 0.1, "penalties": tried} | values
    return with_predictions(create_run(config, name="First"), table, dataset.classes, dataset.test_hash, **values)


def said(app: AppTest) -> str:
    return " ".join(str(one.value) for one in (*app.markdown, *app.caption, *app.info, *app.get("html")))


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()


@pytest.mark.parametrize("page", ["home", "data"])
def test_button__launches_once_and_its_progress_stands_in_its_place(
    survey: Dataset, launched: list[Run], page: str
) -> None:
    app = open_page(page)
    press(app, TITLE)
    assert not app.exception
    (run,) = launched
    assert task_of(run.config()) == "classify"
    assert (run.config().data, run.config().data_hash) == ("survey", survey.content_hash)
    assert TITLE not in labels(app)
    assert any("9 of 64 images embedded" in str(bar.proto) for bar in app.get("progress"))
    app.run()
    assert len(list_runs()) == 1


@pytest.mark.parametrize("page", ["home", "data"])
def test_button__is_the_one_primary_button(survey: Dataset, page: str) -> None:
    app = open_page(page)
    assert [button.label for button in app.button if button.proto.type == "primary"] == [TITLE]


@pytest.mark.parametrize(("kept", "says"), [(0, "has a label"), (1, "There is one class")])
def test_data__without_classes_is_one_sentence_instead_of_the_button(
    survey: Dataset, launched: list[Run], kept: int, says: str
) -> None:
    manifest = survey.manifest.copy()
    manifest.loc[manifest["label"] != (survey.classes[0] if kept else None), "label"] = ""
    from sealife_core.datasets.dataset import write_dataset

    write_dataset(survey.folder, manifest, {"made": "2099-01-01T00:00:00+00:00"})
    app = open_page("data")
    assert not app.exception
    assert TITLE not in labels(app)
    assert says in said(app)
    home = open_page("home")
    assert TITLE not in labels(home)
    for page in (app, home):
        assert [button.label for button in page.button if button.proto.type == "primary"] == ["Label pictures"]
    press(home, "Label pictures")
    assert [title.value for title in home.title] == ["Label"]


def test_result__tells_accuracy_with_interval_confusions_and_how_the_penalty_was_chosen(survey: Dataset) -> None:
    run = finished(survey)
    test = (run.results() or {})["test"]
    app = open_page("home")
    assert not app.exception
    assert f"{100 * test['accuracy']:.1f} %" in said(app)
    assert f"{100 * test['accuracy_low']:.0f} to {100 * test['accuracy_high']:.0f} %" in said(app)
    assert "L2 penalty 0.1, chosen from 2" in said(app)
    worst = worst_confusions(test)[0]
    assert worst.says.split(" of ")[0] == str(worst.count)
    press(app, plain(f"{worst.truth} classified as {worst.predicted}: {worst.count} of {worst.of}"))
    assert [title.value for title in app.title] == ["Gallery"]
    assert app.query_params["truth"] == worst.truth
    assert app.query_params["predicted"] == worst.predicted


@pytest.mark.parametrize("minutes", [20, 60])
def test_result__is_made_better_within_the_minutes_that_one_chooses(survey: Dataset, minutes: int) -> None:
    finished(survey)
    app = open_page("home")
    app.button_group[0].set_value(minutes).run()
    press(app, "Fine-tune it")
    assert not app.exception
    assert {field.label: field.value for field in app.number_input}["Minutes (min)"] == minutes


def test_result__has_three_ways_on(survey: Dataset) -> None:
    run = finished(survey)

    def through(door: str) -> AppTest:
        app = open_page("home")
        press(app, door)
        assert not app.exception
        return app

    better = through("Fine-tune it")
    assert [title.value for title in better.title] == ["Train"]
    assert f"run:{run.id}" in [box.value for box in better.selectbox]
    assert "tf_efficientnet_lite0" in [field.value for field in (*better.text_input, *better.selectbox)]
    assert [title.value for title in through("Ask the question").title] == ["Studies"]
    least = through("Least certain pictures")
    assert [title.value for title in least.title] == ["Gallery"]
    assert least.query_params["order"] == "uncertain"


def test_data__leads_from_a_finished_model_to_its_result(survey: Dataset) -> None:
    finished(survey)
    app = open_page("data")
    assert TITLE not in labels(app)
    press(app, "See the result")
    assert not app.exception
    assert [title.value for title in app.title] == ["Runs"]
    assert app.query_params["tab"] == "Results"
    assert any("classified as" in label for label in labels(app))
    assert "L2 penalty 0.1" in said(app)


def test_button__trains_again_when_the_data_set_has_changed_and_the_result_stays(
    survey: Dataset, launched: list[Run]
) -> None:
    finished(survey)
    assert not any(label.startswith(AGAIN) for page in ("home", "data") for label in labels(open_page(page)))
    move(survey, {0: "test" if survey.manifest["split"].iat[0] != "test" else "train"})
    assert AGAIN in labels(open_page("data"))
    learned = f"{len(open_dataset('survey').rows('train', labelled_only=True))} labels"
    home = open_page("home")
    assert TITLE not in labels(home)
    assert "L2 penalty 0.1" in said(home)
    press(home, f"{AGAIN} on {learned}")
    assert [run.notes()["name"] for run in launched] == [f"{TITLE} on survey, {learned}"]
