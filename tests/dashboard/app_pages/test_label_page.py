"""The page Label: what it asks for, what it says of doubtful labels and of two people who label the same."""

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import background
from dashboard.media import thumb_url
from dashboard.parts.runs import features_source, name_animals
from sealife_core.config import preset, task_of
from sealife_core.datasets.additions import add_pictures
from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.datasets.imports.finding import FoundFile
from sealife_core.runs.directory import create_run, list_runs
from sealife_core.runs.writer import RunWriter
from tests.dashboard.pages import visit
from tests.datasets.new_pictures import new_picture
from tests.finished.runs import features_run


@pytest.fixture(autouse=True)
def _no_jobs_of_other_tests():
    background.jobs().clear()


@pytest.fixture
def featured(tiny_reef: Dataset) -> Dataset:
    """The reef, with a finished run of its features."""
    features_run(tiny_reef)
    return tiny_reef


def asked(app: AppTest) -> dict[str, Any]:
    """What the labeller was given."""
    found = next(one for one in app.get("bidi_component") if "labeller" in one.proto.component_name)
    return json.loads(found.proto.json)


def text(app: AppTest) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption))


def test_next__asks_for_what_has_no_label_and_says_why(featured: Dataset) -> None:
    bare = {featured.manifest["id"][row]: {"label": ""} for row in range(0, 60, 2)}
    correct(featured, bare)
    app = visit("label", {"dataset": "reef"})
    assert "**30 pictures without a label**, 34 with one." in text(app)
    data = asked(app)
    assert {item["id"] for item in data["items"]} <= set(bare)
    assert all(item["note"] and item["likely"] and item["split"] in ("train", "val") for item in data["items"])
    assert data["why"] == "queue"
    random = [item for item in data["items"] if "at random" in item["note"]]
    assert random
    assert all(item["split"] == "val" and "for validation" in item["note"] for item in random)


def test_next__new_pictures_are_compared_before_they_are_asked_for(
    featured: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features_source, "launch", lambda run: None)
    add_pictures(featured, [FoundFile("new.png", new_picture(tmp_path, 0))], [None])
    app = visit("label", {"dataset": "reef"})
    assert "**1 new picture has no features yet**" in text(app)
    next(button for button in app.button if button.label == "Compare the new pictures").click().run()
    assert not app.exception
    assert task_of(list_runs()[0].config()) == "embed"
    assert list_runs()[0].config().data_hash == open_dataset("reef").content_hash


def test_next__says_what_the_labels_have_bought(featured: Dataset) -> None:
    truth = featured.manifest["label"].tolist()
    bare = {featured.manifest["id"][row]: {"label": ""} for row in range(64)}
    now, tests = correct(featured, bare), []
    for _ in range(3):
        items = asked(visit("label", {"dataset": "reef"}))["items"]
        tests += [item["note"] for item in items if item["split"] == "test"]
        for item in items[:12]:
            row = now.row_of(item["id"])
            now = correct(now, {item["id"]: {"label": truth[row], "split": item["split"]}}, by="Ada", why="queue")
    app = visit("label", {"dataset": "reef"})
    assert "**What the labels have bought.** A model that learns from" in text(app)
    assert tests
    assert all("at random, for test" in note for note in tests)


def test_next__where_all_have_a_label_leads_to_the_doubtful_ones(featured: Dataset) -> None:
    app = visit("label", {"dataset": "reef"})
    assert "**Every picture has a label.**" in text(app)
    next(button for button in app.button if button.label == "Look at doubtful labels").click().run()
    assert not app.exception
    assert app.query_params["view"] == "doubtful"


def test_doubtful__a_flipped_label_comes_first_and_is_gone_once_it_is_answered(
    featured: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "QUICK_S", 60)  # however busy the machine is
    row = 7
    image, truth = str(featured.manifest["id"][row]), str(featured.manifest["label"][row])
    wrong = next(name for name in featured.classes if name != truth)
    flipped = correct(featured, {image: {"label": wrong}})
    app = visit("label", {"dataset": "reef", "view": "doubtful"})
    first = asked(app)["items"][0]
    assert (first["id"], first["likely"][0]["name"]) == (image, truth)
    assert first["note"].startswith(f"Labelled {wrong}. The model says {truth}")
    correct(flipped, {image: {"label": truth}}, why="suspect")
    app = visit("label", {"dataset": "reef", "view": "doubtful"})
    assert "**1 label looked at.**" in text(app)
    assert image not in [item["id"] for item in asked(app)["items"]]


def test_agreement__names_both_and_asks_where_they_differ(featured: Dataset) -> None:
    assert "Two people label the same pictures" in text(visit("label", {"dataset": "reef", "view": "agreement"}))
    ids, labels = featured.manifest["id"].tolist(), featured.manifest["label"].tolist()
    now = correct(featured, {ids[row]: {"label": labels[row]} for row in range(20)}, by="Ada")
    said = {ids[row]: {"opinion": "eel" if row < 2 else labels[row]} for row in range(20)}
    now = correct(now, said, by="B*o*", why="blind")
    correct(now, {ids[20]: {"label": "eel"}}, by="Ada")
    correct(open_dataset("reef"), {ids[20]: {"label": "eel"}}, by="B*o*")
    app = visit("label", {"dataset": "reef", "view": "agreement"})
    assert "**20 pictures labelled by both independently.** They agree on 90 %" in text(app)
    assert "1 more picture does not count: one of the two saw the other's label." in text(app)
    assert len(asked(app)["items"]) == 2
    assert {one["share"] for item in asked(app)["items"] for one in item["likely"]} == {0}, "what they say has no share"
    correct(open_dataset("reef"), {ids[0]: {"label": "eel"}}, by="Ada", why=asked(app)["why"])
    app = visit("label", {"dataset": "reef", "view": "agreement"})
    assert "They agree on 90 %" in text(app)
    assert [item["id"] for item in asked(app)["items"]] == [ids[1]]


