"""The decoded cache that an import leaves behind: the very one that would be made later, or none."""

import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sealife_core.config import SimclrConfig
from sealife_core.datasets.corrections.editing import move
from sealife_core.datasets.dataset import Dataset, write_dataset
from sealife_core.datasets.decoding import early_cache, squares
from sealife_core.datasets.decoding.early_cache import EarlyCache
from sealife_core.datasets.decoding.pixels import cache_size_px, open_pixels
from sealife_core.datasets.imports.importing import import_images
from sealife_core.errors import DatasetError
from tests.datasets.pictures import encoded, noise, write_folder, write_zip

USUAL_PX = SimclrConfig().image_size_px


def of_all_kinds(folder: Path) -> Path:
    """Photographs that need more than to be opened, in an order in which good and bad ones take turns."""
    crab, ray = folder / "crab", folder / "ray"
    crab.mkdir(parents=True)
    ray.mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    noise(1, (1500, 900)).save(crab / "1 large.jpg", exif=exif, quality=95)
    (crab / "2 cut.jpg").write_bytes(encoded(2, size=(640, 480))[:-300])
    noise(3, (300, 200)).convert("L").save(crab / "3 grey.png")
    (crab / "4 text.jpg").write_text("hello")
    noise(5, (300, 200)).convert("RGBA").save(crab / "5 clear.webp")
    noise(6, (40, 300)).save(ray / "6 tall.bmp")
    (ray / "7 empty.jpg").write_bytes(b"")
    noise(8, (2000, 1500)).save(ray / "8 huge.jpg", progressive=True)
    return folder


def cache_files(dataset: Dataset) -> set[str]:
    return {file.name for file in dataset.folder.iterdir() if file.name.startswith(("pixels-", "encoded-", ".cache-"))}


def rebuilt(dataset: Dataset, size_px: int) -> np.ndarray:
    for file in dataset.folder.glob(f"pixels-{size_px}.*"):
        file.unlink()
    return open_pixels(dataset, size_px).array[:]


def small_disk(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """Pretend that the disk has so many bytes left."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": free})())


def test_import__leaves_the_cache_of_the_usual_size_and_no_picture_is_decoded_again(home: Path, tmp_path: Path):
    report = import_images(of_all_kinds(tmp_path / "sea"), "sea")
    dataset, size_px = report.dataset, cache_size_px(report.dataset, USUAL_PX)
    assert [Path(file).name for file, _ in report.skipped] == ["2 cut.jpg", "4 text.jpg", "7 empty.jpg"]
    assert dataset.manifest[["width", "height"]].to_numpy().tolist() == [
        [900, 1500], [300, 200], [300, 200], [40, 300], [2000, 1500],
    ]  # fmt: skip
    assert cache_files(dataset) == {f"pixels-{size_px}.npy", f"pixels-{size_px}.json"}
    (dataset.folder / "images").rename(dataset.folder / "away")
    pixels = open_pixels(dataset, size_px)
    assert pixels.array.shape == (5, size_px, size_px, 3)
    found = pixels.array[:].copy()
    (dataset.folder / "away").rename(dataset.folder / "images")
    assert np.array_equal(found, rebuilt(dataset, size_px))


def test_import__makes_the_cache_of_the_image_size_that_is_asked_for(home: Path, tmp_path: Path):
    dataset = import_images(of_all_kinds(tmp_path / "sea"), "sea", image_size_px=96).dataset
    assert cache_files(dataset) == {"pixels-192.npy", "pixels-192.json"}
    found = open_pixels(dataset, 192).array[:].copy()
    assert np.array_equal(found, rebuilt(dataset, 192))


def test_import__a_file_that_a_zip_holds_twice_leaves_no_hole(home: Path, tmp_path: Path):
    data = [encoded(seed, size=(200, 150)) for seed in range(4)]
    names = ["crab/a.jpg", "crab/b.jpg", "crab/c.jpg", "ray/d.jpg"]
    path = write_zip(tmp_path / "sea.zip", dict(zip(names, data, strict=True)))
    first = import_images(path, "sea").dataset
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("crab/b.jpg", data[1])
    again = import_images(path, "again")
    assert (again.imported, len(again.skipped)) == (4, 1)
    size_px = cache_size_px(first, USUAL_PX)
    for name in ("pixels-{}.npy", "pixels-{}.json"):
        file = name.format(size_px)
        assert (first.folder / file).read_bytes() == (again.dataset.folder / file).read_bytes()


def test_import__on_a_small_disk_leaves_the_cache_to_the_first_run(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    source = of_all_kinds(tmp_path / "sea")
    files_bytes = sum(file.stat().st_size for file in source.rglob("*.*"))
    # As pixels the 8 files would need 393 kB: what the copies of the files leave is too little for that.
    small_disk(monkeypatch, files_bytes + 400_000)
    dataset = import_images(source, "sea").dataset
    assert (len(dataset), cache_files(dataset)) == (5, set())
    small_disk(monkeypatch, 200_000)
    open_pixels(dataset, 128)
    assert {"encoded-128.npy", "encoded-128.jpegs", "encoded-128.json"} <= cache_files(dataset)
    small_disk(monkeypatch, files_bytes + 600_000)
    assert "pixels-128.npy" in cache_files(import_images(source, "roomy").dataset)


def test_import__a_disk_that_fills_up_costs_the_cache_alone(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    class Full(io.BytesIO):
        def write(self, data) -> int:
            if self.tell() > 50_000:
                raise OSError(28, "No space left on device")
            return super().write(data)

    begin = EarlyCache.__init__

    def begin_on_a_full_disk(self: EarlyCache, *given) -> None:
        begin(self, *given)
        assert self._file is not None
        self._file.close()
        self._file = Full()

    monkeypatch.setattr(EarlyCache, "__init__", begin_on_a_full_disk)
    dataset = import_images(of_all_kinds(tmp_path / "sea"), "sea").dataset
    assert (len(dataset), cache_files(dataset)) == (5, set())


def test_import__a_sample_that_misjudges_the_size_costs_the_cache_alone(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    source = write_folder(tmp_path / "sea", {"crab": 3})  # of 24 px
    (source / "crab" / "0.jpg").write_bytes(encoded(size=(900, 700)))
    monkeypatch.setattr(early_cache, "_SAMPLE", 1)
    dataset = import_images(source, "sea").dataset
    assert cache_files(dataset) == set()
    assert open_pixels(dataset, cache_size_px(dataset, USUAL_PX)).size_px == USUAL_PX


def test_the_cache_of_an_import__outlives_a_mended_split_and_no_change_of_the_images(home: Path, tmp_path: Path):
    dataset = import_images(write_folder(tmp_path / "sea", {"crab": 6, "ray": 6}), "sea").dataset
    shutil.rmtree(dataset.folder / "images")
    mended = move(dataset, {0: "test", 1: "test"})
    assert len(open_pixels(mended, USUAL_PX)) == 12
    fewer = write_dataset(dataset.folder, dataset.manifest[1:], {})
    with pytest.raises(DatasetError, match="is missing"):
        open_pixels(fewer, USUAL_PX)


def test_early_cache__says_which_images_it_is_of(home: Path, tmp_path: Path):
    dataset = import_images(write_folder(tmp_path / "sea", {"crab": 2}), "sea").dataset
    about = json.loads((dataset.folder / f"pixels-{USUAL_PX}.json").read_text())
    assert about == squares.description(dataset.manifest["sha256"].tolist(), USUAL_PX)
    assert about["count"] == 2
