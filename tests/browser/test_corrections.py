"""A picture is corrected where it is open, with keys; it stays open, and says what was done. Pictures open large."""

from playwright.sync_api import Page, expect

from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.runs.run import Run
from tests.browser.served import Dashboard, settled


def test_picture__is_relabelled_by_a_key_undone_and_the_name_is_kept(
    tiny_reef: Dataset, page: Page, dashboard: Dashboard
) -> None:
    page.goto(f"{dashboard.url}/data")
    page.locator(".cell").nth(1).click()
    dialog = page.locator("dialog.large")
    chips = dialog.locator(".chips button")
    expect(chips.first).to_be_visible()
    wanted = chips.nth(2).inner_text().removeprefix("3 ")
    dialog.locator(".by").fill("Ada")
    dialog.locator(".count").click()
    page.keyboard.press("3")
    expect(dialog.locator(".said")).to_contain_text("relabelled")
    expect(dialog.locator(".chosen")).to_contain_text(wanted)
    entry = open_dataset("reef").entries[-1]
    ((changes,),) = (entry.images.values(),)
    assert (entry.by, changes["label"][1]) == ("Ada", wanted)
    page.keyboard.press("u")
    expect(dialog.locator(".said")).to_contain_text("undone")
    assert open_dataset("reef").content_hash == tiny_reef.content_hash
    assert page.evaluate("localStorage.getItem('sealife.by')") == "Ada"
    dialog.locator(".by").fill("ada ")
    dialog.locator(".group").fill("dive 3")
    page.keyboard.press("Enter")
    expect(dialog.locator(".said")).to_contain_text("'none' → 'dive 3'")
    expect(dialog.locator(".said")).to_contain_text("Kept under the name 'Ada'.")
    expect(dialog.locator(".by")).to_have_value("Ada")
    expect(dialog.locator("dl")).to_contain_text("dive 3")


def test_gallery__a_large_picture_is_relabelled_left_out_and_taken_back_without_another_click(
    answered: Run, tiny_reef: Dataset, page: Page, dashboard: Dashboard
) -> None:
    image = str(tiny_reef.manifest["id"][0])
    page.goto(f"{dashboard.url}/gallery?run={answered.id}&picture={image}")
    here = page.locator(".here")
    expect(here.locator("dl")).to_contain_text(tiny_reef.file_names[0])
    expect(here.locator("dl")).to_contain_text("Split")
    wanted = here.locator(".chips button").nth(2).inner_text().removeprefix("3 ")
    page.keyboard.press("3")
    expect(here.locator(".said")).to_contain_text("relabelled")
    expect(here.locator("dl")).to_contain_text("relabelled")
    assert open_dataset("reef").entries[-1].images[image]["label"][1] == wanted
    settled(page)
    page.keyboard.press("c")
    page.keyboard.type("x3")
    page.keyboard.press("ArrowRight")
    settled(page)
    assert f"picture={image}" in page.url, "an arrow moves within what is typed"
    assert len(open_dataset("reef").entries) == 1
    here.locator(".keys").click()
    page.keyboard.press("x")
    notice = page.locator(".st-key-notice")
    notice.get_by_role("button", name="Undo").click()
    expect(notice).to_contain_text("undone")
    expect(here).to_be_visible()
    assert len(open_dataset("reef")) == len(tiny_reef)


def test_views__originals_and_views_open_large(tiny_reef: Dataset, page: Page, dashboard: Dashboard) -> None:
    page.goto(f"{dashboard.url}/views")
    expect(page.locator(".pairs .original img")).to_have_count(3)
    settled(page)
    page.locator("i[data-listens]").wait_for(state="attached")  # its script loads after the page's
    page.locator(".pairs .original img").first.click()
    dialog = page.locator("dialog.large")
    expect(dialog.locator("dl")).to_contain_text("Split")
    expect(dialog.locator(".count")).to_have_text("1 of 3")
    expect(dialog.locator(".chips button").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.locator(".pairs .view img").nth(1).focus()
    page.keyboard.press("Enter")
    expect(dialog.locator(".count")).to_have_text("2 of 6")
    expect(dialog.locator("dl")).to_contain_text("96 × 96 px")
    page.keyboard.press("ArrowRight")
    expect(dialog.locator(".count")).to_have_text("3 of 6")
