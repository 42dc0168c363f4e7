"""A click on a place in the chart of accuracies shows its pictures, and a link to them."""

import re
from contextlib import suppress

from playwright.sync_api import Page, TimeoutError, expect

from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.dataset import Dataset
from tests.browser.served import PATIENCE_MS, Dashboard, settled
from tests.finished.runs import features_run

SITES, ABOVE_PX, BELOW_PX, RIGHT_PX = 6, 44, 18, 56  # around the rows of the chart, whose last place is the last row
TRIES = 24


def test_place__clicked_in_the_chart_shows_its_pictures_and_is_in_the_link(
    tiny_reef: Dataset, page: Page, dashboard: Dashboard
) -> None:
    correct(tiny_reef, {image: {"group": f"site {row % SITES}"} for row, image in enumerate(tiny_reef.manifest["id"])})
    features_run(tiny_reef)
    page.goto(f"{dashboard.url}/data?dataset=reef&look=Places")
    chart = page.locator(".st-key-places")
    expect(chart).to_be_visible()
    expect(page.get_by_text("1 to 11 of 11 pictures")).to_be_visible()
    expect(chart.locator("canvas").first).to_be_visible()
    settled(page)
    box = chart.bounding_box()
    assert box is not None
    row_px = (box["height"] - ABOVE_PX - BELOW_PX) / SITES
    # All are right everywhere, so that every dot lies at 100 %. A dot that is still on its way there is missed.
    dot = {"x": box["width"] - RIGHT_PX, "y": ABOVE_PX + (SITES - 0.5) * row_px}
    for _ in range(TRIES):
        chart.click(position=dot)  # type: ignore[arg-type]
        with suppress(TimeoutError):
            page.wait_for_url(re.compile(r"place=site\+5"), timeout=PATIENCE_MS / TRIES)
            break
    expect(page).to_have_url(re.compile(r"place=site\+5"))
    expect(page.get_by_text("1 to 10 of 10 pictures")).to_be_visible()
