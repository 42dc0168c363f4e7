"""Compare in a real browser, over made-up results: other test images are refused, and a link shows the same view."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.run import Run
from tests.browser.served import Dashboard, settled
from tests.finished.runs import scratch_run


@pytest.fixture
def runs(tiny_reef: Dataset) -> list[Run]:
    """Three runs on the same test images, and one on others."""
    n = len(tiny_reef.rows("test"))
    same = [scratch_run(tiny_reef, name, right, seed=right) for name, right in (("low", 1), ("middle", 3), ("high", n))]
    return [*same, scratch_run(tiny_reef, "elsewhere", 2, seed=99, test_hash="other")]


def sentence(page: Page) -> str:
    found = page.get_by_role("heading", name=re.compile("fixes .* of"))
    expect(found).to_be_visible()
    return found.inner_text()


def test_compare__refuses_other_test_images_and_a_link_shows_the_same(
    runs: list[Run], dashboard: Dashboard, page: Page, tmp_path: Path
) -> None:
    low, middle, high, other = runs
    page.set_viewport_size({"width": 1280, "height": 1400})
    page.goto(f"{dashboard.url}/compare?compare={low.id}&compare={high.id}&compare={other.id}")
    expect(page.get_by_text("Not compared: elsewhere")).to_be_visible()
    settled(page)
    greyed = page.get_by_role("checkbox", name=re.compile("elsewhere"))
    expect(greyed).to_be_disabled()
    expect(greyed).not_to_be_checked()
    expect(page.get_by_text(re.compile("tested on other images"))).to_be_visible()
    assert "Compared with low, high fixes" in sentence(page)

    page.locator("label").filter(has_text="middle").click()
    settled(page)
    expect(page.get_by_role("checkbox", name=re.compile("middle"))).to_be_checked()
    page.wait_for_url(re.compile(middle.id))
    assert other.id not in page.url, "what was refused is no longer asked for"
    page.get_by_role("button", name="Swap").click()
    settled(page)
    pile = page.get_by_role("radio", name=re.compile("Broken")).or_(
        page.get_by_role("button", name=re.compile("Broken"))
    )
    pile.first.click()
    settled(page)
    pictures = page.locator(".st-key-pile_pictures img")
    expect(pictures.first).to_be_visible()
    said, shown, url = sentence(page), pictures.count(), page.url
    assert shown == int(re.findall(r"breaks (\d+) of", said)[0])
    pictures.first.evaluate("image => image.decode()")  # rejects where there is no picture at that address

    dashboard.forget(page)
    page.goto(url)
    assert sentence(page) == said
    settled(page)
    expect(page.locator(".st-key-pile_pictures img")).to_have_count(shown)
    expect(page.get_by_role("checkbox", name=re.compile("middle"))).to_be_checked()

    page.get_by_test_id("stPopoverButton").filter(has_text="Download").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("Whole comparison")).click()
    download.value.save_as(tmp_path / "comparison.html")
    text = (tmp_path / "comparison.html").read_text(encoding="utf-8")
    assert said in text, "the file is of the pair that was looked at"
    assert not re.findall(r"""(?:src|href)\s*=\s*["']?https?:""", text)
