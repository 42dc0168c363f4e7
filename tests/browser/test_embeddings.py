"""The Embeddings page in a real browser: what only a browser can show."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from sealife_core.datasets.dataset import Dataset
from tests.browser.served import PATIENCE_MS, Dashboard, settled
from tests.finished.runs import classifier_run, simclr_run

PLOT = ".sealife-plot[data-ready]"
PICTURES = ".st-key-selection_pictures img"


@pytest.fixture
def embedded(tiny_reef: Dataset) -> Dataset:
    """A reef with a SimCLR run and, newer, a classifier; drawn before the dashboard is opened."""
    simclr_run(tiny_reef, "The encoder")
    classifier_run(tiny_reef, "The probe", seed=1)
    return tiny_reef


def opened(page: Page, dashboard: Dashboard, query: str = "") -> None:
    page.goto(f"{dashboard.url}/embeddings{query}")
    expect(page.locator(PLOT).first).to_be_visible()
    settled(page)


def place_of(page: Page, row: int, plot: int = 0) -> tuple[float, float]:
    """Where on the screen the point of that row of the data set lies."""
    return page.evaluate(
        """([row, plot]) => {
          const node = document.querySelectorAll('.sealife-plot')[plot];
          const corner = node.querySelector('.nsewdrag').getBoundingClientRect();
          const { xaxis, yaxis } = node._fullLayout;
          for (const trace of node._fullData)
            for (let i = 0; i < trace.customdata.length; i++)
              if (trace.customdata[i][0] === row)
                return [corner.x + xaxis.l2p(trace.x[i]), corner.y + yaxis.l2p(trace.y[i])];
        }""",
        [row, plot],
    )


def chosen(page: Page, plot: int = 0) -> list[int]:
    """The rows that the chart draws as selected."""
    return page.evaluate(
        """(plot) => document.querySelectorAll('.sealife-plot')[plot]._fullData
          .flatMap((trace) => (trace.selectedpoints ?? []).map((i) => trace.customdata[i][0])).sort((a, b) => a - b)""",
        plot,
    )


def expect_chosen(page: Page, rows: list[int], plot: int = 0) -> None:
    """The chart comes to draw exactly these rows as selected: it is drawn after the pictures beside it."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while chosen(page, plot) != rows and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    assert chosen(page, plot) == rows


def lasso_left(page: Page, share: float = 0.5) -> None:
    box = page.locator(".sealife-plot .nsewdrag").first.bounding_box()
    assert box is not None
    left, top, right, bottom = box["x"] + 3, box["y"] + 3, box["x"] + share * box["width"], box["y"] + box["height"] - 3
    page.mouse.move(left, top)
    page.mouse.down()
    for corner in ((right, top), (right, bottom), (left, bottom), (left, top + 6)):
        page.mouse.move(*corner, steps=5)
    page.mouse.up()
    expect(page.locator(PICTURES).first).to_be_visible()
    settled(page)


def colour_by(page: Page, word: str) -> None:
    before = page.locator(PLOT).first.get_attribute("data-ready")
    page.get_by_label("Colour by").click()
    page.get_by_role("option", name=word, exact=True).click()
    expect(page.locator(f'.sealife-plot[data-ready="{before}"]')).to_have_count(0)
    settled(page)


def hover_shows(page: Page, row: int) -> None:
    page.mouse.move(*place_of(page, row))
    picture = page.locator(".sealife-hover:visible img")
    expect(picture).to_have_attribute("src", re.compile(rf"/thumb/reef/{row}\.jpg"))


def test_hover__shows_the_picture_and_its_class(embedded: Dataset, page: Page, dashboard: Dashboard) -> None:
    opened(page, dashboard)
    row = 7
    hover_shows(page, row)
    assert page.wait_for_function("document.querySelector('.sealife-hover img').naturalWidth > 0")
    expect(page.locator(".sealife-hover:visible")).to_contain_text(embedded.classes[embedded.labels[row]])


def test_lasso__fills_the_grid_and_survives_recolouring(embedded: Dataset, page: Page, dashboard: Dashboard) -> None:
    opened(page, dashboard)
    lasso_left(page)
    rows = chosen(page)
    assert 0 < len(rows) < len(embedded)
    expect(page.locator(PICTURES)).to_have_count(min(len(rows), 60))
    expect(page.get_by_text(f"{len(rows)} selected")).to_be_visible()
    colour_by(page, "right or wrong")
    expect_chosen(page, rows)
    expect(page.locator(PICTURES)).to_have_count(min(len(rows), 60))
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(PICTURES)).to_have_count(0)
    expect_chosen(page, [])


def visit(page: Page, title: str) -> None:
    page.get_by_role("link", name=title, exact=True).click()
    expect(page.get_by_role("heading", name=title, exact=True).first).to_be_visible()
    settled(page)


def test_coming_back__finds_the_chart_as_it_was_left_and_alive(
    embedded: Dataset, page: Page, dashboard: Dashboard
) -> None:
    opened(page, dashboard)
    lasso_left(page)
    rows = chosen(page)
    page.locator(PLOT).evaluate("node => { node.dataset.mark = 'the same'; }")
    visit(page, "Data")
    expect(page.locator(".sealife-plot")).to_have_count(0)
    visit(page, "Embeddings")
    expect(page.locator(PLOT)).to_have_attribute("data-mark", "the same")
    expect_chosen(page, rows)
    hover_shows(page, rows[0])
    colour_by(page, "split")
    expect_chosen(page, rows)
    lasso_left(page, 0.3)
    assert 0 < len(chosen(page)) < len(rows)


def test_link__shows_the_same_in_a_fresh_browser(embedded: Dataset, page: Page, dashboard: Dashboard) -> None:
    opened(page, dashboard)
    colour_by(page, "split")
    x, y = place_of(page, 3)
    page.mouse.move(x, y)
    page.mouse.click(x, y)
    neighbours = page.locator('[class*="st-key-neighbours"] img')
    expect(neighbours.first).to_be_visible()
    lasso_left(page, share=0.35)
    rows = chosen(page)
    assert 0 < len(rows) <= 40, "few enough for a link"
    seen = [image.get_attribute("src") for image in neighbours.all()]
    url = page.url
    dashboard.forget(page)
    page.goto(url)
    expect(page.locator(PLOT).first).to_be_visible()
    settled(page)
    expect(page.locator(PICTURES)).to_have_count(len(rows))
    expect_chosen(page, rows)
    assert [image.get_attribute("src") for image in neighbours.all()] == seen
    groups = page.locator(".sealife-legend button").all_inner_texts()
    assert [group.split()[-1] for group in groups] == ["training", "validation", "test"]


def test_two_encoders__show_one_selection_and_switch_groups_off(
    embedded: Dataset, page: Page, dashboard: Dashboard
) -> None:
    from sealife_core.runs.directory import list_runs

    newer, older = list_runs()
    opened(page, dashboard, f"?run={newer.id}&beside={older.id}")
    expect(page.locator(PLOT)).to_have_count(2)
    lasso_left(page)
    rows = chosen(page)
    assert rows
    expect_chosen(page, rows, plot=1)
    chip = page.locator(".sealife-legend").first.locator("button").first
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "false")
    page.wait_for_function("document.querySelector('.sealife-plot')._fullData[0].visible === 'legendonly'")
