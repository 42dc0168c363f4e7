"""A study from one click to its chart: a real Streamlit, a real browser, real workers."""

import re

from playwright.sync_api import Page, expect

from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.directory import list_studies, parts_of
from sealife_core.runs.liveness import State
from tests.browser.served import PATIENCE_MS, Dashboard


def test_study__from_one_click_to_its_chart(tiny_reef: Dataset, page: Page, dashboard: Dashboard) -> None:
    page.goto(f"{dashboard.url}/studies")
    page.get_by_text("What helps rare classes?").click()
    seeds = page.get_by_role("spinbutton", name="Seeds")
    seeds.fill("1")
    seeds.press("Enter")
    expect(page.get_by_text(re.compile(r"^3$"))).to_be_visible()
    page.get_by_role("button", name="Start the study").click()
    expect(page.get_by_text(re.compile("of 3 runs")).first).to_be_visible()
    page.get_by_role("link", name="Home", exact=True).click()
    expect(page.get_by_role("heading", name="Sea life lab")).to_be_visible()
    expect(page.get_by_text(re.compile("of 3 runs done"))).to_be_visible()
    page.get_by_role("link", name="Studies", exact=True).click()
    expect(page.get_by_text(re.compile("finished .*3 of 3 runs"))).to_be_visible(timeout=2 * PATIENCE_MS)
    expect(page.get_by_text("Rarest class reduced to 1 : 20")).to_be_visible()
    expect(page.get_by_text(re.compile("All runs were tested on the same"))).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    study = list_studies()[0]
    assert [run.state() for run in parts_of(study)] == [State.FINISHED] * 3
