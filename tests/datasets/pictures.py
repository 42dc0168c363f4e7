"""Small pictures for the tests of this folder."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from sealife_core.datasets.storage import LOCK


def noise(seed: int, size: tuple[int, int] = (24, 20)) -> Image.Image:
    """Blocks of random colours: unlike any other seed, and not flat."""
    blocks = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    return Image.fromarray(blocks).resize(size, Image.Resampling.NEAREST)


def encoded(seed: int = 0, form: str = "JPEG", size: tuple[int, int] = (24, 20)) -> bytes:
    stream = io.BytesIO()
    noise(seed, size).save(stream, form)
    return stream.getvalue()


def write_folder(folder: Path, classes: dict[str, int], first_seed: int = 0) -> Path:
    """A folder with one sub-folder a class and so many JPEGs in each ("" is the folder itself)."""
    seed = first_seed
    for label, count in classes.items():
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            (folder / label / f"{number}.jpg").write_bytes(encoded(seed))
            seed += 1
    return folder


def write_zip(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def png_of_size(width: int, height: int) -> bytes:
    """The start of a PNG that claims a size, with next to no data behind it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")
    )


def left_in(root: Path) -> list[str]:
    """The names in the folder of all data sets, hidden ones too, without its lock."""
    return sorted(path.name for path in root.iterdir() if path.name != LOCK)
