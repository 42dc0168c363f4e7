"""What each page keeps: the data set, pictures, runs and settings that are looked at."""

from typing import Any

import pytest
from streamlit.runtime.state.query_params import QueryParams

from dashboard.state import compare, contrast, data, embeddings, gallery, runs, studies, turn, views
from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.dataset import Dataset

pytestmark = pytest.mark.usefixtures("session", "url")


def test_dataset__is_that_of_the_url_else_the_last_else_the_newest(session: dict[str, Any], url: QueryParams) -> None:
    assert data.chosen_dataset([]) is None
    assert data.chosen_dataset(["new", "old"]) == "new"
    assert url["dataset"] == "new"
    url["dataset"] = "old"
    assert data.chosen_dataset(["new", "old"]) == "old"
    assert session["dataset"] == "old"
    url["dataset"] = "gone"
    assert data.chosen_dataset(["new", "old"]) == "new"


def test_dataset__that_is_being_imported_is_looked_at_as_soon_as_it_is_there() -> None:
    data.EXPECTED.hold("survey")
    assert data.chosen_dataset(["reef"]) == "reef"
    assert data.chosen_dataset(["survey", "reef"]) == "survey"
    data.choose_dataset("reef")
    assert data.chosen_dataset(["survey", "reef"]) == "reef", "once"


def test_data__turns_to_the_first_page_of_the_pictures_of_a_class(session: dict[str, Any]) -> None:
    session["page"] = 7
    data.show_pictures("crab", "val")
    assert session == {"look": "Pictures", "class": "crab", "split": "val", "named": "", "page": 1}


def test_views__keep_the_last_six_pictures_picked(tiny_reef: Dataset, url: QueryParams) -> None:
    assert views.picked(tiny_reef, [7]) == [7]
    views.toggle_picture(tiny_reef, [0, 1, 2, 3, 4, 5], 6)
    assert views.picked(tiny_reef, [7]) == [1, 2, 3, 4, 5, 6]
    views.toggle_picture(tiny_reef, [1, 2, 3], 2)
    assert views.picked(tiny_reef, [7]) == [1, 3]
    views.other_pictures()
    assert views.picked(tiny_reef, [7]) == [7]
    views.DRAWING.advance()
    views.DRAWING.advance()
    assert dict(url) == {"shuffle": "1", "draw": "2"}


def test_gallery__looks_at_the_run_that_the_page_runs_showed_last() -> None:
    assert gallery.looked_at(["a", "b"]) == "a"
    runs.RUN.last.hold(["gone", "b"])
    gallery.RUN.choose([])
    assert gallery.looked_at(["a", "b"]) == "b"


def test_gallery__of_another_run_begins_at_its_first_page_and_keeps_the_filters(url: QueryParams) -> None:
    turn({gallery.AGAINST: "b", gallery.TRUTH: "crab", gallery.LEAF: "3"})
    gallery.choose_run("a")
    assert dict(url) == {"run": "a", "against": "b", "truth": "crab"}
    gallery.choose_run("b")
    assert dict(url) == {"run": "b", "truth": "crab"}, "no run stands beside itself"
    gallery.swap("c", "b")
    assert dict(url) == {"run": "c", "against": "b", "truth": "crab"}


def test_own_picture__opens_without_the_evidence_of_another(url: QueryParams) -> None:
    gallery.EVIDENCE.set("crab")
    gallery.choose_own_picture("dive")
    assert gallery.OWN_LARGE.held() == "dive"
    assert "evidence" not in url


def test_compare__begins_other_pictures_at_their_first_sheet(session: dict[str, Any], url: QueryParams) -> None:
    session["sheet"] = 4
    compare.show({compare.PILE: "broken", compare.FROM: ""})
    assert dict(url) == {"pile": "broken"}
    assert session["sheet"] == 1


