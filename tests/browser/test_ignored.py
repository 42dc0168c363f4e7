"""Charts of what encoders ignore: a point is reached by click or key, and its pictures open below its chart."""

from playwright.sync_api import Page, expect

from sealife_core.runs.run import Run
from tests.browser.served import Dashboard, settled


def test_point__opens_its_pictures_and_keeps_the_focus(pretrained: Run, page: Page, dashboard: Dashboard) -> None:
    page.goto(f"{dashboard.url}/contrast?section=ignored&changed=16&encoders={pretrained.id}")
    pictures = page.locator(".pictures")
    expect(pictures.locator("p")).to_contain_text("crop keeps 8 % of the area")
    page.locator('[data-at="crop.2"]').click()
    expect(pictures.locator("p")).to_contain_text("crop keeps 35 % of the area")
    settled(page)
    expect(page.locator('[data-at="crop.2"]')).to_be_focused()
    page.keyboard.press("ArrowRight")
    panel = page.locator(".panel", has=page.get_by_role("heading", name="Crop", exact=True))
    expect(panel.locator(".level")).to_have_text("crop keeps 20 % of the area")
    page.keyboard.press("Enter")
    expect(pictures.locator("p")).to_contain_text("crop keeps 20 % of the area")
    assert "point=crop.3" in page.url
    below, above = (one.bounding_box() for one in (pictures, panel))
    assert below is not None
    assert above is not None
    assert below["y"] >= above["y"] + above["height"]
    expect(pictures.locator("figure")).to_have_count(6)
