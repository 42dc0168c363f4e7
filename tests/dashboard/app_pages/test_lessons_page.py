"""The Lessons page without a browser."""

import json
import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard import state
from dashboard.app_pages.lessons import before_class, paper, widgets
from dashboard.app_pages.lessons.quizzes import quiz_cards
from dashboard.data.lessons.lessons import LESSONS
from dashboard.data.lessons.prepared import HEAD, HELP, PROBE, needs
from sealife_core.config import RECIPES, ClassifierConfig, preset
from sealife_core.datasets.corrections.editing import move
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.imports.importing import import_images
from sealife_core.evaluation.contrast.readout import QUIZZES, Readout
from sealife_core.evaluation.embeddings.stored_embeddings import Space
from sealife_core.models.checkpoint import load_card, save_model
from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.heads import projection_head
from sealife_core.runs.directory import create_run, list_runs
from sealife_core.runs.files import replace_json
from sealife_core.runs.liveness import State
from sealife_core.runs.run import MODEL, Run
from sealife_core.runs.scheduling.queue import write_status
from sealife_core.runs.writer import RunWriter
from sealife_core.studies.helps import HELPS
from sealife_core.studies.questions import build_study
from tests.dashboard.pages import components, visit
from tests.finished.models import NETWORK, with_model
from tests.finished.runs import predictions_on, with_predictions
from tests.finished.studies import finished_study

WITHOUT_TORCH = ("probe", "help")  # they show runs; there are none


def texts(app: AppTest) -> str:
    return " ".join(found.value for found in (*app.markdown, *app.caption))


@pytest.mark.parametrize("key", ["view", "probe", "help"])
def test_lesson__is_drawn_with_its_question(key: str, tiny_reef) -> None:
    app = visit("lessons", {"lesson": key})
    lesson = next(lesson for lesson in LESSONS if lesson.key == key)
    assert app.header[0].value.endswith(lesson.title)
    assert ("There is no answer yet" in texts(app)) is (key in WITHOUT_TORCH)


def test_verdict__of_a_test_split_that_was_corrected_since_says_so(tiny_reef: Dataset) -> None:
    finished_study(build_study(HELPS, data=tiny_reef.name, seeds=2), lambda part: 0.5)
    for run in list_runs():
        if (run.results() or {}).get("test_hash"):
            RunWriter(run).results(test_hash=tiny_reef.test_hash)
    app = visit("lessons", {"lesson": "help"})
    assert (len(app.info), len(app.warning)) == (1, 0)
    move(tiny_reef, {int(tiny_reef.rows("test")[0]): "train"})
    app = visit("lessons", {"lesson": "help"})
    assert len(app.info) == 1, "the verdict stands"
    assert "the test pictures or their labels have changed" in app.warning[0].value


def test_question__is_answered_by_what_is_shown_and_the_link_keeps_it(tiny_reef) -> None:
    app = visit("lessons", {"lesson": "view"})
    app.radio[0].set_value(1).run()
    assert not app.exception
    assert "Right." in texts(app), "SimCLR keeps about half of a picture on average"
    assert app.query_params["answered"] in ("view-1-right", ["view-1-right"])
    again = visit("lessons", {"lesson": "view", "answered": "view-2"})
    assert "Between one and two thirds." in texts(again)


def steps(app: AppTest) -> list[str]:
    return list(next(group for group in app.segmented_control if group.label == "Lesson").options)


def test_marks__tell_what_is_right_from_what_is_answered(tiny_reef: Dataset) -> None:
    app = visit("lessons", {"lesson": "view"})
    assert not any(mark in "".join(steps(app)) for mark in "✓○")
    assert "✓ right" not in texts(app), "nothing to explain"
    app.radio[0].set_value(0).run()
    assert steps(app)[0] == "1 · View ○"
    assert "✓ right · ○ answered" in texts(app)
    app.radio[0].set_value(1).run()
    assert steps(app)[0] == "1 · View ✓"


def test_marks__follow_the_numbers_that_are_shown_now(tiny_reef: Dataset) -> None:
    for link in ("view-0-right", "view-0"):
        app = visit("lessons", {"lesson": "view", "answered": link})
        assert steps(app)[0] == "1 · View ○"
        assert app.query_params["answered"] in ("view-0-wrong", ["view-0-wrong"])
    cut = visit("lessons", {"lesson": "view", "answered": ["view", "", "pair-", "view-0-right-or"]})
    assert not cut.exception
    assert steps(cut)[0] == "1 · View ○"
    elsewhere = visit("lessons", {"lesson": "probe", "answered": ["view-1-right", "pair-2", "probe-1-right"]})
    assert steps(elsewhere)[:2] == ["1 · View ✓", "2 · Pairs ○"], "as they were judged where they were answered"
    assert steps(elsewhere)[4].endswith("○"), "there is no answer any more"


