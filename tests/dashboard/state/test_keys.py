"""Typed keys: what is held in session state and in the URL, and that no other file names a key."""

import ast
import copy
import re
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from streamlit.runtime.state.query_params import QueryParams

from dashboard import state
from dashboard.state.keys import Key, UrlKey, UrlPictures, UrlRuns, UrlValue
from sealife_core.datasets.dataset import Dataset
from tests.project.source import nodes_of

DASHBOARD = Path(state.__file__).parents[1]
FILES = [file for file in DASHBOARD.rglob("*.py") if file.parent.name != "state"]
PAGES = {
    name: module
    for name, module in vars(state).items()
    if isinstance(module, ModuleType) and any(isinstance(value, Key) for value in vars(module).values())
}

pytestmark = pytest.mark.usefixtures("session", "url")

ORDER = UrlValue("order", "page", "first")
RUN = UrlRuns("run", "page")
PICTURES = UrlPictures("pictures")


def literal_keys(file: Path) -> list[str]:
    """Keys of widgets that ``file`` writes out and its uses of Streamlit's stores; a container's key is a CSS class."""
    found = []
    for node in nodes_of(file):
        if isinstance(node, ast.Attribute) and node.attr in ("session_state", "query_params"):
            found += [ast.unparse(node)] if ast.unparse(node.value) == "st" else []
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] != "container":
            values = [keyword.value for keyword in node.keywords if keyword.arg == "key"]
            values += node.args[:1] if re.search(r"\b(Url)?(Key|Value|Runs|Pictures)$", ast.unparse(node.func)) else []
            found += [ast.unparse(value) for value in values if isinstance(value, ast.Constant | ast.JoinedStr)]
    return found


def test_key__is_named_in_state_alone() -> None:
    assert len(FILES) > 80
    assert {str(file.relative_to(DASHBOARD)): found for file in FILES if (found := literal_keys(file))} == {}


def test_key__written_out_is_found(tmp_path: Path) -> None:
    file = tmp_path / "page.py"
    file.write_text(
        'st.button("Go", key=f"go.{n}")\nst.container(key="css")\nst.session_state["x"] = 1\nA = state.Key("a")\n'
    )
    assert sorted(literal_keys(file)) == ["'a'", "f'go.{n}'", "st.session_state"]


@pytest.mark.parametrize("page", PAGES)
def test_page__gives_no_key_to_two_things(page: str) -> None:
    values = vars(PAGES[page]).values()
    # The widget of a UrlValue has a key of its own beside that of the URL.
    keys = [key for key in values if isinstance(key, Key)] + [key.widget for key in values if isinstance(key, UrlValue)]
    assert keys
    assert sorted(keys) == sorted(set(keys))


def test_key__of_one_of_several_is_told_apart() -> None:
    assert Key("card").of(3, "open") == "card.3.open"
    assert copy.deepcopy({ORDER: 1}) == {"order": 1}


def test_key__is_taken_once() -> None:
    key = Key("clicked")
    assert key.take("nothing") == "nothing"
    key.hold("a")
    assert (key.held(), key.take(), key.held("gone")) == ("a", "a", "gone")


def test_key__shows_what_something_else_holds(session: dict[str, Any]) -> None:
    key, value = Key("box"), [1]
    assert key.showing(value) is key
    assert session["box"] is value
    key.showing([1])
    assert session["box"] is value, "an equal value is not set anew: Streamlit would take it for a change"
    key.showing([2])
    assert session["box"] == [2]


def test_bound_key__takes_an_option_from_a_link_but_not_over_what_a_person_chose(
    session: dict[str, Any], url: QueryParams
) -> None:
    key = UrlKey("task")
    url["task"] = "nonsense"
    key.among(("probe", "embed"))
    assert "task" not in session
    url["task"] = "embed"
    key.among(("probe", "embed"))
    assert session["task"] == "embed"
    url["task"] = "probe"
    key.among(("probe", "embed"))
    assert session["task"] == "embed"


