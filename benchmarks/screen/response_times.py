"""How long the screen takes to answer, with 200 runs and 20,000 embeddings: every page, and what is done on it.

    python -m benchmarks.screen.response_times [--home FOLDER] [--images 20000] [--runs 200] [--repeats 10]
                                               [--only pages] [--brief]

Draws a reef of that many images, 13,000 of them in its test split, trains SimCLR, a probe and a fine-tune on it for one
epoch, and puts further copies of these runs beside them (a kept FOLDER is used again). With --brief, for many images,
the encoder is an untrained one that embeds every image, and probe and fine-tune learn from a hundredth of the labels:
what the pages read (manifest, embeddings, predictions) is as long as ever, and as many pictures were tested; only the
film and the space of the projection head, which are SimCLR's, are not there. Then it opens the dashboard in headless
Chromium, does everything once, and then times each action from the click until its result is drawn and the script has
ended. Prints the median and the 95th percentile; what is done for the first time is not among them. Where there is no
graphics card Chromium draws on the processor, which takes a good part of these times.
"""

import json
import os
import time
from collections.abc import Callable, Container, Iterable, Iterator
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import Page, TimeoutError

from benchmarks.measuring import Figure, arguments, own_home, tell_all
from benchmarks.screen.serving import fill, page_over, reef_of

AIM = "≤ 0.7"
IDLE = "!document.querySelector('[data-test-script-state=\"running\"]')"
PLOT = ".sealife-plot[data-ready]"
CARD = (  # the first card of the gallery, which lives in a shadow root
    "([...document.querySelectorAll('.st-key-gallery_cards *')].map(e => e.shadowRoot).filter(Boolean)"
    ".map(r => r.querySelector('.card')?.dataset.id)[0] ?? '')"
)
# What is drawn under a key: pictures are in the shadow roots of components.
PICTURES = "[...document.querySelectorAll('[class*=st-key-{key}] *')].map(e => e.shadowRoot?.innerHTML ?? '').join('')"
MATRIX = "[...document.querySelectorAll('*')].some(e => e.shadowRoot?.querySelector('button.cell.right'))"
PAGES = {  # what is there once a page is drawn, perhaps in the shadow root of a component
    "Home": "[data-testid=stMain] button",
    "Data": "img",
    "Views": "[data-testid=stMain] img",
    "Train": "[data-testid=stMain] form, [data-testid=stMain] button",
    "Runs": "[data-testid=stDataFrame]",
    "Studies": "[data-testid=stMain] button",
    "Embeddings": PLOT,
    "Compare": "[data-testid=stMain] canvas",
    "Gallery": ".st-key-gallery_cards",
}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--home", type=Path, help="a folder to keep for the next time")
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--only", choices=list(MEASURES), action="append", help="may be repeated; all unless given")
    parser.add_argument("--brief", action="store_true", help="train as little as it takes to have something to look at")
    chosen = parser.parse_args()
    with own_home(chosen.home) as home:
        fill(reef_of(chosen.images), chosen.runs, chosen.brief)
        with page_over(home) as (page, url):
            tell_all(measure(Watch(page), url, chosen.repeats, chosen.only or MEASURES), chosen.json)


def measure(watch: "Watch", url: str, repeats: int, only: Iterable[str]) -> Iterator[Figure]:
    begun, taken_before = time.perf_counter(), taken_s()
    for name in only:
        yield from MEASURES[name](watch, url, repeats)
    share = 100 * (taken_s() - taken_before) / (time.perf_counter() - begun) / (os.cpu_count() or 1)
    told = "of a virtual machine's processors, by its host: what is slow once may be slow by that"
    yield Figure("Taken meanwhile", share, "%", "", told)


def taken_s() -> float:
    """Seconds of all processors that the host of a virtual machine gave to others since it began; 0 elsewhere."""
    return getattr(psutil.cpu_times(), "steal", 0.0)


