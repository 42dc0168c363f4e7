"""Labelling with keys: fast, undone, and on the disk when the tab closes; by two people at once."""

import pytest
from playwright.sync_api import Page, Route, expect

from sealife_core.datasets.corrections.editing import correct, rename_class
from sealife_core.datasets.corrections.entries import Entry, in_force
from sealife_core.datasets.dataset import Dataset, open_dataset
from tests.browser.served import PATIENCE_MS, Dashboard, double_click, settled
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


def drawn_for(page: Page, by: str) -> None:
    """Type who labels: the page is drawn again, and tells what the data set is by now."""
    page.locator(".labeller .by").fill(by)
    page.locator(".labeller .counts").click()
    settled(page)


def test_double_click__labels_one_picture_and_an_answer_that_waits_means_the_class_it_showed(
    bare: Dataset, page: Page, dashboard: Dashboard
) -> None:
    page.goto(f"{dashboard.url}/label?dataset=reef")
    choice = page.locator(".labeller .choice")
    expect(choice.first).to_be_visible()
    settled(page)
    double_click(page, choice.first)
    expect(page.locator(".labeller .counts")).to_contain_text("1 answered here")
    until(lambda: len(answers()) == 1, PATIENCE_MS / 1000)

    sent, name = list[Route](), bare.classes[0]
    page.route("**/correct/**", lambda route: sent.append(route), times=1)
    for _ in range(2):
        page.keyboard.press("c")
        page.keyboard.type(name)
        page.keyboard.press("Enter")
    rename_class(open_dataset("reef"), name, "sea hare")
    drawn_for(page, "Ada")
    expect(page.locator('.labeller datalist option[value="sea hare"]')).to_have_count(1)
    assert len(sent) == 1, "the second waits for the first"
    with page.expect_response(lambda _: len(answers()) == 3):
        sent[0].continue_()
    assert name not in open_dataset("reef").classes


def test_labels__twenty_a_minute_by_keyboard_undone_and_kept_when_the_tab_closes(
    bare: Dataset, page: Page, dashboard: Dashboard
) -> None:
    page.goto(f"{dashboard.url}/label?dataset=reef")
    choice, counts = page.locator(".labeller .choice"), page.locator(".labeller .counts")
    expect(choice.first).to_be_visible()
    keep = page.locator(".labeller [data-mode=doubtful]").last  # of the view that comes
    for view, shows in (("Doubtful labels", True), ("Label next", False)):  # keys are for the view that is there
        page.get_by_role("radio", name=view).click()
        expect(keep).to_be_visible(visible=shows)
        expect(choice.last).to_be_visible()
    for _ in range(KEYS):
        page.keyboard.press("1")
    expect(counts).to_contain_text(f"{KEYS} answered here", timeout=KEYS * A_LABEL_MS)
    for typed in (bare.classes[0].upper(), "sea hare"):
        page.keyboard.press("c")
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
    page.keyboard.press("u")
    expect(page.locator(".labeller .said")).to_contain_text("Taken back")
    page.keyboard.press("2")
    dashboard.forget(page)  # at once: the last answer is still on its way
    until(lambda: len(answers()) >= KEYS + 3, PATIENCE_MS / 1000)
    made, entries = answers(), open_dataset("reef").entries
    assert len(made) == KEYS + 3
    assert set(open_dataset("reef").classes) == set(bare.classes)  # no second class in capitals
    assert [entry.undo for entry in entries if entry.undo] == [made[-2].number]


