"""The Gallery without a browser: which answers are shown, in which order, what is counted, and what a page says."""

import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard.app_pages.gallery.filters import filters_of
from dashboard.app_pages.gallery.guessing import read_guesses
from dashboard.app_pages.gallery.models import same_pictures
from dashboard.app_pages.gallery.probability_bars import MOST, shown_classes
from dashboard.data.classifier_answers import (
    Filters,
)
from dashboard.parts.pictures.sheets import A_PAGE
from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.classification.predictions import write_predictions
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from sealife_core.wording import percent
from tests.dashboard.answers_made import table
from tests.dashboard.pages import visit
from tests.finished.models import finished_classifier


def test_filters__of_a_link_that_says_nonsense_are_all_pictures(tiny_reef):
    values = {"truth": "unicorn", "outcome": "first", "sure": "x-300", "set": "train", "order": "?"}
    assert filters_of(values, tiny_reef.classes, paired=False) == Filters()
    assert filters_of({"sure": "80-20"}, tiny_reef.classes, paired=False) == Filters(low=20, high=80)
    assert filters_of({"outcome": "first", "sure": "20-80"}, tiny_reef.classes, paired=True) == Filters(
        outcome="first", low=20, high=80
    )


def test_bars__show_the_truth_however_unlikely():
    likely = np.linspace(1, 0, MOST + 5)
    assert shown_classes(likely, MOST + 3) == [*range(MOST - 1), MOST + 3]
    assert (percent(0.0004), percent(0.5), percent(0.0)) == ("< 0.1 %", "50.0 %", "0.0 %")


def test_guesses__of_a_url_are_cut_where_they_cannot_be():
    assert read_guesses("3.0.9", 20, 10) == [3, 0, 9]
    assert read_guesses("3.10.1", 20, 10) == [3]
    assert read_guesses("3.-1", 20, 10) == [3]
    assert read_guesses("1.1.1", 2, 10) == [1, 1]


def classifier(dataset: Dataset, name: str, test_hash: str = "same", **spread: float) -> Run:
    run = create_run(preset("scratch", data="reef", data_hash=dataset.content_hash), name=name)
    half = len(dataset) // 2
    told = table(dataset, [0] * len(dataset), [spread.get("sure", 0.7)] * len(dataset))
    told.loc[half:, "split"] = "val"
    write_predictions(told, run.path)
    RunWriter(run).results(test={"accuracy": 0.1, "n": half}, test_hash=test_hash)
    return run


def open_gallery(**query: str) -> AppTest:
    return visit("gallery", query)


def text(app: AppTest) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.error, *app.warning))


def test_page__without_a_classifier_offers_to_train_one(tiny_reef):
    app = open_gallery()
    assert not app.exception
    assert "No predictions yet" in text(app)


def test_page__says_how_many_and_keeps_the_filters_of_the_url(tiny_reef):
    run = classifier(tiny_reef, "Always <b>the</b> first")
    wrong = int((tiny_reef.labels[:32] != 0).sum())
    app = open_gallery(run=run.id, outcome="wrong")
    assert not app.exception
    assert f"**{wrong}** wrong test pictures, of 32" in text(app)
    app.selectbox(key="gallery.order").set_value("uncertain").run()
    assert app.query_params["order"] == "uncertain"
    assert app.query_params["outcome"] == "wrong"


def test_page__offers_each_of_two_models_of_the_same_name(tiny_reef):
    runs = [classifier(tiny_reef, "From scratch on reef") for _ in range(2)]
    (model,) = [box for box in open_gallery(run=runs[0].id).selectbox if box.label == "Model"]
    assert len(set(model.options)) == 2


def test_page__finds_pictures_by_a_part_of_their_file_names(tiny_reef):
    run = classifier(tiny_reef, "one")
    app = open_gallery(run=run.id, file=tiny_reef.file_names[0].upper())
    assert "**1** test picture, with “" in text(app)
    app.text_input(key="gallery.file").set_value("no such").run()
    assert app.query_params["file"] == "no such"
    assert "No test pictures, with “no such” in the file name." in text(app)


