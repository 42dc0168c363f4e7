"""While it learns, in a real browser: the arrow keys turn epochs, and everything on the page follows."""

import re

import numpy as np
from playwright.sync_api import Page, expect

from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.embeddings.stored_embeddings import write_pairs
from tests.browser.served import Dashboard
from tests.finished.runs import simclr_run


def test_epochs__are_turned_by_keys_and_all_charts_follow_until_another_run_is_chosen(
    tiny_reef: Dataset, page: Page, dashboard: Dashboard
) -> None:
    epochs = preset("simclr", "Quick look").epochs
    older, run, draw = simclr_run(tiny_reef, "Older"), simclr_run(tiny_reef, snapshots=3), np.random.default_rng(0)
    for epoch in range(3):
        write_pairs(run.path, epoch, draw.normal(size=(20, 16)) + (3 - epoch) * draw.normal(size=(2, 20, 16)))
    page.emulate_media(reduced_motion="no-preference")  # the charts move from epoch to epoch
    page.goto(f"{dashboard.url}/contrast?section=learning&run={run.id}")
    view = page.locator(".learning")
    now, histogram = view.locator("output"), view.locator("path.area.positive")
    expect(now).to_have_text(f"epoch 2 of {epochs}")
    expect(view.locator(".others img")).to_have_count(30)

    def state() -> tuple[str | None, ...]:
        nearest = view.locator(".others img").evaluate_all("all => all.map((one) => one.src + one.className).join()")
        return histogram.get_attribute("d"), view.locator(".says").text_content(), nearest

    expect(view).to_contain_text("right one among 39 views")
    expect(view).to_contain_text(re.compile(r"k-NN accuracy \d+ % of \d+ validation pictures"))
    same = view.locator(".others img.same").count()
    expect(view.locator(".count")).to_have_text(f"{same} of 30 share the class")
    end = state()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(now).to_have_text("before training")
    assert all(start != last for start, last in zip(state(), end, strict=True))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(now).to_have_text(f"epoch 2 of {epochs}")
    assert state() == end

    page.get_by_role("combobox", name="SimCLR run").click()
    page.get_by_role("option", name="Older").click()
    expect(page.get_by_text("it has stored no epoch")).to_be_visible()
    assert f"run={older.id}" in page.url