def test_answers__of_a_rehearsal_are_cleared_before_the_class(tiny_reef) -> None:
    def labels(app: AppTest) -> list[str]:
        return [button.label for button in app.button]

    app = visit("lessons", {"lesson": "view"})
    assert "Clear the answers" not in labels(app), "there are none"
    app.radio[0].set_value(0).run()
    assert "Wrong." in texts(app)
    next(button for button in app.button if button.label == "Present").click().run()
    assert "Clear the answers" not in labels(app)
    next(button for button in app.button if button.label == "Leave the presentation").click().run()
    next(button for button in app.button if button.label == "Clear the answers").click().run()
    assert not app.exception
    assert app.radio[0].value is None
    assert "Wrong." not in texts(app)
    assert "answered" not in app.query_params
    assert "Clear the answers" not in labels(app)
    app.radio[0].set_value(1).run()
    assert "Right." in texts(app), "it can be answered again"


def test_presentation__shows_the_lesson_alone_and_is_left_by_a_key(tiny_reef) -> None:
    app = visit("lessons", {"lesson": "view"})
    next(button for button in app.button if button.label == "Present").click().run()
    assert not app.exception
    assert not app.title
    assert not app.expander, "no check list for the class to see"
    assert app.header[0].value.startswith("1.")
    next(button for button in app.button if button.label == "Leave the presentation").click().run()
    assert app.title[0].value == "Lessons"


@pytest.mark.parametrize("query", [{"lesson": "nonsense"}, {"answered": "view-99"}, {"answered": "-"}])
def test_link__with_nonsense_shows_a_lesson(query: dict[str, str], tiny_reef) -> None:
    assert visit("lessons", query).header


def few(folder: Path, count: int) -> Dataset:
    """A data set of ``count`` pictures of two classes."""
    for number in range(count):
        place = folder / ("crab" if number % 2 else "ray") / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (48, 48), (20 * number, 90, 200 - 20 * number)).save(place)
    return import_images(folder, "few").dataset


def shown(lesson: str, **query: str) -> AppTest:
    app = visit("lessons", {"lesson": lesson, **query})
    assert not app.exception, app.exception[0].stack_trace
    return app


def test_views__of_a_data_set_of_one_picture(home: Path, tmp_path: Path) -> None:
    few(tmp_path / "one", 1)
    app = shown("view", dataset="few")
    assert len([html for html in app.get("html") if "the original" in html.proto.body]) == 1
    assert app.radio


@pytest.mark.parametrize("pictures", [1, 2])
def test_temperature__counts_the_negatives_that_are_there(pictures: int, home: Path, tmp_path: Path) -> None:
    few(tmp_path / "pictures", pictures)
    app = shown("temperature", dataset="few", encoder="untrained")
    app.radio[0].set_value(0).run()
    assert not app.exception
    negatives = 2 * pictures - 2
    assert f"the {negatives} most similar of {negatives} negatives" in texts(app), "three are asked for, if there are"


def test_head__of_a_few_pictures_offers_nothing_to_try_and_no_handout(
    pretrained: Run, home: Path, tmp_path: Path
) -> None:
    few(tmp_path / "pictures", 7)
    app = shown("head", dataset="few")
    assert "There is no answer yet" in texts(app)
    assert "at least 16 pictures" in texts(app)
    assert "Try it" not in texts(app)
    assert not app.get("download_button")


@pytest.fixture
def ours(pretrained: Run, tiny_reef: Dataset) -> Run:
    """``pretrained``, which knows on which pictures."""
    file = pretrained.path / "config.json"
    replace_json(file, json.loads(file.read_text()) | {"data_hash": tiny_reef.content_hash})
    return pretrained


@pytest.fixture
def headed(ours: Run) -> Run:
    """``ours`` with a projection head."""
    card = replace(load_card(ours.path), projection={"kind": "nonlinear", "hidden": 16, "out": 8})
    save_model(ours.path, build_encoder(NETWORK), projection_head("nonlinear", card.feature_dim, 16, 8), card)
    return ours


