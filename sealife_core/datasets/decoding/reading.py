"""Any picture file to 8-bit RGB: import, checks, thumbnails and the pixel cache all use this."""

import math
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from PIL import ExifTags, Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile

from sealife_core.datasets.decoding.decoders import DECODERS
from sealife_core.errors import DatasetError
from sealife_core.opening import open_regular

# Pillow's name of a format → the suffix of a copy.
FORMATS = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "BMP": ".bmp", "TIFF": ".tif", "GIF": ".gif"}
SUFFIXES = frozenset((".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"))
READABLE = "JPEG, PNG, WebP, BMP, TIFF and GIF"

# The largest sensors that take a photograph in one shot have 151 million (Phase One IQ4); Pillow needs 4 bytes for
# each, and 4 for the result. Larger pictures are mosaics, which a network should see in tiles, or bombs. A JPEG counts
# by its decoded size: 200 million pixels of a phone are decoded at ⅛ of the side.
MOST_PIXELS = 160_000_000
_BYTES_A_PIXEL = 8
_LARGE_PIXELS = 2**24  # 64 MiB decoded; a larger picture is returned smaller, if less is asked for
_STRIP_PIXELS = 2**20
_TILE_WIDTH, _TILE_LENGTH = 322, 323  # tags of TIFF
# Pillow itself refuses twice as many pixels as this.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS

# EXIF orientation → the transposition that undoes it. ImageOps.exif_transpose would copy every upright picture.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
_ON_THEIR_SIDE = frozenset(_TURNS[orientation] for orientation in (5, 6, 7, 8))

# What Pillow's decoders raise for damaged files; SyntaxError means a broken PNG or EXIF block.
DECODING_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, IndexError, EOFError, OverflowError, ZeroDivisionError, AttributeError,
    struct.error,
)  # fmt: skip


class Decoded(NamedTuple):
    """A picture, upright. ``format``: a key of FORMATS. width, height: of the original, in px; ``rgb`` may be less."""

    rgb: Image.Image
    format: str
    width: int
    height: int


def read_rgb(path: Path, at_least_px: int | None = None, within_s: float | None = None) -> Image.Image:
    """The picture in ``path`` as RGB, upright. Raises DatasetError if it is missing or cannot be decoded.

    ``at_least_px`` and ``within_s`` as in ``decode``.
    """
    try:
        with open_regular(path) as file:
            return decode(file, at_least_px, within_s).rgb
    except FileNotFoundError:
        raise DatasetError(f"Image file {path.name} is missing. Add that picture to its data set again.") from None
    except OSError as error:
        raise DatasetError(f"Image file {path.name} cannot be opened ({error.strerror}).") from error
    except DatasetError as error:
        raise DatasetError(f"Image file {path.name}: {error} Add that picture to its data set again.") from error


def decode(file: IO[bytes], at_least_px: int | None = None, within_s: float | None = None) -> Decoded:
    """The first frame in ``file`` as upright RGB. Raises DatasetError with a sentence that says why not.

    ``at_least_px`` allows a JPEG, and any large picture, to be returned smaller, with about so many pixels a side at
    least: faster, and with less memory. The file is still read to its end, so that a cut one is noticed.

    Only so many pictures are decoded at once (``decoders.py``). Raises BusyError if it has to wait for more than
    ``within_s`` seconds; by default it waits for its turn.
    """
    try:
        with Image.open(file, formats=tuple(FORMATS)) as image:
            # MPO is a JPEG with a second picture after the first.
            name = image.format if image.format in FORMATS else "JPEG"
            width, height = image.size
            if at_least_px:
                image.draft(None, (at_least_px, at_least_px))
            held = _held_pixels(image, width * height)
            if held > MOST_PIXELS:
                raise Image.DecompressionBombError
            with DECODERS.place(_BYTES_A_PIXEL * held, within_s):
                image.load()
                rgb = to_rgb(image, _shrink(image.size, at_least_px))
                turn = _turn(image)
            if turn in _ON_THEIR_SIDE:
                width, height = height, width
            return Decoded(rgb if turn is None else rgb.transpose(turn), name, width, height)
    except Image.DecompressionBombError as error:
        raise DatasetError(
            f"More than {MOST_PIXELS / 1e6:.0f} million pixels: too large to decode. Make it smaller."
        ) from error
    except Image.UnidentifiedImageError as error:
        raise DatasetError(f"Not a picture: expected {READABLE}.") from error
    except MemoryError as error:
        raise DatasetError("Too large for this machine's memory. Make it smaller.") from error
    except DECODING_ERRORS as error:
        raise DatasetError(f"Damaged or cut short ({str(error).rstrip('.') or type(error).__name__}).") from error


