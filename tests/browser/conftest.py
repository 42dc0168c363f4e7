"""A real dashboard and a real headless Chromium. In CI a missing browser is a failure; elsewhere a skip."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
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
PATIENCE_MS = 120_000  # for what two busy cores may take; nothing waits longer than it needs


class Dashboard:
    """``streamlit run dashboard/Home.py`` on a port of its own, over one SEALIFE_HOME; can be ended and begun again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as free:
            free.bind(("localhost", 0))
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def begin(self) -> None:
        command = [sys.executable, "-m", "streamlit", "run", "dashboard/Home.py", "--server.port", str(self.port)]
        with (self.home / "dashboard.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | {"SEALIFE_HOME": str(self.home)}, stdout=log, stderr=log
            )
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5).close()
                return
            except OSError:
                time.sleep(0.2)
        raise AssertionError((self.home / "dashboard.log").read_text())

    def end(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(f"No browser: expected one of {', '.join(BROWSERS)} on the path.")
        pytest.skip("no Chromium on the path")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def dashboard(home: Path) -> Iterator[Dashboard]:
    running = Dashboard(home)
    running.begin()
    yield running
    running.end()


@pytest.fixture
def page(browser: Browser, dashboard: Dashboard) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(PATIENCE_MS)
    page.goto(dashboard.url)
    yield page
    page.close()
