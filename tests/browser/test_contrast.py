"""The matrix of similarities in a real browser: the slider, a cell, and the link."""

import re

import torch
from playwright.sync_api import Page, expect

from dashboard.cache.contrast import view_batch
from dashboard.data.contrast.encoder_sources import sources
from dashboard.data.contrast.view_batches import batch_rows
from sealife_core.config import RECIPES
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast import similarities
from sealife_core.runs.run import Run
from tests.browser.served import Dashboard, settled

FADES = """() => {
  window.fades = [];
  addEventListener('transitionrun', ({ target, propertyName }) => {
    if (propertyName !== 'opacity' || !target.dataset.stale) return;
    window.fades.push(...target.getAnimations().map((one) => one.effect.getTiming().duration));
  });
}"""


def signed(value: torch.Tensor) -> str:
    return f"{value:.3f}".replace("-", "−")


def test_matrix__a_temperature_and_a_cell_are_computed_here_and_kept_in_the_link(
    tiny_reef: Dataset, pretrained: Run, page: Page, dashboard: Dashboard
) -> None:
    (source,) = (found for found in sources([pretrained], {pretrained.id: "SimCLR"}) if found.run)
    batch = view_batch(tiny_reef, batch_rows(tiny_reef, 0, 4), RECIPES["SimCLR"], 0, source)
    cosines = torch.from_numpy(batch.similarities["h"])

    page.goto(f"{dashboard.url}/contrast?dataset=reef&encoder={pretrained.id}&batch=4")
    canvas, loss, verdict = (page.locator(f".board {name}") for name in ("canvas", ".loss", ".verdict"))
    expect(canvas).to_be_visible()
    settled(page)
    page.get_by_role("slider").fill("-1.5")
    expect(loss).to_have_text(f"{similarities.losses(cosines, 10**-1.5).mean():.2f}")

    box = canvas.bounding_box()
    assert box is not None
    cell = box["width"] / 9  # eight views, and their pictures at the edge
    page.mouse.click(box["x"] + 6.5 * cell, box["y"] + 3.5 * cell)  # row 2, column 5: B2 of the same picture is 6
    expect(verdict).to_contain_text(signed(cosines[2, 5]))
    expect(page.locator(".anchor .title")).to_contain_text(f"Anchor A3 {batch.names[2]}")
    canvas.press("ArrowRight")
    expect(verdict).to_contain_text("Positive pair")
    expect(page.locator(".steps")).to_contain_text(f"{signed(cosines[2, 6])} / 0.0316")
    page.wait_for_url(re.compile("anchor=2"))
    assert "temperature=0.0316" in page.url
    settled(page)
    expect(verdict).to_contain_text("Positive pair")

    page.mouse.click(box["x"] + 0.5 * cell, box["y"] + 3.5 * cell)  # row 2 at the left edge
    large = page.get_by_role("dialog")
    expect(large).to_contain_text(f"A3 {batch.names[2]}")
    expect(large.locator("> img")).to_have_attribute("src", re.compile("^data:image/jpeg"))
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    expect(large).to_contain_text(tiny_reef.file_names[batch.rows[2]])
    expect(large).not_to_contain_text("A3")
    page.keyboard.press("Escape")
    expect(large).to_have_count(0)
    assert "Anchor A3" in page.locator(".anchor .title").inner_text(), "the board stays as it was"

    page.mouse.click(box["x"] + 6.5 * cell, box["y"] + 3.5 * cell)
    pair = page.locator(".pair figcaption")
    expect(pair.nth(1)).to_contain_text("B2")
    chosen = pair.all_text_contents()
    page.evaluate(FADES)
    page.get_by_test_id("stSelectbox").filter(has_text="Encoder").locator("input").click()
    page.get_by_role("option", name="Untrained").click()
    expect(verdict).not_to_contain_text(signed(cosines[2, 5]))
    settled(page)
    assert pair.all_text_contents() == chosen, "another encoder, the same two pictures"
    assert set(page.evaluate("fades")) == {0}, "what is computed anew does not fade, which would redraw the whole page"
