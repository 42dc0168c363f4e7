"""The launch panel of the Train page: what a run will take, and when it begins."""

import pytest
from streamlit.testing.v1 import AppTest

from sealife_core.config import preset
from sealife_core.runs.directory import create_run
from sealife_core.runs.scheduling.queue import launch
from tests.dashboard.pages import visit


def said(app: AppTest) -> str:
    assert not app.exception
    return " ".join(element.value for element in (*app.markdown, *app.caption))


def test_train__says_when_the_run_begins_and_who_stands_before_it(tiny_reef, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sealife_core.runs.scheduling.queue._spawn_dispatcher", lambda root: None)
    app = visit("train")
    assert "Begins" not in said(app)
    for name in ("first", "second"):
        launch(create_run(preset("simclr"), name=name))
    told = said(app.run())
    assert "It begins after 2 runs (how long they take is not known yet)." in told
    assert "1. first, begins at once  \n2. second, begins after 1 run (how long it takes is not known yet)" in told
