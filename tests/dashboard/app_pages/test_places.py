"""The tab Places of the Data page: what is missing, both scores, the pictures of a place, and places held out."""

import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import background
from dashboard.app_pages.data.hold_out import split_said
from dashboard.data.charts.place_charts import only_there, place_rows, place_table, places_option
from dashboard.words import plain
from sealife_core.config import preset
from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.dataset import Dataset, open_dataset, write_dataset
from sealife_core.datasets.holding_out import PlacesTested
from sealife_core.evaluation.comparison.resampling import Interval
from sealife_core.evaluation.curation.held_out_places import held_out_of
from sealife_core.evaluation.curation.place_scores import HeldOut, PlaceScore
from sealife_core.evaluation.embeddings.stored_embeddings import write_embeddings
from tests.dashboard.pages import visit
from tests.finished.runs import features_run, finished

LOOK = {"dataset": "reef", "look": "Places"}
SITES = 6
NASTY = "site :material/home: *0*"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    background.jobs().clear()
    monkeypatch.setattr(background, "QUICK_S", 60)  # however busy the machine is


@pytest.fixture
def sited(tiny_reef: Dataset) -> Dataset:
    """64 pictures of two classes at six sites, which training, validation and test share."""
    sites = [NASTY, *(f"site {n}" for n in range(1, SITES))]
    changes = {
        image: {"label": ("crab", "ray")[row % 2], "group": sites[row // 2 % SITES]}
        for row, image in enumerate(tiny_reef.manifest["id"])
    }
    return correct(tiny_reef, changes)


def habits_run(dataset: Dataset) -> None:
    """Features that say of what class a picture is by what a class looks like at that site, and nowhere else."""
    _, site = np.unique(dataset.manifest["group"], return_inverse=True)
    corners = np.eye(2 * SITES)[2 * site + dataset.labels]
    noise = 0.05 * np.random.default_rng(0).normal(size=corners.shape)
    run = finished(preset("embed", data="reef", encoder="tf_efficientnet_lite0", weights="imagenet"), "ImageNet")
    write_embeddings(run.path, dataset, (corners + noise).astype(np.float32))


def text(app: AppTest) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.error, *app.warning))


def button(app: AppTest, label: str):
    return next(found for found in app.button if found.label == label)


def pictures(app: AppTest) -> list[dict[str, Any]]:
    grids = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    return [picture for grid in grids for picture in grid.get("pictures", ())]


def test_places__without_groups_lead_to_grouping(tiny_reef: Dataset) -> None:
    app = visit("data", LOOK)
    assert "**The pictures have no places yet.**" in text(app)
    button(app, "Group pictures").click().run()
    assert not app.exception
    assert "groups of 64 images" in text(app)


def test_places__without_labels_lead_to_labelling(sited: Dataset) -> None:
    correct(sited, {image: {"label": "", "split": "train"} for image in sited.manifest["id"]})
    app = visit("data", LOOK)
    assert "**No picture has a label**" in text(app)
    button(app, "Label pictures")


@pytest.mark.parametrize(
    ("places_of_class", "says"),
    [(("bay", "bay"), "All images are of one place, 'bay'"), (("bay", "reef"), "Every class is at one place only")],
)
def test_places__that_cannot_be_held_out_are_a_sentence_and_the_way_to_others(
    sited: Dataset, places_of_class: tuple[str, str], says: str
) -> None:
    correct(sited, {image: {"group": places_of_class[row % 2]} for row, image in enumerate(sited.manifest["id"])})
    app = visit("data", LOOK)
    assert says in text(app)
    assert "Compare the pictures" not in [found.label for found in app.button], "nothing is computed in vain"
    button(app, "Group pictures")


def test_places__without_features_offer_to_compute_them(sited: Dataset) -> None:
    app = visit("data", LOOK)
    assert "**The pictures are compared first.**" in text(app)
    button(app, "Compare the pictures")
    assert "The test split has " in text(app), "places are held out without features too"


