"""Labelling with keys: fast, undone, and on the disk when the tab closes."""

import pytest
from playwright.sync_api import Page, expect

from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.corrections.entries import Entry
from sealife_core.datasets.dataset import Dataset, open_dataset
from tests.browser.served import PATIENCE_MS, Dashboard
from tests.finished.runs import features_run
from tests.runs.processes import until

KEYS = 12
A_LABEL_MS = 3000  # twenty labels a minute


@pytest.fixture
def bare(tiny_reef: Dataset) -> Dataset:
    """The reef with features, every third picture without a label."""
    features_run(tiny_reef)
    ids = tiny_reef.manifest["id"].tolist()
    return correct(tiny_reef, {image: {"label": ""} for image in ids[::3]})


def answers() -> list[Entry]:
    return [entry for entry in open_dataset("reef").entries if entry.why == "queue"]


def test_labels__twenty_a_minute_by_keyboard_undone_and_kept_when_the_tab_closes(
    bare: Dataset, page: Page, dashboard: Dashboard
) -> None:
    page.goto(f"{dashboard.url}/label?dataset=reef")
    choice, counts = page.locator(".labeller .choice"), page.locator(".labeller .counts")
    expect(choice.first).to_be_visible(timeout=PATIENCE_MS)
    keep = page.locator(".labeller [data-mode=doubtful]").last  # of the view that comes
    for view, shows in (("Doubtful labels", True), ("Label next", False)):  # keys are for the view that is there
        page.get_by_role("radio", name=view).click()
        expect(keep).to_be_visible(visible=shows, timeout=PATIENCE_MS)
        expect(choice.last).to_be_visible(timeout=PATIENCE_MS)
    for _ in range(KEYS):
        page.keyboard.press("1")
    expect(counts).to_contain_text(f"{KEYS} answered here", timeout=KEYS * A_LABEL_MS)
    for typed in (bare.classes[0].upper(), "sea hare"):
        page.keyboard.press("c")
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
    page.keyboard.press("u")
    expect(page.locator(".labeller .said")).to_contain_text("Taken back", timeout=PATIENCE_MS)
    page.keyboard.press("2")
    dashboard.forget(page)  # at once: the last answer is still on its way
    until(lambda: len(answers()) >= KEYS + 3, PATIENCE_MS / 1000)
    made, entries = answers(), open_dataset("reef").entries
    assert len(made) == KEYS + 3
    assert set(open_dataset("reef").classes) == set(bare.classes)  # no second class in capitals
    assert [entry.undo for entry in entries if entry.undo] == [made[-2].number]
