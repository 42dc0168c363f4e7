import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from PIL import Image

from sealife_core.datasets.dataset import list_datasets, open_dataset
from sealife_core.datasets.decoding.reading import read_rgb
from sealife_core.datasets.imports import importing
from sealife_core.datasets.imports.importing import import_images, read_skipped
from sealife_core.errors import DatasetError
from tests.datasets.pictures import encoded, left_in, noise, png_of_size, write_folder, write_zip


def assert_nothing_left(home: Path) -> None:
    assert left_in(home / "data") == []


def test_import__a_folder_of_classes(home: Path, tmp_path: Path):
    source = write_folder(tmp_path / "sea", {"crab": 20, "ray": 10, "": 3})
    stages: list[tuple[str, int, int]] = []
    report = import_images(source, "sea", progress=lambda *stage: stages.append(stage))
    dataset = report.dataset
    assert (report.imported, report.skipped) == (33, [])
    assert dataset.classes == ("crab", "ray")
    assert Counter(dataset.manifest["label"]) == {"crab": 20, "ray": 10, "": 3}
    assert Counter(dataset.manifest["split"]) == {"train": 27, "val": 3, "test": 3}
    assert ("Reading pictures", 33, 33) in stages
    assert stages[-1] == ("Saving", 39, 39)
    files = {path.relative_to(dataset.folder).as_posix() for path in dataset.folder.rglob("*") if path.is_file()}
    cache = {"pixels-64.npy", "pixels-64.json"}
    assert files == {"dataset.json", "manifest.csv", "skipped.csv", *cache, *dataset.manifest["file"]}
    row = dataset.manifest["source"].tolist().index("crab/7.jpg")
    assert dataset.image_path(row).read_bytes() == (source / "crab" / "7.jpg").read_bytes()
    assert (dataset.manifest["width"][row], dataset.manifest["height"][row]) == (24, 20)


def test_import__is_the_same_again(home: Path, tmp_path: Path):
    source = write_folder(tmp_path / "sea", {"crab": 20, "ray": 10})
    first = import_images(source, "one", seed=5).dataset
    again = import_images(source, "two", seed=5).dataset
    assert (first.content_hash, first.test_hash) == (again.content_hash, again.test_hash)
    assert import_images(source, "three", seed=6).dataset.content_hash != first.content_hash


def test_import__zip_gives_what_the_folder_gives(home: Path, tmp_path: Path):
    source = write_folder(tmp_path / "sea", {"crab": 12, "ray": 12})
    entries = {f"sea/{f.relative_to(source)}": f.read_bytes() for f in source.rglob("*.jpg")}
    entries |= {"__MACOSX/sea/crab/._0.jpg": b"x", "sea/.DS_Store": b"x", "sea/readme.txt": b"x"}
    report = import_images(write_zip(tmp_path / "sea.zip", entries), "zipped")
    assert report.imported == 24
    assert report.dataset.classes == ("crab", "ray")
    assert {file for file, _ in report.skipped} == {"__MACOSX/sea/crab/._0.jpg", "sea/.DS_Store", "sea/readme.txt"}
    assert read_skipped(report.dataset) == report.skipped
    assert any("There is only the folder 'sea'" in note for note in report.notes)
    folder = import_images(source, "plain").dataset
    assert set(folder.manifest["sha256"]) == set(report.dataset.manifest["sha256"])
    assert not (report.dataset.folder / "unpacked").exists()


def test_import__everything_left_out_has_a_reason(home: Path, tmp_path: Path):
    source = write_folder(tmp_path / "sea", {"crab": 5, "ray": 5})
    bad = {
        "truncated.jpg": (encoded(1)[:-300], "cut short"),
        "text.jpg": (b"hello", "Not a picture"),
        "empty.png": (b"", "0 bytes"),
        "huge.png": (png_of_size(60_000, 60_000), "million pixels"),
        "film.mp4": (b"\0" * 9, "Not a picture by its name"),
        ".hidden.jpg": (encoded(2), "Hidden"),
    }
    for name, (data, _) in bad.items():
        (source / "crab" / name).write_bytes(data)
    (source / "ray" / "elsewhere").symlink_to(tmp_path)
    report = import_images(source, "sea")
    reasons = dict(report.skipped)
    assert report.imported == 10
    assert set(reasons) == {f"crab/{name}" for name in bad} | {"ray/elsewhere/"}
    for name, (_, says) in bad.items():
        assert says in reasons[f"crab/{name}"]
    assert read_skipped(open_dataset("sea")) == report.skipped


