"""How long the screen takes to answer while labels are corrected and given, with 20,000 pictures.

    python -m benchmarks.screen.curation [--home FOLDER] [--images 20000] [--repeats 10]

Draws a reef of that many pictures, takes half of the labels away, and computes ImageNet's features of all (a kept
FOLDER is used again). Then it opens the dashboard in headless Chromium. Opened for the first time, the page Label joins
the features and judges every label: told, without an aim. After that each action is timed from the key or the click
until its result is drawn and the script has ended; after every dozen answers a model learns again, while the labeller
goes on with the pictures it has.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from playwright.sync_api import Page

from benchmarks.made_once import trained
from benchmarks.measuring import Figure, arguments, own_home, tell_all
from benchmarks.screen.response_times import PICTURES, Watch
from benchmarks.screen.serving import PATIENCE_MS, SIZE_PX, page_over
from dashboard.app_pages.label.next_pictures import REFIT_AFTER
from sealife_core.config import preset
from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.dataset import list_datasets
from sealife_core.datasets.reef import draw_reef

LEARNS = ("Label: the dozenth answer, learned from", "Label: next again")  # nobody waits: the pictures go on meanwhile
FIRST_MS = 20 * PATIENCE_MS  # what is computed once
FEATURES = {"encoder": "tf_efficientnet_lite0", "weights": "imagenet"}
IN_LABELLER = "[...document.querySelectorAll('*')].map(e => e.shadowRoot?.querySelector('{}')).find(Boolean)"
COUNTS, CHOICE = (IN_LABELLER.format(f".labeller {part}") for part in (".counts", ".choice"))
DOUBTFUL = IN_LABELLER.format("[data-mode=doubtful]:not([hidden])")
BOUGHT = "[...document.querySelectorAll('[data-testid=stMain] p')].find(p => p.innerText.startsWith('What the labels'))"
LARGE = "[document, ...[...document.querySelectorAll('*')].flatMap(e => e.shadowRoot ?? [])]"
DIALOG = f"{LARGE}.map(r => r.querySelector('dialog.large')).find(Boolean)"
KNOWN = f"{DIALOG}?.querySelector('.chips button') && {DIALOG}?.querySelector('.near img')"


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--home", type=Path, help="a folder to keep for the next time")
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=10)
    chosen = parser.parse_args()
    with own_home(chosen.home) as home:
        fill(chosen.images)
        with page_over(home, patience_ms=FIRST_MS) as (page, url):
            tell_all(measure(Watch(page), url, chosen.repeats), chosen.json)


def fill(images: int) -> None:
    """The reef, with features of all its pictures and half of its labels."""
    if "reef" in list_datasets():
        return
    reef = draw_reef(images=images, size_px=SIZE_PX)
    config = preset(
        "embed", "Quick look", data=reef.name, data_hash=reef.content_hash, image_size_px=SIZE_PX, **FEATURES
    )
    trained("ImageNet", config)
    ids = reef.manifest["id"][reef.rows("train")]
    correct(reef, {image: {"label": ""} for image in ids[::2]})


def measure(watch: Watch, url: str, repeats: int) -> Iterator[Figure]:
    yield from labelling(watch, url, repeats)
    yield from correcting(watch, url, repeats)


def labelling(watch: Watch, url: str, repeats: int) -> Iterator[Figure]:
    """The page Label: opened, answered, its other views."""
    page = watch.page
    page.goto(f"{url}/train")
    watch.rest()
    yield first("Label: opened for the first time", watch.once(opener(page, "Label"), CHOICE))
    view = (
        page.get_by_role("radio", name="Doubtful labels").or_(page.get_by_role("button", name="Doubtful labels")).first
    )
    yield first("Label: every label judged, once", watch.once(view.click, f"{CHOICE} && {DOUBTFUL}"))
    for _ in range(repeats + 1):
        watch.once(opener(page, "Data"), "document.querySelector('h1')?.innerText === 'Data'")
        watch.rest()
        watch.turn("Label: opened", opener(page, "Label"), CHOICE)
        for answer in range(REFIT_AFTER):
            before = json.dumps(page.evaluate(f"[{COUNTS}.textContent, {BOUGHT}?.innerText ?? '']"))
            last = answer == REFIT_AFTER - 1
            seen = f"{COUNTS}?.textContent !== {before}[0]" + (
                f" && {BOUGHT}?.innerText !== {before}[1]" if last else ""
            )
            watch.turn(LEARNS[0] if last else "Label: an answer by key", partial(page.keyboard.press, "1"), seen)
        watch.turn("Label: doubtful labels", view.click, DOUBTFUL)
        before = json.dumps(page.evaluate(f"{COUNTS}.textContent"))
        seen = f"{COUNTS}?.textContent !== {before}"
        watch.turn("Label: a doubtful label kept", partial(page.keyboard.press, "k"), seen)
        watch.turn(LEARNS[1], page.get_by_role("radio", name="Label next").first.click, f"!{DOUBTFUL} && {CHOICE}")
    yield from watch.figures(aimless=LEARNS)


def correcting(watch: Watch, url: str, repeats: int) -> Iterator[Figure]:
    """The page Data: a picture opened large, corrected, undone; find by name; history."""
    page = watch.page
    page.goto(f"{url}/data")
    watch.once(lambda: None, "document.querySelector('[data-testid=stMain] .stTabs, [role=tab]')")
    watch.rest()
    for place in range(repeats + 1):
        opened = page.locator(".cell").nth(place).click
        watch.turn("Data: a picture opened, with its history and neighbours", opened, KNOWN)
        said = f"{DIALOG}.querySelector('.said').textContent.includes('%s')"
        other = page.evaluate(
            f"[...{DIALOG}.querySelectorAll('.chips button')].findIndex(c => !c.matches('.chosen')) + 1"
        )
        watch.turn("Data: a picture relabelled by key", partial(page.keyboard.press, str(other)), said % "labelled")
        watch.turn("Data: undone", partial(page.keyboard.press, "u"), said % "undone")
        page.keyboard.press("Escape")
        watch.rest()
        found = page.get_by_role("textbox", name="Find by name")
        found.fill(f"{place:02}7")
        shown = PICTURES.format(key="pictures")
        changed = f"{shown} !== {json.dumps(page.evaluate(shown))}"
        watch.turn("Data: found by name", partial(found.press, "Enter"), changed)
        found.fill("")
        found.press("Enter")
        watch.rest()
        watch.turn("Data: history", page.get_by_role("tab", name="History").click, says("Version"))
        watch.turn("Data: back to the pictures", page.get_by_role("tab", name="Pictures").click, "true")
    yield from watch.figures(aimless=LEARNS)


def opener(page: Page, title: str) -> Callable[[], object]:
    """A click on a page's name in the navigation."""
    return page.get_by_role("link", name=title, exact=True).click


def says(text: str) -> str:
    """An expression: whether the page shows ``text``."""
    return f"document.querySelector('[data-testid=stMain]').innerText.includes({json.dumps(text)})"


def first(what: str, seconds: float) -> Figure:
    """What is computed once."""
    return Figure(what, seconds, "s", "")


if __name__ == "__main__":
    main()
