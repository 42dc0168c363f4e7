import io
from pathlib import Path

import pytest
from PIL import Image

from sealife_core.datasets.dataset import Dataset, write_dataset
from sealife_core.datasets.decoding.thumbnails import thumbnail
from sealife_core.datasets.imports.importing import import_images
from sealife_core.errors import DatasetError
from tests.datasets.pictures import noise


@pytest.fixture
def sea(home: Path, tmp_path: Path) -> Dataset:
    folder = tmp_path / "sea" / "crab"
    folder.mkdir(parents=True)
    noise(0, (400, 200)).save(folder / "large.jpg")
    noise(1, (30, 20)).save(folder / "small.png")
    return import_images(folder.parent, "sea").dataset


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    assert image.format == "JPEG"
    return image


def test_thumbnail__keeps_the_shape_and_enlarges_nothing(sea: Dataset):
    rows = {source: row for row, source in enumerate(sea.manifest["source"])}
    assert opened(thumbnail(sea, rows["crab/large.jpg"])).size == (160, 80)
    assert opened(thumbnail(sea, rows["crab/large.jpg"], 64)).size == (64, 32)
    assert opened(thumbnail(sea, rows["crab/small.png"])).size == (30, 20)


def test_thumbnail__is_made_once_and_outlives_the_image(sea: Dataset):
    first = thumbnail(sea, 0)
    sea.image_path(0).unlink()
    assert thumbnail(sea, 0) == first
    with pytest.raises(DatasetError, match="is missing"):
        thumbnail(sea, 0, 100)


def test_thumbnail__an_id_is_never_a_path(sea: Dataset):
    evil = write_dataset(sea.folder, sea.manifest.assign(id=["../../../evil", "/evil"]), sea.info)
    thumbnail(evil, 0)
    thumbnail(evil, 1)
    assert len(list((sea.folder / "thumbnails").iterdir())) == 2


def test_thumbnail__works_where_nothing_can_be_written(sea: Dataset):
    (sea.folder / "thumbnails").write_text("a file in its place")
    assert opened(thumbnail(sea, 0)).width > 0


@pytest.mark.parametrize("size_px", [0, -1, 15, 100_000])
def test_thumbnail__refuses_absurd_sizes(sea: Dataset, size_px: int):
    with pytest.raises(DatasetError, match="expected 16 to 1024 px"):
        thumbnail(sea, 0, size_px)
