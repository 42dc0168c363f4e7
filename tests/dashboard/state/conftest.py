"""Session state and the URL of Streamlit, without a script that runs."""

from typing import Any

import pytest
import streamlit as st
from streamlit.runtime.state.query_params import QueryParams


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    held: dict[str, Any] = {}
    monkeypatch.setattr(st, "session_state", held)
    return held


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> QueryParams:
    params = QueryParams()
    monkeypatch.setattr(st, "query_params", params)
    return params
