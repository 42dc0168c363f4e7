"""The Embeddings page without a browser: what it says and offers; what a link brings back."""

import re
from html import unescape

import pytest
from streamlit.testing.v1 import AppTest

from sealife_core.evaluation.embeddings.stored_embeddings import INDEX
from tests.dashboard.pages import visit
from tests.finished.models import with_model
from tests.finished.runs import classifier_run, simclr_run


def opened(**query: str | list[str]) -> AppTest:
    app = visit("embeddings", query)
    assert not app.exception
    return app


def text(app: AppTest) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.error, *app.warning))


def pictures(app: AppTest) -> str:
    """The data of all grids."""
    return " ".join(str(element.proto.json) for element in app.get("bidi_component"))


def box(app: AppTest, label: str):
    return next(found for found in app.selectbox if found.label == label)


def test_page__without_runs_offers_the_one_button(home):
    app = opened()
    assert "No embeddings yet" in text(app)
    assert [b.label for b in app.button if b.label == "Train an encoder"]


def test_page__of_a_run_that_kept_no_embeddings_offers_to_embed(tiny_reef):
    run = simclr_run(tiny_reef, "Old one")
    (run.path / INDEX).unlink()
    (run.path / "model.safetensors").write_bytes(b"")
    app = opened()
    assert "Old one has no saved embeddings" in text(app)
    assert [b.label for b in app.button if b.label == "Compute the embeddings"]


def test_page__says_how_many_and_how_far_to_trust_it(tiny_reef):
    simclr_run(tiny_reef)
    said = text(opened())
    assert "All 64 pictures." in said
    assert "Trustworthiness" in said
    voting, asked = (len(tiny_reef.rows(split, labelled_only=True)) for split in ("train", "val"))
    assert f"k-NN accuracy 100 %** on {asked} validation pictures, by {voting} training pictures" in said


def test_page__offers_colours_of_predictions_only_where_there_are_some(tiny_reef):
    encoder = simclr_run(tiny_reef)
    classifier = classifier_run(tiny_reef)
    assert "right or wrong" not in box(opened(run=encoder.id), "Colour by").options
    assert "right or wrong" in box(opened(run=classifier.id), "Colour by").options


def test_link__brings_back_run_colour_classes_selection_and_neighbours(tiny_reef):
    simclr_run(tiny_reef, "Newer", seed=1)
    run = classifier_run(tiny_reef, "Older")
    ids = tiny_reef.manifest["id"].tolist()
    app = opened(run=run.id, colour="right or wrong", selected=[ids[3], ids[8], "gone"], near=ids[8])
    assert box(app, "Encoder of").value == run.id
    assert box(app, "Colour by").value == "right or wrong"
    said = text(app)
    assert "2 selected" in said
    same = int((tiny_reef.labels == tiny_reef.labels[8]).sum()) - 1
    assert f"{min(same, 10)} of 10 share its class" in said, "clusters are far apart"
    assert "/thumb/reef/3.jpg" in pictures(app)


def test_clearing__empties_the_selection_and_the_link(tiny_reef):
    simclr_run(tiny_reef)
    app = opened(selected=tiny_reef.manifest["id"].tolist()[:2])
    next(b for b in app.button if b.label == "Clear").click().run()
    assert "selected**" not in text(app)
    assert "selected" not in app.query_params


def test_classes__narrow_what_is_drawn_and_it_is_said(tiny_reef):
    simclr_run(tiny_reef)
    name = tiny_reef.classes[0]
    count = int((tiny_reef.labels == 0).sum())
    assert f"{count} of 64 pictures shown." in text(opened(classes=[name]))


def test_beside__asks_both_encoders_for_the_neighbours_of_one_picture(tiny_reef):
    first, second = simclr_run(tiny_reef, "One"), classifier_run(tiny_reef, "Two")
    app = opened(run=first.id, beside=second.id, near=tiny_reef.manifest["id"].iloc[0])
    said = text(app)
    assert "**One**:" in said
    assert "**Two**:" in said


def test_film__without_snapshots_says_the_way_out(tiny_reef):
    run = simclr_run(tiny_reef)
    app = opened(run=run.id, method="Film")
    assert "No film of this run" in text(app)
    assert [b.label for b in app.button if b.label == "Train SimCLR"]


@pytest.mark.parametrize("broken", ["{", '{"neighbours": 9999}', "[]"])
def test_link__with_settings_that_cannot_be_is_not_taken(tiny_reef, broken, monkeypatch):
    from sealife_core.evaluation.projections import stored_projections

    asked = []
    monkeypatch.setattr(stored_projections, "request", lambda path, settings, what="umap": asked.append(settings))
    simclr_run(tiny_reef)
    opened(method="UMAP", umap=broken)
    assert [settings.neighbours for settings in asked] == [15]


def test_upload__shows_what_the_encoder_finds_most_alike(tiny_reef):
    with_model(simclr_run(tiny_reef), tiny_reef)
    app = opened()
    picture = tiny_reef.image_path(9)
    app.file_uploader[0].set_value((picture.name, picture.read_bytes(), "image/png")).run(timeout=60)
    assert not app.exception
    assert "Most similar pictures" in text(app)
    first = re.search(r"/thumb/reef/(\d+)\.jpg", pictures(app))
    assert first is not None
    assert first[1] == "9", "a picture of the data set is most alike to itself"
    (query,) = (one.proto.body for one in app.get("html") if 'alt="Your picture"' in one.proto.body)
    assert f'"File", "{picture.name}"' in unescape(re.findall(r'data-opens="([^"]*)"', query)[0]), "it opens large"


def test_upload__that_is_no_picture_is_refused_in_a_sentence(tiny_reef):
    with_model(simclr_run(tiny_reef), tiny_reef)
    app = opened()
    app.file_uploader[0].set_value(("note.png", b"no picture", "image/png")).run(timeout=60)
    assert not app.exception
    assert [error.value for error in app.error]


def test_upload__to_a_run_without_its_model_is_not_offered(tiny_reef):
    simclr_run(tiny_reef)
    app = opened()
    assert not app.file_uploader
    assert "runs still have their model" in text(app)