@pytest.fixture
def newer(pretrained: Run, tiny_reef: Dataset) -> Run:
    """A SimCLR run after ``pretrained``, on other pictures and with another recipe."""
    config = preset("simclr", "Quick look", data="survey", data_hash="other pictures", views=RECIPES["Mild"])
    return with_model(create_run(config, name="Newest"), tiny_reef)


def board(app: AppTest) -> dict[str, Any]:
    """What the matrix is given."""
    return next(given for given in components(app) if "cosines" in given)


def encoder(app: AppTest) -> Any:
    return next(box.value for box in app.selectbox if box.label == "Encoder")


@pytest.mark.parametrize(("lesson", "part"), [("pair", "pairs"), ("temperature", "temperature")])
def test_board__begins_with_the_run_on_these_pictures_and_shows_its_part(
    lesson: str, part: str, headed: Run, newer: Run
) -> None:
    app = shown(lesson, compared="h")
    assert encoder(app) == headed.id
    assert (board(app)["part"], board(app)["space"]) == (part, "z"), "the loss compares z"
    assert "was trained" not in texts(app)
    as_run = board(app)["views"]
    app = shown(lesson, encoder=newer.id)
    assert "Newest was trained on survey. These views are drawn from reef." in texts(app)
    assert board(app)["views"] != as_run, "those of its own recipe"
    (headed.path / MODEL).unlink()
    assert encoder(shown(lesson)) == newer.id


def test_head__asks_what_was_done_to_a_picture_and_the_numbers_answer(headed: Run, newer: Run) -> None:
    app = shown("head")
    assert encoder(app) == headed.id
    (cards,) = (html.proto.body for html in app.get("html") if 'class="quizzes"' in html.proto.body)
    assert cards.count('class="told h"') == cards.count('class="told z"') == len(QUIZZES) + 1
    app.radio[0].set_value(2).run()
    assert not app.exception
    assert "a linear layer is right on" in texts(app)
    assert "There is no answer yet" in texts(shown("head", encoder=newer.id)), "that one has no head"