def test_places__tell_both_scores_what_follows_and_show_the_wrong_pictures_first(sited: Dataset) -> None:
    habits_run(sited)
    app = visit("data", LOOK)
    assert not app.exception
    found = held_out_of(sited, "group")
    assert found.difference.high < 0
    assert f"**{plain(found.meaning)}**" in text(app)
    assert found.meaning.startswith("Expect ")
    assert "Difference at new places: **−" in text(app)
    cards = next(element.proto.body for element in app.get("html") if "New places" in element.proto.body)
    assert "100.0 %" in cards
    table = app.dataframe[0].value
    assert sorted(table["Place"]) == sorted(set(sited.manifest["group"]))
    worst = table["Place"].iloc[0]
    shown = pictures(app)
    assert len(shown) == (sited.manifest["group"] == worst).sum()
    styles = [picture["lines"][0][0] for picture in shown]
    assert styles == sorted(styles, reverse=True)
    assert styles[0] == "wrong"
    app = visit("data", {**LOOK, "place": NASTY})
    assert len(pictures(app)) == (sited.manifest["group"] == NASTY).sum()
    assert all(NASTY not in element.value for element in (*app.markdown, *app.caption))


def test_places__that_are_as_easy_say_that_it_cannot_be_told(sited: Dataset) -> None:
    features_run(sited)
    app = visit("data", LOOK)
    says = "A loss at new places cannot be told from chance: it may be none, or up to 3.0 points."
    assert f"**{plain(says)}**" in text(app)
    assert "Expect" not in text(app)


def show_hold_out(
    by: str = "group",
) -> None:  # a script of its own: a test's run of the whole page would close the dialog
    from dashboard.app_pages.data.hold_out import hold_out_dialog
    from dashboard.cache import datasets
    from dashboard.parts.notice import notice

    notice()
    hold_out_dialog(datasets.opened("reef"), by)


def test_hold_out__shows_what_moves_then_moves_it_with_an_undo(sited: Dataset) -> None:
    app = AppTest.from_function(show_hold_out, default_timeout=60).run()
    assert app.multiselect[0].value == []
    assert "Hold them out" not in [found.label for found in app.button]
    app.multiselect[0].select("site 1").select("site 2").run()
    assert not app.exception
    assert "Images that move" in text(app)
    assert open_dataset("reef").content_hash == sited.content_hash, "nothing moves before it was shown"
    button(app, "Hold them out").click().run()
    assert not app.exception
    held = open_dataset("reef")
    assert set(held.manifest["group"][held.rows("test")]) == {"site 1", "site 2"}
    assert {"site 1", "site 2"}.isdisjoint(held.manifest["group"][held.manifest["split"] != "test"])
    assert "The test split of **reef** is 2 places now." in text(app)
    again = AppTest.from_function(show_hold_out, default_timeout=60).run()
    assert again.multiselect[0].value == ["site 1", "site 2"]
    assert "is the pictures of these places already" in text(again)
    again.multiselect[0].set_value(sorted(set(sited.manifest["group"]))).run()
    assert "These are all the places" in text(again)
    button(app, "Undo").click().run()
    assert open_dataset("reef").content_hash == sited.content_hash


def test_places__by_a_column_of_the_table_that_was_imported(sited: Dataset) -> None:
    dives = [f"dive {row // 2 % 4}" for row in range(len(sited))]
    tabled = write_dataset(sited.folder, sited.manifest.assign(**{"table:dive": dives}), sited.info)
    habits_run(tabled)
    app = visit("data", {**LOOK, "place": "site 1"})
    assert app.selectbox(key="data.place_by").value == "group"
    app.selectbox(key="data.place_by").select("column:dive").run()
    assert not app.exception
    assert f"**{plain(held_out_of(tabled, 'column:dive').meaning)}**" in text(app)
    assert sorted(app.dataframe[0].value["Place"]) == ["dive 0", "dive 1", "dive 2", "dive 3"]
    assert len(pictures(app)) == 16
    assert "4 places that training or validation has too" in text(app)
    button(app, "Hold places out as the test split").click().run()
    assert app.multiselect[0].options == ["dive 0", "dive 1", "dive 2", "dive 3"]
    app = AppTest.from_function(show_hold_out, args=("column:dive",), default_timeout=60).run()
    app.multiselect[0].select("dive 2").run()
    button(app, "Hold them out").click().run()
    assert not app.exception
    held = open_dataset("reef")
    assert held.rows("test").tolist() == [row for row, dive in enumerate(dives) if dive == "dive 2"]
    assert held.entries[-1].pattern == "column:dive"