def test_value__is_of_the_url_and_its_default_is_not_written(url: QueryParams) -> None:
    url["other"] = "stays"
    assert ORDER.value == "first"
    ORDER.set("last")
    assert (ORDER.value, url["order"]) == ("last", "last")
    ORDER.set("first")
    assert (ORDER.value, dict(url)) == ("first", {"other": "stays"})
    ORDER.set("last")
    ORDER.set("")
    assert dict(url) == {"other": "stays"}
    url["order"] = ""
    assert ORDER.value == "first"


@pytest.mark.parametrize(("text", "number"), [("12", 12), ("007", 7), ("-1", 5), ("1e9", 5), ("٣", 5), ("7" * 5000, 5)])
def test_value__is_a_number_if_it_is_one(url: QueryParams, text: str, number: int) -> None:
    url["page"] = text
    assert UrlValue("page", default="5").number == number


def test_runs__are_those_of_the_url_else_the_last(url: QueryParams) -> None:
    assert RUN.ids() is None, "nobody chose yet"
    url["run"] = ["a", "b", "a"]
    assert RUN.ids() == ["a", "b"]
    url.pop("run")
    assert RUN.ids() == ["a", "b"]
    RUN.choose(["c"])
    assert (RUN.ids(), url.get_all("run")) == (["c"], ["c"])
    RUN.choose([])
    assert RUN.ids() == [], "none was chosen"
    assert "run" not in url


def test_runs__of_one_page_are_not_those_of_another() -> None:
    RUN.last.hold(["a"])
    assert UrlRuns("run", "other").ids() is None
    assert UrlRuns("beside", "page").ids() is None


@pytest.mark.parametrize(
    ("in_url", "last", "chosen"), [("b", ["a"], "b"), ("gone", ["a"], "a"), ("", ["gone"], "c"), ("", None, "c")]
)
def test_run__is_that_of_the_url_else_the_last_else_another(
    url: QueryParams, in_url: str, last: list[str] | None, chosen: str
) -> None:
    if in_url:
        url["run"] = in_url
    if last:
        RUN.last.hold(last)
    assert RUN.one_of(["a", "b", "c"], "c") == chosen
    assert (url["run"], RUN.last.held()) == (chosen, [chosen])


def test_run__that_there_is_not_leaves_the_url(url: QueryParams) -> None:
    url["run"] = "gone"
    assert RUN.one_of(["a"]) == ""
    assert "run" not in url


def test_pictures__are_ids_in_the_url_and_rows_for_the_page(tiny_reef: Dataset, url: QueryParams) -> None:
    PICTURES.set(tiny_reef, [5, 2, len(tiny_reef), -1])
    assert url.get_all("pictures") == [tiny_reef.manifest["id"].iloc[row] for row in (5, 2)]
    url["pictures"] = [*url.get_all("pictures"), "gone", url.get_all("pictures")[0]]
    assert PICTURES.rows(tiny_reef) == [5, 2]
    PICTURES.set(tiny_reef, [])
    assert "pictures" not in url


def test_event__of_a_component_hands_on_what_it_has_just_sent(session: dict[str, Any]) -> None:
    told: list[str] = []
    opened = Key("cards").on("opened", told.append)
    opened()
    session["cards"] = {"opened": "a"}
    opened()
    Key("cards").on("closed", told.append)()
    assert told == ["a"]


def test_mark__is_the_one_just_selected_though_each_series_keeps_its_own() -> None:
    bars = Key("bars")

    def told(*marks: tuple[int, int], drawn: str = "abcdef") -> tuple[int, str] | None:
        selected = [{"series_index": series, "data_indices": [place]} for series, place in marks]
        bars.hold(SimpleNamespace(selection=SimpleNamespace(selected=selected)))
        return bars.mark(drawn)

    assert bars.mark("abcdef") is None
    assert told((1, 4)) == (1, "e")
    assert told((0, 2), (1, 4)) == (0, "c")
    assert told((0, 2), (1, 5)) == (1, "f")
    assert told((1, 5)) == (1, "f"), "the other one was taken back"
    assert told((1, 5)) == (1, "f"), "of a chart that was left and drawn anew"
    assert told() is None
    assert told((0, 5), drawn="abc") is None, "a mark of an earlier chart is none of this one"
