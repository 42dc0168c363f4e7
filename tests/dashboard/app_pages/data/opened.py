"""The Data page, opened without a browser, and what is on it."""

import json
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from dashboard.app_pages.data import import_form
from sealife_core.datasets.dataset import Dataset, open_dataset
from tests.dashboard.pages import visit

TOGETHER = "Pictures that belong together"


def open_data(**query: str) -> AppTest:
    return visit("data", query)


def text(app: AppTest) -> str:
    elements = (*app.markdown, *app.caption, *app.error, *app.warning, *app.success, *app.subheader)
    return " ".join(element.value for element in elements)


def pictures(app: AppTest, *, strip: bool = False) -> list[dict[str, Any]]:
    """Those of every grid on the page, or of every strip on a card, with what opening one shows."""
    grids = [json.loads(element.proto.json) for element in app.get("bidi_component")]
    return [picture for grid in grids if grid.get("strip", False) is strip for picture in grid.get("pictures", ())]


def button(app: AppTest, label: str):
    return next(found for found in app.button if found.label == label)


def field(app: AppTest, kind: str, label: str):
    return next(found for found in getattr(app, kind) if found.label == label)


def imported(source: Path, name: str) -> Dataset:
    job = import_form.begin_import(str(source), name)
    job.wait(60)
    assert job.error is None
    return open_dataset(name)
