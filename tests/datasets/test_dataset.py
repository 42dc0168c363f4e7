import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from sealife_core.datasets.corrections.editing import move
from sealife_core.datasets.dataset import Dataset, list_datasets, newest_datasets, open_dataset, write_dataset
from sealife_core.datasets.storage import delete_dataset, restore_dataset
from sealife_core.errors import DatasetError


@pytest.fixture
def bay(home: Path) -> Dataset:
    """Eight images, the last unlabelled; no files behind them."""
    manifest = pd.DataFrame(
        {
            "id": [f"i{n}" for n in range(8)],
            "file": [f"images/{n}.jpg" for n in range(8)],
            "label": ["ray", "crab", "crab", "ray", "crab", "NA", 'so "it"\nis, <b>', ""],
            "split": ["train", "train", "val", "val", "test", "test", "train", "train"],
            "group": "",
            "width": 4,
            "height": 3,
            "sha256": [f"{n:064x}" for n in range(8)],
        }
    )
    return write_dataset(home / "data" / "bay", manifest, {"source": "by hand"})


def test_dataset__labels_rows_and_classes(bay: Dataset):
    assert bay.classes == ("NA", "crab", "ray", 'so "it"\nis, <b>')
    assert bay.labels.tolist() == [2, 1, 1, 2, 1, 0, 3, -1]
    assert bay.rows("train").tolist() == [0, 1, 6, 7]
    assert bay.rows("train", labelled_only=True).tolist() == [0, 1, 6]
    assert bay.rows("test").tolist() == [4, 5]
    assert bay.row_of("i3") == 3
    assert bay.image_path(2) == bay.folder / "images/2.jpg"
    assert bay.info["counts"] == {"images": 8, "labelled": 7, "train": 4, "val": 2, "test": 2}
    with pytest.raises(DatasetError, match="no image 'i9'"):
        bay.row_of("i9")
    with pytest.raises(DatasetError, match="no split 'all'"):
        bay.rows("all")


def test_open_dataset__gives_back_what_was_written(bay: Dataset):
    again = open_dataset("bay")
    pd.testing.assert_frame_equal(again.manifest, bay.manifest)
    assert (again.content_hash, again.test_hash) == (bay.content_hash, bay.test_hash)
    assert again.info["source"] == "by hand"


def test_newest_datasets__goes_by_when_a_data_set_was_made(bay: Dataset, home: Path):
    for name, made in (("a old", "2026-01-01T00:00:00+00:00"), ("z new", "2027-01-01T00:00:00+00:00")):
        write_dataset(home / "data" / name, bay.manifest, {"made": made})
    (home / "data" / "damaged").mkdir()
    (home / "data" / "damaged" / "dataset.json").write_text("{")
    assert newest_datasets() == ["z new", "bay", "a old", "damaged"]
    assert list_datasets() == ["a old", "bay", "damaged", "z new"]
    move(open_dataset("a old"), {0: "val"})
    assert newest_datasets()[2] == "a old", "mending makes no new data set"


def test_file_names__are_those_of_the_import_where_they_are_known(bay: Dataset):
    assert bay.file_names[3] == "images/3.jpg"
    sources = [f"dive/{n}.jpg" for n in range(7)]
    named = write_dataset(bay.folder, bay.manifest.assign(source=[*sources, ""]), bay.info)
    assert named.file_names == [*sources, "images/7.jpg"]
    assert named.named(" DIVE/").tolist() == list(range(7))


def test_move__writes_and_changes_the_content_hash(bay: Dataset):
    moved = move(bay, {4: "train"})
    assert moved.rows("test").tolist() == [5]
    assert moved.content_hash != bay.content_hash
    assert moved.test_hash != bay.test_hash
    assert open_dataset("bay").content_hash == moved.content_hash
    back = move(moved, {4: "test"})
    assert (back.content_hash, back.test_hash) == (bay.content_hash, bay.test_hash)
    assert back.info["made"] == bay.info["made"]


def test_test_hash__depends_on_test_images_only(bay: Dataset):
    assert move(bay, {0: "val"}).test_hash == bay.test_hash


def test_move__refuses_to_test_on_an_unlabelled_image(bay: Dataset):
    with pytest.raises(DatasetError, match="no label"):
        move(bay, {7: "test"})
    assert open_dataset("bay").content_hash == bay.content_hash


def test_open_dataset__survives_a_crash_between_its_two_files(bay: Dataset):
    info = json.loads((bay.folder / "dataset.json").read_text())
    moved = move(bay, {4: "train"})
    (bay.folder / "dataset.json").write_text(json.dumps(info))
    assert open_dataset("bay").content_hash == moved.content_hash


