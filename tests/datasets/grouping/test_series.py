"""Frames of films that have no group."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sealife_core.datasets.checks import check
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.datasets.duplicates import perceptual_hash
from sealife_core.datasets.grouping.patterns import parse_pattern
from sealife_core.datasets.grouping.regrouping import plan_regrouping, regroup
from sealife_core.datasets.grouping.series import SERIES_BITS, look_alike_series, suggested
from sealife_core.datasets.imports.importing import import_images
from tests.datasets.pictures import write_folder

FRAMES = 8


def scene(seed: int) -> Image.Image:
    """A drawn picture of soft blobs, larger than a frame."""
    blobs = np.random.default_rng(seed).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    return Image.fromarray(blobs).resize((288, 192), Image.Resampling.BICUBIC)


def write_film(folder: Path, name: str, seed: int) -> None:
    """Frames in which the camera moves by 2 % of their width, numbered on."""
    folder.mkdir(parents=True, exist_ok=True)
    picture = scene(seed)
    for frame in range(FRAMES):
        picture.crop((4 * frame, 2 * frame, 4 * frame + 192, 2 * frame + 128)).save(folder / f"{name}_{frame:04}.jpg")


@pytest.fixture
def films(home: Path, tmp_path: Path) -> Dataset:
    """Six films of each of two classes, split frame by frame; and twenty numbered pictures that are no film."""
    for number, label in enumerate(("crab", "ray")):
        for film in range(6):
            write_film(tmp_path / "sea" / label, f"dive{number}-film{film}", 10 * number + film)
    write_folder(tmp_path / "sea", {"ray": 20}, first_seed=500)
    return import_images(tmp_path / "sea", "sea").dataset


def test_check__tells_of_frames_of_films_and_what_would_group_them(films: Dataset):
    found = check(films)
    assert 3 <= len(found.series) <= 12
    for group in found.series:
        names = [films.file_names[row] for row in group.rows]
        assert len({name.rpartition("_")[0] for name in names}) == 1, "one film, and nothing of another"
        assert len(names) == FRAMES
    assert found.suggestion == "stem"
    note = next(note for note in found.notes if "seem to be frames of films" in note)
    assert f"{len(found.series)} series of look-alikes have no group and straddle splits" in note
    assert "Grouping by the name before the number would keep them together, in 12 groups." in note


def test_check__says_no_more_of_series_that_were_grouped(films: Dataset):
    grouped = regroup(films, plan_regrouping(films, parse_pattern(check(films).suggestion)))
    found = check(grouped)
    assert (found.series, found.suggestion) == ([], "")
    assert len(found.scattered) >= 3
    assert len(check(open_dataset("sea").at(0)).series) >= 3, "of the import they are kept in the cache"


def test_check__is_silent_about_pictures_that_are_only_numbered(home: Path, tmp_path: Path):
    write_folder(tmp_path / "sea", {"crab": 60, "ray": 60})
    found = check(import_images(tmp_path / "sea", "sea").dataset)
    assert (found.series, found.suggestion) == ([], "")
    assert not any("films" in note for note in found.notes)


def test_series__go_on_in_the_folders_of_other_classes_and_splits():
    hashes = ["0" * 16, "0" * 15 + "1", "f" * 16, "0" * 15 + "3"]
    names = ["train/crab/film_01.jpg", "test/eel/film_02.jpg", "train/crab/film_09.jpg", "val/eel/film_03.jpg"]
    assert look_alike_series(names, hashes) == [[0, 1, 3]]


def test_series__of_several_folders_with_one_numbering_are_told_apart():
    names = [f"site {site}/IMG_{number}.jpg" for site in "AB" for number in (1, 2, 3)]
    assert look_alike_series(names, ["0" * 16] * 3 + ["f" * 16] * 3) == [[0, 1, 2], [3, 4, 5]]


def test_series__no_hash_and_no_number_are_no_series():
    assert look_alike_series(["a_1.jpg", "a_2.jpg", "b.jpg", "c.jpg"], ["0" * 16, "", "0" * 16, "0" * 16]) == []
    assert look_alike_series([], []) == []


def test_suggested__is_the_finest_pattern_that_keeps_series_whole_and_not_the_classes():
    names = [f"{label}/{site}/IMG_{n}.jpg" for label in ("crab", "ray") for site in "ABC" for n in range(4)]
    labels = [name.partition("/")[0] for name in names]
    series = [range(4 * n, 4 * n + 4) for n in range(6)]
    assert suggested(names, labels, series) == (parse_pattern("parent"), 3)
    loose = [f"{name.partition('/')[0]}/{n:03}.jpg" for n, name in enumerate(names)]
    assert suggested(loose, labels, series) is None


def test_frames__are_within_the_bits_of_a_series():
    frames = [scene(3).crop((4 * n, 0, 4 * n + 192, 128)) for n in range(2)]
    one, other = (int(perceptual_hash(frame), 16) for frame in frames)
    assert (one ^ other).bit_count() <= SERIES_BITS
