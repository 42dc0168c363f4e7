"""The decoded cache: right pixels, made once, made anew when it must be."""

import json
import os
import shutil
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from sealife_core.datasets.corrections.editing import correct, move
from sealife_core.datasets.dataset import Dataset, open_dataset, write_dataset
from sealife_core.datasets.decoding import pixels as under_test
from sealife_core.datasets.decoding.pixels import cache_size_px, from_picture, open_pixels
from sealife_core.datasets.manifest import COLUMNS
from sealife_core.errors import DatasetError
from tests.datasets.pictures import noise

SIZES = [(40, 30), (30, 40), (64, 64), (200, 50), (24, 20)]


@pytest.fixture
def photographs(home: Path) -> Dataset:
    """Five PNGs of five shapes, one of them lying on its side by EXIF."""
    folder = home / "data" / "photographs"
    (folder / "images").mkdir(parents=True)
    rows = []
    for number, size in enumerate(SIZES):
        file = f"images/{number}.png"
        picture = noise(number, size)
        if number == 1:  # stored lying, shown upright
            exif = Image.Exif()
            exif[0x0112] = 6
            picture.rotate(90, expand=True).save(folder / file, exif=exif)
        else:
            picture.save(folder / file)
        rows.append((str(number), file, "ab"[number % 2], "train", "", *size, f"sha-{number}"))
    return write_dataset(folder, pd.DataFrame(rows, columns=list(COLUMNS)), {})


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one entry at each build of a cache."""
    made: list[int] = []
    build = under_test._build

    def counted(dataset, size_px, identity, progress):
        made.append(size_px)
        build(dataset, size_px, identity, progress)

    monkeypatch.setattr(under_test, "_build", counted)
    return made


def test_pixels__are_the_pictures_squashed_in_the_order_of_the_manifest(photographs: Dataset):
    pixels = open_pixels(photographs, 16)
    assert pixels.array.shape == (5, 16, 16, 3)
    assert pixels.array.dtype == np.uint8
    assert (len(pixels), pixels.size_px) == (5, 16)
    for row, size in enumerate(SIZES):
        expected = np.asarray(noise(row, size).resize((16, 16), Image.Resampling.LANCZOS), dtype=int)
        # Reducing in two passes may round twice.
        assert np.abs(pixels.array[row] - expected).max() <= 2
        assert pixels.aspects[row] == pytest.approx(size[0] / size[1])


def test_pixels__of_a_large_jpeg_are_close_to_those_of_a_full_decode(photographs: Dataset):
    large = noise(9, (900, 700))
    large.save(photographs.folder / "images" / "0.png", "JPEG", quality=95)
    fast = open_pixels(photographs, 32).array[0].astype(int)
    slow = np.asarray(large.resize((32, 32), Image.Resampling.LANCZOS), dtype=int)
    assert np.abs(fast - slow).mean() < 3  # JPEG itself costs about as much


def test_pixels__cannot_be_written(photographs: Dataset):
    pixels = open_pixels(photographs, 16)
    with pytest.raises(ValueError, match="read-only"):
        pixels.array[0] = 0


def test_gather__copies_rows_in_the_order_asked(photographs: Dataset):
    pixels = open_pixels(photographs, 16)
    images, aspects = pixels.gather(np.array([3, 0, 3]))
    assert images.dtype == torch.uint8
    assert aspects.dtype == torch.float32
    assert np.array_equal(images.numpy(), pixels.array[[3, 0, 3]])
    assert aspects.tolist() == pytest.approx([4.0, 4 / 3, 4.0])
    images[0] = 0  # theirs alone
    assert pixels.array[3].any()
    assert torch.equal(pixels.gather(torch.tensor([3, 0, 3]))[0][1:], images[1:])


def test_from_picture__gives_square_and_aspect():
    square, aspect = from_picture(noise(0, (60, 40)), 24)
    assert square.shape == (24, 24, 3)
    assert square.dtype == np.uint8
    assert aspect == 1.5
    assert square.flags.writeable


def test_cache__is_made_once(photographs: Dataset, builds: list[int]):
    for _ in range(2):
        open_pixels(photographs, 16)
    open_pixels(open_dataset("photographs"), 16)
    assert builds == [16]
    open_pixels(photographs, 24)
    assert builds == [16, 24]


def test_cache__survives_a_mended_split(photographs: Dataset, builds: list[int]):
    open_pixels(photographs, 16)
    open_pixels(move(photographs, {0: "test"}), 16)
    assert builds == [16]


def test_cache__is_made_anew_for_other_images(photographs: Dataset, builds: list[int]):
    first = open_pixels(photographs, 16).array.copy()
    backwards = write_dataset(photographs.folder, photographs.manifest[::-1], {})
    assert np.array_equal(open_pixels(backwards, 16).array, first[::-1])
    assert builds == [16, 16]


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "gone", "other shape", "no description", "half a line"])
def test_cache__is_made_anew_when_damaged(photographs: Dataset, builds: list[int], damage: str):
    good = open_pixels(photographs, 16).array.copy()
    array, about = photographs.folder / "pixels-16.npy", photographs.folder / "pixels-16.json"
    if damage == "cut":
        array.write_bytes(array.read_bytes()[:-100])
    elif damage == "empty":
        array.write_bytes(b"")
    elif damage == "text":
        array.write_text("not an array")
    elif damage == "gone":
        array.unlink()
    elif damage == "other shape":
        np.save(array, good[:, :8])
    elif damage == "no description":
        about.unlink()
    else:
        about.write_text(about.read_text()[:20])
    assert np.array_equal(open_pixels(photographs, 16).array, good)
    assert builds == [16, 16]


def test_cache__leaves_only_its_two_files_and_a_lock(photographs: Dataset):
    leftover = photographs.folder / ".pixels-16.npy.0123.tmp"
    leftover.write_bytes(b"left by a killed process")
    os.utime(leftover, (0, 0))
    open_pixels(photographs, 16)
    made = {f.name for f in photographs.folder.iterdir()} - {"images", "manifest.csv", "dataset.json"}
    assert {"pixels-16.npy", "pixels-16.json"} <= made <= {"pixels-16.npy", "pixels-16.json", "pixels-16.lock"}
    assert json.loads((photographs.folder / "pixels-16.json").read_text())["count"] == 5


def test_cache__is_decoded_once_by_two_who_ask_at_once(photographs: Dataset, builds: list[int]):
    asked = [threading.Thread(target=open_pixels, args=(photographs, 16)) for _ in range(4)]
    for thread in asked:
        thread.start()
    for thread in asked:
        thread.join()
    assert builds == [16]


def test_a_missing_image__is_named_and_leaves_no_half_cache(photographs: Dataset):
    (photographs.folder / "images" / "3.png").unlink()
    with pytest.raises(DatasetError, match=r"3\.png"):
        open_pixels(photographs, 16)
    assert not list(photographs.folder.glob("*pixels-16*.np*"))
    assert not list(photographs.folder.glob("*pixels-16*.json"))


def test_cache__is_made_anew_once_an_image_that_could_not_be_read_is_taken_back_in(
    photographs: Dataset, builds: list[int]
):
    lost = photographs.folder / "images" / "3.png"
    content = lost.read_bytes()
    lost.unlink()
    without = correct(photographs, {"3": {"excluded": "yes"}})
    for _ in range(2):
        open_pixels(without, 16)
    assert builds == [16]
    lost.write_bytes(content)
    back = correct(without, {"3": {"excluded": ""}})
    images, _ = open_pixels(back, 16).gather([3])
    assert images.float().std() > 10, "not a black one"
    open_pixels(correct(back, {"3": {"excluded": "yes"}}), 16)
    assert builds == [16, 16]


def test_a_full_disk__is_said_before_anything_is_written(photographs: Dataset, monkeypatch: pytest.MonkeyPatch):
    room(monkeypatch, 1000)
    with pytest.raises(DatasetError, match=r"need .* kB .* as JPEGs"):
        open_pixels(photographs, 16)


def room(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """Pretend that the disk has so many bytes left."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": free})())