def test_handout__is_built_at_the_click(pretrained: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    offered, built = {}, []
    monkeypatch.setattr(st, "download_button", lambda label, data, *args, **kwargs: offered.update({label: data}))
    for module, name in ((paper, "handout_html"), (paper, "worksheet_html"), (widgets, "gallery")):
        monkeypatch.setattr(module, name, lambda *args, name=name: built.append(name) or name)
    shown("pair")
    assert not built
    assert offered["Handout"]() == "handout_html"
    assert built == ["gallery", "handout_html"]


def test_check_list__says_what_is_missing_and_starts_it_once(tiny_reef: Dataset, monkeypatch) -> None:
    monkeypatch.setattr(before_class, "launch", lambda run: write_status(run, state=State.QUEUED))
    app = shown("view")
    (found,) = (each for each in app.expander if each.label.startswith("Before the class"))
    assert found.label == "Before the class: 4 of 4 things are missing for reef"
    assert "Missing" not in texts(app), "computed for who opens it"
    app.session_state[state.lessons.BEFORE] = True
    app.run()
    assert "Lessons 1 to 3 work with any pictures, lesson 6 with labelled ones." in texts(app)
    starts = [button for button in app.button if button.label == "Start it"]
    assert len(starts) == 4
    starts[1].click().run()
    assert not app.exception
    asked = [run.config() for run in list_runs()]
    assert {isinstance(config, ClassifierConfig) and config.trained_stages > 0 for config in asked} == {True, False}
    assert "On its way" in texts(app)
    assert len([button for button in app.button if button.label == "Start it"]) == 3


@pytest.mark.parametrize(
    ("there", "says"), [(0, "4 of 4 things are missing"), (3, "1 of 4 things is missing"), (4, "everything is there")]
)
def test_check_list__counts_what_is_missing(there: int, says: str, tiny_reef: Dataset, monkeypatch) -> None:
    found = [replace(need, there="ours" * (place < there)) for place, need in enumerate(needs(tiny_reef, [], []))]
    monkeypatch.setattr(before_class, "_needs", lambda dataset: found)
    assert [box.label for box in shown("view").expander] == [f"Before the class: {says} for reef"]


@pytest.mark.parametrize(
    ("ended", "says"), [(State.FINISHED, "It was trained, and cannot be used here"), (State.QUEUED, "On its way")]
)
def test_lesson__says_whether_what_it_needs_is_on_its_way_or_was_of_no_use(
    ended: State, says: str, tiny_reef: Dataset
) -> None:
    (need,) = (need for need in needs(tiny_reef, [], []) if need.key == PROBE)
    for name, request in need.requests:
        write_status(create_run(request, name=name), state=ended)
    said = texts(shown("probe"))
    assert says in said
    assert sum(each in said for each in ("It was trained, and cannot", "On its way", "Missing")) == 1


def test_probe__counts_the_pictures_that_only_one_of_the_two_gets_right(tiny_reef: Dataset) -> None:
    common: dict[str, Any] = {"data": "reef", "encoder": "tf_efficientnet_lite0", "image_size_px": 96}
    wrong = {"probe": [0, 1], "finetune": [1, 2, 3]}
    for task, places in wrong.items():
        config = preset(task, data_hash=tiny_reef.content_hash, weights="imagenet", **common)
        run = create_run(config, name=task)
        table = predictions_on(tiny_reef, partial(np.isin, test_elements=places))
        with_predictions(run, table, tiny_reef.classes, tiny_reef.test_hash)
    said = texts(shown("probe"))
    tested = len(tiny_reef.rows("test"))
    assert f"Only the linear probe is right: 2 of {tested}" in said
    assert f"Only the fine-tuned run is right: 1 of {tested}" in said
    assert f"Fine-tuned run minus probe, on the same pictures: −{100 / tested:.1f} points (95" in said


def test_start__at_the_same_time_launches_each_run_once(tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    left = before_class._left

    def slowly(requests: Sequence[before_class.Named]) -> list[before_class.Named]:
        found = left(requests)
        time.sleep(0.05)
        return found

    monkeypatch.setattr(before_class, "_left", slowly)
    monkeypatch.setattr(before_class, "launch", lambda run: write_status(run, state=State.QUEUED))
    monkeypatch.setattr(state, "say", lambda text: None)
    asked = [("SimCLR", preset("simclr", "Quick look", data="reef", data_hash=tiny_reef.content_hash))]
    with ThreadPoolExecutor() as threads:
        list(threads.map(lambda _: before_class._start(asked, "reef"), range(2)))
    assert len(list_runs()) == 1


def test_next__is_another_button_in_every_lesson_so_that_a_second_click_skips_none(tiny_reef: Dataset) -> None:
    ids = [button.proto.id for key in ("view", "probe") for button in shown(key).button if button.label == "Next"]
    assert len(set(ids)) == len(ids) == 2


@pytest.mark.parametrize(
    ("seconds", "says"),
    [(40.0, "it takes about 2 min on this machine"), (None, "its time on this machine is not known yet")],
)
def test_takes__is_the_time_of_runs_and_studies_together(
    seconds: float | None, says: str, tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(before_class, "estimate_on", lambda request, dataset: SimpleNamespace(seconds=seconds))
    monkeypatch.setattr(before_class, "study_cost", lambda *given: SimpleNamespace(seconds=80.0))
    asked = [need.requests[0] for need in needs(tiny_reef, [], []) if need.key in (HEAD, HELP)]
    assert before_class._takes(asked, tiny_reef) == says


def test_quiz_cards__show_how_often_each_is_told_and_the_mean(tiny_reef: Dataset) -> None:
    right: dict[Space, np.ndarray] = {"h": np.array([1.0, 0.5]), "z": np.array([0.25, 0.25])}
    found: dict[Space, Readout] = {space: {quiz.name: of for quiz in QUIZZES} for space, of in right.items()}
    html = quiz_cards(found, {quiz.name: [("data:,", "<b>darker</b>")] for quiz in QUIZZES})
    for space, told in (("h", "75"), ("z", "25")):
        bar = f'<div class="told {space}"><i>{space}</i><span class="track"><span style="width:{told}.0%">'
        assert html.count(bar) == len(QUIZZES) + 1, "each quiz, and all on average"
    assert html.count("</span>75 %</div>") == html.count("</span>25 %</div>") == len(QUIZZES) + 1
    chances = [float(share) for share in re.findall(r'class="chance" style="left:([\d.]+)%"', html)]
    assert (
        chances[::2]
        == chances[1::2]
        == pytest.approx(
            [
                *(100 / len(quiz.versions) for quiz in QUIZZES),
                100 * np.mean([1 / len(quiz.versions) for quiz in QUIZZES]),
            ],
            abs=0.06,
        )
    )
    assert "<b>darker" not in html


def test_lesson__without_its_run_says_what_it_takes_and_offers_the_click(tiny_reef: Dataset) -> None:
    app = shown("help")
    assert "Missing; its time on this machine is not known yet." in texts(app)
    assert [button.label for button in app.button].count("Start it") == 1
