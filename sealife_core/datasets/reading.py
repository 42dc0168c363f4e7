"""Any picture file to 8-bit RGB, the one way that import, checks, thumbnails and the pixel cache share."""

import struct
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageOps

from sealife_core.errors import DatasetError

# Format as Pillow calls it → the ending a copy gets.
FORMATS = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "BMP": ".bmp", "TIFF": ".tif", "GIF": ".gif"}
SUFFIXES = frozenset((".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"))
READABLE = "JPEG, PNG, WebP, BMP, TIFF and GIF"

# What Pillow's decoders raise on damaged files; SyntaxError is its word for a broken PNG or EXIF block.
_DECODING_ERRORS = (
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


def read_rgb(path: Path, at_least_px: int | None = None) -> Image.Image:
    """The picture in ``path`` as RGB, upright. Raises DatasetError if it is missing or cannot be decoded.

    ``at_least_px`` lets a JPEG be decoded smaller, to about no less than so many pixels a side: faster.
    """
    try:
        with path.open("rb") as file:
            return decode(file, at_least_px)[0]
    except FileNotFoundError:
        raise DatasetError(f"Image file {path.name} is missing from its data set. Import the data set again.") from None
    except OSError as error:
        raise DatasetError(f"Image file {path.name} cannot be opened ({error.strerror}).") from error
    except DatasetError as error:
        raise DatasetError(f"Image file {path.name}: {error} Import the data set again.") from error


def decode(file: IO[bytes], at_least_px: int | None = None) -> tuple[Image.Image, str]:
    """The first frame in ``file`` as upright RGB, and its format. Raises DatasetError saying why not, in a sentence."""
    try:
        with Image.open(file, formats=tuple(FORMATS)) as image:
            # MPO is a JPEG that a camera put a second picture behind.
            name = image.format if image.format in FORMATS else "JPEG"
            if at_least_px:
                image.draft(None, (at_least_px, at_least_px))
            image.load()
            return to_rgb(_upright(image)), name
    except Image.DecompressionBombError as error:
        limit = 2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6
        raise DatasetError(f"More than {limit:.0f} million pixels: too large to decode. Make it smaller.") from error
    except Image.UnidentifiedImageError as error:
        raise DatasetError(f"Not a picture: expected {READABLE}.") from error
    except MemoryError as error:
        raise DatasetError("Too large for this machine's memory. Make it smaller.") from error
    except _DECODING_ERRORS as error:
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
    return image.convert("RGB")


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its EXIF orientation asks; a damaged EXIF block costs the turn, not the picture."""
    try:
        return ImageOps.exif_transpose(image)
    except _DECODING_ERRORS:
        return image