def test_import__size_is_that_of_the_upright_picture(home: Path, tmp_path: Path):
    source = write_folder(tmp_path / "sea", {"crab": 1})
    exif = Image.Exif()
    exif[0x0112] = 6
    noise(9, (40, 20)).save(source / "crab" / "0.jpg", exif=exif)
    dataset = import_images(source, "sea").dataset
    assert dataset.manifest[["width", "height"]].to_numpy().tolist() == [[20, 40]]
    assert read_rgb(dataset.image_path(0)).size == (20, 40)


NAMES = ["<script>alert(1)<∕script>", "🦀 crab", "x" * 200, "%s{0}", "a'b\"c", "NA", "=1+1", "CON"]


def test_import__class_names_are_data(home: Path, tmp_path: Path):
    source = write_folder(tmp_path / "sea", dict.fromkeys(NAMES, 3))
    dataset = import_images(source, "sea").dataset
    assert set(dataset.classes) == set(NAMES)
    assert open_dataset("sea").labels.min() == 0
    inside = [path.name for path in dataset.folder.rglob("*")]
    assert not [name for name in inside if any(part in name for part in NAMES)]


def test_import__class_names_of_a_table_may_look_like_paths(home: Path, tmp_path: Path):
    write_folder(tmp_path / "sea", {"": 4})
    (tmp_path / "sea" / "list.csv").write_text("file,label\n0.jpg,../\n1.jpg,../../etc\n2.jpg,/abs\n3.jpg,<script>\n")
    dataset = import_images(tmp_path / "sea" / "list.csv", "sea").dataset
    assert set(dataset.classes) == {"../", "../../etc", "/abs", "<script>"}
    assert left_in(home / "data") == ["sea"]


def test_import__a_file_name_that_is_no_utf8(home: Path, tmp_path: Path):
    source = write_folder(tmp_path / "sea", {"crab": 2})
    (source / "crab" / "0.jpg").rename(source / "crab" / os.fsdecode(b"\xff.jpg"))
    dataset = import_images(source, "sea").dataset
    assert "crab/\\udcff.jpg" in open_dataset("sea").manifest["source"].tolist()
    assert len(dataset) == 2


def test_import__existing_name_is_left_alone(home: Path, tmp_path: Path):
    source = write_folder(tmp_path / "sea", {"crab": 3})
    before = import_images(source, "sea").dataset.content_hash
    with pytest.raises(DatasetError, match=r"already a data set 'sea'\. Choose another name"):
        import_images(source, "sea")
    assert open_dataset("sea").content_hash == before


def test_import__one_class_and_one_image_are_possible_and_said(home: Path, tmp_path: Path):
    report = import_images(write_folder(tmp_path / "sea", {"crab": 1}), "sea")
    assert report.imported == 1
    assert any("one class ('crab')" in note for note in report.notes)
    assert any("'crab' (1 image)" in note for note in report.notes)
    assert report.dataset.info["notes"] == report.notes


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        (lambda p: p.mkdir(), "holds no picture"),
        (lambda p: None, "There is nothing at"),
        (lambda p: p.write_text("hello"), "Expected a folder, a zip or a CSV"),
        (
            lambda p: write_folder(p, {"crab": 0}) and (p / "crab" / "a.jpg").write_text("x"),
            "'crab/a.jpg': Not a picture",
        ),
    ],
)
def test_import__nothing_to_import_is_one_sentence(home: Path, tmp_path_factory, prepare, says: str):
    source = tmp_path_factory.mktemp("other") / "source"
    prepare(source)
    with pytest.raises(DatasetError, match=says):
        import_images(source, "sea")
    assert_nothing_left(home)


def test_import__twelve_bits_written_as_sixteen_are_told(home: Path, tmp_path: Path):
    (tmp_path / "sea" / "crab").mkdir(parents=True)
    grey = np.tile(np.linspace(0, 4095, 40).astype(np.uint16), (40, 1))  # its whole range
    Image.fromarray(grey).save(tmp_path / "sea" / "crab" / "a.png")
    notes = import_images(tmp_path / "sea", "sea").notes
    assert any("1 picture is nearly black ('crab/a.png')" in note for note in notes)