def test_selection__is_in_the_link_while_it_is_small(tiny_reef: Dataset, url: QueryParams) -> None:
    most = embeddings.MOST_LINKED
    embeddings.select(tiny_reef, [3, 1, 3, 9999], "made by the chart")
    rows, stamp = embeddings.selection(tiny_reef)
    assert (rows.tolist(), stamp) == ([1, 3], "made by the chart")
    assert len(url.get_all("selected")) == 2
    embeddings.select(tiny_reef, range(most))
    assert len(url.get_all("selected")) == most
    embeddings.select(tiny_reef, range(most + 1))
    assert "selected" not in url
    assert len(embeddings.selection(tiny_reef)[0]) == most + 1


def test_selection__of_a_link_or_of_another_data_set_is_read_from_the_url(
    tiny_reef: Dataset, session: dict[str, Any], url: QueryParams
) -> None:
    embeddings.select(tiny_reef, [2])
    session["embedding_selection"] = ("another", *embeddings.selection(tiny_reef))
    assert embeddings.selection(tiny_reef)[0].tolist() == [2]
    session.clear()
    url["selected"] = [*url.get_all("selected"), "gone"]
    assert embeddings.selection(tiny_reef)[0].tolist() == [2]


def test_selection__keeps_its_pictures_when_others_are_left_out(tiny_reef: Dataset) -> None:
    ids = tiny_reef.manifest["id"].tolist()
    embeddings.select(tiny_reef, [3, 5])
    corrected = correct(tiny_reef, {ids[0]: {"excluded": "yes"}, ids[5]: {"excluded": "yes"}})
    assert corrected.manifest["id"].iloc[embeddings.selection(corrected)[0]].tolist() == [ids[3]]


def test_neighbours__are_those_of_one_picture(tiny_reef: Dataset) -> None:
    assert embeddings.neighbours_of(tiny_reef) is None
    embeddings.NEAR.set(tiny_reef, [0])
    assert embeddings.neighbours_of(tiny_reef) == 0


@pytest.mark.parametrize("text", ["", "[1]", "{", "[" * 5000])
def test_umap_settings__of_a_link_that_are_none_are_the_defaults(url: QueryParams, text: str) -> None:
    url["umap"] = text
    assert embeddings.umap_settings() == {}


def test_umap_settings__are_in_the_link_where_they_differ_from_the_defaults(url: QueryParams) -> None:
    embeddings.keep_umap_settings({"neighbours": 5})
    assert url["umap"] == '{"neighbours":5}'
    url.pop("umap")
    assert embeddings.umap_settings() == {"neighbours": 5}, "of the session"
    embeddings.keep_umap_settings({})
    assert "umap" not in url
    assert embeddings.umap_settings() == {}


def test_study__is_that_of_the_url_else_the_newest_else_a_new_one() -> None:
    assert studies.chosen_study([]) == studies.NEW
    assert studies.chosen_study(["b", "a"]) == "b"
    for chosen in ("a", studies.NEW):
        studies.STUDY.set(chosen)
        assert studies.chosen_study(["b", "a"]) == chosen
    studies.STUDY.set("gone")
    assert studies.chosen_study(["b", "a"]) == "b"


@pytest.mark.parametrize(
    ("temperature", "seen"),
    [("0.05", 0.05), ("", 0.3), ("hot", 0.3), ("nan", 0.01), ("-1", 0.01), ("1e400", 10), ("7" * 999, 10)],
)
def test_contrast__looks_at_what_a_link_says_as_far_as_that_can_be(
    url: QueryParams, temperature: str, seen: float
) -> None:
    url["temperature"] = temperature
    assert contrast.looked_at(0.3, "z") == {"temperature": seen, "anchor": 0, "space": "z"}
    url["anchor"], url["compared"] = "7" * 50, "x"
    assert contrast.looked_at(0.3, "z") == {"temperature": seen, "anchor": 0, "space": "z"}


def test_contrast__keeps_what_is_looked_at_in_the_link(url: QueryParams) -> None:
    contrast.look({"temperature": 0.05, "anchor": 3, "space": "h"})
    assert contrast.looked_at(0.3, "z") == {"temperature": 0.05, "anchor": 3, "space": "h"}
    contrast.look({"temperature": 0.05, "anchor": 0, "space": "h"})
    assert "anchor" not in url, "the first one needs no saying"
