"""Grouping a data set that is there, and what a preview says."""

import io
from collections import Counter
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from sealife_core.datasets.checks import check
from sealife_core.datasets.corrections.editing import correct, undo
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.datasets.grouping import preview
from sealife_core.datasets.grouping.patterns import parse_pattern
from sealife_core.datasets.grouping.preview import MOST_OPENED, preview_import, preview_of
from sealife_core.datasets.grouping.regrouping import (
    plan_regrouping,
    regroup,
    scattered,
)
from sealife_core.datasets.imports import archives
from sealife_core.datasets.imports.importing import import_images
from sealife_core.datasets.mending import mend, plan_mending
from sealife_core.errors import DatasetError
from tests.datasets.pictures import write_folder, write_zip


@pytest.fixture
def dives(home: Path, tmp_path: Path) -> Dataset:
    """Two classes of twenty images each, ten of each dive; imported without groups."""
    for number, label in enumerate(("crab", "ray")):
        folders = {f"{label}/dive {dive}": 5 for dive in range(4)}
        write_folder(tmp_path / "sea", folders, first_seed=100 * number)
    return import_images(tmp_path / "sea", "sea").dataset


def test_regroup__is_one_correction_that_can_be_undone(dives: Dataset):
    plan = plan_regrouping(dives, parse_pattern("parent"))
    assert (plan.preview.groups, plan.preview.images, plan.preview.without) == (4, 40, 0)
    assert plan.straddling > 0
    assert open_dataset("sea").version == 0, "a preview changes nothing"
    grouped = regroup(dives, plan, by="Ada")
    assert set(grouped.manifest["group"]) == {f"dive {dive}" for dive in range(4)}
    assert (grouped.version, grouped.entries[0].why, grouped.entries[0].by) == (1, "pattern:parent", "Ada")
    assert undo(grouped, 1).content_hash == dives.content_hash


@pytest.mark.process
def test_regroup__excluded_images_too_and_those_that_match_nothing_lose_their_group(dives: Dataset):
    out, other = dives.manifest["id"].iloc[:2]
    dives = correct(dives, {out: {"excluded": "yes"}, other: {"group": "old"}})
    grouped = regroup(dives, plan_regrouping(dives, parse_pattern("regex:(ray)")))
    assert set(grouped.manifest["group"]) == {"", "ray"}
    grouped = regroup(grouped, plan_regrouping(grouped, parse_pattern("parent")))
    back = correct(grouped, {out: {"excluded": ""}})
    assert str(back.manifest["group"].iat[back.row_of(out)]).startswith("dive")


def test_regroup__refuses_what_makes_nothing_and_what_is_there_already(dives: Dataset):
    with pytest.raises(DatasetError, match="No image gets a group"):
        regroup(dives, plan_regrouping(dives, parse_pattern("date")))
    grouped = regroup(dives, plan_regrouping(dives, parse_pattern("parent")))
    with pytest.raises(DatasetError, match="grouped like that already"):
        regroup(grouped, plan_regrouping(grouped, parse_pattern("parent")))


def test_regroup__refuses_what_somebody_else_has_grouped_meanwhile(dives: Dataset):
    plan = plan_regrouping(dives, parse_pattern("parent"))
    correct(dives, {dives.manifest["id"].iat[0]: {"group": "mine"}})
    with pytest.raises(DatasetError, match="Someone else has just changed 1 of these images"):
        regroup(dives, plan)


def test_import__keeps_a_group_in_one_split(dives: Dataset, tmp_path: Path):
    report = import_images(tmp_path / "sea", "grouped", group_by=parse_pattern("parent"))
    manifest = report.dataset.manifest
    assert len(set(manifest["group"])) == 4
    assert not scattered(manifest["group"].tolist(), manifest["split"].tolist())
    assert scattered([Path(name).parent.name for name in dives.file_names], dives.manifest["split"].tolist())
    assert any("4 groups of 40 images" in note for note in report.notes)
    assert report.dataset.info["group_by"] == "parent"


def test_mending__brings_groups_that_straddle_splits_together(home: Path, tmp_path: Path):
    for number, label in enumerate(("crab", "ray")):
        write_folder(tmp_path / "sea", {f"{label}/{label} {dive}": 4 for dive in range(20)}, first_seed=100 * number)
    dataset = import_images(tmp_path / "sea", "sea").dataset
    grouped = regroup(dataset, plan_regrouping(dataset, parse_pattern("parent")))
    checks = check(grouped)
    assert len(checks.scattered) > 3
    assert f"{len(checks.scattered)} groups of images are in more than one split" in " ".join(checks.notes)
    mending = plan_mending(grouped, checks)
    assert mending.groups == len(checks.scattered)
    mended = mend(grouped, mending)
    assert check(mended).scattered == []
    for split in ("val", "test"):
        counts = Counter(mended.labels[mended.rows(split)].tolist())
        assert len(counts) == 2
        assert min(counts.values()) >= 4, "every class keeps a share of every split"