def test_a_disk_too_small_for_pixels__gets_jpegs_that_read_the_same(
    photographs: Dataset, builds: list[int], monkeypatch: pytest.MonkeyPatch
):
    exact = open_pixels(photographs, 32).array[:].astype(int)
    for file in photographs.folder.glob("pixels-32.*"):
        file.unlink()
    room(monkeypatch, 5 * 32 * 32 * 3)
    encoded = open_pixels(photographs, 32)
    assert not (photographs.folder / "pixels-32.npy").exists()
    assert (len(encoded), encoded.size_px) == (5, 32)
    images, aspects = encoded.gather(torch.tensor([4, 0, 4]))
    assert images.dtype == torch.uint8
    assert images.shape == (3, 32, 32, 3)
    assert torch.equal(images[0], images[2])
    # These pictures are noise, the hardest there is for JPEG.
    assert np.abs(images.numpy() - exact[[4, 0, 4]]).mean() < 6
    assert aspects.tolist() == pytest.approx([24 / 20, 4 / 3, 24 / 20])
    with pytest.raises(IndexError, match="0 to 4"):
        encoded.gather([5])
    open_pixels(photographs, 32)
    assert builds == [32, 32]


@pytest.mark.parametrize("damaged", ["encoded-32.jpegs", "encoded-32.npy", "encoded-32.json"])
def test_jpegs__are_made_anew_when_damaged(
    photographs: Dataset, builds: list[int], monkeypatch: pytest.MonkeyPatch, damaged: str
):
    room(monkeypatch, 5 * 32 * 32 * 3)
    good = open_pixels(photographs, 32).gather(range(5))[0]
    file = photographs.folder / damaged
    file.write_bytes(file.read_bytes()[:-3])
    assert torch.equal(open_pixels(photographs, 32).gather(range(5))[0], good)
    assert builds == [32, 32]


def test_an_empty_data_set__is_refused(home: Path):
    empty = write_dataset(home / "data" / "empty", pd.DataFrame(columns=list(COLUMNS)), {})
    with pytest.raises(DatasetError, match="no images"):
        open_pixels(empty, 16)


def test_progress__is_told_up_to_the_end(photographs: Dataset, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(under_test, "_BLOCK", 2)
    told: list[tuple[str, int, int]] = []
    open_pixels(photographs, 16, progress=lambda *args: told.append(args))
    assert [done for _, done, _ in told] == [2, 4, 5]
    assert {total for _, _, total in told} == {5}
    told.clear()
    open_pixels(photographs, 16, progress=lambda *args: told.append(args))
    assert told == []


@pytest.mark.parametrize(("network_px", "expected"), [(16, 32), (24, 48), (32, 64), (48, 64), (64, 64), (96, 96)])
def test_cache_size__is_twice_the_networks_within_what_the_originals_have(
    photographs: Dataset, network_px: int, expected: int
):
    # The longer sides are 40, 40, 64, 200 and 24: their median is 40, rounded up to 64.
    assert cache_size_px(photographs, network_px) == expected
