"""The day that a camera wrote into a picture."""

import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

from PIL import ExifTags, Image

from sealife_core.datasets.decoding.reading import DECODING_ERRORS, FORMATS
from sealife_core.opening import open_regular
from sealife_core.progress import Progress

_DAY = re.compile(r"(\d{4})[:/-](\d\d)[:/-](\d\d)")
_TOLD_EVERY = 100  # pictures


def days_taken(paths: Sequence[Path], progress: Progress | None = None) -> list[str]:
    """:func:`day_taken` of each picture, on several threads."""
    days = []
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        for done, day in enumerate(pool.map(day_taken, paths), start=1):
            days.append(day)
            if progress and (done % _TOLD_EVERY == 0 or done == len(paths)):
                progress("Reading dates", done, len(paths))
    return days


def day_taken(path: Path) -> str:
    """ "2024-05-17", from the EXIF block of a picture; "" where there is none. Nothing is decoded.

    The day that it was taken, else scanned, else changed (EXIF 2.3: DateTimeOriginal, DateTimeDigitized, DateTime).
    """
    try:
        with open_regular(path) as file, Image.open(file, formats=tuple(FORMATS)) as image:
            if image.format == "PNG" and "exif" not in image.info:  # Pillow would decode it to look behind the pixels
                return ""
            written = image.getexif()
            taken = written.get_ifd(ExifTags.IFD.Exif)
            told = [taken.get(ExifTags.Base.DateTimeOriginal), taken.get(ExifTags.Base.DateTimeDigitized)]
            days = [_day(str(text)) for text in (*told, written.get(ExifTags.Base.DateTime)) if text]
    except (*DECODING_ERRORS, Image.DecompressionBombError):
        return ""
    return next(filter(None, days), "")


def _day(text: str) -> str:
    found = _DAY.match(text)
    try:
        return date(*map(int, found.groups())).isoformat() if found else ""
    except ValueError:  # a camera without a clock writes 0000:00:00
        return ""