def test_undo__after_a_reload_takes_back_ones_own_last_answer(bare: Dataset, page: Page, dashboard: Dashboard) -> None:
    page.goto(f"{dashboard.url}/label?dataset=reef")
    undo = page.locator('.labeller [data-act="undo"]')
    expect(page.locator(".labeller .choice").first).to_be_visible()
    expect(undo).to_be_disabled()
    page.locator(".labeller .by").fill("Ada")
    page.locator(".labeller .counts").click()
    for key in "12":
        page.keyboard.press(key)
    until(lambda: len(answers()) == 2, PATIENCE_MS / 1000)
    page.reload()
    expect(undo).to_be_enabled()
    settled(page)  # a key that comes while the page is drawn may be lost
    for left in (1, 0):
        page.keyboard.press("u")
        until(lambda left=left: len(in_force(open_dataset("reef").entries)) == left + 1, PATIENCE_MS / 1000)
    expect(undo).to_be_disabled()
    settled(page)
    page.keyboard.press("1")
    until(lambda: len(answers()) == 3, PATIENCE_MS / 1000)
    for name in ("Bo", "Ada"):  # the page now tells of this answer too
        drawn_for(page, name)
    page.keyboard.press("u")
    until(lambda: len(in_force(open_dataset("reef").entries)) == 1, PATIENCE_MS / 1000)
    expect(undo).to_be_disabled()  # there is nothing to take back a second time
    assert open_dataset("reef").content_hash == bare.content_hash


def test_two_labellers__are_both_kept_at_one_picture_and_settle_where_they_differ(
    bare: Dataset, page: Page, dashboard: Dashboard
) -> None:
    other = page.context.new_page()
    for tab, by in ((page, "Ada"), (other, "Bo")):
        tab.goto(f"{dashboard.url}/label?dataset=reef")
        expect(tab.locator(".labeller .choice").first).to_be_visible()
        drawn_for(tab, by)
    expect(other.locator(".labeller .file")).to_have_text(page.locator(".labeller .file").inner_text())
    for tab, key in ((page, "1"), (other, "2")):
        tab.keyboard.press(key)
    until(lambda: len(answers()) == 2, PATIENCE_MS / 1000)
    other.keyboard.press("1")
    other.close(run_before_unload=True)  # at once: the answer is still on its way
    until(lambda: len(answers()) == 3, PATIENCE_MS / 1000)
    first, second, last = answers()
    assert sorted((first.by, second.by)) == ["Ada", "Bo"]
    assert (last.by, first.images.keys()) == ("Bo", second.images.keys())
    (labelled, *_), (again, *_) = first.images.values(), second.images.values()
    page.get_by_role("radio", name="Agreement").click()
    expect(page.get_by_text("1 picture labelled by both independently")).to_be_visible()
    note = page.locator(".labeller .note").last
    expect(note).to_contain_text(f"{first.by} says {labelled['label'][1]}")
    expect(note).to_contain_text(f"{second.by} says {again['opinion'][1]}")
    settled(page)
    page.keyboard.press("1")
    until(lambda: open_dataset("reef").entries[-1].why == "agreement", PATIENCE_MS / 1000)
    assert open_dataset("reef").entries[-1].by == "Ada"


def test_labels_again__are_second_opinions_with_pictures_of_a_class_on_demand(
    tiny_reef: Dataset, page: Page, dashboard: Dashboard
) -> None:
    page.goto(f"{dashboard.url}/label?dataset=reef&view=again")
    page.get_by_label("Your name").fill("Bo")
    page.keyboard.press("Enter")
    head, name = page.locator(".labeller .near .head"), tiny_reef.classes[2]
    expect(page.locator(".labeller .choice").first).to_be_visible()
    page.keyboard.press("Shift+Digit3")  # at once: the keys are no letters of the name
    expect(head).to_have_text(f"Pictures of {name}")
    page.keyboard.press("Shift+Digit3")
    expect(head).to_have_count(0)
    page.get_by_role("button", name=f"Pictures of {name}").click()
    expect(head).to_have_text(f"Pictures of {name}")
    page.keyboard.press("c")
    page.keyboard.type(tiny_reef.classes[4].upper())
    expect(head).to_have_text(f"Pictures of {tiny_reef.classes[4]}")
    page.keyboard.press("Enter")
    page.keyboard.press("x")  # leaves nothing out here
    page.keyboard.press("1")
    until(lambda: len(open_dataset("reef").entries) == 2, PATIENCE_MS / 1000)
    now = open_dataset("reef")
    said = [next(iter(entry.images.values())) for entry in now.entries]
    assert said == [{"opinion": ("", tiny_reef.classes[4])}, {"opinion": ("", tiny_reef.classes[0])}]
    assert {entry.by for entry in now.entries} == {"Bo"}
    assert now.content_hash == tiny_reef.content_hash
