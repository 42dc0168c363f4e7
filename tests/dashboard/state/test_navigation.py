"""From page to page: what goes into the URL, and what a widget there is given instead."""

from typing import Any

import pytest
import streamlit as st

from dashboard import state

pytestmark = pytest.mark.usefixtures("session", "url")


def test_go__puts_into_the_url_what_no_widget_there_is_bound_to(
    session: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    went: list[tuple[str, Any]] = []
    monkeypatch.setattr(st, "switch_page", lambda page, query_params: went.append((page, query_params)))
    state.go("train", {state.train.TASK: "probe", state.data.DATASET: "reef", state.runs.TAB: "Results"})
    assert went == [("app_pages/train/page.py", {"tab": "Results"})]
    assert "task" not in session, "not while the widgets of this page stand"
    state.arrive()
    assert (session["task"], session["dataset"]) == ("probe", "reef")
    session["task"] = "embed"
    state.arrive()
    assert session["task"] == "embed", "once"


def test_go__without_a_query_asks_for_nothing(session: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "switch_page", lambda page, query_params: None)
    state.go("data", {state.data.DATASET: "reef"})
    state.go("data")
    state.arrive()
    assert "dataset" not in session
