"""How long the Contrast page and a lesson take for new pictures, another temperature and a picture of one's own.

    python -m benchmarks.screen.contrast

Draws a reef of 256 px and opens the pages in headless Chromium with the ImageNet encoder, which sees 224 px. A new
batch is 16 pictures that were never decoded: from the click until the browser shows their loss and the script has
ended. A temperature is set with 32 pictures: from the slider's event until a second frame is drawn. What the encoder
ignores is asked of 32 pictures, changed in every way at every strength, once. A picture of one's own is a file of 640
px, never seen before: from the moment it is chosen until its name, its views and its nearest pictures are drawn; the
first is left out.
"""

import json
from collections.abc import Iterator
from functools import partial
from io import BytesIO

import numpy as np
from PIL import Image
from playwright.sync_api import Page

from benchmarks.made_once import trained
from benchmarks.measuring import Figure, main, own_home
from benchmarks.screen.response_times import PICTURES, Watch, slowest
from benchmarks.screen.serving import page_over
from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.reef import draw_reef

IMAGES, SIZE_PX, BATCHES, TEMPERATURES, OWN, OWN_PX = 400, 256, 12, 40, 12, 640
PATIENCE_MS = 180_000
BOARD = "[...document.querySelectorAll('*')].map(e => e.shadowRoot?.querySelector('.board')).find(Boolean)"
LOSS = f"({BOARD}?.querySelector('.loss').textContent ?? '')"
CHARTED = "[...document.querySelectorAll('*')].some(e => e.shadowRoot?.querySelector('.charts svg'))"
NEAREST = PICTURES.format(key="lessons-nearest")
SLIDE = f"""(place) => new Promise((done) => {{
  const range = {BOARD}.querySelector('input[type=range]'), begun = performance.now();
  range.value = place;
  range.dispatchEvent(new Event('input'));
  requestAnimationFrame(() => requestAnimationFrame(() => done((performance.now() - begun) / 1000)));
}})"""


def measure() -> Iterator[Figure]:
    with own_home() as home:
        reef = draw_reef(images=IMAGES, size_px=SIZE_PX)
        trained("Names", preset("classify", data=reef.name, data_hash=reef.content_hash))
        with page_over(home, 720, PATIENCE_MS) as (page, url):
            batches, temperatures = new_batches(page, url), new_temperatures(page, url)
            own, ignored_s = own_pictures(page, url, reef), ignored(page, url)
    yield slowest("Contrast: a new batch of 16 pictures", batches, "≤ 1")
    yield slowest("Contrast: another temperature, 32 pictures", temperatures, "≤ 0.1")
    yield Figure("Contrast: what the encoder ignores, 32 pictures, the first time", ignored_s, "s", "")
    yield slowest("Lessons: a picture of one's own is named", own, "≤ 0.3")


def opened(page: Page, url: str, pictures: int) -> Watch:
    page.goto(f"{url}/contrast?encoder=imagenet&batch={pictures}")
    watch = Watch(page)
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


def ignored(page: Page, url: str) -> float:
    page.goto(f"{url}/lessons")
    watch = Watch(page)
    watch.rest()
    seconds = watch.once(lambda: page.goto(f"{url}/contrast?section=ignored&encoders=imagenet"), CHARTED)
    watch.rest()
    return seconds


def own_pictures(page: Page, url: str, reef: Dataset) -> list[float]:
    """Seconds of each; the first is left out: it loads the model."""
    page.goto(f"{url}/lessons?lesson=imagenet")
    watch, seconds = Watch(page), []
    page.get_by_text("Hold something in front of the camera").click()
    page.get_by_role("radio", name="File").click()
    watch.rest()
    for row in reef.rows("test")[: OWN + 1]:
        file = BytesIO()
        Image.open(reef.image_path(int(row))).resize((OWN_PX, OWN_PX)).save(file, "JPEG")
        before = json.dumps(page.evaluate(NEAREST))
        chosen = {"name": f"{row}.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}
        choose = partial(page.locator("input[type=file]").set_input_files, chosen)
        seconds.append(watch.once(choose, f"{NEAREST} !== {before} && {NEAREST} !== ''"))
        watch.rest()
    return seconds[1:]


if __name__ == "__main__":
    main(measure, __doc__)
