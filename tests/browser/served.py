"""A real dashboard, and what tests of it do in a real browser."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from sealife_core.runs.costs.machine_speed import RECORD, Ending
from sealife_core.runs.files import replace_json
from sealife_core.runs.scheduling.prewarmed_worker import READY
from tests.runs.processes import end_processes

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_MS = 120_000  # for what two busy cores may take; nothing waits longer than it needs
LATER = 2**32  # a time in unix seconds that no test reaches


class Dashboard:
    """``streamlit run APP`` on a port of its own, over one SEALIFE_HOME; can be ended and begun again."""

    def __init__(self, folder: Path, app: Path = ROOT / "dashboard" / "Home.py") -> None:
        self.home, self._log, self._app = folder / "home", folder / "dashboard.log", app
        with socket.socket() as free:
            free.bind(("localhost", 0))
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def begin(self) -> None:
        command = [sys.executable, "-m", "streamlit", "run", str(self._app), "--server.port", str(self.port)]
        own = {"SEALIFE_HOME": str(self.home), "SEALIFE_READY_MINUTES": "5"}  # its runs are forked, as a person's are
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, env=os.environ | own, stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5).close()
                return
            except OSError:
                time.sleep(0.2)
        raise AssertionError(self._log.read_text())

    def end(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def forget(self, page: Page) -> None:
        """Leave the dashboard and what it stored in the browser, for a page that knows nothing of what was done here.

        The address left at is the dashboard's still: a page of another one would have another process.
        """
        page.goto(f"{self.url}/_stcore/health")
        page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        page.context.clear_cookies()

    def empty(self) -> None:
        """End what was started below its home, and remove what lies there. The speed of this machine counts as known:
        else the first page that asks for it would measure it for many seconds. And pages seem to have asked for a
        pre-warmed worker, which would import PyTorch beside most tests for nothing: a launch starts one.
        """
        end_processes(self.home)
        if self.home.exists():  # aside first: the server may still write, so that a folder is never empty
            aside = self.home.rename(self.home.with_name(f"home-{time.monotonic_ns()}"))
            shutil.rmtree(aside, ignore_errors=True)
        for name in ("data", "checkpoints"):
            (self.home / name).mkdir(parents=True, exist_ok=True)
        replace_json(self.home / "checkpoints" / RECORD, {"device": "auto", "ending": Ending.MEASURED})
        (self.home / "checkpoints" / READY).touch()
        os.utime(self.home / "checkpoints" / READY, (LATER, LATER))


def settled(page: Page) -> None:
    """Wait until the script has run to its end."""
    page.wait_for_timeout(300)
    expect(page.locator('[data-test-script-state="running"]')).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def double_click(page: Page, target: Locator) -> None:
    """Two clicks a tenth of a second apart by the events' own times, however late a busy machine handles them."""
    target.hover()
    box = target.bounding_box()
    assert box is not None
    spot = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2, "button": "left"}
    browser, began = page.context.new_cdp_session(page), time.time()
    for click, at in ((1, 0.0), (2, 0.1)):
        for kind, after in (("mousePressed", at), ("mouseReleased", at + 0.02)):
            event = spot | {"type": kind, "clickCount": click, "timestamp": began + after}
            browser.send("Input.dispatchMouseEvent", event)
    browser.detach()
