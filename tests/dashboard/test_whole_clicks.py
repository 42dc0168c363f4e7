"""A click whose callback is running when the next one comes is not lost."""

import pytest
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.testing.v1 import AppTest

from dashboard.whole_clicks import finish_callbacks


def script() -> None:
    import streamlit as st
    from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

    def clicked() -> None:
        context = get_script_run_ctx()
        assert context
        assert context.script_requests
        next_click = RerunData(page_script_hash=context.page_script_hash)
        context.script_requests.request_rerun(next_click)  # while this one is carried out
        st.session_state["drawn"] = st.session_state.get("drawn", 0) + 1
        st.query_params["drawn"] = "1"
        st.session_state["done"] = True

    st.button("Draw again", on_click=clicked)
    st.session_state["runs"] = st.session_state.get("runs", 0) + 1


@pytest.fixture
def as_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Home.py leaves Streamlit; put back at the end."""
    for owner, name in (
        (SafeSessionState, "on_script_will_rerun"),
        (ScriptRunner, "_maybe_handle_execution_control_request"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    finish_callbacks()


def test_callback__ends_though_the_next_click_waits(as_served: None) -> None:
    app = AppTest.from_function(script).run()
    app.button[0].click().run()
    assert (app.session_state["drawn"], app.session_state["done"]) == (1, True)
    assert app.session_state["runs"] == 2, "the run of the first click gives way before it draws"


def test_callback__is_broken_off_by_streamlit_itself() -> None:
    app = AppTest.from_function(script).run()
    app.button[0].click().run()
    assert "drawn" not in app.session_state, "Streamlit mends this: whole_clicks.py can go"
