"""What a camera wrote into a picture: the day, and which camera it is."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from PIL import ExifTags, Image

from sealife_core.datasets.decoding.reading import DECODING_ERRORS, FORMATS
from sealife_core.opening import open_regular
from sealife_core.progress import Progress, on_threads

_DAY = re.compile(r"(\d{4})[:/-](\d\d)[:/-](\d\d)")


class Written(NamedTuple):
    """What a camera wrote into a picture; "" where it did not.

    date: "2024-05-17", the day that it was taken, else scanned, else changed (EXIF 2.3: DateTimeOriginal,
    DateTimeDigitized, DateTime). camera: "Canon EOS R5, 0123": maker, model and serial number, as far as written.
    """

    date: str
    camera: str


READ = Written._fields


def written(path: Path) -> Written:
    """What is in the EXIF block of a picture. Nothing is decoded."""
    block, taken = _exif(path)
    told = [taken.get(ExifTags.Base.DateTimeOriginal), taken.get(ExifTags.Base.DateTimeDigitized)]
    days = [_day(str(text)) for text in (*told, block.get(ExifTags.Base.DateTime)) if text]
    texts = (block.get(ExifTags.Base.Make), block.get(ExifTags.Base.Model), taken.get(ExifTags.Base.BodySerialNumber))
    maker, model, number = (str(text or "").replace("\0", "").strip() for text in texts)
    named = model if model.casefold().startswith(maker.casefold()) else f"{maker} {model}".strip()
    return Written(next(filter(None, days), ""), f"{named}, {number}" if named and number else named)


def written_in(paths: Sequence[Path], progress: Progress | None = None) -> list[Written]:
    """What cameras wrote into each picture, on several threads."""
    return on_threads(written, paths, "Reading what cameras wrote", progress)


def _exif(path: Path) -> tuple[Mapping[int, Any], Mapping[int, Any]]:
    """The EXIF block of a picture, and its part on how it was taken; empty where there is none."""
    try:
        with open_regular(path) as file, Image.open(file, formats=tuple(FORMATS)) as image:
            if image.format == "PNG" and "exif" not in image.info:  # Pillow would decode it to look behind the pixels
                return {}, {}
            block = image.getexif()
            return dict(block), dict(block.get_ifd(ExifTags.IFD.Exif))
    except (*DECODING_ERRORS, Image.DecompressionBombError):
        return {}, {}


def _day(text: str) -> str:
    found = _DAY.match(text)
    try:
        return date(*map(int, found.groups())).isoformat() if found else ""
    except ValueError:  # a camera without a clock writes 0000:00:00
        return ""
