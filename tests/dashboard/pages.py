"""What tests that look at every page of the dashboard share."""

from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

FRAME = Path(__file__).resolve().parents[2] / "dashboard" / "frame.py"
PAGES = ("home", "data", "views", "train", "runs", "studies", "embeddings", "compare", "gallery")
# A look at all pages takes seconds: one is drawn each time, not the simplest, and none is looked for that is simpler.
FEW = settings(
    max_examples=1,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def new_session(page: str) -> AppTest:
    """A session that opens ``page`` first, as a link does; to be given its query and run."""
    app = AppTest.from_file(str(FRAME), default_timeout=60)
    if page != "home":
        # AppTest.switch_page knows a page by the name of its file until the first run: all of ours are page.py.
        app._page_hash = calc_hash(page)
    return app