class Watch:
    """Times what is done in a page, again and again."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._taken: dict[str, list[float]] = {}

    def once(self, act: Callable[[], object], seen: str) -> float:
        """Seconds from ``act`` until the expression ``seen`` is true, the script has ended and a frame is drawn."""
        begun = time.perf_counter()
        act()
        try:
            self.page.wait_for_function(f"() => {seen} && {IDLE}", polling="raf")
        except TimeoutError:
            raise SystemExit(f"This did not come true: {seen}") from None
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return time.perf_counter() - begun

    def turn(self, what: str, act: Callable[[], object], seen: str) -> None:
        """Time ``act`` once more, and rest."""
        self._taken.setdefault(what, []).append(self.once(act, seen))
        self.rest()

    def figures(self, aimless: Container[str] = ()) -> Iterator[Figure]:
        """Of everything that was timed by turns; the first time of each, which loads, is left out."""
        for what, seconds in self._taken.items():
            yield slowest(what, seconds[1:], "" if what in aimless else AIM)
        self._taken.clear()

    def rest(self) -> None:
        """What a person does between two clicks: look."""
        self.page.wait_for_timeout(800)


def slowest(what: str, seconds: list[float], aim: str = AIM) -> Figure:
    """The 95th percentile, with the median beside it."""
    worst, told = float(np.percentile(seconds, 95)), f"median {np.median(seconds):.3g} s of {len(seconds)}"
    return Figure(f"{what}, 95th percentile", worst, "s", aim, told)


def every_page(watch: Watch, url: str, repeats: int) -> Iterator[Figure]:
    """From a click in the navigation to the page, settled."""
    watch.page.goto(url)
    for _ in range(repeats + 1):
        for title in PAGES:
            watch.turn(f"{title}, opened", *opening(watch.page, title))
    yield from watch.figures()


def opening(page: Page, title: str) -> tuple[Callable[[], object], str]:
    """A click in the navigation, and what is true once the page is there."""
    link = page.get_by_role("link", name=title, exact=True)
    here = f"document.querySelector('h1')?.innerText === {json.dumps(title)}"
    if title == "Home":
        here = "location.pathname === '/'"
    roots = "[document, ...[...document.querySelectorAll('[data-testid=stMain] *')].flatMap(e => e.shadowRoot ?? [])]"
    return link.click, f"{here} && {roots}.some(r => r.querySelector({json.dumps(PAGES[title])}))"


def embeddings(watch: Watch, url: str, repeats: int) -> Iterator[Figure]:
    """Lasso, recolour, neighbours."""
    page = watch.page
    page.goto(f"{url}/embeddings")
    page.wait_for_selector(PLOT)
    page.wait_for_timeout(3000)
    lassoed, neighbours = [], []
    recoloured: dict[str, list[float]] = {"split": [], "k-means cluster": [], "class": []}
    for turn in range(repeats + 1):
        lassoed.append(lasso(watch, 0.35 + 0.3 * (turn % 2)))
        for word, seconds in recoloured.items():
            before = page.locator(PLOT).first.get_attribute("data-ready")
            page.get_by_label("Colour by").click()
            option = page.get_by_role("option", name=word, exact=True)
            option.wait_for()
            watch.rest()
            drawn = f"document.querySelector({json.dumps(PLOT)})?.dataset.ready !== {json.dumps(before)}"
            seconds.append(watch.once(option.click, drawn))
            watch.rest()
        neighbours.append(ask_neighbours(watch, turn))
        page.get_by_role("button", name="Clear").first.click()
        watch.rest()
    yield slowest("Embeddings: lasso of thousands", lassoed[1:])
    yield slowest("Embeddings: k-means for the first time", recoloured["k-means cluster"][:1])
    for word, seconds in recoloured.items():
        yield slowest(f"Embeddings: coloured by {word}", seconds[1:])
    yield slowest("Embeddings: neighbours of a clicked point", neighbours[1:])


def lasso(watch: Watch, share: float) -> float:
    """Around that share of the chart, from the left."""
    page = watch.page
    page.locator(PLOT).first.evaluate("plot => plot.scrollIntoView({ block: 'center' })")
    watch.rest()
    box = page.locator(".sealife-plot .nsewdrag").first.bounding_box()
    assert box is not None
    left, top, right, bottom = box["x"] + 3, box["y"] + 3, box["x"] + share * box["width"], box["y"] + box["height"] - 3
    page.mouse.move(left, top)
    page.mouse.down()
    for corner in ((right, top), (right, bottom), (left, bottom), (left, top + 6)):
        page.mouse.move(*corner, steps=2)
    watch.rest()
    told = "Number(document.querySelector('.sealife-plot').dataset.selected).toLocaleString('en') + ' selected'"
    return watch.once(
        page.mouse.up,
        f"{PICTURES.format(key='selection_pictures')}.includes('<img') && document.body.innerText.includes({told})",
    )


def ask_neighbours(watch: Watch, number: int) -> float:
    """Click a point that has not been clicked yet."""
    page = watch.page
    x, y = page.evaluate(
        """(number) => {
          const node = document.querySelector('.sealife-plot');
          const corner = node.querySelector('.nsewdrag').getBoundingClientRect();
          const { xaxis, yaxis } = node._fullLayout, trace = node._fullData[number % node._fullData.length];
          return [corner.x + xaxis.l2p(trace.x[number]), corner.y + yaxis.l2p(trace.y[number])];
        }""",
        number,
    )
    page.mouse.move(x, y)
    watch.rest()
    shown = PICTURES.format(key="neighbours")
    before = page.evaluate(shown)
    return watch.once(lambda: page.mouse.click(x, y), f"{shown}.includes('<img') && {shown} !== {json.dumps(before)}")


def gallery(watch: Watch, url: str, repeats: int) -> Iterator[Figure]:
    """Pages, filters, one picture, the confusion matrix."""
    page = watch.page
    page.goto(f"{url}/gallery")
    page.wait_for_function(f"() => {CARD} && {IDLE}")
    watch.rest()

    def turn(what: str, act: Callable[[], object], seen: str = "") -> None:
        watch.turn(f"Gallery: {what}", act, seen or f"{CARD} !== {json.dumps(page.evaluate(CARD))}")

    def tab(name: str) -> Callable[[], object]:
        radio, button = (page.get_by_role(role, name=name, exact=True) for role in ("radio", "button"))
        return radio.or_(button).first.click

    for _ in range(repeats + 1):
        page.evaluate("document.activeElement.blur()")  # the arrows belong to a group of buttons that has the focus
        turn("next page by key", lambda: page.keyboard.press("ArrowRight"))
        turn("right ones only", tab("Right"))
        turn("all again", tab("All"))
        turn(
            "one picture", page.locator(".st-key-gallery_cards .card").first.click, "location.href.includes('picture')"
        )
        address = json.dumps(page.url)
        turn("next picture by key", lambda: page.keyboard.press("ArrowRight"), f"location.href !== {address}")
        turn("back to the grid", lambda: page.keyboard.press("Escape"), CARD)
        turn("confusion matrix", tab("Classes"), MATRIX)
        turn("back to pictures", tab("Pictures"), CARD)
    yield from watch.figures()


MEASURES = {"pages": every_page, "embeddings": embeddings, "gallery": gallery}

if __name__ == "__main__":
    main()