def test_places__without_groups_are_those_of_a_column_and_a_link_to_a_lost_one_still_opens(sited: Dataset) -> None:
    bare = sited.original.manifest.assign(group="", **{"table:camera": [f"cam {row % 3}" for row in range(len(sited))]})
    write_dataset(sited.folder, bare, sited.info)
    correct(open_dataset("reef"), {image: {"group": ""} for image in sited.manifest["id"]})
    app = visit("data", {**LOOK, "place_by": "column:boat"})
    assert not app.exception
    assert app.selectbox(key="data.place_by").value == "column:camera"
    assert "3 places that training or validation has too" in text(app)


@pytest.mark.parametrize(
    ("tested", "says"),
    [
        (PlacesTested((), (), 0, 0), "The test split is empty."),
        (
            PlacesTested(("a",), (), 0, 0),
            "has 1 place held out whole (a). The test score of a new run is its accuracy at",
        ),
        (PlacesTested((), ("a", "b"), 0, 0), "accuracy on random pictures, not at new places."),
        (PlacesTested(("a",), ("b",), 3, 0), "and 3 pictures without a place. The test score of a run mixes known and"),
        (
            PlacesTested(("a",), (), 0, 2),
            "2 pictures of the held-out places have no label: SimCLR learns from what has none.",
        ),
        (PlacesTested(tuple("abcdefghij"), (), 0, 0), "(a, b, c, d, e, f, g, h and 2 more)"),
    ],
)
def test_split_said__is_right_of_the_test_score(tested: PlacesTested, says: str) -> None:
    assert says in split_said(tested)


def score(place: str, images: int, counted: int, value: float | None, alone: tuple[str, ...] = ()) -> PlaceScore:
    of = None if value is None else Interval(value, value / 2, (1 + value) / 2)
    return PlaceScore(place, images, counted, of, of, alone)


def test_only_there__says_what_an_accuracy_leaves_out() -> None:
    assert only_there(score("a", 9, 9, 0.5)) == ""
    some = only_there(score("a", 20, 8, 0.5, ("eel",)))
    assert "No other place has eel." in some
    assert "12 pictures of 20 there cannot be right and are left out of its accuracy" in some
    assert "cannot name any picture there" in only_there(score("a", 20, 0, None, ("eel",)))


def test_chart_and_table__have_the_same_places_in_the_same_order(sited: Dataset) -> None:
    one = Interval(0.5, 0.4, 0.6)
    each = (score("a", 20, 20, 0.25), score("b <b>", 30, 30, 0.75), score("c", 4, 0, None, ("eel", "ray")))
    found = HeldOut(
        places=2,
        images=50,
        trained_on=40,
        only_there=4,
        chance=0.5,
        random=one,
        elsewhere=one,
        difference=one,
        each=each,
    )
    option = places_option(each[:2], found, "#0B7285", "#5B6F77")
    assert option["yAxis"]["data"] == ["a  (20)", "b <b>  (30)"]
    assert [dot["value"] for dot in option["series"][0]["data"]] == [[25.0, 0], [75.0, 1]]
    assert option["xAxis"]["min"] == 10
    assert "<b>" not in option["series"][0]["data"][1]["tooltip"]["formatter"], "ECharts writes names as text, not HTML"
    rows = place_table(each)
    assert [row["Place"] for row in rows] == ["a", "b <b>", "c"]
    assert (rows[2]["New place"], rows[2]["Classes only there"]) == ("–", "eel, ray")
    nobody = place_rows(sited, sited.manifest["group"].tolist(), "site 1", found)
    assert len(nobody) == (sited.manifest["group"] == "site 1").sum()