def test_preview__names_the_largest_and_what_has_no_group():
    found = preview_of(["a", "b", "a", ""], ["1.jpg", "2.jpg", "3.jpg", "4.jpg"], ["ray", "ray", "eel", "ray"])
    assert found.largest == (("a", 2, "1.jpg"), ("b", 1, "2.jpg"))
    assert (found.groups, found.alone, found.without, found.without_named) == (2, 1, 1, ("4.jpg",))
    assert found.sentences == [
        "2 groups of 3 images. The largest is 'a' with 2 images.",
        "1 image has no group, for example '4.jpg'.",
        "1 class is in fewer than three groups, such as 'eel': not every split can have one.",
    ]
    assert "No image gets a group" in preview_of([""], ["1.jpg"], [""]).sentences[0]
    assert "nothing is kept together" in preview_of(["a", "b"], ["1.jpg", "2.jpg"], ["", ""]).sentences[-1]
    hardly = preview_of([*"aabcd"], [f"{n}.jpg" for n in range(5)], [""] * 5)
    assert hardly.sentences[1:] == ["3 of the groups have one image: they keep nothing together."]


def test_preview_import__of_a_folder_zip_or_csv_is_that_of_the_import(dives: Dataset, tmp_path: Path):
    folder, pattern = tmp_path / "sea", parse_pattern("parent")
    told = preview_import(folder, pattern)
    assert told == plan_regrouping(dives, pattern).preview
    files = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.jpg"))}
    zipped = write_zip(tmp_path / "sea.zip", files)
    assert preview_import(zipped, pattern) == told
    with zipped.open("rb") as upload:
        assert preview_import(upload, pattern) == told
    table = folder / "list.csv"
    table.write_text("file,label\n" + "".join(f"{name},{Path(name).parts[0]}\n" for name in files))
    assert preview_import(table, pattern) == told


def test_preview_import__of_a_zip_unpacks_no_whole_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    taken = []
    monkeypatch.setattr(archives._Allowance, "take", lambda self, size_bytes: taken.append(size_bytes))
    monkeypatch.setattr(preview, "MOST_OPENED", 10)
    picture = io.BytesIO()
    exif = Image.Exif()
    exif[ExifTags.Base.DateTime] = "2024:05:17 10:00:00"
    Image.new("RGB", (8, 8)).save(picture, "JPEG", exif=exif)
    large = picture.getvalue() + bytes(2 * archives._HEAD_BYTES)
    zipped = write_zip(tmp_path / "sea.zip", {f"crab/{n}.jpg": large for n in range(20)})
    assert preview_import(zipped, parse_pattern("stem")).images == 20
    assert not taken
    found = preview_import(zipped, parse_pattern("date"))
    assert (found.images, found.largest) == (10, (("2024-05-17", 10, "crab/0.jpg"),))
    assert taken == [archives._HEAD_BYTES] * 10


@pytest.mark.parametrize("kind", ["WEBP", "TIFF"])
def test_preview_import__of_a_zip_reads_the_date_behind_a_large_picture_too(kind: str, tmp_path: Path):
    picture, exif = io.BytesIO(), Image.Exif()
    exif[ExifTags.Base.DateTime] = "2024:05:17 10:00:00"
    Image.effect_noise((600, 600), 200).convert("RGB").save(picture, kind, exif=exif, quality=100)
    assert len(picture.getvalue()) > archives._HEAD_BYTES
    zipped = write_zip(tmp_path / "sea.zip", {f"crab/0.{kind.lower()}": picture.getvalue()})
    assert preview_import(zipped, parse_pattern("date")).largest == (("2024-05-17", 1, f"crab/0.{kind.lower()}"),)


def test_preview_import__opens_no_more_files_than_a_moment_allows(tmp_path: Path):
    (tmp_path / "sea").mkdir()
    for n in range(2 * MOST_OPENED + 1):
        (tmp_path / "sea" / f"{n}.jpg").touch()
    found = preview_import(tmp_path / "sea", parse_pattern("date"))
    assert MOST_OPENED / 2 < found.images <= MOST_OPENED
    assert found.without == found.images


def test_preview_import__of_what_is_none_is_one_sentence(tmp_path: Path):
    (tmp_path / "a.txt").write_text("x")
    for source, says in ((tmp_path / "none", "There is nothing at"), (tmp_path / "a.txt", "cannot be imported")):
        with pytest.raises(DatasetError, match=says):
            preview_import(source, parse_pattern("stem"))
