"""What cameras wrote is read once from each file, whoever asks and how often."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from sealife_core.datasets.additions import add_pictures
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.grouping import exif, stored_exif
from sealife_core.datasets.grouping.patterns import parse_pattern
from sealife_core.datasets.grouping.regrouping import groups_by
from sealife_core.datasets.holding_out import hold_out, places_of, plan_holding_out
from sealife_core.datasets.imports.finding import FoundFile
from sealife_core.datasets.imports.importing import import_images
from sealife_core.evaluation.curation.label_queue import LabelQueue
from sealife_core.evaluation.curation.queue_features import points_of
from tests.datasets.pictures import noise


def dated(folder: Path, number: int) -> Path:
    written = Image.Exif()
    written[ExifTags.Base.DateTime] = f"2026:05:{10 + number % 4} 10:00:00"
    written[ExifTags.Base.Model] = "TG-6"
    noise(number).save(folder / f"{number}.jpg", exif=written)
    return folder / f"{number}.jpg"


@pytest.fixture
def days(home: Path, tmp_path: Path) -> Dataset:
    """Two classes, sixteen pictures of four days."""
    own = [FoundFile(f"{n}.jpg", dated(tmp_path, n), ("crab", "ray")[n // 4 % 2]) for n in range(16)]
    return import_images(tmp_path, "days", files=own).dataset


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by a name for each file that is opened."""
    names: list[str] = []
    read = exif.written
    monkeypatch.setattr(exif, "written", lambda path: names.append(path.name) or read(path))
    return names


def test_stored__each_file_is_opened_once_for_dates_and_cameras(days: Dataset, opened: list[str]):
    assert sorted(set(groups_by(days, parse_pattern("date")))) == [f"2026-05-{day}" for day in range(10, 14)]
    assert set(groups_by(days, parse_pattern("camera"))) == {"TG-6"}
    assert len(opened) == len(days)


def test_stored__the_label_queue_opens_none_but_those_that_are_new(days: Dataset, opened: list[str], tmp_path: Path):
    held = hold_out(days, plan_holding_out(days, ["2026-05-10"], places_of(days, "date")), places_by="date")
    opened.clear()
    new = [FoundFile(f"{n}.jpg", dated(tmp_path, n)) for n in (20, 21)]
    found = add_pictures(held, new, [None] * 2)
    assert found.held_out == ["20.jpg"], "it is of the day held out"
    features = points_of(found.dataset.manifest["id"].tolist(), np.random.default_rng(0).normal(size=(17, 4)))
    for _ in range(2):
        LabelQueue(found.dataset, features).picks()
    assert len(opened) == 2 + 1, "both before they were added, and the one that was"


def test_stored__a_file_that_was_lost_is_asked_again_when_it_is_back(days: Dataset):
    by = parse_pattern("date")
    whole = groups_by(days, by)
    stored = days.folder / stored_exif.CACHE
    stored.unlink()
    content = days.image_path(3).read_bytes()
    days.image_path(3).unlink()
    assert groups_by(days, by)[3] == ""
    days.image_path(3).write_bytes(content)
    assert groups_by(days, by) == whole


@pytest.mark.parametrize(
    "damage", ["", "[]", '{"edition": 1}', '{"edition": 1, "written": {"a": 5}}', "edition", "read-only"]
)
def test_stored__damaged_of_another_edition_or_not_writable_is_read_anew(
    days: Dataset, damage: str, monkeypatch: pytest.MonkeyPatch
):
    whole = groups_by(days, parse_pattern("date"))
    stored = days.folder / stored_exif.CACHE
    if damage == "edition":
        about = json.loads(stored.read_text())
        told = {content: ["2000-01-01", ""] for content in about["written"]}
        stored.write_text(json.dumps({"edition": 0, "written": told}))
    elif damage == "read-only":
        stored.unlink()

        def refuse(*_: object) -> None:
            raise OSError(30, "Read-only file system")

        monkeypatch.setattr(stored_exif, "replace_file", refuse)
    else:
        stored.write_text(damage)
    assert groups_by(days, parse_pattern("date")) == whole