def test_again__asks_without_telling_the_label_and_keeps_it(featured: Dataset) -> None:
    app = visit("label", {"dataset": "reef", "view": "again"})
    assert "Type your name." in text(app)
    app.text_input(key="again_by").set_value("Bo").run()
    assert not app.exception
    assert app.selectbox(key="again").value == "the import"
    data = asked(app)
    assert (data["mode"], data["why"], data["by"], len(data["items"])) == ("blind", "blind", "Bo", 24)
    for item in data["items"]:
        assert (item["label"], item["file"], item["near"], item["note"], item["alike"]) == ("", "", [], "", [])
        assert [one["name"] for one in item["likely"]] == list(featured.classes)
        assert {one["share"] for one in item["likely"]} == {0}
    shown = {url.split("?")[0] for one in data["classes"] for url in one["examples"]}
    asked_now = {thumb_url(featured, featured.row_of(item["id"])).split("?")[0] for item in data["items"]}
    assert shown
    assert not shown & asked_now, "an example of its class would tell its label"
    image = data["items"][0]["id"]
    label = str(featured.manifest["label"][featured.row_of(image)])
    correct(featured, {image: {"opinion": label}}, by="Bo", why=data["why"])
    app.run()
    assert "**1 labelled again by you**, 63 left." in text(app)
    assert image not in {item["id"] for item in asked(app)["items"]}
    app.text_input(key="again_by").set_value("bo ").run()
    assert "Kept under the name Bo" in text(app)
    assert "**1 labelled again by you**, 63 left." in text(app)
    next(button for button in app.button if button.label == "Do you agree?").click().run()
    assert not app.exception
    assert "**1 picture labelled by both independently.** They agree on 100 %" in text(app)


def test_again__of_a_data_set_without_labels_says_so(featured: Dataset) -> None:
    correct(featured, {image: {"label": ""} for image in featured.manifest["id"]})
    app = visit("label", {"dataset": "reef", "view": "again"})
    app.text_input(key="again_by").set_value("Bo").run()
    assert not app.exception
    assert "Nobody else has labelled a picture here." in text(app)


def test_label__without_features_offers_to_compute_them(tiny_reef: Dataset) -> None:
    app = visit("label", {"dataset": "reef"})
    assert "**The pictures are compared first.**" in text(app)


def test_label__waits_for_the_features_of_a_first_model_that_is_under_way(tiny_reef: Dataset) -> None:
    run = create_run(preset("classify", data="reef"))
    RunWriter(run).status(state="queued")
    app = visit("label", {"dataset": "reef"})
    assert "Compare the pictures" not in [button.label for button in app.button]
    assert "When it has finished, it goes on here." in text(app)
    RunWriter(run).status(state="stopped")
    assert "Compare the pictures" in [button.label for button in visit("label", {"dataset": "reef"}).button]


def test_data__leads_to_the_pictures_without_a_label(featured: Dataset) -> None:
    assert "Label pictures" not in [button.label for button in visit("data", {"dataset": "reef"}).button]
    correct(featured, {featured.manifest["id"][0]: {"label": ""}})
    app = visit("data", {"dataset": "reef"})
    next(button for button in app.button if button.label == "Label pictures").click().run()
    assert not app.exception
    assert app.title[0].value == "Label"
    assert "**1 picture without a label**" in text(app)


def test_next__trains_on_the_labels_and_offers_it_again_once_they_have_changed(
    featured: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(name_animals, "launch", lambda run: RunWriter(run).status(state="finished"))
    now = correct(featured, {featured.manifest["id"][row]: {"label": ""} for row in range(0, 60, 2)})
    learned = int(((now.labels >= 0) & (now.manifest["split"] == "train")).sum())
    app = visit("label", {"dataset": "reef"})
    next(button for button in app.button if button.label == f"Train a model on {learned} labels").click().run()
    assert not app.exception
    (run,) = list_runs()[:1]
    assert (task_of(run.config()), run.config().data_hash) == ("classify", now.content_hash)
    assert not [button for button in app.button if button.label.startswith("Train")]
    first, second, *_ = (row for row in range(0, 60, 2) if featured.manifest["split"][row] == "train")
    answered = correct(now, {now.manifest["id"][first]: {"label": featured.manifest["label"][first]}}, why="queue")
    app = visit("label", {"dataset": "reef"})
    again = next(button for button in app.button if button.label == f"Train again on {learned + 1} labels")
    correct(answered, {now.manifest["id"][second]: {"label": featured.manifest["label"][second]}}, why="queue")
    again.click().run()  # an answer was given since the button was drawn
    assert not app.exception
    assert list_runs()[0].notes()["name"].endswith(f"{learned + 2} labels")
