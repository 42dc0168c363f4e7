"""A picture is corrected where it is open, with keys; it stays open, and says what was done."""

from playwright.sync_api import Page, expect

from sealife_core.datasets.dataset import Dataset, open_dataset
from tests.browser.served import PATIENCE_MS, Dashboard


def test_picture__is_relabelled_by_a_key_undone_and_the_name_is_kept(
    tiny_reef: Dataset, page: Page, dashboard: Dashboard
) -> None:
    page.goto(f"{dashboard.url}/data")
    page.locator(".cell").nth(1).click(timeout=PATIENCE_MS)
    dialog = page.locator("dialog.large")
    chips = dialog.locator(".chips button")
    expect(chips.first).to_be_visible(timeout=PATIENCE_MS)
    wanted = chips.nth(2).inner_text().removeprefix("3 ")
    dialog.locator(".by").fill("Ada")
    dialog.locator(".count").click()
    page.keyboard.press("3")
    expect(dialog.locator(".said")).to_contain_text("relabelled", timeout=PATIENCE_MS)
    expect(dialog.locator(".chosen")).to_contain_text(wanted, timeout=PATIENCE_MS)
    entry = open_dataset("reef").entries[-1]
    ((changes,),) = (entry.images.values(),)
    assert (entry.by, changes["label"][1]) == ("Ada", wanted)
    page.keyboard.press("u")
    expect(dialog.locator(".said")).to_contain_text("undone", timeout=PATIENCE_MS)
    assert open_dataset("reef").content_hash == tiny_reef.content_hash
    assert page.evaluate("localStorage.getItem('sealife.by')") == "Ada"
