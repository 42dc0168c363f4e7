"""How long the Contrast page takes for a new batch of pictures, and for another temperature.

    python -m benchmarks.screen.contrast

Draws a reef of 256 px and opens the page in headless Chromium with the ImageNet encoder, which sees 224 px. A new batch
is 16 pictures that were never decoded: from the click until the browser shows their loss and the script has ended. A
temperature is set with 32 pictures: from the slider's event until a second frame is drawn.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.measuring import Figure, main
from benchmarks.screen.response_times import Watch
from benchmarks.screen.serving import browser_of, dashboard
from sealife_core.datasets.reef import draw_reef

IMAGES, SIZE_PX, BATCHES, TEMPERATURES = 400, 256, 12, 40
BOARD = "[...document.querySelectorAll('*')].map(e => e.shadowRoot?.querySelector('.board')).find(Boolean)"
LOSS = f"({BOARD}?.querySelector('.loss').textContent ?? '')"
SLIDE = f"""(place) => new Promise((done) => {{
  const range = {BOARD}.querySelector('input[type=range]'), begun = performance.now();
  range.value = place;
  range.dispatchEvent(new Event('input'));
  requestAnimationFrame(() => requestAnimationFrame(() => done((performance.now() - begun) / 1000)));
}})"""


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"SEALIFE_HOME": home, "SEALIFE_READY_MINUTES": "0"}
        draw_reef(images=IMAGES, size_px=SIZE_PX)
        with dashboard(Path(home)) as url, sync_playwright() as playwright:
            browser = browser_of(playwright)
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            batches, temperatures = new_batches(page, url), new_temperatures(page, url)
            browser.close()
    yield figure("Contrast: a new batch of 16 pictures", batches, "≤ 1")
    yield figure("Contrast: another temperature, 32 pictures", temperatures, "≤ 0.1")


def opened(page: Page, url: str, pictures: int) -> Watch:
    page.goto(f"{url}/contrast?encoder=imagenet&batch={pictures}")
    watch = Watch(page, as_json=False)
    watch.once(lambda: None, f"{LOSS} !== ''")
    watch.rest()
    return watch


def new_batches(page: Page, url: str) -> list[float]:
    """Seconds of each; the first is left out: it warms the network up."""
    watch, seconds = opened(page, url, 16), []
    for _ in range(BATCHES + 1):
        click = page.get_by_role("button", name="Other pictures").click
        seconds.append(watch.once(click, f"{LOSS} !== {json.dumps(page.evaluate(LOSS))}"))
        watch.rest()
    return seconds[1:]


def new_temperatures(page: Page, url: str) -> list[float]:
    watch = opened(page, url, 32)
    seconds = [page.evaluate(SLIDE, place) for place in np.linspace(-2, 1, TEMPERATURES).tolist()]
    watch.rest()
    return seconds


def figure(what: str, seconds: list[float], aim: str) -> Figure:
    worst = float(np.percentile(seconds, 95))
    return Figure(f"{what}, 95th percentile", worst, "s", aim, f"median {median(seconds):.3f} s of {len(seconds)}")


if __name__ == "__main__":
    main(measure, __doc__)
