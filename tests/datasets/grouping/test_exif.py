from pathlib import Path

import pytest
from PIL import ExifTags, Image

from sealife_core.datasets.grouping.exif import written, written_in
from tests.datasets.pictures import noise

ORIGINAL, CHANGED = ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTime


def picture(path: Path, original: str = "", changed: str = "") -> Path:
    exif = Image.Exif()
    if original:
        exif.get_ifd(ExifTags.IFD.Exif)[ORIGINAL] = original
    if changed:
        exif[CHANGED] = changed
    noise(0).save(path, exif=exif)
    return path


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp"])
def test_date__is_when_the_camera_took_it_in_every_format(tmp_path: Path, ending: str):
    path = picture(tmp_path / f"a{ending}", "2024:05:17 23:59:59", "2025:01:02 00:00:00")
    assert written(path).date == "2024-05-17"


@pytest.mark.parametrize(
    ("original", "changed", "day"),
    [
        ("", "2025:01:02 00:00:00", "2025-01-02"),
        ("0000:00:00 00:00:00", "2025:01:02 00:00:00", "2025-01-02"),
        ("2024-05-17T10:00", "", "2024-05-17"),
        ("yesterday", "", ""),
        ("2024:13:45 00:00:00", "", ""),
        ("", "", ""),
    ],
)
def test_date__is_what_can_be_a_day(tmp_path: Path, original: str, changed: str, day: str):
    assert written(picture(tmp_path / "a.jpg", original, changed)).date == day


def test_written_in__files_that_are_no_picture_is_nothing(tmp_path: Path):
    (tmp_path / "words.jpg").write_text("words")
    dated = picture(tmp_path / "a.jpg", "2024:05:17 10:00:00")
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(dated.read_bytes()[:40])
    told: list[int] = []
    days = written_in(
        [tmp_path / "words.jpg", dated, tmp_path / "gone.jpg", cut], lambda _, done, of: told.append(done)
    )
    assert [one.date for one in days] == ["", "2024-05-17", "", ""]
    assert told[-1] == 4


@pytest.mark.parametrize(
    ("maker", "model", "number", "camera"),
    [
        ("Canon", "Canon EOS R5", "0123", "Canon EOS R5, 0123"),
        ("GoPro", "HERO9 Black", "", "GoPro HERO9 Black"),
        ("", "TG-6 ", "", "TG-6"),
        ("OLYMPUS", "", "", "OLYMPUS"),
        ("", "", "0123", ""),
    ],
)
def test_camera__is_what_the_camera_wrote(tmp_path: Path, maker: str, model: str, number: str, camera: str):
    exif = Image.Exif()
    for tag, text in ((ExifTags.Base.Make, maker), (ExifTags.Base.Model, model)):
        if text:
            exif[tag] = text
    if number:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.BodySerialNumber] = number
    noise(0).save(tmp_path / "a.jpg", exif=exif)
    assert written(tmp_path / "a.jpg").camera == camera
