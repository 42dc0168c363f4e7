"""Each page drawn without a browser: what is missing is named, and a launch happens once."""

import shutil

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.cache import training
from dashboard.parts.forms import launch as launching
from sealife_core.config import preset
from sealife_core.datasets.dataset import write_dataset
from sealife_core.models import imagenet
from sealife_core.runs.directory import create_run, list_runs
from sealife_core.runs.writer import RunWriter
from tests.dashboard.pages import visit


def open_page(name: str, **query: str) -> AppTest:
    return visit(name, query)


def text(app: AppTest) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.error, *app.success))


def button(app: AppTest, label: str):
    return next(found for found in app.button if found.label == label)


def number(app: AppTest, label: str):
    return next(found for found in app.number_input if found.label == label)


@pytest.fixture
def launched(monkeypatch):
    asked = []
    monkeypatch.setattr(launching, "launch", asked.append)
    return asked


@pytest.mark.parametrize("page", ["home", "views", "train"])
def test_page__without_data_offers_the_one_thing_that_helps(home, page):
    app = open_page(page)
    assert not app.exception
    wanted = "Run the demo" if page == "home" else "Draw the sample reef"
    assert button(app, wanted)


@pytest.mark.parametrize("page", ["home", "views", "train"])
def test_page__draws_with_data(tiny_reef, page):
    app = open_page(page)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("page", ["data", "views", "train", "studies"])
def test_page__begins_with_the_newest_data_set(tiny_reef, page):
    write_dataset(tiny_reef.folder.parent / "zebra reef", tiny_reef.manifest, {"made": "2099-01-01T00:00:00+00:00"})
    shutil.copytree(tiny_reef.folder / "images", tiny_reef.folder.parent / "zebra reef" / "images")
    app = open_page(page)
    assert not app.exception
    if page == "data":
        assert [heading.value for heading in app.subheader] == ["zebra reef"]
    else:
        assert app.selectbox(key="dataset").value == "zebra reef"


def test_home__leads_to_each_data_set_and_survives_a_damaged_one(tiny_reef):
    damaged = tiny_reef.folder.parent / "broken"
    damaged.mkdir()
    (damaged / "dataset.json").write_text("{")
    app = open_page("home")
    assert not app.exception
    assert not app.error
    assert "damaged" in text(app)
    app.button(key="open_data.reef").click().run()
    assert not app.exception
    assert [title.value for title in app.title] == ["Data"]
    assert [heading.value for heading in app.subheader] == ["reef"]


def test_train__launches_once_however_often_it_is_clicked(tiny_reef, launched):
    app = open_page("train")
    app.button(key="launch").click().run()
    assert len(launched) == len(list_runs()) == 1
    assert launched[0].config() == preset("simclr", data_hash=tiny_reef.content_hash)
    assert "is queued" in text(app)
    assert app.button(key="launch").disabled
    app.run()
    assert len(launched) == 1


def test_launch__refuses_a_second_click_that_was_already_on_its_way(tiny_reef, launched, monkeypatch):
    monkeypatch.setattr(launching.st, "session_state", {})
    config = preset("simclr", data_hash=tiny_reef.content_hash)
    launching._launch(config, "twice")
    launching._launch(config, "twice")
    assert len(launched) == 1


def test_train__launches_the_number_that_was_typed_last(tiny_reef, launched):
    app = open_page("train")
    number(app, "Batch size (images)").set_value(24)
    app.button(key="launch").click().run()  # both in one message, as from a field that is left by a click on Launch
    assert launched[0].config().batch_size == 24


def test_train__refuses_a_number_out_of_range_instead_of_another(tiny_reef, launched):
    app = open_page("train")
    number(app, "Batch size (images)").set_value(5000).run()
    assert not app.button(key="launch").disabled
    number(app, "Batch size (images)").set_value(1)
    app.button(key="launch").click().run()
    assert "'batch_size' is 1; expected a whole number from 2 to 8,192 images." in text(app).replace("\\", "")
    assert any(":red[**2 to 8,192.**]" in caption.value for caption in app.caption)
    assert app.button(key="launch").disabled
    assert launched == []


def test_train__says_before_the_button_what_would_fail_and_switches_it_off(tiny_reef, launched, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", "/nowhere")
    monkeypatch.setattr(imagenet, "reachable", lambda name: False)
    training.online.clear()
    app = open_page("train")
    app.segmented_control(key="task").set_value("resnet50").run()
    assert "ImageNet weights of ResNet50 are not on this machine" in text(app)
    assert app.button(key="launch").disabled
    app.segmented_control(key="task").set_value("scratch").run()
    assert not app.button(key="launch").disabled
    training.online.clear()


def test_train__without_a_run_to_start_from_offers_simclr(tiny_reef):
    app = open_page("train")
    app.segmented_control(key="task").set_value("probe").run()
    assert "No run to start from yet" in text(app)
    assert button(app, "Train SimCLR")


def test_train__offers_a_run_that_is_still_training(tiny_reef, launched):
    run = create_run(preset("simclr"), name="First <b>try</b>")
    RunWriter(run).status(state="queued")
    app = open_page("train")
    app.segmented_control(key="task").set_value("probe").run()
    weights = next(box for box in app.selectbox if box.label == "Encoder from")
    assert weights.value == f"run:{run.id}"
    app.button(key="launch").click().run()
    assert launched[0].config().weights == f"run:{run.id}"


def unfold(app: AppTest, fold: str, to: bool | str = True) -> None:
    app.session_state[f"fold.{fold}"] = to
    app.run()


def test_train__shows_all_problems_and_does_not_launch(tiny_reef):
    app = open_page("train")
    unfold(app, "everything")
    unfold(app, "tabs", "Crop and flip")
    low = next(slider for slider in app.slider if slider.label == "Smallest crop")
    high = next(slider for slider in app.slider if slider.label == "Largest crop")
    low.set_value(0.9)
    high.set_value(0.2)
    app.run()
    assert "smallest crop" in text(app)
    assert app.button(key="launch").disabled


def test_views__hands_its_recipe_to_train(tiny_reef):
    app = open_page("views")
    unfold(app, "Colour")
    next(slider for slider in app.slider if slider.label == "Hue (turns)").set_value(0.05)
    app.run()
    # AppTest goes back to the first page at the next run, so the fold of the page to come is opened before.
    app.session_state["fold.everything"], app.session_state["fold.tabs"] = True, "Colour"
    button(app, "Use these views for SimCLR").click().run()
    assert not app.exception
    hue = next(slider for slider in app.slider if slider.label == "Hue (turns)")
    assert hue.key.startswith("train.")
    assert hue.value == 0.05


def test_go__opens_train_at_the_task_by_its_key(tiny_reef):
    app = open_page("train")
    app.segmented_control(key="task").set_value("finetune").run()
    button(app, "Train SimCLR").click().run()
    assert app.segmented_control(key="task").value == "simclr"