def test_page__of_a_run_stopped_before_its_test_shows_validation_pictures(tiny_reef):
    run = create_run(preset("scratch", data="reef", data_hash=tiny_reef.content_hash), name="stopped")
    write_predictions(table(tiny_reef, [0] * 9, [0.7] * 9, split="val"), run.path)
    app = open_gallery(run=run.id)
    assert not app.exception
    assert "**9** validation pictures" in text(app)


@pytest.mark.parametrize("show", ["classes", "calibration", "own", "guess"])
def test_page__draws_each_view(tiny_reef, show):
    run = classifier(tiny_reef, "one")
    other = classifier(tiny_reef, "two", sure=0.6)
    app = open_gallery(run=run.id, show=show, against=other.id)
    assert not app.exception
    assert not app.error


def test_own_pictures__of_a_run_whose_model_is_damaged_are_one_sentence(tiny_reef):
    run = classifier(tiny_reef, "one")
    (run.path / "model.json").write_text("{half")
    app = open_gallery(run=run.id, show="own")
    held = io.BytesIO()
    Image.new("RGB", (20, 20)).save(held, "PNG")
    app.file_uploader(key="own_pictures").set_value([("dive.png", held.getvalue(), "image/png")]).run()
    assert not app.exception
    (said,) = [error.value for error in app.error]
    assert "model.json cannot be read" in said.replace("\\", "")


def test_own_pictures__are_all_answered_in_pages_and_a_table(tiny_reef):
    run = finished_classifier(tiny_reef)
    app = open_gallery(run=run.id, show="own")
    assert f"sealife_core predict {run.id}" in app.code[0].value
    files = []
    for place in range(A_PAGE + 3):
        held = io.BytesIO()
        Image.new("RGB", (20, 20), (4 * place, 90, 200 - 3 * place)).save(held, "PNG")
        files.append((f"dive {place}.png", held.getvalue(), "image/png"))
    app.file_uploader(key="own_pictures").set_value(files).run()
    assert not app.exception
    assert f"**{A_PAGE + 3} pictures**" in text(app)
    told = app.dataframe[0].value
    assert told["File"].tolist() == [name for name, _, _ in files]
    assert set(told["Class"]) <= set(tiny_reef.classes)
    assert len(own_cards(app)) == A_PAGE
    app.query_params["own_page"] = "2"
    app.session_state["own_page"] = 2
    assert len(own_cards(app.run())) == 3
    assert [found.label for found in app.get("download_button")] == ["Table (CSV)"]


def own_cards(app: AppTest) -> list[dict[str, Any]]:
    found = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    return [card for one in found if one.get("says") == "Your pictures" for card in one["cards"]]


def test_page__sets_only_models_of_the_same_test_pictures_beside_each_other(tiny_reef):
    run, alike = classifier(tiny_reef, "one"), classifier(tiny_reef, "two")
    classifier(tiny_reef, "elsewhere", test_hash="other")
    assert same_pictures(run, alike)
    app = open_gallery(run=run.id)
    beside = app.selectbox(key="gallery.against")
    assert len(beside.options) == 2
    assert "two" in beside.options[1]


def test_page__survives_damaged_predictions(tiny_reef):
    run = classifier(tiny_reef, "broken")
    (run.path / "predictions.parquet").write_bytes(b"nothing")
    app = open_gallery(run=run.id)
    assert not app.exception
    assert "damaged" in text(app)


def test_page__shows_one_picture_and_says_why_neighbours_are_missing(tiny_reef):
    run = classifier(tiny_reef, "one")
    app = open_gallery(run=run.id, picture=str(tiny_reef.manifest["id"].iloc[3]))
    assert not app.exception
    assert "of 32 test pictures" in text(app)
    assert "has no embeddings" in text(app)
