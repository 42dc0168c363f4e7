"""The main job, clicked through as a new user would: photographs in, two compared classifiers out."""

import os
import re
import shutil
import signal
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, expect

from sealife_core.runs.directory import list_runs
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.prewarmed_worker import READY
from tests.browser.served import Dashboard, settled
from tests.runs.processes import until

RUN_PATIENCE_S = 300  # a run takes seconds, but its process loads PyTorch beside a busy browser


@pytest.fixture(autouse=True)
def _prewarmed(home: Path) -> None:
    """As a person's, its pages have a worker pre-warmed while a form is filled in."""
    (home / "checkpoints" / READY).unlink()


@pytest.fixture
def photographs(drawn_reef: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one sub-folder a class, and one file that is no picture."""
    folder = tmp_path_factory.mktemp("survey")
    for image in sorted((drawn_reef / "images").iterdir()):
        label = image.stem.rsplit("-", 1)[0]
        (folder / label).mkdir(exist_ok=True)
        shutil.copy(image, folder / label / image.name)
    (folder / "crab" / "notes.jpg").write_text("not a picture")
    return folder


def go(page: Page, title: str) -> None:
    """Click ``title`` in the navigation and wait until the page has drawn itself."""
    page.get_by_role("link", name=title, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    settled(page)


def import_photographs(page: Page, folder: Path) -> None:
    go(page, "Data")
    page.get_by_role("button", name=re.compile("Import.* photographs")).first.click()
    page.get_by_label("Path of a folder, zip or CSV").fill(str(folder))
    page.get_by_label("Name of the data set").fill("survey")
    page.get_by_label("Name of the data set").press("Tab")
    page.get_by_role("dialog").get_by_role("button", name="Import").click()
    expect(page.get_by_text(re.compile("64 .*pictures? in|64 pictures")).first).to_be_visible()
    expect(page.get_by_text("crab/notes.jpg").first).to_be_attached()  # a cell of a canvas table


def launch(page: Page, task: str, settings: dict[str, str]) -> Run:
    """Fill the Train form and launch; returns the run, which is not waited for."""
    go(page, "Train")
    page.get_by_role("radio", name=task, exact=True).or_(
        page.get_by_role("button", name=task, exact=True)
    ).first.click()
    settled(page)
    page.get_by_role("radio", name="Quick look").or_(page.get_by_role("button", name="Quick look")).first.click()
    settled(page)
    for label, value in settings.items():
        field = page.get_by_label(label, exact=False).first
        field.fill(value)
        field.press("Enter")
        settled(page)
    before = {run.id for run in list_runs()}
    page.locator(".st-key-launch button").click()
    expect(page.get_by_text("is queued")).to_be_visible()
    (new,) = [run for run in list_runs() if run.id not in before]
    return new


def wait_for(run: Run, state: State) -> None:
    until(lambda: run.state() in (state, State.FAILED), RUN_PATIENCE_S)
    assert run.state() is state, run.log_tail(20)


def steps(run: Run) -> list[int]:
    return [row["step"] for row in run.metrics() if "step" in row]


def test_path__from_a_folder_of_photographs_to_compared_classifiers(
    page: Page, dashboard: Dashboard, photographs: Path
) -> None:
    page.goto(dashboard.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sea life lab")
    import_photographs(page, photographs)

    go(page, "Views")
    expect(page.get_by_text("View A").first).to_be_visible()
    second = page.locator('img[src^="data:image"]').nth(1)
    before = second.get_attribute("src")
    assert before is not None
    page.get_by_role("button", name="Draw again").click()
    settled(page)
    expect(second).not_to_have_attribute("src", before)

    simclr = launch(page, "SimCLR", {"Epochs": "3", "Batch size": "16"})
    page.get_by_role("button", name="Watch it learn").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Runs")
    expect(page.get_by_test_id("stEChartsChart").or_(page.locator("canvas")).first).to_be_visible()
    wait_for(simclr, State.FINISHED)

    probe = launch(page, "Linear probe", {"Epochs": "5"})
    tuned = launch(page, "Fine-tune", {"Epochs": "2"})
    wait_for(probe, State.FINISHED)
    wait_for(tuned, State.FINISHED)

    go(page, "Compare")
    for _ in range(2):  # the second time after the server was ended and begun again
        compared = page.get_by_text(re.compile("Accuracy on 1[0-9] test pictures of survey"))
        expect(compared).to_be_visible()
        dashboard.end()
        dashboard.begin()
        page.goto(page.url)
    for run in (probe, tuned):
        results = run.results()
        assert results is not None
        assert results["test"]["accuracy_low"] < results["test"]["accuracy_high"]


def test_interruption__is_shown_and_resumed_from_the_screen(
    page: Page, dashboard: Dashboard, photographs: Path
) -> None:
    page.goto(dashboard.url)
    import_photographs(page, photographs)
    run = launch(page, "SimCLR", {"Epochs": "400", "Batch size": "16"})
    until((run.path / "last.ckpt").exists, RUN_PATIENCE_S)
    record = run.process()
    assert record is not None
    os.kill(record["pid"], signal.SIGKILL)
    wait_for(run, State.INTERRUPTED)
    reached = max(steps(run))
    page.goto(f"{dashboard.url}/runs?run={run.id}")
    # The table says it too, in cells that only a screen reader sees.
    expect(page.get_by_text("interrupted").locator("visible=true").first).to_be_visible()
    page.get_by_role("button", name="Resume", exact=True).click()
    until(lambda: steps(run)[-1] > reached, RUN_PATIENCE_S)
    rows = steps(run)
    assert rows == sorted(rows), "the curve goes on where it stopped"
    page.locator(".st-key-strip_stop button").click()
    wait_for(run, State.STOPPED)
    assert (run.path / "model.safetensors").exists()
    assert not psutil.pid_exists(record["pid"])
