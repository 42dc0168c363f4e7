"""The pictures of the README, taken from a running dashboard: python docs/screenshots.py http://localhost:8501

Needs Playwright and a Chromium on the path; the dashboard should show the reef after the demo and a study have ended,
of the same SEALIFE_HOME: for the page Label, 700 of its labels are taken away, and given back.
"""

import argparse
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from playwright.sync_api import sync_playwright

from sealife_core.datasets.corrections.editing import correct, undo
from sealife_core.datasets.dataset import open_dataset

PAGES = {
    "home": "",
    "data": "data",
    "label": "label?dataset=reef",
    "views": "views",
    "contrast": "contrast",
    "lessons": "lessons?lesson=temperature",
    "train": "train",
    "runs": "runs",
    "studies": "studies",
    "embeddings": "embeddings?method=UMAP",
    "compare": "compare",
    "gallery": "gallery",
}
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
SETTLED_MS = 4_000
PROJECTED_MS = 120_000  # the first UMAP of a run is computed in the background


@contextmanager
def few_labels() -> Iterator[None]:
    """The reef with three labels in ten."""
    reef = open_dataset("reef")
    images = reef.manifest["id"].tolist()
    hidden = correct(reef, {image: {"label": ""} for place, image in enumerate(images) if place % 10 > 2})
    try:
        yield
    finally:
        undo(hidden, hidden.version)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent)
    parser.add_argument("--pages", nargs="+", choices=PAGES, default=list(PAGES))
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=900)
    parser.add_argument("--scheme", choices=["light", "dark"], default="light")
    chosen = parser.parse_args()
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        size = {"width": chosen.width, "height": chosen.height}
        page = browser.new_page(viewport=size, color_scheme=chosen.scheme)  # type: ignore[arg-type]
        for name in chosen.pages:
            with few_labels() if name == "label" else nullcontext():
                page.goto(f"{chosen.url}/{PAGES[name]}")
                page.get_by_role("heading", level=1).wait_for(timeout=120_000)
                page.locator('[data-test-script-state="running"]').wait_for(state="detached", timeout=120_000)
                if name == "contrast":  # no better start than the reef itself: what SimCLR alone learns is seen
                    page.get_by_role("combobox", name="Encoder").click()
                    page.get_by_role("option", name="Demo: SimCLR", exact=True).click()
                    page.mouse.move(0, 0)
                    page.evaluate("document.activeElement.blur()")
                    page.wait_for_timeout(SETTLED_MS)
                    page.locator('[data-test-script-state="running"]').wait_for(state="detached", timeout=120_000)
                if name == "label":
                    page.locator(".labeller .choice").first.wait_for(timeout=120_000)
                if name == "embeddings":
                    page.get_by_text("Trustworthiness").first.wait_for(timeout=PROJECTED_MS)
                    page.locator('[class*="st-key-waiting_"]').wait_for(state="detached", timeout=PROJECTED_MS)
                page.wait_for_timeout(SETTLED_MS)
                page.screenshot(path=chosen.folder / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
