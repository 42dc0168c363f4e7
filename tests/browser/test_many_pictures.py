"""Many pictures in a real browser: a folder chosen, the tab closed meanwhile, a row ticked and corrected."""

import shutil
from pathlib import Path

from playwright.sync_api import Page, expect

from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.evaluation.batch_inference.corrected_classes import read_corrected
from sealife_core.evaluation.batch_inference.inference_jobs import jobs_of, read_rows
from sealife_core.runs.run import Run
from tests.browser.served import PATIENCE_MS, Dashboard, settled
from tests.runs.processes import until


def test_folder__its_pictures_are_classified_with_the_tab_closed_and_corrected(
    classifier: Run, tiny_reef: Dataset, page: Page, dashboard: Dashboard, tmp_path: Path
) -> None:
    names = [f"survey/site {row % 2}/dive {row}.png" for row in range(12)]
    for row, name in enumerate(names):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(tiny_reef.image_path(row), tmp_path / name)
    page.goto(f"{dashboard.url}/gallery?run={classifier.id}&show=own")
    expect(page.get_by_role("heading", level=1)).to_have_text("Gallery")
    settled(page)
    page.get_by_text("Choose a folder", exact=True).click()
    page.locator('input[type="file"][webkitdirectory]').set_input_files(tmp_path / "survey")
    page.get_by_role("button", name="Classify in the background").click()
    (job,) = until(lambda: jobs_of(classifier.path), PATIENCE_MS / 1000)
    dashboard.forget(page)
    until(lambda: jobs_of(classifier.path)[0].state == "done", PATIENCE_MS / 1000)
    files = [row["file"] for row in read_rows(job.folder)]
    assert sorted(files) == sorted(names)

    page.goto(f"{dashboard.url}/gallery?run={classifier.id}&show=own&classified={job.id}&named=dive+7")
    table = page.get_by_test_id("stDataFrame")
    expect(table).to_be_visible()
    settled(page)
    table.locator(".dvn-scroller").click(position={"x": 16, "y": 60})
    page.get_by_role("combobox", name="The class of 1 picture").fill("sea hare")
    page.keyboard.press("Enter")
    settled(page)
    page.get_by_role("button", name="Correct", exact=True).click()
    until(lambda: read_corrected(job.folder), PATIENCE_MS / 1000)
    assert read_corrected(job.folder) == {files.index(names[7]): "sea hare"}
    expect(page.get_by_text("1 corrected")).to_be_visible()

    page.get_by_role("button", name="Add to a data set").click()
    add = page.get_by_role("button", name="Add to reef")
    expect(add).to_be_disabled()
    page.get_by_label("Your name").fill("Ada")
    page.keyboard.press("Tab")
    expect(add).to_be_enabled()
    add.click()
    expect(page.get_by_text("0 pictures added to 'reef'")).to_be_visible()
    (opinion,) = open_dataset("reef").entries
    assert (opinion.by, opinion.why) == ("Ada", "prediction"), "the reef has this picture, with a label"
