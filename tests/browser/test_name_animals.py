"""One click from photographs to a first model, as somebody sees it who has none yet."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from sealife_core.config import task_of
from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.directory import list_runs
from tests.browser.served import PATIENCE_MS, Dashboard, settled


@pytest.fixture
def survey(tiny_reef: Dataset) -> Path:
    """64 pictures of one's own, with a test image of each class: at 224 px, seconds of features."""
    return tiny_reef.folder.rename(tiny_reef.folder.parent / "survey")


def test_name_animals__one_click_leads_to_accuracy_confusions_and_the_gallery(
    survey: Path, page: Page, dashboard: Dashboard
) -> None:
    page.goto(dashboard.url)
    settled(page)
    page.get_by_role("button", name="Name my animals").click()
    expect(page.locator('[class*="st-key-run_progress"]')).to_be_visible()
    expect(page.get_by_text("95 % interval").first).to_be_visible(timeout=3 * PATIENCE_MS)
    settled(page)
    (run,) = list_runs()
    assert task_of(run.config()) == "classify"
    test = (run.results() or {})["test"]
    expect(page.get_by_text(f"{100 * test['accuracy']:.1f} %").first).to_be_visible()
    expect(page.get_by_text("L2 penalty")).to_be_visible()
    expect(page.get_by_role("button", name="Fine-tune it")).to_be_visible()

    page.get_by_role("group", name="Some predictions").get_by_role("button").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Gallery")
    settled(page)
    assert f"run={run.id}" in page.url
    assert "picture=" in page.url

    page.get_by_role("link", name="Data", exact=True).click()
    expect(page.get_by_text(re.compile("test pictures classified correctly"))).to_be_visible()
    expect(page.get_by_role("button", name="Name my animals")).to_have_count(0)
