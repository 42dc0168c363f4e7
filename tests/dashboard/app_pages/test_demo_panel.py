"""The demo on Home: a card a step, and a sentence made of what was tested."""

import pytest
from streamlit.testing.v1 import AppTest

from sealife_core import demo
from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from tests.dashboard.test_frame import open_page, text
from tests.finished.runs import predictions_on, with_predictions

TITLES = (
    "1. Features from ImageNet", "2. Nothing learned", "3. SimCLR, no labels", "4. SimCLR from ImageNet",
    "5. Fine-tuned",
)  # fmt: skip


@pytest.fixture
def runs(tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch) -> dict[str, Run]:
    """A demo that waits."""
    monkeypatch.setattr(demo, "launch", lambda run: RunWriter(run).status(state="queued"))
    return dict(zip(demo.NAMES, demo.launch_demo(), strict=True))


def finish(run: Run, dataset: Dataset, wrong: int) -> None:
    """A tested classifier that names all but ``wrong`` test pictures right."""
    table = predictions_on(dataset, lambda place: place < wrong, sure=1.0)
    with_predictions(run, table, dataset.classes, dataset.test_hash)


def enabled(app: AppTest) -> dict[str, bool]:
    return {button.label: not button.disabled for button in app.button}


def test_home__shows_a_card_for_each_step_and_one_demo_at_a_time(runs: dict[str, Run]) -> None:
    app: AppTest = open_page("home")
    assert not app.exception
    assert [title for title in TITLES if title in text(app)] == list(TITLES)
    assert enabled(app)["Run the demo"] is False
    assert "Accuracy on" not in text(app)


def test_home__says_what_the_tested_steps_show_and_no_more(runs: dict[str, Run], tiny_reef: Dataset) -> None:
    n = len(tiny_reef.rows("test"))
    finish(runs["untrained"], tiny_reef, wrong=n)
    finish(runs["simclr"], tiny_reef, wrong=0)
    app = open_page("home")
    assert not app.exception
    assert f"On {n} test pictures, SimCLR learned something without a single label" in text(app)
    assert "ImageNet’s 1.3 million photographs are" not in text(app)
    assert enabled(app)["See what it gets wrong"]
    assert enabled(app)["Compare them"]
