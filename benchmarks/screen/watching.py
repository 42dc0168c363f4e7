"""What it costs to look: how much an open live page slows the training it watches, and what a dashboard does idle.

    python -m benchmarks.screen.watching

Trains SimCLR on a small reef in a home of its own. Headless Chromium shows the Runs page of that run and closes it by
turns, while the server runs on; the run's own metrics.jsonl tells how many views a second went through in each turn.
The browser draws on the same processor as the training, and what that costs is part of the figure. Then nothing trains,
and the processor time of the server is read, without a page and with one.
"""

import time
from collections.abc import Iterator
from statistics import median

import psutil
from playwright.sync_api import Browser, sync_playwright

from benchmarks.measuring import Figure, main, own_home
from benchmarks.screen.launch import until
from benchmarks.screen.serving import browser_of, dashboard, server_process
from sealife_core.config import preset
from sealife_core.datasets.reef import draw_reef
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.queue import launch, request_stop

IMAGES, SIZE_PX, BATCH_SIZE = 1024, 32, 128
OLD_S = 121.0  # a young run is looked at more often
TURNS, TURN_S, SETTLE_S = 4, 10.0, 3.0  # what opening or closing a page costs passes before a turn counts
EPOCHS = 300  # a quarter of an hour; of many more, Lightning would not log every step
IDLE_S = 30.0
CURVE = "[data-testid=stMain] canvas"


def measure() -> Iterator[Figure]:
    with own_home() as home:
        draw_reef(images=IMAGES, size_px=SIZE_PX)
        small = {"data": "reef", "image_size_px": SIZE_PX, "batch_size": BATCH_SIZE, "monitor_every": 0}
        run = create_run(preset("simclr", "Quick look", **small, epochs=EPOCHS))
        launch(run)
        with dashboard(home) as url, sync_playwright() as playwright:
            page_of_run = f"{url}/runs?run={run.id}"
            browser = browser_of(playwright)
            server = server_process()
            until(lambda: len(run.metrics()) >= 5)
            yield slowdown("in its first two minutes", "", run, browser, page_of_run, server)
            time.sleep(max(0.0, OLD_S - (time.time() - run.status()["started"])))
            yield slowdown("from then on", "≤ 3", run, browser, page_of_run, server)
            request_stop(run)
            until(lambda: "exit_code" in (run.process() or {}))
            yield left_alone(browser, page_of_run, server)
            browser.close()


def slowdown(when: str, aim: str, run: Run, browser: Browser, address: str, server: psutil.Process) -> Figure:
    """By how many percent the run is slower while its page is open: closed and open by turns."""
    rates: dict[bool, list[float]] = {False: [], True: []}
    spent = {"server": 0.0, "browser": 0.0}
    watched_s = 0.0
    for turn in range(2 * TURNS):
        is_open = turn % 4 in (1, 2)  # closed, open, open, closed, …: a drift of the machine strikes both
        page = browser.new_page(viewport={"width": 1280, "height": 1000}) if is_open else None
        if page is not None:
            page.goto(address)
            page.wait_for_selector(CURVE)
        time.sleep(SETTLE_S)
        before = processor_s(server), processor_s_of_browsers()
        begun = time.time()
        time.sleep(TURN_S)
        ended = time.time()
        if page is not None:
            spent["server"] += processor_s(server) - before[0]
            spent["browser"] += processor_s_of_browsers() - before[1]
            watched_s += ended - begun
            page.close()
        rates[is_open].append(views_per_s(run, begun, ended))
    shut, watched = median(rates[False]), median(rates[True])
    # Each open turn against the closed one beside it: what else the machine does comes and goes more slowly than that.
    lost = [100 * (1 - one / other) for one, other in zip(rates[True], rates[False], strict=True)]
    of_server, of_browser = (100 * seconds / watched_s for seconds in spent.values())
    told = (
        f"{watched:,.0f} against {shut:,.0f} views/s; meanwhile the server took {of_server:.1f} % of a core"
        f" and the browser {of_browser:.1f} %; single pairs of turns {min(lost):.1f} to {max(lost):.1f} %"
    )
    what = f"Open live page: slowdown of the training it watches, {when}"
    return Figure(what, median(lost), "%", aim, told)


def left_alone(browser: Browser, address: str, server: psutil.Process) -> Figure:
    """Percent of one core that the server takes while nothing trains, with no page open or with one: the larger."""
    without = idle_percent(server)
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.goto(address)
    page.wait_for_selector(CURVE)
    time.sleep(SETTLE_S)
    beside = idle_percent(server)
    page.close()
    told = f"{without:.1f} % without a page, {beside:.1f} % with one"
    return Figure("Dashboard left alone", max(without, beside), "% of one core", "≤ 2", told)


def idle_percent(server: psutil.Process) -> float:
    """Percent of one core over IDLE_S."""
    before, begun = processor_s(server), time.perf_counter()
    time.sleep(IDLE_S)
    return 100 * (processor_s(server) - before) / (time.perf_counter() - begun)


def processor_s(process: psutil.Process) -> float:
    """Seconds of processor time a process has taken so far."""
    times = process.cpu_times()
    return times.user + times.system


def processor_s_of_browsers() -> float:
    """Seconds that all processes of the browser which live have taken so far."""
    found = 0.0
    for child in psutil.Process().children(recursive=True):
        try:
            if "chrom" in child.name():
                found += processor_s(child)
        except psutil.NoSuchProcess:
            continue
    return found


def views_per_s(run: Run, begun: float, ended: float) -> float:
    """Of the steps that ended between two moments."""
    rows = [row for row in run.metrics() if begun <= row["time"] <= ended]
    return 2 * BATCH_SIZE * (rows[-1]["step"] - rows[0]["step"]) / (rows[-1]["time"] - rows[0]["time"])


if __name__ == "__main__":
    main(measure, __doc__)
