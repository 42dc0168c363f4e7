"""One dashboard and one tab of a headless Chromium for all tests. In CI a missing browser fails; elsewhere it skips."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.classification.predictions import predictions_table
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from tests.browser.served import PATIENCE_MS, Dashboard
from tests.finished.runs import next_where, probabilities, with_predictions
from tests.runs.processes import end_processes

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The tab. A browser anew, or a tab anew, would compile Streamlit's scripts anew: seconds for every test."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(f"No browser: expected one of {', '.join(BROWSERS)} on the path.")
        pytest.skip("no Chromium on the path")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        profile = tmp_path_factory.mktemp("profile")
        context = playwright.chromium.launch_persistent_context(profile, executable_path=path, args=FLAGS)
        (tab,) = context.pages
        context.set_default_timeout(PATIENCE_MS)
        yield tab
        context.close()


@pytest.fixture(scope="session")
def dashboard(tmp_path_factory: pytest.TempPathFactory, processes: None) -> Iterator[Dashboard]:
    """One server for all tests, as one server shows whatever a person's data and runs become."""
    running = Dashboard(tmp_path_factory.mktemp("served"))
    running.empty()
    running.begin()
    yield running
    running.end()


@pytest.fixture
def home(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The home of the server, with empty data/ and checkpoints/."""
    dashboard.empty()
    monkeypatch.setenv("SEALIFE_HOME", str(dashboard.home))
    yield dashboard.home
    end_processes(dashboard.home)


@pytest.fixture
def page(browser: Page, home: Path, dashboard: Dashboard) -> Iterator[Page]:
    """The tab, 1280 × 1000, which knows of no other test.

    It moves nothing for show, as its user prefers: a processor that draws what fades and turns needs a quarter more.
    """
    browser.set_viewport_size({"width": 1280, "height": 1000})
    browser.emulate_media(reduced_motion="reduce", color_scheme="light")
    yield browser
    dashboard.forget(browser)


@pytest.fixture
def answered(tiny_reef: Dataset) -> Run:
    """A classifier that takes every picture for the class after its own in the list, but for the first class."""
    rows, classes = np.arange(len(tiny_reef)), tiny_reef.classes
    said = next_where(tiny_reef.labels > 0, tiny_reef.labels, len(classes))
    table = predictions_table(tiny_reef, rows, "test", probabilities(said, len(classes), sure=0.7))
    run = create_run(preset("scratch", data="reef", data_hash=tiny_reef.content_hash), name="Always the next")
    return with_predictions(run, table, classes, tiny_reef.test_hash)
