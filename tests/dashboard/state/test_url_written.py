"""Two clicks faster than the answer to the first: the second carries the URL from before."""

from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.runtime.state.query_params import QueryParams

from dashboard.state import arrive, go, url_written
from dashboard.state.keys import UrlValue

pytestmark = pytest.mark.usefixtures("session", "url")

DRAW, SHUFFLE = UrlValue("draw", "page", "0"), UrlValue("shuffle", "page", "0")


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    found = SimpleNamespace(page_script_hash="contrast", is_history_navigation=False)
    monkeypatch.setattr(url_written, "get_script_run_ctx", lambda **_: found)
    return found


def request(**shown: str) -> None:
    """What Streamlit does when a request comes: the URL is what the browser shows."""
    for key in list(st.query_params):
        del st.query_params[key]
    st.query_params.update(shown)


def test_click__with_the_url_from_before_takes_nothing_back(context: SimpleNamespace, url: QueryParams) -> None:
    SHUFFLE.advance()
    request()
    DRAW.advance()
    assert st.query_params.to_dict() == {"shuffle": "1", "draw": "1"}
    request(shuffle="1")
    SHUFFLE.advance()
    assert st.query_params.to_dict() == {"shuffle": "2", "draw": "1"}
    request(shuffle="1")  # two clicks old
    arrive()
    assert st.query_params.to_dict() == {"shuffle": "2", "draw": "1"}
    SHUFFLE.set("0")
    request(shuffle="2", draw="1")
    arrive()
    assert st.query_params.to_dict() == {"draw": "1"}


def test_click__after_going_back_keeps_what_the_browser_shows(context: SimpleNamespace) -> None:
    SHUFFLE.advance()
    context.is_history_navigation = True
    request()
    arrive()
    context.is_history_navigation = False
    request()
    DRAW.advance()
    assert st.query_params.to_dict() == {"draw": "1"}


def test_page__does_not_get_what_was_written_on_another(context: SimpleNamespace) -> None:
    SHUFFLE.advance()
    context.page_script_hash = "lessons"
    request()
    assert SHUFFLE.number == 0
    arrive()
    assert not st.query_params.to_dict()


def test_link__to_what_never_was_there_counts(context: SimpleNamespace) -> None:
    SHUFFLE.advance()
    request(shuffle="7")
    assert SHUFFLE.number == 7


def test_click__on_the_name_of_the_page_begins_it_anew(
    context: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    SHUFFLE.advance()
    later = url_written.time.monotonic() + url_written.SETTLED_S + 1
    monkeypatch.setattr(url_written.time, "monotonic", lambda: later)
    request()
    arrive()
    assert not st.query_params.to_dict()


def test_go__to_the_same_page_takes_nothing_along(context: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    SHUFFLE.advance()
    monkeypatch.setattr(st, "switch_page", lambda page, query_params: request(**query_params))
    go("contrast", {DRAW: "3"})
    arrive()
    assert st.query_params.to_dict() == {"draw": "3"}


def test_url__of_a_widget_is_left_to_streamlit(context: SimpleNamespace) -> None:
    SHUFFLE.advance()
    SHUFFLE.hold("0")
    request()
    arrive()
    assert not st.query_params.to_dict()
