"""The Gallery in a real browser: from a number to its pictures, a link that shows the same, keys, and the game."""

import re

from playwright.sync_api import Page, expect

from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.run import Run
from tests.browser.served import Dashboard, settled


def cards(page: Page):
    return page.locator(".st-key-gallery_cards .card")


def cell(page: Page, truth: str, said: str):
    return page.get_by_role("button", name=re.compile(f"^{truth}, classified as {said}: "))


def open_gallery(page: Page, dashboard: Dashboard, query: str) -> None:
    page.goto(f"{dashboard.url}/gallery?{query}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Gallery")
    settled(page)


def test_confusion__a_cell_filters_the_pictures_and_a_link_shows_the_same(
    answered: Run, tiny_reef: Dataset, page: Page, dashboard: Dashboard
) -> None:
    truth, said = tiny_reef.classes[2], tiny_reef.classes[3]
    count = int((tiny_reef.labels == 2).sum())
    assert 0 < count < len(tiny_reef)
    open_gallery(page, dashboard, f"run={answered.id}&show=classes")
    cell(page, truth, said).click()
    expect(cards(page)).to_have_count(count)
    settled(page)
    assert f"truth={truth}" in page.url
    assert f"predicted={said}" in page.url
    words = cards(page).all_text_contents()
    assert all(truth in text and said in text and "wrong" in text for text in words)

    url = page.url
    dashboard.forget(page)
    page.goto(url)
    expect(cards(page)).to_have_count(count)
    assert cards(page).all_text_contents() == words


def test_pages__are_turned_by_keys_and_a_picture_is_opened_stepped_and_closed(
    answered: Run, tiny_reef: Dataset, page: Page, dashboard: Dashboard
) -> None:
    open_gallery(page, dashboard, f"run={answered.id}")
    expect(cards(page)).to_have_count(48)
    first = cards(page).first.get_attribute("data-id")
    expect(page.get_by_role("button", name="Next").first).to_be_enabled()  # its key comes with it
    page.keyboard.press("ArrowRight")
    expect(cards(page)).to_have_count(len(tiny_reef) - 48)
    settled(page)
    assert "leaf=2" in page.url
    page.keyboard.press("ArrowLeft")
    expect(cards(page)).to_have_count(48)
    assert cards(page).first.get_attribute("data-id") == first

    second = cards(page).nth(1).get_attribute("data-id")
    cards(page).first.click()
    expect(page.get_by_text("wrong: classified as")).to_be_visible()
    settled(page)
    assert f"picture={first}" in page.url
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text(re.compile(r"2 of 64 test pictures"))).to_be_visible()
    settled(page)
    assert f"picture={second}" in page.url
    page.keyboard.press("Escape")
    expect(cards(page)).to_have_count(48)


def test_guessing__tells_nothing_before_and_scores_after(
    answered: Run, tiny_reef: Dataset, page: Page, dashboard: Dashboard
) -> None:
    open_gallery(page, dashboard, f"run={answered.id}&show=guess&seed=3")
    tally = page.locator(".tally")
    expect(tally).to_contain_text("You0of 0")
    expect(page.get_by_text("It is")).to_have_count(0)
    row = int(re.findall(r"/thumb/reef/(\d+)\.jpg", page.locator("img.guessed").get_attribute("src") or "")[0])
    truth = tiny_reef.classes[tiny_reef.labels[row]]
    page.get_by_role("button", name=truth, exact=True).click()
    expect(page.get_by_role("heading", level=2)).to_have_text(f"It is {truth}")
    expect(tally).to_contain_text("You1of 1")
    right = int(tiny_reef.labels[row] == 0)  # the model is right about the first class alone
    expect(tally).to_contain_text(f"Always the next{right}of 1")
    page.reload()
    expect(tally).to_contain_text("You1of 1")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Picture 2 of 20")).to_be_visible()
