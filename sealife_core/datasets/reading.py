"""Any picture file to 8-bit RGB, the one way that import, checks, thumbnails and the pixel cache share."""

import struct
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from PIL import ExifTags, Image

from sealife_core.errors import DatasetError

# Format as Pillow calls it → the ending a copy gets.
FORMATS = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "BMP": ".bmp", "TIFF": ".tif", "GIF": ".gif"}
SUFFIXES = frozenset((".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"))
READABLE = "JPEG, PNG, WebP, BMP, TIFF and GIF"

# EXIF orientation → what undoes it. ImageOps.exif_transpose would copy every upright picture.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
_ON_THEIR_SIDE = frozenset(_TURNS[orientation] for orientation in (5, 6, 7, 8))

# What Pillow's decoders raise on damaged files; SyntaxError is its word for a broken PNG or EXIF block.
DECODING_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    IndexError,
    EOFError,
    OverflowError,
    ZeroDivisionError,
    AttributeError,
    struct.error,
)


class Decoded(NamedTuple):
    """A picture, upright. ``format``: a key of FORMATS. width, height: of the original, in px; ``rgb`` may be less."""

    rgb: Image.Image
    format: str
    width: int
    height: int


def read_rgb(path: Path, at_least_px: int | None = None) -> Image.Image:
    """The picture in ``path`` as RGB, upright. Raises DatasetError if it is missing or cannot be decoded.

    ``at_least_px`` lets a JPEG be decoded smaller, to about no less than so many pixels a side: faster.
    """
    try:
        with path.open("rb") as file:
            return decode(file, at_least_px).rgb
    except FileNotFoundError:
        raise DatasetError(f"Image file {path.name} is missing from its data set. Import the data set again.") from None
    except OSError as error:
        raise DatasetError(f"Image file {path.name} cannot be opened ({error.strerror}).") from error
    except DatasetError as error:
        raise DatasetError(f"Image file {path.name}: {error} Import the data set again.") from error


def decode(file: IO[bytes], at_least_px: int | None = None) -> Decoded:
    """The first frame in ``file`` as upright RGB. Raises DatasetError saying why not, in a sentence.

    ``at_least_px`` as in ``read_rgb``; the file is read to its end all the same, so that a cut one is told.
    """
    try:
        with Image.open(file, formats=tuple(FORMATS)) as image:
            # MPO is a JPEG that a camera put a second picture behind.
            name = image.format if image.format in FORMATS else "JPEG"
            width, height = image.size
            if at_least_px:
                image.draft(None, (at_least_px, at_least_px))
            image.load()
            turn = _turn(image)
            if turn in _ON_THEIR_SIDE:
                width, height = height, width
            return Decoded(to_rgb(image if turn is None else image.transpose(turn)), name, width, height)
    except Image.DecompressionBombError as error:
        limit = 2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6
        raise DatasetError(f"More than {limit:.0f} million pixels: too large to decode. Make it smaller.") from error
    except Image.UnidentifiedImageError as error:
        raise DatasetError(f"Not a picture: expected {READABLE}.") from error
    except MemoryError as error:
        raise DatasetError("Too large for this machine's memory. Make it smaller.") from error
    except DECODING_ERRORS as error:
        raise DatasetError(f"Damaged or cut short ({str(error).rstrip('.') or type(error).__name__}).") from error


def to_rgb(image: Image.Image) -> Image.Image:
    """8-bit RGB. Transparent parts are laid over white, as a browser's page does.

    16-bit grey keeps its whole range: 65535 is white. 32-bit and floating-point grey have no agreed white: they are
    stretched from their own darkest to their own brightest pixel.
    """
    if image.mode.startswith("I;16"):
        grey = np.asarray(image).astype(np.uint32)
        return Image.fromarray(((grey + 128) // 257).astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        grey = np.nan_to_num(np.asarray(image, dtype=np.float64))
        low, high = grey.min(), grey.max()
        return Image.fromarray(np.uint8(np.rint((grey - low) * (255 / max(high - low, 1e-12))))).convert("RGB")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")  # convert would copy


def _turn(image: Image.Image) -> Image.Transpose | None:
    """What its EXIF orientation asks for; a damaged EXIF block costs the turn, not the picture."""
    try:
        return _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except DECODING_ERRORS:
        return None