def test_import__a_table_without_lines_and_a_zip_of_zips_say_what_to_do(home: Path, tmp_path: Path):
    (tmp_path / "list.csv").write_text("file,label\n")
    write_zip(tmp_path / "all.zip", {"site a.zip": b"PK", "site b.zip": b"PK"})
    for source, says in (
        ("list.csv", "lists no picture. Expected a line"),
        ("all.zip", "An archive within: unpack it"),
    ):
        with pytest.raises(DatasetError, match=says):
            import_images(tmp_path / source, "sea")


@pytest.mark.parametrize("name", ["../sea", "a/b", "", ".sea", "x" * 100])
def test_import__refuses_a_name_that_is_a_path(home: Path, tmp_path: Path, name: str):
    with pytest.raises(DatasetError, match="cannot be called"):
        import_images(write_folder(tmp_path / "sea", {"crab": 1}), name)
    assert_nothing_left(home)


def test_import__cancelled_by_its_watcher_leaves_nothing(home: Path, tmp_path: Path):
    def cancel(stage: str, done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_images(write_folder(tmp_path / "sea", {"crab": 20}), "sea", progress=cancel)
    assert_nothing_left(home)


def test_import__a_full_disk_is_one_sentence(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    source = write_folder(tmp_path / "sea", {"crab": 3})

    def full(file: BinaryIO, images: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(importing, "_copied", full)
    with pytest.raises(DatasetError, match="The disk is full"):
        import_images(source, "sea")
    assert_nothing_left(home)


@pytest.mark.process
def test_import__killed_process_leaves_nothing_after_the_next_import(home: Path, tmp_path: Path):
    source = write_folder(tmp_path / "sea", {"crab": 12, "ray": 12})
    code = (
        "import sys, time; from pathlib import Path\n"
        "from sealife_core.datasets.imports.importing import import_images\n"
        "def wait(stage, done, total):\n"
        "    if done == 10: print('half', flush=True); time.sleep(600)\n"
        "import_images(Path(sys.argv[1]), 'sea', progress=wait)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(source)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"half\n"
        (leftover,) = (home / "data").glob(".importing-*")
        assert list((leftover / "images").iterdir())
        other = import_images(source, "other")
        assert leftover.exists(), "the folder of a living process is not touched"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert list_datasets() == ["other"]
    with pytest.raises(DatasetError, match="no data set 'sea'"):
        open_dataset("sea")
    assert import_images(source, "sea").dataset.content_hash == other.dataset.content_hash
    assert left_in(home / "data") == ["other", "sea"]


@pytest.mark.process
def test_import__cancelled_from_a_shell_leaves_nothing(home: Path, tmp_path: Path):
    source = write_folder(tmp_path / "sea", {"crab": 12, "ray": 12})
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a background job ignores it
        "import sys; from sealife_core import __main__; from sealife_core.commands.output import Output\n"
        "from contextlib import contextmanager; import time\n"
        "@contextmanager\n"
        "def progress(self):\n"
        "    def tell(stage, done, total):\n"
        "        if done == 10: print('half', flush=True); time.sleep(600)\n"
        "    yield tell\n"
        "Output.progress = progress\n"
        "sys.exit(__main__.main(['import', sys.argv[1], '--name', 'sea']))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(source)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"half\n"
        assert left_in(home / "data") != []
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert_nothing_left(home)


@pytest.mark.photographs
@pytest.mark.skipif(not Path(__file__).parents[3].joinpath("shared/data/sea_animals_dev256").is_dir(), reason="absent")
def test_import__no_real_photograph_is_lost(home: Path):
    report = import_images(Path(__file__).parents[3] / "shared/data/sea_animals_dev256", "photographs")
    assert (report.imported, report.skipped, report.notes) == (3450, [], [])
    assert [len(report.dataset.rows(split)) for split in ("train", "val", "test")] == [2760, 345, 345]
    assert np.bincount(report.dataset.labels).tolist() == [150] * 23


def test_import__with_a_negative_seed_is_refused_before_anything_is_read(home: Path):
    with pytest.raises(DatasetError, match="A seed cannot be negative; got -1"):
        import_images(home / "nothing", "sea", seed=-1)
