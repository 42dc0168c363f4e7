"""Where to run: this machine, or a cluster that answers or does not."""

from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from sealife_core.runs.scheduling import capacity
from tests.runs.fake_ray import FakeRay


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRay]:
    monkeypatch.setattr(capacity, "_known", {})
    for name in ("RAY_API_SERVER_ADDRESS", "SEALIFE_CLUSTERS"):
        monkeypatch.delenv(name, raising=False)
    made = FakeRay(cores=12, gpus=2)
    yield made
    made.end()


def page() -> None:
    import streamlit as st

    from dashboard.parts.forms.where_field import where_field
    from dashboard.state import Key
    from sealife_core.config import SimclrConfig, describe

    (setting,) = [s for s in describe(SimclrConfig) if s.path == "where"]
    st.session_state.chosen = where_field(setting, st.session_state.get("begins", "here"), Key("form"))


def shown(begins: str = "here") -> AppTest:
    app = AppTest.from_function(page, default_timeout=60)
    app.session_state["begins"] = begins
    app.run()
    assert not app.exception
    return app


def test_field__is_this_machine_unless_told(cluster: FakeRay) -> None:
    app = shown()
    assert app.session_state.chosen == "here"
    assert app.selectbox[0].options == ["This machine"]
    assert "set its address in SEALIFE_CLUSTERS" in app.caption[0].value
    assert cluster.tokens == []  # nobody was asked


@pytest.mark.parametrize("variable", ["SEALIFE_CLUSTERS", "RAY_API_SERVER_ADDRESS"])
def test_field__says_what_a_cluster_of_the_owner_has(
    cluster: FakeRay, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, cluster.address)
    app = shown()
    app.selectbox[0].select(f"ray:{cluster.address}").run()
    assert app.session_state.chosen == f"ray:{cluster.address}"
    assert app.caption[0].value.startswith("1 machine with 12 cores and 2 GPUs in all.")


def test_field__says_why_a_cluster_does_not_answer(cluster: FakeRay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEALIFE_CLUSTERS", "localhost:1")
    app = shown("ray:localhost:1")
    assert app.session_state.chosen == "ray:http://localhost:1"
    told = app.warning[0].value.replace("\\", "").replace("\u2060", "")  # `plain` breaks addresses
    assert told.startswith("The Ray cluster at http://localhost:1 does not answer (Connection refused). Start it with")


def test_field__asks_no_address_that_the_owner_did_not_name(cluster: FakeRay, monkeypatch: pytest.MonkeyPatch) -> None:
    where = f"ray:{cluster.address}"
    app = shown(where)  # as a run was launched from a shell, and is cloned
    assert app.session_state.chosen == "here"
    assert "does not list this cluster" in app.caption[0].value
    monkeypatch.setattr(st, "selectbox", lambda *_, **__: where)  # Streamlit hands on whatever a browser sends
    assert shown().session_state.chosen == "here"
    assert cluster.tokens == []