def header_size(path: Path) -> tuple[int, int] | None:
    """Width and height as the header has them, in px; None if it cannot be read. Nothing is decoded."""
    try:
        with open_regular(path) as file, Image.open(file, formats=tuple(FORMATS)) as image:
            return image.size
    except (*DECODING_ERRORS, Image.DecompressionBombError):
        return None


def to_rgb(image: Image.Image, shrink: int = 1) -> Image.Image:
    """8-bit RGB; each side divided by ``shrink``. Transparent parts become white, as on a page of a browser.

    16-bit grey keeps its whole range: 65535 is white. 32-bit and floating-point grey have no standard white: they are
    stretched from their darkest to their brightest pixel; NaN and infinity count as 0.
    """
    plain = not (image.mode.startswith(("I", "F")) or image.has_transparency_data)
    if plain and shrink == 1:
        return image if image.mode == "RGB" else image.convert("RGB")  # convert would copy
    convert = _conversion(image)
    rgb = Image.new("RGB", (math.ceil(image.width / shrink), math.ceil(image.height / shrink)))
    for strip, top in _strips(image, shrink):
        made = convert(strip)
        rgb.paste(made.reduce(shrink) if shrink > 1 else made, (0, top // shrink))
    return rgb


def _conversion(image: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """The function that converts a strip of ``image`` to RGB."""
    if image.mode.startswith("I;16"):
        return lambda strip: _grey((np.asarray(strip).astype(np.uint32) + 128) // 257)
    if image.mode in ("I", "F"):
        ends = [(grey.min(), grey.max()) for grey in (_finite(strip) for strip, _ in _strips(image))]
        low, high = min(low for low, _ in ends), max(high for _, high in ends)
        return lambda strip: _grey(np.rint((_finite(strip) - low) * (255 / max(high - low, 1e-12))))
    return _over_white if image.has_transparency_data else lambda strip: strip.convert("RGB")


def _strips(image: Image.Image, multiple_of: int = 1) -> Iterator[tuple[Image.Image, int]]:
    """Strips of ``image`` from top to bottom, to save memory in conversions, and the row at which each begins."""
    rows = max(1, _STRIP_PIXELS // (image.width * multiple_of)) * multiple_of
    for top in range(0, image.height, rows):
        yield image.crop((0, top, image.width, min(top + rows, image.height))), top


def _finite(strip: Image.Image) -> np.ndarray:
    return np.nan_to_num(np.asarray(strip, dtype=np.float64), posinf=0, neginf=0)


def _grey(values: np.ndarray) -> Image.Image:
    return Image.fromarray(values.astype(np.uint8)).convert("RGB")


def _over_white(strip: Image.Image) -> Image.Image:
    layer = strip.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")


def _held_pixels(image: Image.Image, original: int) -> int:
    """How many pixels decoding ``image`` holds in memory; ``original``: pixels of a JPEG before it was made smaller."""
    held = image.width * image.height
    if isinstance(image, JpegImageFile):
        # A progressive one holds all its coefficients, however small the result; others may have several scans.
        return max(held, original if image.info.get("progressive") else original // 4)
    if isinstance(image, TiffImageFile):  # a tile is decoded whole, and may be larger than the picture
        sides = [image.tag_v2.get(tag) for tag in (_TILE_WIDTH, _TILE_LENGTH)]
        held = max(held, math.prod(side for side in sides if isinstance(side, int)))
    return held


def _shrink(size: tuple[int, int], at_least_px: int | None) -> int:
    """By how much to divide the sides of a large picture, if less than all of it is asked for."""
    pixels = size[0] * size[1]
    if not at_least_px or pixels <= _LARGE_PIXELS:
        return 1
    return max(min(size) // at_least_px, math.ceil(math.sqrt(pixels / _LARGE_PIXELS)))


def _turn(image: Image.Image) -> Image.Transpose | None:
    """The transposition for its EXIF orientation; a damaged EXIF block is ignored."""
    try:
        return _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except DECODING_ERRORS:
        return None
