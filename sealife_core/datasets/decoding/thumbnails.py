"""Small JPEGs of the images of a data set, made once and stored with them."""

import hashlib
import io
from contextlib import suppress

from PIL import Image

from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.reading import read_rgb
from sealife_core.durable import replace_file
from sealife_core.errors import DatasetError

FOLDER = "thumbnails"
SMALLEST_PX, LARGEST_PX = 16, 1024
_QUALITY = 85  # about 6 kB at 160 px; blocks are not visible at this size


def thumbnail(dataset: Dataset, row: int, size_px: int = 160, within_s: float | None = None) -> bytes:
    """A JPEG of the image, at most ``size_px`` a side, its shape kept; a smaller image is not enlarged.

    Raises DatasetError if the image is missing or damaged, or the size is not 16 to 1024 px; BusyError if it
    does not exist yet and cannot be decoded within ``within_s`` seconds.
    """
    if not SMALLEST_PX <= size_px <= LARGEST_PX:
        raise DatasetError(f"A thumbnail cannot be {size_px} px; expected {SMALLEST_PX} to {LARGEST_PX} px.")
    # The file name is made of hex digits only, whatever a manifest calls its images.
    image = f"{dataset.manifest['id'].iat[row]}\0{dataset.manifest['sha256'].iat[row]}"
    kept = dataset.folder / FOLDER / f"{hashlib.sha256(image.encode()).hexdigest()[:24]}-{size_px}.jpg"
    with suppress(OSError):
        return kept.read_bytes()
    data = shrunk(read_rgb(dataset.image_path(row), 2 * size_px, within_s), size_px)
    with suppress(OSError):  # a full or read-only disk costs the cache, not the picture
        kept.parent.mkdir(exist_ok=True)
        replace_file(kept, data)
    return data


def shrunk(rgb: Image.Image, size_px: int) -> bytes:
    """``rgb`` as a JPEG at most ``size_px`` a side; it is changed."""
    rgb.thumbnail((size_px, size_px), Image.Resampling.LANCZOS)
    encoded = io.BytesIO()
    rgb.save(encoded, "JPEG", quality=_QUALITY)
    return encoded.getvalue()