@pytest.mark.parametrize(
    ("file", "damage", "says"),
    [
        ("manifest.csv", None, "manifest.csv is missing"),
        ("dataset.json", None, "dataset.json is missing"),
        ("dataset.json", '{"classes": ["cr', "dataset.json cannot be read"),
        ("dataset.json", "[1, 2]", "does not describe"),
        ("dataset.json", '{"counts": 3}', "does not describe"),
        ("manifest.csv", "", "manifest.csv cannot be read"),
        ("manifest.csv", b"\xff\xfe\x00", "manifest.csv cannot be read"),
        ("manifest.csv", "id,file\n1,2\n", "lacks label, split"),
    ],
)
def test_open_dataset__damage_is_one_sentence(bay: Dataset, file: str, damage: str | bytes | None, says: str):
    if damage is None:
        (bay.folder / file).unlink()
    else:
        (bay.folder / file).write_bytes(damage.encode() if isinstance(damage, str) else damage)
    with pytest.raises(DatasetError, match=says) as caught:
        open_dataset("bay")
    assert "\n" not in str(caught.value)
    assert list_datasets() == ["bay"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (",test,", ",holdout,", "split that is not one of"),
        ("images/3.jpg", "../../../etc/passwd", "outside of the data set"),
        ("images/3.jpg", "/etc/passwd", "outside of the data set"),
        ("i3,", "i4,", "one id twice"),
        (",4,3,", ",four,3,", "not a number"),
    ],
)
def test_open_dataset__refuses_a_manifest_that_was_tampered_with(bay: Dataset, old: str, new: str, says: str):
    manifest = bay.folder / "manifest.csv"
    assert old in manifest.read_text()
    manifest.write_text(manifest.read_text().replace(old, new, 1))
    with pytest.raises(DatasetError, match=says):
        open_dataset("bay")


def test_open_dataset__tells_a_half_written_manifest_by_its_count(bay: Dataset):
    manifest = bay.folder / "manifest.csv"
    manifest.write_text("".join(manifest.read_text().splitlines(keepends=True)[:4]))
    with pytest.raises(DatasetError, match=r"3 images where dataset\.json says 8"):
        open_dataset("bay")


def test_open_dataset__names_what_there_is(bay: Dataset):
    with pytest.raises(DatasetError, match=r"no data set 'bey'\. You have: 'bay'"):
        open_dataset("bey")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../bay", "a/b", "a\\b", ".hidden", "x" * 81, "a\n", "bay ", "ba~y", "c:"]
)
def test_names__a_path_is_no_name(home: Path, name: str):
    for use in (open_dataset, delete_dataset, restore_dataset):
        with pytest.raises(DatasetError, match="cannot be called"):
            use(name)


def test_delete_dataset__can_be_undone_and_gives_back_the_last(bay: Dataset):
    assert delete_dataset("bay") > 0
    assert list_datasets() == []
    write_dataset(bay.folder, bay.manifest.assign(group="dive"), {})
    with pytest.raises(DatasetError, match="newer data set"):
        restore_dataset("bay")
    delete_dataset("bay")
    restore_dataset("bay")
    assert set(open_dataset("bay").manifest["group"]) == {"dive"}
    with pytest.raises(DatasetError, match="to delete"):
        delete_dataset("reef")
    with pytest.raises(DatasetError, match="to restore"):
        restore_dataset("reef")


@pytest.mark.process
def test_datasets__import_without_torch():
    code = (
        "import sys; import sealife_core.datasets.checks, sealife_core.datasets.decoding.thumbnails;"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_manifest__holds_no_formula_and_is_read_back_exactly(tiny_reef: Dataset) -> None:
    nasty = ["=cmd|'C calc'!A0", "+1+1", "-2-3", "@SUM(A1)", "'=1", "-0.5", "cr\rab", "a;=1", "＝1", "007"]
    called = dict(zip(tiny_reef.classes, nasty, strict=True))
    manifest = tiny_reef.manifest.assign(label=tiny_reef.manifest["label"].map(called))
    manifest["group"] = manifest["source"] = manifest["label"]
    written = write_dataset(tiny_reef.folder, manifest, {})
    assert set(written.classes) == set(nasty)
    again = open_dataset("reef")
    assert again.content_hash == written.content_hash
    for column in ("label", "group", "source"):
        assert again.manifest[column].tolist() == manifest[column].tolist()
    cells = pd.read_csv(tiny_reef.folder / "manifest.csv", dtype=str, keep_default_na=False)["label"]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "-2", "＝"))]


def test_manifest__of_before_is_read_as_it_was(tiny_reef: Dataset) -> None:
    manifest = tiny_reef.manifest.assign(label="=x")
    (tiny_reef.folder / "manifest.csv").write_text(manifest.to_csv(index=False, lineterminator="\n"))
    assert open_dataset("reef").classes == ("=x",)
