"""What the screen's benchmarks open: a dashboard over runs and embeddings that were made for it, and a browser."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from benchmarks.made_once import trained
from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset, list_datasets, open_dataset, write_dataset
from sealife_core.datasets.reef import draw_reef
from sealife_core.runs.directory import list_runs
from sealife_core.runs.run import Run

ROOT = Path(__file__).resolve().parents[2]
SIZE_PX = 32
PATIENCE_MS = 30_000
TESTED, VALIDATED = 0.65, 0.05
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


def reef_of(images: int) -> Dataset:
    """The reef; most of it is in the test split, where a page of results has the most to show."""
    if "reef" in list_datasets():
        return open_dataset("reef")
    dataset = draw_reef(images=images, size_px=SIZE_PX)
    shares = [1 - TESTED - VALIDATED, VALIDATED, TESTED]
    splits = np.random.default_rng(0).choice(["train", "val", "test"], images, p=shares)
    return write_dataset(dataset.folder, dataset.manifest.assign(split=splits), dataset.info)


def fill(dataset: Dataset, runs: int, brief: bool = False) -> None:
    """Three runs that were really trained, and as many copies of them as it takes to have ``runs``.

    brief: the encoder is not trained at all, and the other two on a hundredth of the labels.
    """
    if not list_runs():
        common: dict[str, Any] = {"data": dataset.name, "image_size_px": SIZE_PX}
        if brief:
            encoder = trained("Untrained", preset("embed", "Quick look", **common, stem="imagenet", weights="random"))
            common["label_fraction"] = 1
        else:
            encoder = trained("SimCLR", preset("simclr", "Quick look", **common, epochs=1))
        common["weights"] = f"run:{encoder.id}"
        trained("Probe", preset("probe", "Quick look", **common, epochs=1))
        trained("Fine-tune", preset("finetune", "Quick look", **common, epochs=1))
    originals = list_runs()
    for number in range(len(originals), runs):
        run = originals[number % len(originals)]
        day = time.strftime("%Y%m%d-%H%M%S", time.localtime(time.time() - 3600 * number))
        copy = Run(run.root / re.sub(r"^\d+-\d+", day, run.id))
        shutil.copytree(run.path, copy.path, copy_function=os.link)
        copy.write_notes(name=f"{run.notes()['name']} {number}")  # a file of its own: what is linked is never changed


@contextmanager
def dashboard(home: Path) -> Iterator[str]:
    """The address of a dashboard over ``home``, for as long as it is needed."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "dashboard/Home.py", "--server.port", str(port)]
    with (home / "dashboard.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    url = f"http://localhost:{port}"
    try:
        while not answers(f"{url}/_stcore/health"):
            if process.poll() is not None:
                raise SystemExit((home / "dashboard.log").read_text())
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def server_process() -> psutil.Process:
    """The dashboard that this process has started."""
    return next(child for child in psutil.Process().children() if "streamlit" in child.cmdline())


@contextmanager
def page_over(home: Path, height_px: int = 1200, patience_ms: int = PATIENCE_MS) -> Iterator[tuple[Page, str]]:
    """A browser's page, and the address of a dashboard over ``home``."""
    with dashboard(home) as url, sync_playwright() as playwright:
        browser = browser_of(playwright)
        page = browser.new_page(viewport={"width": 1280, "height": height_px})
        page.set_default_timeout(patience_ms)
        yield page, url
        browser.close()


def browser_of(playwright: Playwright) -> Browser:
    """The Chromium that is on the path, without a window."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    return playwright.chromium.launch(executable_path=path, args=FLAGS)


def answers(address: str) -> bool:
    """Whether somebody serves ``address``."""
    try:
        urllib.request.urlopen(address, timeout=5).close()
    except OSError:
        return False
    return True
