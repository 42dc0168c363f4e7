"""What tests that look at every page of the dashboard share."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

FRAME = Path(__file__).resolve().parents[2] / "dashboard" / "frame.py"
PAGES = (
    "home",
    "data",
    "label",
    "views",
    "contrast",
    "lessons",
    "train",
    "runs",
    "studies",
    "embeddings",
    "compare",
    "gallery",
)
OF_THE_FRAME = ("single_clicks", "large_pictures")  # components
# A look at all pages takes seconds: one is drawn each time, not the simplest, and none is looked for that is simpler.
FEW = settings(
    max_examples=1,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def components(app: AppTest) -> list[dict[str, Any]]:
    """What each component of a page is given; without those that every page has."""
    shown = [each.proto for each in app.get("bidi_component")]
    return [json.loads(proto.json) for proto in shown if not any(name in proto.component_name for name in OF_THE_FRAME)]


def link(page: str, query: Mapping[str, str | list[str]] | None = None) -> AppTest:
    """``page`` by a link with ``query``, not drawn yet: a browser asks for it by its path, and no page comes before."""
    app = AppTest.from_file(str(FRAME), default_timeout=120)
    app.query_params.update(query or {})
    if page != "home":
        app._page_hash = calc_hash(page)  # switch_page() knows pages only after another one was drawn
    return app


def visit(page: str, query: Mapping[str, str | list[str]] | None = None) -> AppTest:
    """``page`` as a link with ``query`` opens it."""
    app = link(page, query).run()
    if not app.exception and page != "home":
        assert app.title[0].value == page.capitalize()
    return app
