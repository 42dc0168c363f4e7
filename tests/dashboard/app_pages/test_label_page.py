"""The page Label: what it asks for, what it says of doubtful labels and of two people who label the same."""

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import background
from dashboard.app_pages.label import doubtful
from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.dataset import Dataset
from tests.dashboard.pages import visit
from tests.finished.runs import features_run


@pytest.fixture(autouse=True)
def _no_jobs_of_other_tests():
    background.cache.jobs().clear()


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


def test_next__says_what_the_labels_have_bought(featured: Dataset) -> None:
    truth = featured.manifest["label"].tolist()
    bare = {featured.manifest["id"][row]: {"label": ""} for row in range(64)}
    now = correct(featured, bare)
    for _ in range(3):
        items = asked(visit("label", {"dataset": "reef"}))["items"]
        for item in items[:12]:
            row = now.row_of(item["id"])
            now = correct(now, {item["id"]: {"label": truth[row], "split": item["split"]}}, by="Ada", why="queue")
    app = visit("label", {"dataset": "reef"})
    assert "**What the labels have bought.** A model that learns from" in text(app)
    assert "of the random pictures" in text(app)


def test_next__where_all_have_a_label_leads_to_the_doubtful_ones(featured: Dataset) -> None:
    app = visit("label", {"dataset": "reef"})
    assert "**Every picture has a label.**" in text(app)
    next(button for button in app.button if button.label == "Look at doubtful labels").click().run()
    assert not app.exception
    assert app.query_params["view"] == "doubtful"


def test_doubtful__a_flipped_label_comes_first_and_is_gone_once_it_is_answered(
    featured: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doubtful, "QUICK_S", 60)  # however busy the machine is
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
    said = {ids[row]: {"label": "eel" if row < 2 else labels[row]} for row in range(20)}
    correct(now, said, by="B*o*")
    app = visit("label", {"dataset": "reef", "view": "agreement"})
    assert "**20 pictures labelled by both.** They agree on 90 %" in text(app)
    assert len(asked(app)["items"]) == 2


def test_label__without_features_offers_to_compute_them(tiny_reef: Dataset) -> None:
    app = visit("label", {"dataset": "reef"})
    assert "**The pictures are compared first.**" in text(app)


def test_data__leads_to_the_pictures_without_a_label(featured: Dataset) -> None:
    assert "Label pictures" not in [button.label for button in visit("data", {"dataset": "reef"}).button]
    correct(featured, {featured.manifest["id"][0]: {"label": ""}})
    app = visit("data", {"dataset": "reef"})
    next(button for button in app.button if button.label == "Label pictures").click().run()
    assert not app.exception
    assert app.title[0].value == "Label"
    assert "**1 picture without a label**" in text(app)
