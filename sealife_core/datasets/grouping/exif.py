"""What a camera wrote into a picture: the day, and which camera it is."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

from sealife_core.datasets.decoding.reading import DECODING_ERRORS, FORMATS
from sealife_core.opening import open_regular
from sealife_core.progress import Progress, on_threads

_DAY = re.compile(r"(\d{4})[:/-](\d\d)[:/-](\d\d)")


def day_taken(path: Path) -> str:
    """ "2024-05-17", from the EXIF block of a picture; "" where there is none. Nothing is decoded.

    The day that it was taken, else scanned, else changed (EXIF 2.3: DateTimeOriginal, DateTimeDigitized, DateTime).
    """
    written, taken = _exif(path)
    told = [taken.get(ExifTags.Base.DateTimeOriginal), taken.get(ExifTags.Base.DateTimeDigitized)]
    days = [_day(str(text)) for text in (*told, written.get(ExifTags.Base.DateTime)) if text]
    return next(filter(None, days), "")


def camera_of(path: Path) -> str:
    """ "Canon EOS R5, 0123": maker, model and serial number of the camera, as far as it wrote them; "" for none."""
    written, taken = _exif(path)
    texts = (
        written.get(ExifTags.Base.Make),
        written.get(ExifTags.Base.Model),
        taken.get(ExifTags.Base.BodySerialNumber),
    )
    maker, model, number = (str(text or "").replace("\0", "").strip() for text in texts)
    named = model if model.casefold().startswith(maker.casefold()) else f"{maker} {model}".strip()
    return f"{named}, {number}" if named and number else named


READ: dict[str, tuple[Callable[[Path], str], str]] = {
    "date": (day_taken, "Reading dates"),
    "camera": (camera_of, "Reading cameras"),
}


def written_in(what: str, paths: Sequence[Path], progress: Progress | None = None) -> list[str]:
    """What a camera wrote into each picture, on several threads; ``what``: a key of READ."""
    read, doing = READ[what]
    return on_threads(read, paths, doing, progress)


def _exif(path: Path) -> tuple[Mapping[int, Any], Mapping[int, Any]]:
    """The EXIF block of a picture, and its part on how it was taken; empty where there is none."""
    try:
        with open_regular(path) as file, Image.open(file, formats=tuple(FORMATS)) as image:
            if image.format == "PNG" and "exif" not in image.info:  # Pillow would decode it to look behind the pixels
                return {}, {}
            written = image.getexif()
            return dict(written), dict(written.get_ifd(ExifTags.IFD.Exif))
    except (*DECODING_ERRORS, Image.DecompressionBombError):
        return {}, {}


def _day(text: str) -> str:
    found = _DAY.match(text)
    try:
        return date(*map(int, found.groups())).isoformat() if found else ""
    except ValueError:  # a camera without a clock writes 0000:00:00
        return ""
