"""A lesson on a projector, turned by a remote control."""

import re

import pytest
from playwright.sync_api import Page, expect

from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.run import Run
from tests.browser.served import Dashboard, double_click, settled

WAYS = ".st-key-ways"


def test_keys__scroll_to_the_end_of_a_page_before_they_turn_it(
    tiny_reef: Dataset, page: Page, dashboard: Dashboard
) -> None:
    page.set_viewport_size({"width": 1280, "height": 440})
    page.goto(f"{dashboard.url}/lessons?dataset=reef&present=1")
    heading, main = page.locator("h2"), page.get_by_test_id("stMain")
    expect(page.get_by_role("radio").first).to_be_attached()
    settled(page)
    expect(page.get_by_role("button", name="Next")).to_be_in_viewport()
    for _ in range(20):  # what listens to keys comes a moment after the page
        page.keyboard.press("PageDown")
        page.wait_for_timeout(500)
        if main.evaluate("e => e.scrollTop") > 200:
            break
    assert main.evaluate("e => e.scrollTop") > 200
    expect(heading).to_have_text("1. What is a view?")
    main.evaluate("e => e.scrollTo(0, e.scrollHeight)")
    page.keyboard.press("PageDown")
    expect(heading).to_have_text(re.compile("^2"))
    settled(page)
    assert main.evaluate("e => e.scrollTop") == 0
    page.keyboard.press("ArrowLeft")
    expect(heading).to_have_text(re.compile("^1"))
    settled(page)
    page.get_by_test_id("stRadioOption").first.click()  # what has the focus keeps the keys that it needs, not these
    settled(page)
    page.keyboard.press("ArrowRight")
    expect(heading).to_have_text(re.compile("^2"))
    assert "answered=view-0" in page.url


def test_arrows__turn_after_a_click_and_stay_with_what_a_key_has_reached(
    tiny_reef: Dataset, page: Page, dashboard: Dashboard
) -> None:
    page.goto(f"{dashboard.url}/lessons?dataset=reef")
    heading, recipes = page.locator("h2").first, page.get_by_role("radiogroup", name="Recipe")
    for chosen in (recipes.get_by_role("radio", name="Mild"), page.get_by_role("combobox")):
        expect(heading).to_have_text(re.compile("^1"))
        settled(page)
        chosen.click()
        if chosen.get_attribute("role") == "combobox":
            page.get_by_role("option", name="reef").click()
        settled(page)
        page.keyboard.press("ArrowRight")
        expect(heading).to_have_text(re.compile("^2"))
        settled(page)
        page.get_by_role("button", name="Back").click()
    expect(heading).to_have_text(re.compile("^1"))
    settled(page)
    page.keyboard.press("Tab")
    recipes.get_by_role("radio", name="SimCLR").focus()
    page.keyboard.press("ArrowRight")
    settled(page)
    expect(heading).to_have_text(re.compile("^1"))


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080)])
def test_presentation__shows_text_and_what_is_live_at_once_and_the_question_beside_it(
    tiny_reef: Dataset, pretrained: Run, page: Page, dashboard: Dashboard, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme="dark")
    for lesson, live in (("view", ".pairs .view img"), ("pair", ".board canvas"), ("temperature", ".board .steps")):
        page.goto(f"{dashboard.url}/lessons?dataset=reef&lesson={lesson}&present=1")
        shown = page.locator(live).last
        expect(shown).to_be_visible()
        settled(page)
        for part in (page.locator("h2"), page.get_by_text("Try it."), shown):
            expect(part).to_be_in_viewport(ratio=0.99)
        assert page.locator(".lead").last.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= width / 64
        answer, bar = (
            found.bounding_box() for found in (page.get_by_test_id("stRadioOption").last, page.locator(WAYS))
        )
        assert answer is not None
        assert bar is not None
        assert answer["y"] + answer["height"] <= bar["y"], "the question is read without scrolling"
        page.get_by_test_id("stMain").evaluate("e => e.scrollTo(0, e.scrollHeight)")
        expect(shown).to_be_in_viewport(ratio=0.8)
    ground = page.get_by_test_id("stApp").evaluate("e => getComputedStyle(e).backgroundColor")
    expect(page.get_by_role("button", name="Next")).to_have_css("color", ground)  # which the accent stands out from


def test_double_click__counts_once(tiny_reef: Dataset, page: Page, dashboard: Dashboard) -> None:
    page.goto(f"{dashboard.url}/lessons?dataset=reef&lesson=probe")
    heading = page.locator("h2")
    expect(heading).to_have_text(re.compile("^5"))
    settled(page)
    double_click(page, page.get_by_role("button", name="Back"))
    expect(heading).to_have_text(re.compile("^4"))
    settled(page)
    expect(heading).to_have_text(re.compile("^4"))
    double_click(page, page.get_by_role("button", name="Present"))
    expect(page.get_by_role("button", name="Leave the presentation")).to_be_visible()
    settled(page)
    expect(page.get_by_role("button", name="Leave the presentation")).to_be_visible()


def test_board__shows_each_lesson_its_part_and_grows_with_the_presentation(
    tiny_reef: Dataset, pretrained: Run, page: Page, dashboard: Dashboard
) -> None:
    matrix, slider, title = page.locator(".board canvas"), page.get_by_role("slider"), page.locator(".anchor .title")
    page.goto(f"{dashboard.url}/lessons?dataset=reef&lesson=pair")
    expect(matrix).to_be_visible()
    expect(slider).to_be_hidden()
    expect(title).not_to_contain_text("probability")
    page.get_by_role("button", name="Next").click()
    expect(slider).to_be_visible()
    expect(matrix).to_be_hidden()
    expect(title).to_contain_text("probability of its partner")
    page.get_by_role("group", name="Anchor").get_by_role("button").nth(2).click()
    expect(title).to_contain_text("Anchor A3")
    page.wait_for_url(re.compile("anchor=2"))
    settled(page)
    size = "e => parseFloat(getComputedStyle(e).fontSize)"
    before = title.evaluate(size)
    page.get_by_role("button", name="Present").click()
    expect(page.get_by_role("button", name="Leave the presentation")).to_be_visible()
    settled(page)
    assert title.evaluate(size) > 1.19 * before
