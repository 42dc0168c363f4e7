"""What lies where: in sight of who looks at it, on a small screen and on a phone."""

import re
import shutil

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from sealife_core.datasets.dataset import Dataset, write_dataset
from sealife_core.evaluation.classification.scores import scores
from sealife_core.evaluation.comparison.report import comparison_html
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from tests.browser.served import Dashboard, settled


def open_at(page: Page, dashboard: Dashboard, path: str, width: int, height: int = 800) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{dashboard.url}/{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    settled(page)


def scroll_to(page: Page, field: Locator) -> None:
    """Scroll until the field stays in sight: while a section opens, what stands above it still grows."""
    stays = 0
    for _ in range(50):
        field.scroll_into_view_if_needed()
        before = field.bounding_box()
        page.wait_for_timeout(200)
        stays = stays + 1 if field.bounding_box() == before else 0
        if stays == 3:
            break
    expect(field).to_be_in_viewport()


def test_pictures__open_large_and_are_stepped_through_by_keys(
    tiny_reef: Dataset, page: Page, dashboard: Dashboard
) -> None:
    open_at(page, dashboard, "data", 1280)
    cells = page.locator(".st-key-pictures .cell")
    cells.nth(1).click()
    large = page.locator("dialog")
    expect(large).to_be_visible()
    expect(large.locator("dd").first).to_have_text(tiny_reef.file_names[int((tiny_reef.labels == 1).argmax())])
    large.locator("img").evaluate("image => image.decode()")
    page.keyboard.press("ArrowRight")
    expect(large.locator(".count")).to_have_text("3 of 48")
    page.keyboard.press("Escape")
    expect(large).to_have_count(0)
    expect(cells.nth(1)).to_be_focused()


def test_data__what_is_inside_is_in_sight_beside_nine_sets(
    tiny_reef: Dataset, page: Page, dashboard: Dashboard
) -> None:
    for place in range(8):
        folder = tiny_reef.folder.parent / f"set {place}"
        write_dataset(folder, tiny_reef.manifest, {})
        shutil.copytree(tiny_reef.folder / "images", folder / "images")
    open_at(page, dashboard, "data", 1280)
    page.get_by_role("button", name="Look inside").nth(2).click()
    settled(page)
    expect(page.locator(".st-key-pictures .cell").first).to_be_in_viewport()
    last = page.get_by_role("button", name=re.compile("Look inside|Shown below")).nth(8)
    scroll_to(page, last)


@pytest.mark.parametrize("width", [1280, 420])
def test_views__pictures_stay_in_sight_while_the_last_setting_is_changed(
    tiny_reef: Dataset, page: Page, dashboard: Dashboard, width: int
) -> None:
    open_at(page, dashboard, "views", width)
    page.get_by_text("Water", exact=True).click()
    settled(page)
    field = page.get_by_text("Haze strength", exact=True)
    scroll_to(page, field)
    expect(page.locator(".pairs .view img").first).to_be_in_viewport()


def test_gallery__every_view_can_be_reached_on_a_phone(answered: Run, page: Page, dashboard: Dashboard) -> None:
    open_at(page, dashboard, "gallery", 420)
    guess = page.get_by_role("radio", name="Guess").or_(page.get_by_role("button", name="Guess")).first
    expect(guess).to_be_in_viewport(ratio=0.99)
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth - main.clientWidth") == 0, "sideways"


def test_report__breaks_no_word_in_a_table(page: Page, answered: Run, tiny_reef: Dataset) -> None:
    answered.write_notes(name="bio scratch")
    certain = np.eye(len(tiny_reef.classes))[tiny_reef.labels]
    RunWriter(answered).results(test=scores(tiny_reef.labels, certain, tiny_reef.classes), test_hash="any")
    page.set_viewport_size({"width": 1000, "height": 800})
    page.set_content(comparison_html([answered]))
    lines = page.get_by_role("cell", name="bio scratch").first.evaluate(
        """cell => [...cell.textContent].reduce((tops, letter, place) => {
          const range = document.createRange();
          range.setStart(cell.firstChild, place); range.setEnd(cell.firstChild, place + 1);
          return tops.concat(Math.round(range.getBoundingClientRect().top));
        }, [])"""
    )
    assert len(set(lines[4:])) == 1, "the letters of the second word stand on one line"
